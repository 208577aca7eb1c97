//! Client accounts and who belongs to them.

mod administer;

use drydock_domain::{Access, ClientAccountId, UserId};
use sqlx::PgConnection;

use crate::{Store, StoreError, TenantTx, VerifiedSession, access};

pub use administer::{Details, Facts, details, update};

/// A client account as one of its members sees it.
#[derive(Clone, Debug)]
pub struct ClientAccount {
    /// Its id.
    pub id: ClientAccountId,
    /// Its name.
    pub name: String,
    /// Its short name, unique.
    pub slug: String,
    /// What it is.
    pub description: Option<String>,
    /// Its line of business.
    pub industry: Option<String>,
    /// How large it is, in words.
    pub company_size: Option<String>,
    /// What the asking user has in it.
    pub access: Access,
    /// Whether it is the one the asking user begins with.
    pub is_default: bool,
    /// Engagements in it.
    pub engagements: i64,
    /// Assets in all of its engagements.
    pub assets: i64,
}

/// `client_account`, not counted, if `user` may see it by what is granted now.
pub(crate) async fn member_of(
    connection: &mut PgConnection,
    user: UserId,
    client_account: ClientAccountId,
) -> Result<ClientAccount, StoreError> {
    memberships(connection, user, Some(client_account)).await?.pop().ok_or(StoreError::ClientAccountNotFound)
}

/// Platform administrators are in every client account; others where access is granted, active and not
/// expired. Archived client accounts are in nobody's list.
pub(crate) async fn memberships(
    connection: &mut PgConnection,
    user: UserId,
    only: Option<ClientAccountId>,
) -> Result<Vec<ClientAccount>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, c.slug, c.description, c.industry, c.company_size,
                  administrator.yes as "everywhere!",
                  granted.access_level as "level?",
                  array(select association.role
                        from migration.user_account_associations association
                        where association.user_id = $1 and association.client_account_id = c.id
                          -- Administering the platform is a role for everywhere and no place in one client account.
                          and association.role <> 'platform_admin'
                        union
                        select r.role_type
                        from migration.user_roles r
                        where r.user_id = $1 and r.is_active and (r.expires_at is null or r.expires_at > now())
                          and (r.scope_type = 'global' or r.scope_type = 'client' and r.scope_client_id = c.id)
                  ) as "roles!",
                  c.id is not distinct from
                      (select u.default_client_id from migration.users u where u.id = $1) as "is_default!"
           from migration.client_accounts c
           cross join (
               select exists (
                   select from migration.user_roles r
                   where r.user_id = $1 and r.role_type = 'platform_admin' and r.scope_type = 'global' and r.is_active
                     and (r.expires_at is null or r.expires_at > now())
               ) as yes
           ) administrator
           left join migration.client_access granted
             on granted.user_profile_id = $1 and granted.client_account_id = c.id
            and granted.is_active and (granted.expires_at is null or granted.expires_at > now())
           where c.is_active
             and ($2::uuid is null or c.id = $2)
             and (administrator.yes or granted.id is not null)
           order by c.name, c.id"#,
        user.0,
        only.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ClientAccount {
                id: row.id.into(),
                name: row.name,
                slug: row.slug,
                description: row.description,
                industry: row.industry,
                company_size: row.company_size,
                access: match row.level {
                    Some(level) if !row.everywhere => access::within(&row.roles, &level)?,
                    _ => Access::EVERYWHERE,
                },
                is_default: row.is_default,
                engagements: 0,
                assets: 0,
            })
        })
        .collect()
}

impl Store {
    /// The client accounts that the session's user may see, by name, with their counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client_accounts(&self, session: &VerifiedSession) -> Result<Vec<ClientAccount>, StoreError> {
        let mut tx = self.begin().await?;
        let mut accounts = memberships(&mut tx, session.user_id(), None).await?;
        for account in &mut accounts {
            // Counted tenant by tenant: row-level security shows one at a time, also to an administrator.
            let mut tenant = TenantTx::enter(tx, session, account).await?;
            (account.engagements, account.assets) = counts(&mut tenant).await?;
            tx = tenant.leave().await?;
        }
        tx.commit().await?;
        Ok(accounts)
    }
}

/// Engagements of the client account that the asking user may see, and the assets in them.
async fn counts(tx: &mut TenantTx) -> Result<(i64, i64), StoreError> {
    let (client_account, user) = (tx.client_account_id(), tx.user_id());
    let row = sqlx::query!(
        r#"select count(*) as "engagements!",
                  coalesce(sum((select count(*) from migration.assets a
                                where a.client_account_id = $1 and a.engagement_id = e.id)), 0)::bigint as "assets!"
           from migration.engagements e
           where e.client_account_id = $1 and e.is_active and ($3 or not exists (
               select from migration.engagement_access own
               where own.client_account_id = e.client_account_id and own.engagement_id = e.id and own.user_profile_id = $2
                 and own.granted_by is not null and (not own.is_active or own.expires_at <= now())))"#,
        client_account.0,
        user.0,
        tx.access() == Access::EVERYWHERE,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.engagements, row.assets))
}
