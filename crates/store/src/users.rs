//! Everybody who has an account or has asked for one, and what an administrator decides about them.

mod decide;

use drydock_domain::UserId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Store, StoreError, version};

pub use decide::{Approval, Grant};

/// A user in a list.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its id.
    pub id: UserId,
    /// E-mail address, lower case.
    pub email: String,
    /// First and last name, or the address.
    pub full_name: String,
    /// `pending_approval`, `active`, `suspended`, `deactivated`, or `rejected` for a registration that was.
    pub status: String,
    /// Where they work.
    pub organization: Option<String>,
    /// What they do there.
    pub role_description: Option<String>,
    /// Why they asked for an account.
    pub registration_reason: Option<String>,
    /// How much access they asked for.
    pub requested_access_level: String,
    /// When they registered.
    pub registered_at: OffsetDateTime,
    /// When they were approved.
    pub approved_at: Option<OffsetDateTime>,
    /// When they last signed in.
    pub last_login_at: Option<OffsetDateTime>,
    /// Whether they administer the platform now.
    pub is_platform_admin: bool,
    /// Client accounts they have access to now.
    pub client_accounts: i64,
    /// Which version of the user this is.
    pub version: i64,
}

/// A user with all that was granted.
#[derive(Clone, Debug)]
pub struct Details {
    /// As in the list.
    pub summary: Summary,
    /// Their telephone number.
    pub phone_number: Option<String>,
    /// Who can vouch for them.
    pub manager_email: Option<String>,
    /// Why they were suspended or rejected last.
    pub reason: Option<String>,
    /// Their roles, also those that ended.
    pub roles: Vec<GrantedRole>,
    /// Their access to client accounts, also what ended and what they asked for.
    pub access: Vec<GrantedAccess>,
    /// Their sessions that have not ended, latest first.
    pub sessions: Vec<OpenSession>,
}

/// A role of a user.
#[derive(Clone, Debug)]
pub struct GrantedRole {
    /// Its id.
    pub id: Uuid,
    /// Such as `analyst`.
    pub role: String,
    /// `global`, `client` or `engagement`.
    pub scope: String,
    /// The client account, unless global.
    pub client_account: Option<String>,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether it counts now.
    pub in_force: bool,
}

/// A user's access to a client account.
#[derive(Clone, Debug)]
pub struct GrantedAccess {
    /// Which client account.
    pub client_account_id: Uuid,
    /// Its name.
    pub client_account: String,
    /// What they are in it.
    pub role: String,
    /// How far it goes.
    pub access_level: String,
    /// `active`, `expired`, `revoked` or `requested`.
    pub status: String,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
}

/// A session that has not ended.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Its id, which opens nothing.
    pub id: Uuid,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub last_seen_at: OffsetDateTime,
    /// What the caller said it is.
    pub user_agent: Option<String>,
}

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only with this status, one of those of [`Summary::status`].
    pub status: Option<String>,
    /// Only whose name, address or organisation contains this, in any case.
    pub text: Option<String>,
}

/// A page of users, by address.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its users.
    pub users: Vec<Summary>,
    /// The last address of it, if more follow.
    pub next: Option<String>,
    /// Users that match, on all pages.
    pub total: i64,
}

impl Store {
    /// A page of at most `limit` users that come after the address `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self, filter: &Filter, after: Option<&str>, limit: u16) -> Result<Page, StoreError> {
        let mut connection = self.acquire().await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!"
               from migration.users u join migration.user_profiles p on p.user_id = u.id
               where ($1::text is null
                      or $1 = case when p.status = 'deactivated' and p.approved_at is null then 'rejected' else p.status end)
                 and ($2::text is null
                      or position(lower($2) in lower(concat_ws(' ', u.first_name, u.last_name, u.email, p.organization))) > 0)"#,
            filter.status,
            filter.text,
        )
        .fetch_one(&mut *connection)
        .await?;
        let mut users = select(&mut connection, None, filter, after, i64::from(limit) + 1).await?;
        Self::give_back(connection).await;
        let more = users.len() > usize::from(limit);
        users.truncate(usize::from(limit));
        let next = if more { users.last().map(|user| user.email.clone()) } else { None };
        Ok(Page { users, next, total })
    }

    /// One user with all that was granted.
    ///
    /// # Errors
    /// [`StoreError::UserNotFound`].
    pub async fn user(&self, id: UserId) -> Result<Details, StoreError> {
        let mut connection = self.acquire().await?;
        let details = details(&mut connection, id).await?;
        Self::give_back(connection).await;
        Ok(details)
    }
}

