//! Giving access to a client account, changing and taking it.

use std::{collections::HashMap, str::FromStr as _};

use drydock_domain::{
    Access, AccessLevel, ClientAccountId, Permission, Role, UserId, audit::SecurityEvent, may_assign,
};
use sqlx::PgConnection;

use super::{EngagementLevel, Member, Place, get, may_name};
use crate::{
    StoreError, TenantTx, VerifiedSession,
    access::{Denied, advisers},
    audit::{self, SecurityEntry},
    sessions,
    version::{self, Change},
};

/// Gives somebody a place in the client account, or another one than they have. `read` is the version of their access that the
/// change is made on; `None` where they are to have none yet, or where whatever there is may be replaced. With `engagements`, those
/// named get a level of their own (or none), and all others follow the client account; without, those follow that did so far, and with
/// less access, or access anew, none stays above it. A changed role ends their sessions. What they have already changes nothing, and the
/// log says nothing of it.
///
/// # Errors
/// [`StoreError::UserNotFound`] for somebody who was never approved; [`StoreError::Denied`] for a role that is not the caller's to
/// give or take, and for somebody whom the caller may not see; [`StoreError::Invalid`] for oneself, an access level above one's own and an engagement that is not there.
pub async fn put(
    mut tx: TenantTx,
    session: &VerifiedSession,
    user: UserId,
    place: &Place,
    engagements: Option<&[EngagementLevel]>,
    read: Option<i64>,
) -> Result<Change<Member>, StoreError> {
    let giver = tx.access();
    let client_account = tx.client_account_id();
    may_name(&mut tx, Some(user)).await?;
    let email = person(&mut tx, user).await?;
    not_oneself(&tx, giver, user)?;
    let before = held(&mut tx, user).await?;
    may_give(&mut tx, giver, place.role).await?;
    if let Some(before) = &before {
        may_give(&mut tx, giver, before.role).await?;
    }
    if let Some(read) = read
        && before.as_ref().map(|before| before.version) != Some(read)
    {
        return Ok(Change::Stale(get(&mut tx, user).await?));
    }
    if before.is_some() {
        let shown = get(&mut tx, user).await?;
        if unchanged(&shown, place, engagements) {
            return Ok(Change::Made(shown));
        }
    }
    if place.level > giver.level {
        let message = "You cannot give more than you have yourself.";
        return Err(StoreError::invalid("/access_level", "too_high", message));
    }
    if let Some(index) = engagements.unwrap_or_default().iter().position(|one| one.level > Some(giver.level))
    {
        let message = "You cannot give more than you have yourself.";
        return Err(StoreError::invalid(format!("/engagements/{index}/access_level"), "too_high", message));
    }
    put_place(tx.connection(), user, client_account, place, session.user_id()).await?;
    match engagements {
        Some(levels) => put_levels(&mut tx, user, levels, session.user_id()).await?,
        None => follow(&mut tx, user, before.as_ref(), place.level).await?,
    }
    let event = match &before {
        Some(before) if before.in_force && before.role != place.role => SecurityEvent::RoleChanged,
        Some(before) if before.in_force => SecurityEvent::AccessChanged,
        _ => SecurityEvent::AccessGranted,
    };
    if event == SecurityEvent::RoleChanged {
        sessions::end_all_of(tx.connection(), user, "role_changed").await?;
    }
    let (role, level) = (place.role, place.level);
    let text = format!("{email} has access to {} as {role}, level {level}.", tx.client_account_name());
    let mut event = SecurityEntry::new(event, text)
        .to(user, email)
        .in_client_account(client_account)
        .with("role", role.as_str())
        .with("access_level", level.as_str());
    if let Some(before) = &before {
        let standing = if before.in_force { "in force" } else { "ended" };
        event = event.with("before", format!("{}, {}, {standing}", before.role, before.level));
    }
    if let Some(levels) = engagements {
        let levels = levels.iter().map(|EngagementLevel { engagement_id, level }| {
            (engagement_id.to_string(), serde_json::Value::from(level.map(AccessLevel::as_str)))
        });
        event = event.with("engagements", levels.collect::<serde_json::Map<_, _>>());
    }
    if let Some(expires_at) = place.expires_at {
        event = event.with("expires_at", expires_at.to_string());
    }
    let now = get(&mut tx, user).await?;
    audit::security(tx.connection(), session.actor(), event).await?;
    tx.commit().await?;
    Ok(Change::Made(now))
}

