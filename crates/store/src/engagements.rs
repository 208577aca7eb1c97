//! Engagements of one client account.

mod administer;

use drydock_domain::{Access, ClientAccountId, EngagementId, PermissionSet};
use time::OffsetDateTime;

use crate::{StoreError, TenantTx, access, version};

pub use administer::{Facts, create, set_status, update};

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
    /// When it was closed as completed.
    pub actual_completion_date: Option<OffsetDateTime>,
    /// Whom to talk to at the client's.
    pub client_contact_name: Option<String>,
    /// Their address.
    pub client_contact_email: Option<String>,
    /// Assets in it.
    pub assets: i64,
    /// Which version of the engagement this is.
    pub version: i64,
    /// What the asking user has in it.
    pub access: Access,
}

/// Where an engagement stands that is closed: nothing in it is changed until it is opened again.
pub const CLOSED: [&str; 2] = ["completed", "cancelled"];

impl Engagement {
    /// What the asking user may do in it.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        let all = self.access.permissions();
        if CLOSED.contains(&self.status.as_str()) { all.without_work() } else { all }
    }
}

/// An engagement that was opened, to work in it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its id.
    pub id: EngagementId,
    /// Its name.
    pub name: String,
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

/// Opens an engagement of the client account: from now on the transaction knows what the user has in it.
///
/// # Errors
/// [`StoreError::EngagementNotFound`], also for one of another client account, and for one to which the user's access was taken or
/// has expired.
pub async fn open(tx: &mut TenantTx, id: EngagementId) -> Result<Opened, StoreError> {
    let (client_account, user, outer) = (tx.client_account_id(), tx.user_id(), tx.access());
    let row = sqlx::query!(
        r#"select e.name, e.status, own.access_level as "level?",
                  coalesce(not own.is_active or own.expires_at <= now(), false) as "closed!",
                  array(select r.role_type
                        from migration.user_roles r
                        where r.user_id = $3 and r.is_active and (r.expires_at is null or r.expires_at > now())
                          and r.scope_type = 'engagement' and r.scope_client_id = $1 and r.scope_engagement_id = e.id
                  ) as "roles!"
           from migration.engagements e
           left join migration.engagement_access own
             on own.client_account_id = e.client_account_id and own.engagement_id = e.id and own.user_profile_id = $3
            and own.granted_by is not null
           where e.client_account_id = $1 and e.id = $2 and e.is_active"#,
        client_account.0,
        id.0,
        user.0,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::EngagementNotFound)?;
    let access = within(outer, row.closed, row.level.as_deref(), row.roles)?;
    tx.opened(access.ok_or(StoreError::EngagementNotFound)?, CLOSED.contains(&row.status.as_str()));
    Ok(Opened { id, name: row.name })
}

/// What somebody with `outer` in the client account has in an engagement: `None` for nothing. Where their access to the engagement
/// has a row of its own, its level counts there instead of the client account's; roles in the engagement come on top.
fn within(
    outer: Access,
    closed: bool,
    level: Option<&str>,
    mut roles: Vec<String>,
) -> Result<Option<Access>, StoreError> {
    if outer == Access::EVERYWHERE {
        return Ok(Some(outer));
    }
    if closed {
        return Ok(None);
    }
    roles.push(outer.role.as_str().to_owned());
    access::within(&roles, level.unwrap_or(outer.level.as_str())).map(Some)
}

async fn select(tx: &mut TenantTx, only: Option<EngagementId>) -> Result<Vec<Engagement>, StoreError> {
    let (client_account_id, user, outer) = (tx.client_account_id(), tx.user_id(), tx.access());
    let rows = sqlx::query!(
        r#"select e.id, e.name, e.slug, e.description, e.engagement_type, e.status, e.priority,
                  e.start_date, e.target_completion_date, e.actual_completion_date, e.client_contact_name,
                  e.client_contact_email, e.updated_at,
                  (select count(*) from migration.assets a
                   where a.client_account_id = e.client_account_id and a.engagement_id = e.id) as "assets!",
                  own.access_level as "level?",
                  coalesce(not own.is_active or own.expires_at <= now(), false) as "closed!",
                  array(select r.role_type
                        from migration.user_roles r
                        where r.user_id = $3 and r.is_active and (r.expires_at is null or r.expires_at > now())
                          and r.scope_type = 'engagement' and r.scope_client_id = $1 and r.scope_engagement_id = e.id
                  ) as "roles!"
           from migration.engagements e
           left join migration.engagement_access own
             on own.client_account_id = e.client_account_id and own.engagement_id = e.id and own.user_profile_id = $3
            and own.granted_by is not null
           where e.client_account_id = $1 and e.is_active and ($2::uuid is null or e.id = $2)
           order by e.name, e.id"#,
        client_account_id.0,
        only.map(|id| id.0),
        user.0,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut engagements = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(access) = within(outer, row.closed, row.level.as_deref(), row.roles)? else { continue };
        engagements.push(Engagement {
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
            actual_completion_date: row.actual_completion_date,
            client_contact_name: row.client_contact_name,
            client_contact_email: row.client_contact_email,
            assets: row.assets,
            version: version::of(row.updated_at),
            access,
        });
    }
    Ok(engagements)
}
