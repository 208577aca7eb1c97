//! Approving, rejecting, suspending, and who administers the platform.

use drydock_domain::{AccessLevel, ClientAccountId, Permission, Role, UserId, audit::SecurityEvent};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Details, details};
use crate::{
    Store, StoreError, VerifiedSession,
    access::{self, Denied},
    audit::{self, SecurityEntry},
    members, sessions,
    version::{self, Change},
};

/// What a registration is approved with.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The role; a platform administrator needs no client account.
    pub role: Role,
    /// The client accounts that are opened.
    pub grants: Vec<Grant>,
    /// Remarks for the log.
    pub notes: Option<String>,
}

/// Access to one client account.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Which.
    pub client_account_id: ClientAccountId,
    /// How far it goes.
    pub level: AccessLevel,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
}

/// A user as they were found, locked until the transaction ends.
struct Found {
    email: String,
    status: String,
    approved: bool,
    version: i64,
}

async fn find(connection: &mut PgConnection, id: UserId) -> Result<Found, StoreError> {
    let row = sqlx::query!(
        r#"select u.email, p.status, p.approved_at is not null as "approved!", p.updated_at
           from migration.user_profiles p join migration.users u on u.id = p.user_id
           where p.user_id = $1 for no key update"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::UserNotFound)?;
    Ok(Found {
        email: row.email,
        status: row.status,
        approved: row.approved,
        version: version::of(row.updated_at),
    })
}

async fn set_status(
    connection: &mut PgConnection,
    id: UserId,
    status: &str,
    may_sign_in: bool,
    approved_by: Option<UserId>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update migration.user_profiles
         set status = $2, approved_at = case when $3::uuid is null then approved_at else now() end,
             approved_by = coalesce($3, approved_by),
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
         where user_id = $1",
        id.0,
        status,
        approved_by.map(|id| id.0),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update migration.users
         set is_active = $2, is_verified = is_verified or $2,
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
         where id = $1",
        id.0,
        may_sign_in,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps changes to who administers the platform apart, and goes on only while the caller still does. It waits for the other change
/// in a statement of its own, so that all after it see what that one has done.
async fn hold_administrators(
    connection: &mut PgConnection,
    session: &VerifiedSession,
) -> Result<(), StoreError> {
    sqlx::query_scalar!(
        "select id from migration.user_roles where role_type = 'platform_admin' and scope_type = 'global'
         order by id for no key update"
    )
    .fetch_all(&mut *connection)
    .await?;
    let may_sign_in = sqlx::query_scalar!(
        r#"select u.is_active and p.status = 'active' as "yes!"
           from migration.users u join migration.user_profiles p on p.user_id = u.id where u.id = $1"#,
        session.user_id().0
    )
    .fetch_optional(&mut *connection)
    .await?;
    if may_sign_in != Some(true) {
        return Err(StoreError::SessionExpired);
    }
    if !access::everywhere(connection, session.user_id()).await? {
        let permission = Permission::RoleAssign;
        let ask = access::advisers(connection, None, permission).await?;
        return Err(StoreError::Denied(Box::new(Denied { permission, access: None, ask })));
    }
    Ok(())
}

/// Refuses to leave nobody who administers the platform for good: one whose role ends some day is none of them.
async fn another_administrator(connection: &mut PgConnection, than: UserId) -> Result<(), StoreError> {
    let permanent = sqlx::query_scalar!(
        "select u.id from migration.user_roles r
         join migration.users u on u.id = r.user_id and u.is_active and u.is_verified
         join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
         where r.role_type = 'platform_admin' and r.scope_type = 'global' and r.is_active and r.expires_at is null",
    )
    .fetch_all(connection)
    .await?;
    if permanent == [than.0] {
        let message =
            "This is the only platform administrator whose role does not end. Make somebody else one first.";
        return Err(StoreError::invalid("/user_id", "last_administrator", message));
    }
    Ok(())
}

fn not_oneself(session: &VerifiedSession, id: UserId) -> Result<(), StoreError> {
    if session.user_id() == id {
        let message = "This is your own account. Ask another platform administrator.";
        return Err(StoreError::invalid("/user_id", "self", message));
    }
    Ok(())
}

impl Store {
    /// Lets somebody in who has registered, with a role and access.
    ///
    /// # Errors
    /// [`StoreError::UserNotFound`]; [`StoreError::Invalid`] for a client account that is not there.
    pub async fn approve(
        &self,
        session: &VerifiedSession,
        id: UserId,
        approval: &Approval,
    ) -> Result<Change<Details>, StoreError> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, id).await?;
        if found.status != "pending_approval" {
            return Ok(Change::Stale(details(&mut tx, id).await?));
        }
        set_status(&mut tx, id, "active", true, Some(session.user_id())).await?;
        // What was asked for and not granted is not access.
        sqlx::query!(
            "delete from migration.client_access where user_profile_id = $1 and granted_by is null",
            id.0
        )
        .execute(&mut *tx)
        .await?;
        if approval.role == Role::PlatformAdmin {
            put_platform_role(&mut tx, id, None, session.user_id()).await?;
        }
        for (index, grant) in approval.grants.iter().enumerate() {
            let known = sqlx::query_scalar!(
                "select id from migration.client_accounts where id = $1 and is_active",
                grant.client_account_id.0
            )
            .fetch_optional(&mut *tx)
            .await?;
            if known.is_none() {
                let path = format!("/client_access/{index}/client_account_id");
                return Err(StoreError::invalid(path, "unknown", "There is no such client account."));
            }
            let place =
                members::Place { role: approval.role, level: grant.level, expires_at: grant.expires_at };
            members::put_place(&mut tx, id, grant.client_account_id, &place, session.user_id()).await?;
        }
        let mut event = SecurityEntry::new(
            SecurityEvent::RegistrationApproved,
            format!("The registration of {} was approved as {}.", found.email, approval.role),
        )
        .to(id, found.email)
        .with("role", approval.role.as_str())
        .with(
            "client_accounts",
            approval.grants.iter().map(|grant| grant.client_account_id.to_string()).collect::<Vec<_>>(),
        );
        if let Some(notes) = &approval.notes {
            event = event.with("notes", notes.as_str());
        }
        audit::security(&mut tx, session.actor(), event).await?;
        let now = details(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Change::Made(now))
    }

    /// Turns a registration down.
    ///
    /// # Errors
    /// [`StoreError::UserNotFound`].
    pub async fn reject(
        &self,
        session: &VerifiedSession,
        id: UserId,
        reason: &str,
    ) -> Result<Change<Details>, StoreError> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, id).await?;
        if found.status != "pending_approval" {
            return Ok(Change::Stale(details(&mut tx, id).await?));
        }
        set_status(&mut tx, id, "deactivated", false, None).await?;
        let text = format!("The registration of {} was rejected.", found.email);
        let event = SecurityEntry::new(SecurityEvent::RegistrationRejected, text)
            .to(id, found.email)
            .with("reason", reason);
        audit::security(&mut tx, session.actor(), event).await?;
        let now = details(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Change::Made(now))
    }

    /// Keeps a user out until they are let in again; their sessions end at once.
    ///
    /// # Errors
    /// [`StoreError::UserNotFound`]; [`StoreError::Invalid`] for oneself and for the only platform administrator for good;
    /// [`StoreError::SessionExpired`] and [`StoreError::Denied`] for a caller who was suspended, or whose role was taken, meanwhile.
    pub async fn suspend(
        &self,
        session: &VerifiedSession,
        id: UserId,
        reason: &str,
    ) -> Result<Change<Details>, StoreError> {
        not_oneself(session, id)?;
        let mut tx = self.begin().await?;
        hold_administrators(&mut tx, session).await?;
        let found = find(&mut tx, id).await?;
        if found.status != "active" {
            return Ok(Change::Stale(details(&mut tx, id).await?));
        }
        another_administrator(&mut tx, id).await?;
        set_status(&mut tx, id, "suspended", false, None).await?;
        sessions::end_all_of(&mut tx, id, "suspended").await?;
        let text = format!("{} was suspended; every session of theirs ended.", found.email);
        let event =
            SecurityEntry::new(SecurityEvent::UserSuspended, text).to(id, found.email).with("reason", reason);
        audit::security(&mut tx, session.actor(), event).await?;
        let now = details(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Change::Made(now))
    }

    /// Lets a user in again who was suspended or deactivated. Nobody whose registration was rejected: they register again.
    ///
    /// # Errors
    /// [`StoreError::UserNotFound`].
    pub async fn reactivate(
        &self,
        session: &VerifiedSession,
        id: UserId,
    ) -> Result<Change<Details>, StoreError> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, id).await?;
        if !(found.approved && matches!(found.status.as_str(), "suspended" | "deactivated")) {
            return Ok(Change::Stale(details(&mut tx, id).await?));
        }
        set_status(&mut tx, id, "active", true, None).await?;
        let text = format!("{} may sign in again.", found.email);
        let event = SecurityEntry::new(SecurityEvent::UserReactivated, text).to(id, found.email);
        audit::security(&mut tx, session.actor(), event).await?;
        let now = details(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Change::Made(now))
    }

    /// Makes a user a platform administrator, until `expires_at` if that is given, or takes that from them. Their sessions end.
    ///
    /// # Errors
    /// As [`Self::suspend`].
    pub async fn set_platform_administrator(
        &self,
        session: &VerifiedSession,
        id: UserId,
        read: i64,
        granted: bool,
        expires_at: Option<OffsetDateTime>,
    ) -> Result<Change<Details>, StoreError> {
        not_oneself(session, id)?;
        let mut tx = self.begin().await?;
        hold_administrators(&mut tx, session).await?;
        let found = find(&mut tx, id).await?;
        if found.version != read || found.status != "active" {
            return Ok(Change::Stale(details(&mut tx, id).await?));
        }
        if !granted || expires_at.is_some() {
            another_administrator(&mut tx, id).await?;
        }
        let event = if granted {
            put_platform_role(&mut tx, id, expires_at, session.user_id()).await?;
            SecurityEvent::RoleGranted
        } else {
            sqlx::query!(
                "update migration.user_roles set is_active = false, updated_at = now()
                 where user_id = $1 and role_type = 'platform_admin'",
                id.0
            )
            .execute(&mut *tx)
            .await?;
            SecurityEvent::RoleRevoked
        };
        set_status(&mut tx, id, "active", true, None).await?;
        sessions::end_all_of(&mut tx, id, "role_changed").await?;
        let verb = if granted { "was made" } else { "is no longer" };
        let text = format!("{} {verb} a platform administrator.", found.email);
        let event =
            SecurityEntry::new(event, text).to(id, found.email).with("role", Role::PlatformAdmin.as_str());
        audit::security(&mut tx, session.actor(), event).await?;
        let now = details(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Change::Made(now))
    }
}

async fn put_platform_role(
    connection: &mut PgConnection,
    id: UserId,
    expires_at: Option<OffsetDateTime>,
    giver: UserId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into migration.user_roles (user_id, role_type, role_name, scope_type, is_active, assigned_by, expires_at)
         values ($1, 'platform_admin', 'Platform administrator', 'global', true, $2, $3)
         on conflict (user_id, role_type, scope_client_id, scope_engagement_id) do update
         set is_active = true, assigned_by = excluded.assigned_by, assigned_at = now(), expires_at = excluded.expires_at,
             updated_at = now()",
        id.0,
        giver.0,
        expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
