//! The rules of the schema, asked of the catalogue.

use std::fmt;

use sqlx::PgConnection;

use super::looking;
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

/// Everything in schema `migration` of the connection's database that breaks a rule. Reads the catalogue alone, so any role that
/// may connect can ask, of any database.
///
/// # Errors
/// When the database fails.
pub async fn lint(connection: &mut PgConnection) -> Result<Vec<Finding>, StoreError> {
    let global: Vec<String> = tables().global.iter().map(|name| (*name).to_owned()).collect();
    let kept = KEPT.map(str::to_owned);
    let mut tx = looking(connection).await?;
    let findings =
        sqlx::query_file_as!(Finding, "src/catalogue/lint.sql", &global, &kept).fetch_all(&mut *tx).await?;
    tx.rollback().await?;
    Ok(findings)
}
