//! How a user has set up a table: columns, widths and density, and the views kept under a name.

use drydock_domain::{EngagementId, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::{StoreError, TenantTx};

/// Views of a table that a user keeps in an engagement at most.
pub const MOST_VIEWS: usize = 100;

/// A view of a table that a user keeps.
#[derive(Clone, Debug)]
pub struct SavedView {
    /// Its id.
    pub id: Uuid,
    /// Unique among the user's of the table in the engagement.
    pub name: String,
    /// Filter and order as the page's address has them.
    pub query: String,
    /// JSON object: columns, widths, density.
    pub layout: Value,
    /// Whether the table opens with it.
    pub is_default: bool,
}

/// The user's views, by name.
///
/// # Errors
/// When the database fails.
pub async fn views(
    tx: &mut TenantTx,
    engagement: EngagementId,
    user: UserId,
    table: &str,
) -> Result<Vec<SavedView>, StoreError> {
    Ok(sqlx::query_as!(
        SavedView,
        "select id, name, query, layout, is_default from migration.saved_views
         where client_account_id = $1 and engagement_id = $2 and user_id = $3 and table_name = $4 order by lower(name), id",
        tx.client_account_id().0,
        engagement.0,
        user.0,
        table,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// What a view is to be.
#[derive(Clone, Debug)]
pub struct ViewWords {
    /// Its name.
    pub name: String,
    /// Filter and order as the page's address has them.
    pub query: String,
    /// JSON object: columns, widths, density.
    pub layout: Value,
    /// Whether the table opens with it; then no other does.
    pub is_default: bool,
}

/// Keeps a view: a new one, or `id` as it is to be now.
///
/// # Errors
/// [`StoreError::ViewNotFound`], [`StoreError::ViewNameTaken`], [`StoreError::ViewsFull`]; else when the database fails.
pub async fn keep(
    tx: &mut TenantTx,
    engagement: EngagementId,
    user: UserId,
    table: &str,
    id: Option<Uuid>,
    words: &ViewWords,
) -> Result<SavedView, StoreError> {
    let client_account = tx.client_account_id().0;
    if words.is_default {
        sqlx::query!(
            "update migration.saved_views set is_default = false, updated_at = now()
             where client_account_id = $1 and engagement_id = $2 and user_id = $3 and table_name = $4 and is_default",
            client_account,
            engagement.0,
            user.0,
            table,
        )
        .execute(tx.connection())
        .await?;
    }
    let kept = match id {
        None => {
            if views(tx, engagement, user, table).await?.len() >= MOST_VIEWS {
                return Err(StoreError::ViewsFull);
            }
            sqlx::query_as!(
                SavedView,
                "insert into migration.saved_views (client_account_id, engagement_id, user_id, table_name, name, query, layout, is_default)
                 values ($1, $2, $3, $4, $5, $6, $7, $8) returning id, name, query, layout, is_default",
                client_account,
                engagement.0,
                user.0,
                table,
                words.name,
                words.query,
                words.layout,
                words.is_default,
            )
            .fetch_optional(tx.connection())
            .await
        }
        Some(id) => {
            sqlx::query_as!(
                SavedView,
                "update migration.saved_views set name = $6, query = $7, layout = $8, is_default = $9, updated_at = now()
                 where client_account_id = $1 and engagement_id = $2 and user_id = $3 and table_name = $4 and id = $5
                 returning id, name, query, layout, is_default",
                client_account,
                engagement.0,
                user.0,
                table,
                id,
                words.name,
                words.query,
                words.layout,
                words.is_default,
            )
            .fetch_optional(tx.connection())
            .await
        }
    };
    kept.map_err(|error| match error.as_database_error().and_then(|database| database.constraint()) {
        Some("uq_saved_views_name") => StoreError::ViewNameTaken,
        _ => error.into(),
    })?
    .ok_or(StoreError::ViewNotFound)
}

/// Forgets a view.
///
/// # Errors
/// [`StoreError::ViewNotFound`]; else when the database fails.
pub async fn forget(
    tx: &mut TenantTx,
    engagement: EngagementId,
    user: UserId,
    table: &str,
    id: Uuid,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "delete from migration.saved_views
         where client_account_id = $1 and engagement_id = $2 and user_id = $3 and table_name = $4 and id = $5",
        tx.client_account_id().0,
        engagement.0,
        user.0,
        table,
        id,
    )
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::ViewNotFound) } else { Ok(()) }
}

/// How the user last had the table; `None` before the first change.
///
/// # Errors
/// When the database fails.
pub async fn layout(tx: &mut TenantTx, user: UserId, table: &str) -> Result<Option<Value>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select layout from migration.table_layouts where client_account_id = $1 and user_id = $2 and table_name = $3",
        tx.client_account_id().0,
        user.0,
        table,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// Remembers how the user has the table.
///
/// # Errors
/// When the database fails.
pub async fn set_layout(
    tx: &mut TenantTx,
    user: UserId,
    table: &str,
    layout: &Value,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into migration.table_layouts (client_account_id, user_id, table_name, layout) values ($1, $2, $3, $4)
         on conflict (client_account_id, user_id, table_name) do update set layout = excluded.layout, updated_at = now()",
        tx.client_account_id().0,
        user.0,
        table,
        layout,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