async fn select(
    connection: &mut PgConnection,
    only: Option<UserId>,
    filter: &Filter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Summary>, StoreError> {
    let rows = sqlx::query!(
        r#"select u.id, u.email,
                  coalesce(nullif(concat_ws(' ', u.first_name, u.last_name), ''), u.email) as "full_name!",
                  case when p.status = 'deactivated' and p.approved_at is null then 'rejected' else p.status end as "status!",
                  p.organization, p.role_description, p.registration_reason, p.requested_access_level,
                  p.approval_requested_at, p.approved_at, p.last_login_at, p.updated_at,
                  exists (select from migration.user_roles r
                          where r.user_id = u.id and r.role_type = 'platform_admin' and r.scope_type = 'global' and r.is_active
                            and (r.expires_at is null or r.expires_at > now())) as "is_platform_admin!",
                  (select count(*) from migration.client_access c
                   where c.user_profile_id = u.id and c.is_active
                     and (c.expires_at is null or c.expires_at > now())) as "client_accounts!"
           from migration.users u join migration.user_profiles p on p.user_id = u.id
           where ($1::uuid is null or u.id = $1)
             and ($2::text is null
                  or $2 = case when p.status = 'deactivated' and p.approved_at is null then 'rejected' else p.status end)
             and ($3::text is null
                  or position(lower($3) in lower(concat_ws(' ', u.first_name, u.last_name, u.email, p.organization))) > 0)
             and ($4::text is null or u.email > $4)
           order by u.email
           limit $5"#,
        only.map(|id| id.0),
        filter.status,
        filter.text,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Summary {
            id: row.id.into(),
            email: row.email,
            full_name: row.full_name,
            status: row.status,
            organization: row.organization,
            role_description: row.role_description,
            registration_reason: row.registration_reason,
            requested_access_level: row.requested_access_level,
            registered_at: row.approval_requested_at,
            approved_at: row.approved_at,
            last_login_at: row.last_login_at,
            is_platform_admin: row.is_platform_admin,
            client_accounts: row.client_accounts,
            version: version::of(row.updated_at),
        })
        .collect())
}

pub(crate) async fn details(connection: &mut PgConnection, id: UserId) -> Result<Details, StoreError> {
    let summary = select(connection, Some(id), &Filter::default(), None, 1)
        .await?
        .pop()
        .ok_or(StoreError::UserNotFound)?;
    let profile = sqlx::query!(
        "select phone_number, manager_email from migration.user_profiles where user_id = $1",
        id.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let roles = sqlx::query_as!(
        GrantedRole,
        r#"select r.id, r.role_type as role, r.scope_type as scope, c.name as "client_account?", r.expires_at,
                  r.is_active and (r.expires_at is null or r.expires_at > now()) as "in_force!"
           from migration.user_roles r left join migration.client_accounts c on c.id = r.scope_client_id
           where r.user_id = $1 order by c.name nulls first, r.role_type, r.id"#,
        id.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let access = sqlx::query_as!(
        GrantedAccess,
        r#"select a.client_account_id, c.name as client_account, coalesce(m.role, 'viewer') as "role!", a.access_level,
                  case when a.granted_by is null then 'requested' when not a.is_active then 'revoked'
                       when a.expires_at <= now() then 'expired' else 'active' end as "status!",
                  a.expires_at
           from migration.client_access a
           join migration.client_accounts c on c.id = a.client_account_id
           left join migration.user_account_associations m
             on m.user_id = a.user_profile_id and m.client_account_id = a.client_account_id
           where a.user_profile_id = $1 order by c.name, c.id"#,
        id.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let sessions = sqlx::query_as!(
        OpenSession,
        "select id, created_at, last_seen_at, user_agent from migration.sessions
         where user_id = $1 and revoked_at is null and expires_at > now() order by last_seen_at desc limit 100",
        id.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let reason = match summary.status.as_str() {
        "suspended" | "deactivated" | "rejected" => reason(connection, id).await?,
        _ => None,
    };
    Ok(Details {
        summary,
        phone_number: profile.phone_number,
        manager_email: profile.manager_email,
        reason,
        roles,
        access,
        sessions,
    })
}

/// Why the user was rejected or suspended last, as the security log has it.
pub(crate) async fn reason(connection: &mut PgConnection, id: UserId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select details ->> 'reason' from migration.security_audit_logs
         where target_user_id = $1
           and event_type in ('registration.rejected', 'user.suspended', 'user.deactivated')
         order by created_at desc limit 1",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .flatten())
}
