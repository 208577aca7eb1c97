//! Sessions: opaque tokens of 256 random bits, of which only the SHA-256 is stored.

use drydock_domain::{Role, UserId, audit::SecurityEvent};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor, Origin, SecurityEntry},
    content::hexadecimal,
    identity,
};

/// A session ends this many hours after sign-in, whatever happens.
const ABSOLUTE_HOURS: i32 = 12;
/// A session ends after this many hours without a request.
const IDLE_HOURS: i32 = 2;

/// A session that has just been made. The token exists here and at the caller, nowhere else.
#[derive(Clone)]
pub struct NewSession {
    /// The bearer token, 64 hexadecimal digits.
    pub token: String,
    /// When it ends at the latest.
    pub expires_at: OffsetDateTime,
}

/// Proof that a request carries the token of a live session of an account that may sign in.
///
/// Only [`Store::verify_session`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedSession {
    id: Uuid,
    user_id: UserId,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    actor: Actor,
}

impl VerifiedSession {
    /// Who asks, and from where, for the audit logs.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The strongest role of the user that was active when the request came.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.actor.role
    }

    /// Whose session it is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// When the user signed in.
    #[must_use]
    pub fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// When the session ends at the latest.
    #[must_use]
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }
}

/// One of a user's sessions, as they see it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its id, which is not its token.
    pub id: Uuid,
    /// When the user signed in.
    pub created_at: OffsetDateTime,
    /// When it was used last, to the minute.
    pub last_seen_at: OffsetDateTime,
    /// When it ends unless it is used before.
    pub idle_at: OffsetDateTime,
    /// When it ends at the latest.
    pub expires_at: OffsetDateTime,
    /// What the caller said it is.
    pub user_agent: Option<String>,
    /// Whether it is the session that asks.
    pub is_current: bool,
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

pub(crate) async fn create(
    connection: &mut PgConnection,
    user_id: UserId,
    user_agent: Option<&str>,
) -> Result<NewSession, StoreError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Hashing(error.to_string()))?;
    let token = hexadecimal(&bytes);
    let expires_at = sqlx::query_scalar!(
        "insert into migration.sessions (user_id, token_hash, expires_at, user_agent)
         values ($1, $2, now() + make_interval(hours => $3), $4)
         returning expires_at",
        user_id.0,
        digest(&token),
        ABSOLUTE_HOURS,
        user_agent,
    )
    .fetch_one(connection)
    .await?;
    Ok(NewSession { token, expires_at })
}

/// Ends every session of the user of `session`, itself among them.
///
/// # Errors
/// [`StoreError::SessionExpired`] when `session` itself had ended.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    session: &VerifiedSession,
    reason: &str,
) -> Result<(), StoreError> {
    let ended = sqlx::query_scalar!(
        "update migration.sessions set revoked_at = now(), revoked_reason = $2
         where user_id = $1 and revoked_at is null
         returning id",
        session.user_id.0,
        reason
    )
    .fetch_all(connection)
    .await?;
    if ended.contains(&session.id) { Ok(()) } else { Err(StoreError::SessionExpired) }
}

