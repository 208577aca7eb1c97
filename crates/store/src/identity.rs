//! Who a person is: sign-in and what is known of a user.

use std::str::FromStr as _;

use drydock_domain::{ClientAccountId, Role, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{NewSession, Store, StoreError, VerifiedSession, password, sessions};

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
    /// [`StoreError::InvalidCredentials`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        user_agent: Option<&str>,
    ) -> Result<(User, NewSession), StoreError> {
        let email = email.trim().to_lowercase();
        let account = sqlx::query!(
            r#"select u.id, u.password_hash,
                      u.is_active and u.is_verified and coalesce(p.status = 'active', false) as "may_sign_in!"
               from migration.users u
               left join migration.user_profiles p on p.user_id = u.id
               where u.email = $1"#,
            email
        )
        .fetch_optional(&mut *self.acquire().await?)
        .await?;
        let (id, stored, may_sign_in) = match account {
            Some(account) => (Some(account.id), account.password_hash, account.may_sign_in),
            None => (None, None, false),
        };
        let opened = password::verify(password, stored.clone()).await?;
        let (Some(id), true, true) = (id, opened, may_sign_in) else {
            return Err(StoreError::InvalidCredentials);
        };

        let mut tx = self.begin().await?;
        // Hashing takes a while; a password that was changed meanwhile must not open a session that outlives the change.
        sqlx::query_scalar!(
            r#"select true as "unchanged!" from migration.users
               where id = $1 and password_hash is not distinct from $2 for update"#,
            id,
            stored
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(StoreError::InvalidCredentials)?;
        let session = record_sign_in(&mut tx, id.into(), user_agent).await?;
        let user = user(&mut tx, id.into()).await?;
        tx.commit().await?;
        Ok((user, session))
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
    user_agent: Option<&str>,
) -> Result<NewSession, StoreError> {
    sqlx::query!(
        "update migration.user_profiles
         set last_login_at = now(), login_count = login_count + 1, failed_login_attempts = 0
         where user_id = $1",
        id.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update migration.users set last_login = now() where id = $1", id.0)
        .execute(&mut *connection)
        .await?;
    sessions::create(connection, id, user_agent).await
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
