//! Who a person is: sign-in and what is known of a user.

use std::str::FromStr as _;

use drydock_domain::{ClientAccountId, Role, UserId, account, audit::SecurityEvent};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    NewSession, Store, StoreError, VerifiedSession,
    audit::{self, Actor, Origin, SecurityEntry},
    password, sessions, throttle,
};

/// A user as the sign-in answer tells it.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// E-mail address, lower case.
    pub email: String,
    /// First and last name, or the local part of the address.
    pub full_name: String,
    /// The strongest role that is active now; `None` for a user without one.
    pub role: Option<Role>,
    /// Organisation, as registered.
    pub organization: Option<String>,
    /// What the user does there.
    pub role_description: Option<String>,
    /// The client accounts the user is associated with.
    pub associations: Vec<Association>,
}

impl User {
    /// The user at work, for the audit logs.
    pub(crate) fn acting(&self, origin: &Origin) -> Actor {
        Actor {
            user_id: Some(self.id),
            email: Some(self.email.clone()),
            role: self.role,
            origin: origin.clone(),
        }
    }
}

/// A user's place in one client account.
#[derive(Clone, Debug)]
pub struct Association {
    /// Its id.
    pub id: Uuid,
    /// Which client account.
    pub client_account_id: ClientAccountId,
    /// The role there.
    pub role: String,
}

impl Store {
    /// Signs a user in.
    ///
    /// Unknown address, wrong password, inactive, unverified and unapproved account get the same answer after
    /// the same work.
    ///
    /// # Errors
    /// [`StoreError::InvalidCredentials`]; [`StoreError::Throttled`] when too many attempts with the address failed.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<(User, NewSession), StoreError> {
        let email = email.trim().to_lowercase();
        let address = throttle::hash(&email);
        let _turn = throttle::turn(&address).await;
        self.count_attempt(&address, &email, origin).await?;
        let mut connection = self.acquire().await?;
        let passes = password::passes(&mut connection).await?;
        let account = sqlx::query!(
            r#"select u.id, u.password_hash, u.is_active, u.is_verified, p.status as "status?"
               from migration.users u
               left join migration.user_profiles p on p.user_id = u.id
               where u.email = $1"#,
            email
        )
        .fetch_optional(&mut *connection)
        .await?;
        Self::give_back(connection).await;
        let stored = account.as_ref().and_then(|account| account.password_hash.clone());
        let opened = password::verify(password, stored.clone(), passes).await?;
        let refusal = match &account {
            None => Some("unknown_address"),
            Some(account) if account.password_hash.is_none() => Some("no_password"),
            Some(_) if !opened => Some("wrong_password"),
            Some(account) if !account.is_active => Some("inactive"),
            Some(account) if !account.is_verified => Some("unverified"),
            Some(account) => match account.status.as_deref() {
                Some("active") => None,
                Some("pending_approval") | None => Some("unapproved"),
                Some("suspended") => Some("suspended"),
                Some(_) => Some("deactivated"),
            },
        };
        let id = account.map(|account| UserId(account.id));
        let (None, Some(id)) = (refusal, id) else {
            self.note_failure(id, &email, refusal.unwrap_or_default(), origin).await?;
            return Err(StoreError::InvalidCredentials);
        };

        let renewed = match &stored {
            Some(stored) if password::is_outdated(&email, stored, passes) => {
                Some(password::hash_with(password, passes).await?)
            }
            _ => None,
        };

        let mut tx = self.begin().await?;
        // Hashing takes a while; a password that was changed meanwhile must not open a session that outlives the change.
        sqlx::query_scalar!(
            r#"select true as "unchanged!" from migration.users
               where id = $1 and password_hash is not distinct from $2 for update"#,
            id.0,
            stored
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(StoreError::InvalidCredentials)?;
        if let Some(hash) = renewed {
            sqlx::query!("update migration.users set password_hash = $2 where id = $1", id.0, hash)
                .execute(&mut *tx)
                .await?;
        }
        throttle::forgive(&mut tx, &address).await?;
        let (user, session) = record_sign_in(&mut tx, id, origin).await?;
        tx.commit().await?;
        Ok((user, session))
    }

