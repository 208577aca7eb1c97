//! The default users and the demo data, added where they are missing.
//!
//! A client account's engagements and assets are added together with the client account, a user's roles and
//! memberships together with the user. A client account or user that is there, under whatever name or address, is
//! left alone with all that belongs to it: a second run changes no row and resets no password. Only a whole client
//! account or user that is gone comes back.

mod cmdb;
mod demo;

use drydock_domain::{ErrorCode, Role, UserId};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use self::demo::{Account, Client, Project};
use crate::{
    Store, StoreError, TenantTx,
    identity::{self, User},
    password,
};

/// What decides what a seeded database holds.
pub(crate) const SOURCES: &[&str] = &[
    include_str!("seed.rs"),
    include_str!("seed/cmdb.rs"),
    include_str!("seed/demo.rs"),
    include_str!("seed/fixtures/assets-40.csv"),
    include_str!("seed/fixtures/discovery-data.csv"),
    include_str!("seed/fixtures/e2e-test-data.csv"),
    include_str!("seed/fixtures/enterprise-cmdb-data.csv"),
];

/// What a seed run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Rows added, over all tables.
    pub rows: u64,
}

/// A seeded account, as the sign-in page offers it.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    /// E-mail address.
    pub email: String,
    /// The password it was seeded with.
    pub password: &'static str,
    /// First and last name.
    pub full_name: String,
    /// Its strongest role.
    pub role: String,
    /// Names of the client accounts it may see, by name.
    pub client_accounts: Vec<String>,
}

/// Adds what is missing, in one transaction.
///
/// # Errors
/// [`ErrorCode::SeedFailed`]; nothing was added then.
pub async fn run(store: &Store) -> Result<Seeded, StoreError> {
    seed(store).await.map_err(|error| {
        StoreError::gate(ErrorCode::SeedFailed, format!("Users and demo data cannot be added: {error}."))
    })
}

/// Whether there is nothing to add.
///
/// # Errors
/// When the database fails.
pub async fn is_complete(store: &Store) -> Result<bool, StoreError> {
    let (accounts, clients) = missing(store).await?;
    Ok(accounts.is_empty() && clients.is_empty())
}

