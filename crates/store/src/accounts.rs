//! The first account of a database that was seeded with none, and changing a password.

use drydock_domain::{Role, UserId, audit::SecurityEvent};
use sqlx::PgConnection;

use crate::{
    NewSession, Store, StoreError, VerifiedSession,
    audit::{self, Origin, SecurityEntry},
    identity::{self, User},
    password, sessions, throttle,
};

/// Who sets up the first account; checked by `drydock_domain::account`.
#[derive(Clone, Debug)]
pub struct Person {
    /// E-mail address, lower case.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
}

impl Store {
    /// Whether there is no user at all, so that the first one is still to be set up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn needs_first_account(&self) -> Result<bool, StoreError> {
        let mut connection = self.acquire().await?;
        let none = no_user(&mut connection).await?;
        Self::give_back(connection).await;
        Ok(none)
    }

    /// Makes the first user, a platform administrator, and signs them in. Of several calls at once one succeeds.
    ///
    /// # Errors
    /// [`StoreError::AlreadySetUp`] when there is a user.
    pub async fn create_first_account(
        &self,
        person: &Person,
        password: &str,
        origin: &Origin,
    ) -> Result<(User, NewSession), StoreError> {
        // Asked before the hash is computed, so that a late call costs little; decided behind the lock.
        if !self.needs_first_account().await? {
            return Err(StoreError::AlreadySetUp);
        }
        let passes = password::passes(&mut *self.acquire().await?).await?;
        let hash = password::hash_with(password, passes).await?;
        let mut tx = self.begin().await?;
        let made = create_first(&mut tx, person, &hash, origin).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Gives the user of `session` a new password, ends all their sessions and begins a new one.
    ///
    /// # Errors
    /// [`StoreError::WrongPassword`] when `current` is not the password, or no longer; [`StoreError::SessionExpired`] when the
    /// session ended meanwhile. Nothing was changed then.
    pub async fn change_password(
        &self,
        session: &VerifiedSession,
        current: &str,
        new: &str,
    ) -> Result<NewSession, StoreError> {
        let id = session.user_id();
        let user = sqlx::query!("select email, password_hash from migration.users where id = $1", id.0)
            .fetch_optional(&mut *self.acquire().await?)
            .await?
            .ok_or(StoreError::SessionExpired)?;
        // Whoever has got hold of a session must not guess the password faster here than at the door.
        let address = throttle::hash(&user.email);
        let _turn = throttle::turn(&address).await;
        self.count_attempt(&address, &user.email, &session.actor().origin).await?;
        let passes = password::passes(&mut *self.acquire().await?).await?;
        if !password::verify(current, user.password_hash.clone(), passes).await? {
            let event = SecurityEntry::new(
                SecurityEvent::PasswordRefused,
                format!("{} gave a wrong current password.", user.email),
            );
            audit::record(self, session.actor(), event.to(id, user.email).blocked()).await?;
            return Err(StoreError::WrongPassword);
        }
        let hash = password::hash_with(new, passes).await?;

        let mut tx = self.begin().await?;
        // The user's row comes first, as in signing in: whoever signs in with the old password at this moment is either
        // refused or among the sessions that end here.
        let changed = sqlx::query!(
            "update migration.users set password_hash = $3, updated_at = now()
             where id = $1 and password_hash is not distinct from $2",
            id.0,
            user.password_hash,
            hash
        )
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::WrongPassword);
        }
        throttle::forgive(&mut tx, &address).await?;
        sessions::end_all(&mut tx, session, "password_changed").await?;
        let renewed = sessions::create(&mut tx, id, session.actor().origin.user_agent.as_deref()).await?;
        let text = format!("{} changed their password; every earlier session ended.", user.email);
        let event = SecurityEntry::new(SecurityEvent::PasswordChanged, text).to(id, user.email);
        audit::security(&mut tx, session.actor(), event).await?;
        tx.commit().await?;
        Ok(renewed)
    }
}

/// Whether the first account of this database would be set up by a person: it was seeded with none, and there is none.
pub(crate) async fn awaits_first(connection: &mut PgConnection) -> Result<bool, StoreError> {
    if !no_user(connection).await? {
        return Ok(false);
    }
    let profile = sqlx::query_scalar!(
        r#"select profile::text as "profile!" from migration.seed_history order by created_at desc, id limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(profile.as_deref() == Some("empty"))
}

async fn no_user(connection: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select not exists (select from migration.users) as "none!""#)
        .fetch_one(connection)
        .await?)
}

/// Makes the first user with its profile and role, and signs it in; also what the boot's login gate tries and rolls back.
pub(crate) async fn create_first(
    connection: &mut PgConnection,
    person: &Person,
    hash: &str,
    origin: &Origin,
) -> Result<(User, NewSession), StoreError> {
    // Nobody else adds a user until this transaction ends; whoever waited sees below that there is one.
    sqlx::raw_sql("LOCK TABLE migration.users IN SHARE ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
    if !no_user(&mut *connection).await? {
        return Err(StoreError::AlreadySetUp);
    }
    let last_name = Some(person.last_name.as_str()).filter(|name| !name.is_empty());
    let id: UserId = sqlx::query_scalar!(
        "insert into migration.users (email, password_hash, first_name, last_name, is_active, is_verified)
         values ($1, $2, $3, $4, true, true)
         returning id",
        person.email,
        hash,
        person.first_name,
        last_name
    )
    .fetch_one(&mut *connection)
    .await?
    .into();
    sqlx::query!(
        "insert into migration.user_profiles (user_id, status, approved_at, approved_by, requested_access_level)
         values ($1, 'active', now(), $1, 'super_admin')",
        id.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into migration.user_roles (user_id, role_type, role_name, scope_type, is_active, assigned_by)
         values ($1, $2, 'Platform administrator', 'global', true, $1)",
        id.0,
        Role::PlatformAdmin.as_str()
    )
    .execute(&mut *connection)
    .await?;
    let user = identity::user(connection, id).await?;
    let text = format!("{} set up the first account, a platform administrator.", person.email);
    let event = SecurityEntry::new(SecurityEvent::FirstAccountCreated, text).to(id, person.email.clone());
    audit::security(connection, &user.acting(origin), event).await?;
    identity::record_sign_in(connection, id, origin).await
}

/// Makes a first account that nobody can sign in with, to be rolled back.
pub(crate) async fn try_first(connection: &mut PgConnection) -> Result<(), StoreError> {
    let person = Person {
        email: "first.account@drydock.invalid".to_owned(),
        first_name: "First".to_owned(),
        last_name: "Account".to_owned(),
    };
    create_first(connection, &person, password::CLOSED, &Origin::default()).await.map(drop)
}