    /// Counts an attempt with an address before it is looked at; the first that comes too early is told to the security log.
    pub(crate) async fn count_attempt(
        &self,
        address: &[u8; 32],
        email: &str,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let counted = throttle::count(&mut tx, address, throttle::FREE).await?;
        let answer = match counted {
            throttle::Counted::Let => Ok(()),
            throttle::Counted::TooEarly { left, first } => {
                if first {
                    let tried = account::email(email).ok();
                    let named = tried.as_deref().unwrap_or("something that is no e-mail address");
                    let text = format!("Sign-in with {named} waits after failures.");
                    let event = SecurityEntry::new(SecurityEvent::SignInThrottled, text)
                        .with("seconds", left.as_secs())
                        .blocked();
                    audit::security(&mut tx, &Actor { email: tried, ..Actor::unknown(origin) }, event)
                        .await?;
                }
                Err(StoreError::Throttled(left))
            }
        };
        tx.commit().await?;
        answer
    }

    /// Counts a failed sign-in and tells the security log why it failed, which the answer does not.
    async fn note_failure(
        &self,
        id: Option<UserId>,
        email: &str,
        reason: &str,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        // Also where there is nobody to count for, so that the same work is done.
        sqlx::query!(
            "update migration.user_profiles
             set failed_login_attempts = failed_login_attempts + 1, last_failed_login = now()
             where user_id = $1",
            id.map(|id| id.0)
        )
        .execute(&mut *tx)
        .await?;
        // What is no address may be a password in the wrong field.
        let tried = account::email(email).ok();
        let named = tried.as_deref().unwrap_or("something that is no e-mail address");
        let mut event =
            SecurityEntry::new(SecurityEvent::SignInFailed, format!("Sign-in failed with {named}."))
                .with("reason", reason)
                .blocked();
        if let (Some(id), Some(email)) = (id, &tried) {
            event = event.to(id, email.clone());
        }
        let actor = Actor { email: tried, ..Actor::unknown(origin) };
        audit::security(&mut tx, &actor, event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The user of a session.
    ///
    /// # Errors
    /// [`StoreError::SessionExpired`] when the user is gone.
    pub async fn session_user(&self, session: &VerifiedSession) -> Result<User, StoreError> {
        let mut connection = self.acquire().await?;
        user(&mut connection, session.user_id()).await
    }
}

/// Notes the sign-in and makes its session; also what the boot's login gate tries and rolls back.
pub(crate) async fn record_sign_in(
    connection: &mut PgConnection,
    id: UserId,
    origin: &Origin,
) -> Result<(User, NewSession), StoreError> {
    sqlx::query!(
        "with profile as (
             update migration.user_profiles
             set last_login_at = now(), login_count = login_count + 1, failed_login_attempts = 0
             where user_id = $1
         )
         update migration.users set last_login = now() where id = $1",
        id.0
    )
    .execute(&mut *connection)
    .await?;
    let session = sessions::create(connection, id, origin.user_agent.as_deref()).await?;
    let user = user(connection, id).await?;
    let event = SecurityEntry::new(SecurityEvent::SignedIn, format!("{} signed in.", user.email));
    audit::security(connection, &user.acting(origin), event.to(id, user.email.clone())).await?;
    Ok((user, session))
}

pub(crate) async fn user(connection: &mut PgConnection, id: UserId) -> Result<User, StoreError> {
    let user = sqlx::query!(
        r#"select u.email, u.first_name, u.last_name,
                      p.organization as "organization?", p.role_description as "role_description?"
               from migration.users u
               left join migration.user_profiles p on p.user_id = u.id
               where u.id = $1"#,
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StoreError::SessionExpired)?;
    let roles = sqlx::query_scalar!(
        "select role_type from migration.user_roles
             where user_id = $1 and is_active and (expires_at is null or expires_at > now())",
        id.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let associations = sqlx::query!(
        "select id, client_account_id, role from migration.user_account_associations
             where user_id = $1 order by client_account_id",
        id.0
    )
    .fetch_all(&mut *connection)
    .await?;

    let name = [user.first_name, user.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let full_name = if name.is_empty() { local_part(&user.email).to_owned() } else { name };
    Ok(User {
        id,
        full_name,
        role: strongest(&roles)?,
        email: user.email,
        organization: user.organization,
        role_description: user.role_description,
        associations: associations
            .into_iter()
            .map(|row| Association {
                id: row.id,
                client_account_id: row.client_account_id.into(),
                role: row.role,
            })
            .collect(),
    })
}

/// The part of an e-mail address before the `@`.
#[must_use]
pub fn local_part(email: &str) -> &str {
    email.split_once('@').map_or(email, |(local, _)| local)
}

pub(crate) fn strongest(names: &[String]) -> Result<Option<Role>, StoreError> {
    let roles = names
        .iter()
        .map(|name| Role::from_str(name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
    Ok(roles.into_iter().max())
}