/// The accounts and client accounts that are not there.
async fn missing(store: &Store) -> Result<(Vec<&'static Account>, Vec<&'static Client>), StoreError> {
    let emails: Vec<String> = demo::ACCOUNTS.iter().map(|account| account.email.to_owned()).collect();
    let users: Vec<Uuid> = demo::ACCOUNTS.iter().map(|account| account.id().0).collect();
    let tenants: Vec<Uuid> = demo::CLIENTS.iter().map(|client| client.id().0).collect();
    let slugs: Vec<String> = demo::CLIENTS.iter().map(|client| client.slug.to_owned()).collect();
    let mut connection = store.acquire().await?;
    let present = sqlx::query!(
        r#"select array(select email::text from migration.users where email = any($1)) as "emails!",
                  array(select id from migration.users where id = any($2)) as "users!",
                  array(select id from migration.client_accounts where id = any($3)) as "tenants!",
                  array(select slug::text from migration.client_accounts where slug = any($4)) as "slugs!""#,
        &emails,
        &users,
        &tenants,
        &slugs
    )
    .fetch_one(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    let is_there = |names: &[String], name: &str| names.iter().any(|there| there == name);
    let accounts = demo::ACCOUNTS
        .iter()
        .filter(|account| {
            !is_there(&present.emails, account.email) && !present.users.contains(&account.id().0)
        })
        .collect();
    let clients = demo::CLIENTS
        .iter()
        .filter(|client| !is_there(&present.slugs, client.slug) && !present.tenants.contains(&client.id().0))
        .collect();
    Ok((accounts, clients))
}

async fn seed(store: &Store) -> Result<Seeded, StoreError> {
    let (accounts, clients) = missing(store).await?;
    if accounts.is_empty() && clients.is_empty() {
        return Ok(Seeded::default());
    }

    // Hashing takes most of the time and needs no transaction.
    let mut hashes = tokio::task::JoinSet::new();
    for (index, account) in accounts.iter().enumerate() {
        let password = account.password;
        hashes.spawn(async move { (index, password::hash(password).await) });
    }
    let mut hashed = vec![String::new(); accounts.len()];
    while let Some(joined) = hashes.join_next().await {
        let (index, hash) = joined.map_err(|error| StoreError::Hashing(error.to_string()))?;
        hashed[index] = hash?;
    }

    let mut tx = store.begin().await?;
    let mut rows = 0;
    for client in &clients {
        rows += client_account(&mut tx, client).await?;
    }
    for (account, hash) in accounts.iter().zip(&hashed) {
        rows += user(&mut tx, account, hash).await?;
    }
    for client in demo::CLIENTS {
        let new_client = clients.iter().any(|new| new.slug == client.slug);
        let members: Vec<&Account> =
            accounts.iter().filter(|account| account.clients.contains(&client.slug)).copied().collect();
        let mut tenant = TenantTx::enter(tx, client.id(), client.name.to_owned()).await?;
        if new_client {
            for project in client.projects {
                rows += engagement(&mut tenant, project).await?;
            }
        }
        for account in members {
            rows += membership(&mut tenant, account).await?;
        }
        tx = tenant.leave().await?;
    }
    tx.commit().await?;
    Ok(Seeded { rows })
}

async fn client_account(connection: &mut PgConnection, client: &Client) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "insert into migration.client_accounts (id, name, slug, description, industry, company_size, headquarters_location)
         values ($1, $2, $3, $4, $5, $6, $7)",
        client.id().0,
        client.name,
        client.slug,
        client.description,
        client.industry,
        client.company_size,
        client.headquarters,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn user(connection: &mut PgConnection, account: &Account, hash: &str) -> Result<u64, StoreError> {
    let id = account.id();
    let scope = (account.role != Role::PlatformAdmin).then(|| demo::CLIENTS[0].id());
    let mut rows = sqlx::query!(
        "insert into migration.users (id, email, password_hash, first_name, last_name, is_active, is_verified,
                                      default_client_id, default_engagement_id)
         values ($1, $2, $3, $4, $5, true, true, $6, $7)",
        id.0,
        account.email,
        hash,
        account.first_name,
        account.last_name,
        demo::CLIENTS[0].id().0,
        demo::CLIENTS[0].projects[0].id().0,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    rows += sqlx::query!(
        "insert into migration.user_profiles (user_id, status, approved_at, approved_by, organization, role_description,
                                              requested_access_level)
         values ($1, 'active', now(), $2, $3, $4, $5)",
        id.0,
        demo::administrator().0,
        account.organization,
        account.role_description,
        account.access_level,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    rows += sqlx::query!(
        "insert into migration.user_roles (user_id, role_type, role_name, description, scope_type, scope_client_id,
                                           is_active, assigned_by)
         values ($1, $2, $3::varchar, $3::varchar::text, case when $4::uuid is null then 'global' else 'client' end, $4, true, $5)",
        id.0,
        account.role.as_str(),
        account.role_description,
        scope.map(|client| client.0),
        demo::administrator().0,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    Ok(rows)
}

async fn membership(tx: &mut TenantTx, account: &Account) -> Result<u64, StoreError> {
    let client = tx.client_account_id();
    let administrator = demo::administrator().0;
    let mut rows = sqlx::query!(
        "insert into migration.user_account_associations (user_id, client_account_id, role, created_by)
         values ($1, $2, $3, $4)",
        account.id().0,
        client.0,
        account.role.as_str(),
        administrator,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    rows += sqlx::query!(
        "insert into migration.client_access (user_profile_id, client_account_id, access_level, granted_by)
         values ($1, $2, $3, $4)",
        account.id().0,
        client.0,
        account.access_level,
        administrator,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    rows += sqlx::query!(
        "insert into migration.engagement_access (client_account_id, user_profile_id, engagement_id, access_level, granted_by)
         select $1, $2, e.id, $3, $4 from migration.engagements e where e.client_account_id = $1",
        client.0,
        account.id().0,
        account.access_level,
        administrator,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    Ok(rows)
}

async fn engagement(tx: &mut TenantTx, project: &Project) -> Result<u64, StoreError> {
    let client = tx.client_account_id();
    let id = project.id();
    let mut rows = sqlx::query!(
        "insert into migration.engagements (client_account_id, id, name, slug, description, engagement_type, status,
                                            priority, start_date, target_completion_date, engagement_lead_id, created_by)
         values ($1, $2, $3, $4, $5, 'migration', 'active', $6, date_trunc('day', now()) - interval '30 days',
                 date_trunc('day', now()) + make_interval(days => $7), $8, $8)",
        client.0,
        id.0,
        project.name,
        project.slug,
        project.description,
        project.priority,
        project.days_to_target,
        demo::administrator().0,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    let assets = cmdb::assets(project)?;
    rows += sqlx::query!(
        "insert into migration.assets (
             client_account_id, engagement_id, id, name, asset_name, hostname, asset_type, description, ip_address,
             environment, operating_system, criticality, business_criticality, status, application_name, department,
             location, business_owner, cpu_cores, memory_gb, storage_gb, custom_attributes,
             source_filename, discovery_method, imported_by, imported_at, created_by)
         select $1, $2, a.id, a.name, a.name, a.hostname, a.asset_type, a.description, a.ip_address,
                a.environment, a.operating_system, a.criticality, a.criticality, a.status, a.application_name,
                a.department, a.location, a.business_owner, a.cpu_cores, a.memory_gb, a.storage_gb,
                a.custom_attributes, $4, 'import', $5, now(), $5
         from jsonb_to_recordset($3) as a (
             id uuid, name text, hostname text, asset_type text, description text, ip_address text,
             environment text, operating_system text, criticality text, status text, application_name text,
             department text, location text, business_owner text, cpu_cores int, memory_gb float8,
             storage_gb float8, custom_attributes jsonb)",
        client.0,
        id.0,
        Json(&assets) as _,
        project.file_name,
        demo::administrator().0,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    Ok(rows)
}

/// The seeded accounts that can sign in now, strongest role first, with what they may see.
///
/// # Errors
/// When the database fails.
pub async fn demo_accounts(store: &Store) -> Result<Vec<DemoAccount>, StoreError> {
    let mut accounts = Vec::new();
    for account in demo::ACCOUNTS {
        let Some(found) = sign_in_row(store, account.email).await? else { continue };
        let user = user_of(store, found).await?;
        let clients = sqlx::query_scalar!(
            r#"select c.name from migration.client_accounts c
               where c.is_active and ($2 or exists (
                   select from migration.client_access a
                   where a.user_profile_id = $1 and a.client_account_id = c.id and a.is_active
                     and (a.expires_at is null or a.expires_at > now())))
               order by c.name"#,
            found.0,
            user.role == Some(Role::PlatformAdmin),
        )
        .fetch_all(&mut *store.acquire().await?)
        .await?;
        accounts.push(DemoAccount {
            email: user.email,
            password: account.password,
            full_name: user.full_name,
            role: user.role.map_or_else(String::new, |role| role.as_str().to_owned()),
            client_accounts: clients,
        });
    }
    Ok(accounts)
}

async fn user_of(store: &Store, id: UserId) -> Result<User, StoreError> {
    let mut connection = store.acquire().await?;
    identity::user(&mut connection, id).await
}

async fn sign_in_row(store: &Store, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select u.id from migration.users u
         join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
         where u.email = $1 and u.is_active and u.is_verified and u.password_hash is not null",
        email
    )
    .fetch_optional(&mut *store.acquire().await?)
    .await?
    .map(Into::into))
}
