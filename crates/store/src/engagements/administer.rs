//! Beginning, changing, closing and opening again of engagements.

use drydock_domain::{EngagementId, audit::AccessEvent};
use time::OffsetDateTime;

use super::{CLOSED, Engagement, get};
use crate::{
    StoreError, TenantTx,
    audit::{self, AccessEntry},
    version::Change,
};

/// What is known of an engagement, as somebody may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Its short name, unique in the client account.
    pub slug: String,
    /// What it is about.
    pub description: Option<String>,
    /// Kind of project, such as `migration`.
    pub engagement_type: String,
    /// `planning`, `active` or `on_hold`.
    pub status: String,
    /// `low`, `medium`, `high` or `critical`.
    pub priority: String,
    /// When work began or begins.
    pub start_date: Option<OffsetDateTime>,
    /// When it is to be done.
    pub target_completion_date: Option<OffsetDateTime>,
    /// Whom to talk to at the client's.
    pub client_contact_name: Option<String>,
    /// Their address.
    pub client_contact_email: Option<String>,
}

impl Engagement {
    fn facts(&self) -> Facts {
        Facts {
            name: self.name.clone(),
            slug: self.slug.clone(),
            description: self.description.clone(),
            engagement_type: self.engagement_type.clone(),
            status: self.status.clone(),
            priority: self.priority.clone(),
            start_date: self.start_date,
            target_completion_date: self.target_completion_date,
            client_contact_name: self.client_contact_name.clone(),
            client_contact_email: self.client_contact_email.clone(),
        }
    }
}

fn refused(error: sqlx::Error) -> StoreError {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        Some("uq_engagements_slug") => StoreError::invalid(
            "/slug",
            "taken",
            "Another engagement of this client account has this short name.",
        ),
        Some("ck_engagements_dates") => {
            StoreError::invalid("/target_completion_date", "order", "This lies before the start.")
        }
        _ => error.into(),
    }
}

/// Begins an engagement in the client account.
///
/// # Errors
/// [`StoreError::Invalid`] for a short name that is taken and for dates in the wrong order.
pub async fn create(mut tx: TenantTx, facts: &Facts) -> Result<Engagement, StoreError> {
    let (client_account, user) = (tx.client_account_id(), tx.user_id());
    let id = sqlx::query_scalar!(
        "insert into migration.engagements
             (client_account_id, name, slug, description, engagement_type, status, priority, start_date,
              target_completion_date, client_contact_name, client_contact_email, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id",
        client_account.0,
        facts.name,
        facts.slug,
        facts.description,
        facts.engagement_type,
        facts.status,
        facts.priority,
        facts.start_date,
        facts.target_completion_date,
        facts.client_contact_name,
        facts.client_contact_email,
        user.0,
    )
    .fetch_one(tx.connection())
    .await
    .map_err(refused)?;
    let made = get(&mut tx, EngagementId(id)).await?;
    audit::access(&mut tx, note(AccessEvent::EngagementCreated, &made));
    tx.commit().await?;
    Ok(made)
}

/// Gives an engagement other facts, on top of the version `read`.
///
/// # Errors
/// [`StoreError::EngagementNotFound`]; [`StoreError::Invalid`] as for [`create`]. Facts that it has already change nothing, and the
/// log says nothing of them.
pub async fn update(
    mut tx: TenantTx,
    id: EngagementId,
    read: i64,
    facts: &Facts,
) -> Result<Change<Engagement>, StoreError> {
    let before = locked(&mut tx, id).await?;
    if before.version != read {
        return Ok(Change::Stale(before));
    }
    if before.facts() == *facts {
        return Ok(Change::Made(before));
    }
    let client_account = tx.client_account_id();
    sqlx::query!(
        "update migration.engagements
         set name = $3, slug = $4, description = $5, engagement_type = $6, status = $7, priority = $8, start_date = $9,
             target_completion_date = $10, client_contact_name = $11, client_contact_email = $12,
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
         where client_account_id = $1 and id = $2",
        client_account.0,
        id.0,
        facts.name,
        facts.slug,
        facts.description,
        facts.engagement_type,
        facts.status,
        facts.priority,
        facts.start_date,
        facts.target_completion_date,
        facts.client_contact_name,
        facts.client_contact_email,
    )
    .execute(tx.connection())
    .await
    .map_err(refused)?;
    let now = get(&mut tx, id).await?;
    audit::access(&mut tx, note(AccessEvent::EngagementUpdated, &now));
    tx.commit().await?;
    Ok(Change::Made(now))
}

/// Closes an engagement as completed or cancelled, or opens it again as active. One that is so already is stale.
///
/// # Errors
/// [`StoreError::EngagementNotFound`].
pub async fn set_status(
    mut tx: TenantTx,
    id: EngagementId,
    read: i64,
    status: &str,
) -> Result<Change<Engagement>, StoreError> {
    let before = locked(&mut tx, id).await?;
    let closed = CLOSED.contains(&status);
    // Closing what is closed, or opening what is open, was begun from what is no longer so.
    if before.version != read || closed == CLOSED.contains(&before.status.as_str()) {
        return Ok(Change::Stale(before));
    }
    let client_account = tx.client_account_id();
    sqlx::query!(
        "update migration.engagements
         set status = $3, actual_completion_date = case when $4 then greatest(now(), start_date) end,
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
         where client_account_id = $1 and id = $2",
        client_account.0,
        id.0,
        status,
        status == "completed",
    )
    .execute(tx.connection())
    .await?;
    let now = get(&mut tx, id).await?;
    let event = if closed { AccessEvent::EngagementClosed } else { AccessEvent::EngagementReopened };
    audit::access(&mut tx, note(event, &now));
    tx.commit().await?;
    Ok(Change::Made(now))
}

fn note(event: AccessEvent, engagement: &Engagement) -> AccessEntry {
    AccessEntry::new(event)
        .on("engagement", engagement.id)
        .in_engagement(engagement.id)
        .with("name", engagement.name.as_str())
        .with("status", engagement.status.as_str())
}

/// An engagement that nobody else changes until the transaction ends.
async fn locked(tx: &mut TenantTx, id: EngagementId) -> Result<Engagement, StoreError> {
    let client_account = tx.client_account_id();
    sqlx::query_scalar!(
        r#"select true as "there!" from migration.engagements
           where client_account_id = $1 and id = $2 and is_active for no key update"#,
        client_account.0,
        id.0
    )
    .fetch_optional(tx.connection())
    .await?;
    get(tx, id).await
}
