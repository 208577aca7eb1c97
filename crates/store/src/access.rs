//! What somebody may do where, by what is granted now, and whom to ask for more.

use std::{fmt, str::FromStr as _};

use drydock_domain::{Access, AccessLevel, ClientAccountId, Permission, Role, UserId, may_assign};
use sqlx::PgConnection;

use crate::{Store, StoreError, TenantTx, VerifiedSession};

/// That something was not allowed.
#[derive(Debug)]
pub struct Denied {
    /// What it would have taken.
    pub permission: Permission,
    /// What the user has at the place instead; `None` where no place was asked about.
    pub access: Option<Access>,
    /// Who can give it, nearest first; at most three.
    pub ask: Vec<Adviser>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the permission {} is missing", self.permission.as_str())
    }
}

/// Somebody who can give a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adviser {
    /// First and last name, or the e-mail address.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// What lets them give it.
    pub role: Role,
}

impl TenantTx {
    /// Goes on only where the user has `permission` here.
    ///
    /// # Errors
    /// [`StoreError::Denied`]; [`StoreError::EngagementClosed`] for a change of what is in a closed engagement.
    pub async fn require(&mut self, permission: Permission) -> Result<(), StoreError> {
        let access = self.access();
        if access.permissions().allows(permission) {
            let closed = permission.is_work() && self.is_closed();
            return if closed { Err(StoreError::EngagementClosed) } else { Ok(()) };
        }
        let client_account = self.client_account_id();
        let ask = advisers(self.connection(), Some(client_account), permission).await?;
        Err(StoreError::Denied(Box::new(Denied { permission, access: Some(access), ask })))
    }
}

impl Store {
    /// Goes on only where the session's user has `permission` in all client accounts, which takes a platform administrator.
    ///
    /// # Errors
    /// [`StoreError::Denied`].
    pub async fn require_everywhere(
        &self,
        session: &VerifiedSession,
        permission: Permission,
    ) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        let allowed = everywhere(&mut connection, session.user_id()).await?;
        let answer = if allowed {
            Ok(())
        } else {
            let ask = advisers(&mut connection, None, permission).await?;
            Err(StoreError::Denied(Box::new(Denied { permission, access: None, ask })))
        };
        Self::give_back(connection).await;
        answer
    }

    /// Whether the session's user is a platform administrator now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_platform_administrator(&self, session: &VerifiedSession) -> Result<bool, StoreError> {
        let mut connection = self.acquire().await?;
        let yes = everywhere(&mut connection, session.user_id()).await?;
        Self::give_back(connection).await;
        Ok(yes)
    }
}

/// Whether `user` holds the platform administrator's role for everywhere, active and not expired.
pub(crate) async fn everywhere(connection: &mut PgConnection, user: UserId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from migration.user_roles
               where user_id = $1 and role_type = 'platform_admin' and scope_type = 'global' and is_active
                 and (expires_at is null or expires_at > now())
           ) as "yes!""#,
        user.0
    )
    .fetch_one(connection)
    .await?)
}

/// What stored roles and an access level come to.
pub(crate) fn within(roles: &[String], level: &str) -> Result<Access, StoreError> {
    // Who is let in without any role looks.
    let role = crate::identity::strongest(roles)?.unwrap_or(Role::Viewer);
    let level =
        AccessLevel::from_str(level).map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
    Ok(Access { role, level })
}

/// Who can give `permission`: administrators of the client account where it is within their reach, then the platform's.
pub(crate) async fn advisers(
    connection: &mut PgConnection,
    client_account: Option<ClientAccountId>,
    permission: Permission,
) -> Result<Vec<Adviser>, StoreError> {
    let client_admin = Access { role: Role::ClientAdmin, level: AccessLevel::Admin };
    let near = client_account.filter(|_| may_assign(client_admin, permission.least_role()));
    let rows = sqlx::query!(
        r#"select coalesce(nullif(concat_ws(' ', u.first_name, u.last_name), ''), u.email) as "name!", u.email,
                  min(giver.role) as "role!"
           from (
               select a.user_id, 'client_admin' as role
               from migration.user_account_associations a
               join migration.client_access c
                 on c.user_profile_id = a.user_id and c.client_account_id = a.client_account_id
               where a.client_account_id = $1 and a.role = 'client_admin'
                 and c.is_active and (c.expires_at is null or c.expires_at > now())
                 and c.access_level in ('admin', 'super_admin')
               union all
               select r.user_id, 'platform_admin'
               from migration.user_roles r
               where r.role_type = 'platform_admin' and r.scope_type = 'global' and r.is_active
                 and (r.expires_at is null or r.expires_at > now())
           ) giver
           join migration.users u on u.id = giver.user_id and u.is_active and u.is_verified
           join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
           group by u.id
           order by 3, 1, u.id
           limit 3"#,
        near.map(|id| id.0)
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Adviser {
                name: row.name,
                email: row.email,
                role: Role::from_str(&row.role)
                    .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?,
            })
        })
        .collect()
}
