//! Who has access to a client account, as what and how far.

mod grant;

use std::str::FromStr as _;

use drydock_domain::{AccessLevel, EngagementId, Permission, Role, UserId};
use time::OffsetDateTime;

use crate::{
    StoreError, TenantTx,
    access::{Denied, advisers},
    version,
};

pub(crate) use grant::put_place;
pub use grant::{put, revoke};

/// What somebody is given in a client account.
#[derive(Clone, Debug)]
pub struct Place {
    /// What they are in it.
    pub role: Role,
    /// How far their access goes.
    pub level: AccessLevel,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
}

/// Somebody with access to a client account, or without it any more.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// E-mail address.
    pub email: String,
    /// First and last name, or the address.
    pub full_name: String,
    /// What they are in it.
    pub role: String,
    /// How far their access goes.
    pub access_level: String,
    /// `active`, `expired`, `revoked` or `requested`.
    pub status: String,
    /// Whether they may sign in at all.
    pub may_sign_in: bool,
    /// When their access ends.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was granted or last changed.
    pub granted_at: OffsetDateTime,
    /// Engagements where something else holds than in the client account.
    pub engagements: Vec<EngagementLevel>,
    /// Which version of the access this is.
    pub version: i64,
}

/// What holds in one engagement.
#[derive(Clone, Debug)]
pub struct EngagementLevel {
    /// Which.
    pub engagement_id: EngagementId,
    /// How far access goes there; `None` where there is none.
    pub level: Option<AccessLevel>,
}

/// Everybody with a row of access to the client account, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Member>, StoreError> {
    select(tx, None).await
}

/// One of them.
///
/// # Errors
/// [`StoreError::UserNotFound`].
pub async fn get(tx: &mut TenantTx, user: UserId) -> Result<Member, StoreError> {
    select(tx, Some(user)).await?.pop().ok_or(StoreError::UserNotFound)
}

async fn select(tx: &mut TenantTx, only: Option<UserId>) -> Result<Vec<Member>, StoreError> {
    let client_account = tx.client_account_id();
    let rows = sqlx::query!(
        r#"select u.id, u.email,
                  coalesce(nullif(concat_ws(' ', u.first_name, u.last_name), ''), u.email) as "full_name!",
                  coalesce(m.role, 'viewer') as "role!", a.access_level,
                  case when a.granted_by is null then 'requested' when not a.is_active then 'revoked'
                       when a.expires_at <= now() then 'expired' else 'active' end as "status!",
                  u.is_active and u.is_verified and p.status = 'active' as "may_sign_in!",
                  a.expires_at, a.granted_at, a.updated_at
           from migration.client_access a
           join migration.users u on u.id = a.user_profile_id
           join migration.user_profiles p on p.user_id = u.id
           left join migration.user_account_associations m
             on m.user_id = a.user_profile_id and m.client_account_id = a.client_account_id
           where a.client_account_id = $1 and ($2::uuid is null or u.id = $2)
           order by 3, u.id"#,
        client_account.0,
        only.map(|id| id.0),
    )
    .fetch_all(tx.connection())
    .await?;
    let levels = sqlx::query!(
        r#"select user_profile_id, engagement_id, access_level,
                  is_active and (expires_at is null or expires_at > now()) as "open!"
           from migration.engagement_access
           where client_account_id = $1 and ($2::uuid is null or user_profile_id = $2) and granted_by is not null
           order by engagement_id"#,
        client_account.0,
        only.map(|id| id.0),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let engagements = levels
                .iter()
                .filter(|level| level.user_profile_id == row.id)
                .map(|level| {
                    let named = AccessLevel::from_str(&level.access_level)
                        .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
                    Ok(EngagementLevel {
                        engagement_id: level.engagement_id.into(),
                        level: level.open.then_some(named),
                    })
                })
                .collect::<Result<_, StoreError>>()?;
            Ok(Member {
                user_id: row.id.into(),
                email: row.email,
                full_name: row.full_name,
                role: row.role,
                access_level: row.access_level,
                status: row.status,
                may_sign_in: row.may_sign_in,
                expires_at: row.expires_at,
                granted_at: row.granted_at,
                engagements,
                version: version::of(row.updated_at),
            })
        })
        .collect()
}

/// The user with this address who has been approved, for giving them access.
///
/// # Errors
/// [`StoreError::UserNotFound`], also for one who was never let in; where the caller may not see everybody, [`StoreError::Denied`] for
/// whoever has nothing to do with the client account, whether or not there is such a one.
pub async fn approved(tx: &mut TenantTx, email: &str) -> Result<UserId, StoreError> {
    let user = sqlx::query_scalar!(
        "select u.id from migration.users u join migration.user_profiles p on p.user_id = u.id
         where u.email = $1 and p.status in ('active', 'suspended')",
        email
    )
    .fetch_optional(tx.connection())
    .await?
    .map(UserId);
    may_name(tx, user).await?;
    user.ok_or(StoreError::UserNotFound)
}

/// Whether the caller may name `user`: everybody, or who has access to the client account, had it or asked for it. What a client
/// account's own administrator is told must not tell who else has an account.
async fn may_name(tx: &mut TenantTx, user: Option<UserId>) -> Result<(), StoreError> {
    let (access, client_account, permission) = (tx.access(), tx.client_account_id(), Permission::UserView);
    if access.permissions().allows(permission) {
        return Ok(());
    }
    let known = sqlx::query_scalar!(
        r#"select exists (select from migration.client_access
                          where user_profile_id = $1 and client_account_id = $2) as "known!""#,
        user.map(|id| id.0),
        client_account.0,
    )
    .fetch_one(tx.connection())
    .await?;
    if known {
        return Ok(());
    }
    let ask = advisers(tx.connection(), None, permission).await?;
    Err(StoreError::Denied(Box::new(Denied { permission, access: Some(access), ask })))
}
