//! The rules of the schema, asked of the catalogue.

use std::fmt;

use sqlx::PgConnection;

use super::{elsewhere, looking};
use crate::{StoreError, catalogue::tables};

/// Tables whose rows are deactivated, never deleted: a reference to one needs no index.
const KEPT: [&str; 3] = ["client_accounts", "user_profiles", "users"];

/// Something that breaks a rule of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable id of the rule, such as `tenant.primary_key`.
    pub rule: String,
    /// What breaks it, such as `assets` or `assets.fk_assets_engagement_id`.
    pub object: String,
    /// What the rule says, as a sentence.
    pub sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.object, self.rule, self.sentence)
    }
}

/// What breaks the rule that schema `public` is nobody's place.
fn outside(line: &str) -> Finding {
    let object =
        line.split_once(": ").map_or_else(|| line.trim_end_matches(':').trim_end(), |(name, _)| name);
    Finding {
        rule: "schema.public".to_owned(),
        object: object.to_owned(),
        sentence: "Schema public is on the search path, and no rule of this list applies there: nothing lies in it but what an extension has brought."
            .to_owned(),
    }
}

/// Everything in schema `migration` of the connection's database that breaks a rule, and whatever was put into `public`. Reads the catalogue alone, so any role that
/// may connect can ask, of any database.
///
/// # Errors
/// When the database fails.
pub async fn lint(connection: &mut PgConnection) -> Result<Vec<Finding>, StoreError> {
    let global: Vec<String> = tables().global.iter().map(|name| (*name).to_owned()).collect();
    let kept = KEPT.map(str::to_owned);
    let mut tx = looking(connection).await?;
    let mut findings =
        sqlx::query_file_as!(Finding, "src/catalogue/lint.sql", &global, &kept).fetch_all(&mut *tx).await?;
    findings.extend(elsewhere(&mut tx).await?.iter().map(|line| outside(line)));
    tx.rollback().await?;
    Ok(findings)
}
