//! Engagements of one client account.

use drydock_domain::{ClientAccountId, EngagementId};
use time::OffsetDateTime;

use crate::{StoreError, TenantTx};

/// One engagement.
#[derive(Clone, Debug)]
pub struct Engagement {
    /// Its id.
    pub id: EngagementId,
    /// The client account it belongs to.
    pub client_account_id: ClientAccountId,
    /// Its name.
    pub name: String,
    /// Its short name, unique within the client account.
    pub slug: String,
    /// What it is about.
    pub description: Option<String>,
    /// Kind of project, such as `migration`.
    pub engagement_type: String,
    /// Where it stands, such as `active`.
    pub status: String,
    /// How urgent it is.
    pub priority: String,
    /// When work began or begins.
    pub start_date: Option<OffsetDateTime>,
    /// When it is to be done.
    pub target_completion_date: Option<OffsetDateTime>,
    /// Assets in it.
    pub assets: i64,
}

/// All engagements of the client account, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Engagement>, StoreError> {
    select(tx, None).await
}

/// One engagement of the client account.
///
/// # Errors
/// [`StoreError::EngagementNotFound`], also for one of another client account.
pub async fn get(tx: &mut TenantTx, id: EngagementId) -> Result<Engagement, StoreError> {
    select(tx, Some(id)).await?.pop().ok_or(StoreError::EngagementNotFound)
}

async fn select(tx: &mut TenantTx, only: Option<EngagementId>) -> Result<Vec<Engagement>, StoreError> {
    let client_account_id = tx.client_account_id();
    let rows = sqlx::query!(
        r#"select e.id, e.name, e.slug, e.description, e.engagement_type, e.status, e.priority,
                  e.start_date, e.target_completion_date,
                  (select count(*) from migration.assets a
                   where a.client_account_id = e.client_account_id and a.engagement_id = e.id) as "assets!"
           from migration.engagements e
           where e.client_account_id = $1 and e.is_active and ($2::uuid is null or e.id = $2)
           order by e.name, e.id"#,
        client_account_id.0,
        only.map(|id| id.0),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Engagement {
            id: row.id.into(),
            client_account_id,
            name: row.name,
            slug: row.slug,
            description: row.description,
            engagement_type: row.engagement_type,
            status: row.status,
            priority: row.priority,
            start_date: row.start_date,
            target_completion_date: row.target_completion_date,
            assets: row.assets,
        })
        .collect())
}