/// Takes somebody's access to the client account, at once; their sessions end.
///
/// # Errors
/// As [`put`].
pub async fn revoke(
    mut tx: TenantTx,
    session: &VerifiedSession,
    user: UserId,
    read: Option<i64>,
) -> Result<Change<Member>, StoreError> {
    let giver = tx.access();
    let client_account = tx.client_account_id();
    let before = held(&mut tx, user).await?.ok_or(StoreError::UserNotFound)?;
    not_oneself(&tx, giver, user)?;
    may_give(&mut tx, giver, before.role).await?;
    if read.is_some_and(|read| read != before.version) {
        return Ok(Change::Stale(get(&mut tx, user).await?));
    }
    let email = person(&mut tx, user).await?;
    sqlx::query!(
        "update migration.client_access
         set is_active = false, granted_by = coalesce(granted_by, $3),
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
         where user_profile_id = $1 and client_account_id = $2",
        user.0,
        client_account.0,
        session.user_id().0,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "delete from migration.user_roles where user_id = $1 and scope_client_id = $2",
        user.0,
        client_account.0
    )
    .execute(tx.connection())
    .await?;
    forget_levels(&mut tx, user).await?;
    sessions::end_all_of(tx.connection(), user, "access_revoked").await?;
    let text = format!("{email} has no access to {} any more.", tx.client_account_name());
    let event = SecurityEntry::new(SecurityEvent::AccessRevoked, text)
        .to(user, email)
        .in_client_account(client_account);
    let now = get(&mut tx, user).await?;
    audit::security(tx.connection(), session.actor(), event).await?;
    tx.commit().await?;
    Ok(Change::Made(now))
}

/// Whether somebody has just that already.
fn unchanged(member: &Member, place: &Place, engagements: Option<&[EngagementLevel]>) -> bool {
    let by_engagement = |levels: &[EngagementLevel]| {
        levels.iter().map(|one| (one.engagement_id.0, one.level)).collect::<HashMap<_, _>>()
    };
    member.status == "active"
        && member.role == place.role.as_str()
        && member.access_level == place.level.as_str()
        && member.expires_at == place.expires_at
        && engagements.is_none_or(|levels| by_engagement(levels) == by_engagement(&member.engagements))
}

async fn person(tx: &mut TenantTx, user: UserId) -> Result<String, StoreError> {
    sqlx::query_scalar!(
        "select u.email from migration.users u join migration.user_profiles p on p.user_id = u.id
         where u.id = $1 and p.status in ('active', 'suspended')",
        user.0
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::UserNotFound)
}

/// Access that somebody has or had.
struct Held {
    role: Role,
    level: AccessLevel,
    version: i64,
    in_force: bool,
}

/// The access that somebody has or had, locked.
async fn held(tx: &mut TenantTx, user: UserId) -> Result<Option<Held>, StoreError> {
    let client_account = tx.client_account_id();
    let row = sqlx::query!(
        r#"select coalesce(m.role, 'viewer') as "role!", a.access_level, a.updated_at,
                  a.is_active and (a.expires_at is null or a.expires_at > now()) as "in_force!"
           from migration.client_access a
           left join migration.user_account_associations m
             on m.user_id = a.user_profile_id and m.client_account_id = a.client_account_id
           where a.user_profile_id = $1 and a.client_account_id = $2 for update of a"#,
        user.0,
        client_account.0,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        let role =
            Role::from_str(&row.role).map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
        Ok(Held {
            role,
            level: AccessLevel::from_str(&row.access_level)
                .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?,
            version: version::of(row.updated_at),
            in_force: row.in_force,
        })
    })
    .transpose()
}

async fn may_give(tx: &mut TenantTx, giver: Access, role: Role) -> Result<(), StoreError> {
    if may_assign(giver, role) {
        return Ok(());
    }
    let (client_account, permission) = (tx.client_account_id(), Permission::RoleAssign);
    let ask = advisers(tx.connection(), Some(client_account), permission).await?;
    Err(StoreError::Denied(Box::new(Denied { permission, access: Some(giver), ask })))
}

fn not_oneself(tx: &TenantTx, giver: Access, user: UserId) -> Result<(), StoreError> {
    if tx.user_id() == user && giver != Access::EVERYWHERE {
        let message = "This is your own access. Ask another administrator.";
        return Err(StoreError::invalid("/user_id", "self", message));
    }
    Ok(())
}

