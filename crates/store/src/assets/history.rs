//! Who changed what of an asset, and when.

use drydock_domain::EngagementId;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{StoreError, TenantTx};

/// What a change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The asset was made.
    Create,
    /// Columns were changed.
    Edit,
    /// The asset was deleted.
    Delete,
    /// An earlier change was taken back.
    Undo,
}

impl ChangeKind {
    /// As the table has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Undo => "undo",
        }
    }
}

/// One column before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name.
    pub column: String,
    /// Null where nothing was recorded.
    pub before: Value,
    /// Null where nothing is recorded.
    pub after: Value,
}

/// One step in an asset's history.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The change, which may have been about other assets as well.
    pub change_id: Uuid,
    /// What it was, as [`ChangeKind::as_str`].
    pub kind: String,
    /// How many assets it was about.
    pub asset_count: i32,
    /// When.
    pub at: OffsetDateTime,
    /// First and last name of whoever did it, or the e-mail address.
    pub by: String,
    /// Whether it was taken back.
    pub undone: bool,
    /// The columns that it changed, by name. Empty for a deletion and what took it back.
    pub changes: Vec<Change>,
}

/// The latest `limit` steps, the latest first.
///
/// # Errors
/// [`StoreError::AssetNotFound`] for one that is not there and never was.
pub async fn history(
    tx: &mut TenantTx,
    engagement: EngagementId,
    asset: Uuid,
    limit: u16,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.kind, c.asset_count, c.created_at, r.before, r.after,
                  coalesce(nullif(btrim(concat_ws(' ', u.first_name, u.last_name)), ''), u.email) as "by!",
                  exists (select from migration.asset_changes w where w.client_account_id = $1 and w.undoes_id = c.id) as "undone!"
           from migration.asset_change_rows r
           join migration.asset_changes c on c.client_account_id = $1 and c.id = r.change_id
           join migration.users u on u.id = c.made_by
           where r.client_account_id = $1 and r.asset_id = $2 and c.engagement_id = $3
           order by c.created_at desc, c.id
           limit $4"#,
        tx.client_account_id().0,
        asset,
        engagement.0,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    if rows.is_empty() {
        sqlx::query_scalar!(
            "select id from migration.assets where client_account_id = $1 and engagement_id = $2 and id = $3",
            tx.client_account_id().0,
            engagement.0,
            asset,
        )
        .fetch_optional(tx.connection())
        .await?
        .ok_or(StoreError::AssetNotFound)?;
    }
    Ok(rows
        .into_iter()
        .map(|row| Entry {
            change_id: row.id,
            kind: row.kind,
            asset_count: row.asset_count,
            at: row.created_at,
            by: row.by,
            undone: row.undone,
            changes: differences(row.before, row.after),
        })
        .collect())
}

/// The columns in which the two differ. Where one of them is the whole row or nothing, there is no difference to tell, except that a new
/// asset shows what it began with.
fn differences(before: Option<Value>, after: Option<Value>) -> Vec<Change> {
    let (mut before, after) = match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => (before, after),
        (None, Some(Value::Object(after))) if !after.contains_key("client_account_id") => (Map::new(), after),
        _ => return Vec::new(),
    };
    after
        .into_iter()
        .map(|(column, after)| Change {
            before: before.remove(&column).unwrap_or(Value::Null),
            column,
            after,
        })
        .filter(|change| change.before != change.after)
        .collect()
}