/// Ends every session of a user, because of what somebody else decided about them.
pub(crate) async fn end_all_of(
    connection: &mut PgConnection,
    user: UserId,
    reason: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update migration.sessions set revoked_at = now(), revoked_reason = $2
         where user_id = $1 and revoked_at is null",
        user.0,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Looks a bearer token up, for a request from `origin`.
    ///
    /// # Errors
    /// [`StoreError::SessionExpired`] when the token is unknown, revoked or too old, or when its account may
    /// no longer sign in.
    pub async fn verify_session(&self, token: &str, origin: Origin) -> Result<VerifiedSession, StoreError> {
        let session = sqlx::query!(
            r#"select s.id, s.user_id, s.created_at, s.expires_at, u.email,
                      array(select r.role_type::text from migration.user_roles r
                            where r.user_id = s.user_id and r.is_active
                              and (r.expires_at is null or r.expires_at > now())) as "roles!",
                      s.last_seen_at < now() - interval '1 minute' as "stale!"
               from migration.sessions s
               join migration.users u on u.id = s.user_id and u.is_active and u.is_verified
               join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
               where s.token_hash = $1
                 and s.revoked_at is null
                 and s.expires_at > now()
                 and s.last_seen_at > now() - make_interval(hours => $2)"#,
            digest(token),
            IDLE_HOURS,
        )
        .fetch_optional(&mut *self.acquire().await?)
        .await?
        .ok_or(StoreError::SessionExpired)?;
        // Once a minute is exact enough for an idle limit of hours, and spares a write per request.
        if session.stale {
            sqlx::query!("update migration.sessions set last_seen_at = now() where id = $1", session.id)
                .execute(&mut *self.acquire().await?)
                .await?;
        }
        Ok(VerifiedSession {
            id: session.id,
            user_id: session.user_id.into(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            actor: Actor {
                user_id: Some(session.user_id.into()),
                email: Some(session.email),
                role: identity::strongest(&session.roles)?,
                origin,
            },
        })
    }

    /// Ends a session: from now on its token is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, session: &VerifiedSession) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let ended = sqlx::query!(
            "update migration.sessions set revoked_at = now(), revoked_reason = 'logout'
             where id = $1 and revoked_at is null",
            session.id
        )
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() > 0 {
            let email = session.actor.email.clone().unwrap_or_default();
            let event = SecurityEntry::new(SecurityEvent::SignedOut, format!("{email} signed out."));
            audit::security(&mut tx, &session.actor, event.to(session.user_id, email)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The sessions of the session's user that have not ended, the asking one first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, session: &VerifiedSession) -> Result<Vec<SessionRow>, StoreError> {
        Ok(sqlx::query_as!(
            SessionRow,
            r#"select id, created_at, last_seen_at,
                      least(expires_at, last_seen_at + make_interval(hours => $3)) as "idle_at!", expires_at, user_agent,
                      id = $2 as "is_current!"
               from migration.sessions
               where user_id = $1 and revoked_at is null and expires_at > now()
                 and last_seen_at > now() - make_interval(hours => $3)
               order by id = $2 desc, last_seen_at desc, id"#,
            session.user_id.0,
            session.id,
            IDLE_HOURS
        )
        .fetch_all(&mut *self.acquire().await?)
        .await?)
    }

    /// Ends one of the sessions of the session's user.
    ///
    /// # Errors
    /// [`StoreError::SessionNotFound`] where they have no such session that has not ended.
    pub async fn end_own_session(&self, session: &VerifiedSession, id: Uuid) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query_scalar!(
            r#"update migration.sessions set revoked_at = now(), revoked_reason = 'ended_by_user'
               where id = $1 and user_id = $2 and revoked_at is null and expires_at > now()
               returning true as "ended!""#,
            id,
            session.user_id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(StoreError::SessionNotFound)?;
        let email = session.actor.email.clone().unwrap_or_default();
        let event =
            SecurityEntry::new(SecurityEvent::SessionEnded, format!("{email} ended one of their sessions."));
        audit::security(&mut tx, &session.actor, event.to(session.user_id, email)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every session of the session's user, itself among them.
    ///
    /// # Errors
    /// [`StoreError::SessionExpired`] when `session` itself had ended.
    pub async fn end_own_sessions(&self, session: &VerifiedSession) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        end_all(&mut tx, session, "logout_everywhere").await?;
        let email = session.actor.email.clone().unwrap_or_default();
        let event =
            SecurityEntry::new(SecurityEvent::SessionsEnded, format!("{email} signed out everywhere."));
        audit::security(&mut tx, &session.actor, event.to(session.user_id, email)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets sessions that ended more than a week ago; until then they can be asked about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_old_sessions(&self) -> Result<u64, StoreError> {
        let forgotten = sqlx::query!(
            "delete from migration.sessions
             where least(revoked_at, expires_at, last_seen_at + make_interval(hours => $1)) < now() - interval '7 days'",
            IDLE_HOURS
        )
        .execute(&mut *self.acquire().await?)
        .await?;
        Ok(forgotten.rows_affected())
    }
}

/// Reads the session as its row stands, to be put into another database by [`carry_over`]; nothing if it has ended since.
pub(crate) async fn row(
    connection: &mut PgConnection,
    session: &VerifiedSession,
) -> Result<Option<Carried>, StoreError> {
    Ok(sqlx::query_as!(
        Carried,
        "select id, user_id, token_hash, created_at, expires_at, user_agent from migration.sessions
         where id = $1 and revoked_at is null and expires_at > now()",
        session.id
    )
    .fetch_optional(connection)
    .await?)
}

/// A session on its way from one database to another.
pub(crate) struct Carried {
    id: Uuid,
    user_id: Uuid,
    token_hash: Vec<u8>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    user_agent: Option<String>,
}

/// Leaves `carried` as the only session there is, if its user may sign in here: a token that was ended in the database
/// which this one replaces must not be good again.
pub(crate) async fn carry_over(
    connection: &mut PgConnection,
    carried: Option<&Carried>,
) -> Result<(), StoreError> {
    sqlx::query!("delete from migration.sessions").execute(&mut *connection).await?;
    if let Some(carried) = carried {
        sqlx::query!(
            "insert into migration.sessions (id, user_id, token_hash, created_at, expires_at, user_agent)
             select $1, u.id, $3, $4, $5, $6
             from migration.users u join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
             where u.id = $2 and u.is_active and u.is_verified",
            carried.id,
            carried.user_id,
            carried.token_hash,
            carried.created_at,
            carried.expires_at,
            carried.user_agent,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}