/// Writes the three rows that a place consists of.
pub(crate) async fn put_place(
    connection: &mut PgConnection,
    user: UserId,
    client_account: ClientAccountId,
    place: &Place,
    giver: UserId,
) -> Result<(), StoreError> {
    let writes = place.level >= AccessLevel::ReadWrite;
    let manages = place.role >= Role::EngagementManager && place.level >= AccessLevel::Admin;
    let administers = place.role >= Role::ClientAdmin && place.level >= AccessLevel::Admin;
    let permissions = serde_json::json!({
        "can_view_data": true,
        "can_import_data": writes,
        "can_export_data": true,
        "can_manage_engagements": manages,
        "can_configure_client_settings": administers,
        "can_manage_client_users": administers,
    });
    sqlx::query!(
        "insert into migration.client_access as a
             (user_profile_id, client_account_id, access_level, permissions, granted_by, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (user_profile_id, client_account_id) do update
         set access_level = excluded.access_level, permissions = excluded.permissions, granted_by = excluded.granted_by,
             granted_at = now(), expires_at = excluded.expires_at, is_active = true,
             updated_at = greatest(clock_timestamp(), a.updated_at + interval '1 microsecond')",
        user.0,
        client_account.0,
        place.level.as_str(),
        permissions,
        giver.0,
        place.expires_at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into migration.user_account_associations (user_id, client_account_id, role, created_by)
         values ($1, $2, $3, $4)
         on conflict (user_id, client_account_id) do update set role = excluded.role, updated_at = now()",
        user.0,
        client_account.0,
        place.role.as_str(),
        giver.0,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from migration.user_roles where user_id = $1 and scope_type = 'client' and scope_client_id = $2",
        user.0,
        client_account.0
    )
    .execute(&mut *connection)
    .await?;
    // A platform administrator's role holds everywhere and has its own row.
    if place.role != Role::PlatformAdmin {
        sqlx::query!(
            "insert into migration.user_roles (user_id, role_type, role_name, scope_type, scope_client_id, is_active,
                                               assigned_by, expires_at)
             values ($1, $2, $3, 'client', $4, true, $5, $6)",
            user.0,
            place.role.as_str(),
            place.role.title(),
            client_account.0,
            giver.0,
            place.expires_at,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Where the level in an engagement was the client account's, it stays that. Where it is above what somebody has now, it goes down to
/// that, unless they had no more before either.
async fn follow(
    tx: &mut TenantTx,
    user: UserId,
    before: Option<&Held>,
    now: AccessLevel,
) -> Result<(), StoreError> {
    let client_account = tx.client_account_id();
    let lowered = before.is_none_or(|before| !before.in_force || now < before.level);
    let following: Vec<String> = AccessLevel::ALL
        .into_iter()
        .filter(|level| before.is_some_and(|before| before.level == *level) || (lowered && *level > now))
        .map(|level| level.as_str().to_owned())
        .collect();
    sqlx::query!(
        "update migration.engagement_access set access_level = $4, updated_at = now()
         where client_account_id = $1 and user_profile_id = $2 and access_level = any($3) and is_active",
        client_account.0,
        user.0,
        &following,
        now.as_str(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Lets the client account's level hold in every engagement.
async fn forget_levels(tx: &mut TenantTx, user: UserId) -> Result<(), StoreError> {
    let client_account = tx.client_account_id();
    sqlx::query!(
        "delete from migration.engagement_access where client_account_id = $1 and user_profile_id = $2",
        client_account.0,
        user.0
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn put_levels(
    tx: &mut TenantTx,
    user: UserId,
    levels: &[EngagementLevel],
    giver: UserId,
) -> Result<(), StoreError> {
    let client_account = tx.client_account_id();
    forget_levels(tx, user).await?;
    for (index, EngagementLevel { engagement_id, level }) in levels.iter().enumerate() {
        let written = sqlx::query!(
            "insert into migration.engagement_access
                 (client_account_id, user_profile_id, engagement_id, access_level, granted_by, is_active)
             select e.client_account_id, $2, e.id, $4, $5, $6
             from migration.engagements e where e.client_account_id = $1 and e.id = $3 and e.is_active
             on conflict (client_account_id, user_profile_id, engagement_id) do nothing",
            client_account.0,
            user.0,
            engagement_id.0,
            level.unwrap_or(AccessLevel::ReadOnly).as_str(),
            giver.0,
            level.is_some(),
        )
        .execute(tx.connection())
        .await?;
        if written.rows_affected() == 0 {
            let message = "There is no such engagement in this client account, or it is named twice.";
            return Err(StoreError::invalid(
                format!("/engagements/{index}/engagement_id"),
                "unknown",
                message,
            ));
        }
    }
    Ok(())
}
