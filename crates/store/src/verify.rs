//! The verify and login gates: what must hold before anybody may sign in.

use drydock_domain::{ErrorCode, UserId};
use sqlx::Connection as _;

use crate::{Store, StoreError, error::words, identity, password};

/// The tables that belong to no client account: they say who a person is and where they belong, and are read
/// before a client account is chosen, or tell of events that concern none.
const GLOBAL: &[&str] = &[
    "client_access",
    "client_accounts",
    "security_audit_logs",
    "sessions",
    "user_account_associations",
    "user_profiles",
    "user_roles",
    "users",
];

/// The tables that belong to client accounts. A table in neither list counts as one of these: it must be
/// closed.
const TENANT_OWNED: &[&str] = &[
    "access_audit_log",
    "application_architecture_overrides",
    "application_components",
    "assessment_flows",
    "assessment_learning_feedback",
    "assessments",
    "asset_dependencies",
    "asset_embeddings",
    "asset_tags",
    "assets",
    "component_treatments",
    "crewai_flow_state_extensions",
    "data_imports",
    "discovery_flows",
    "engagement_access",
    "engagement_architecture_standards",
    "engagements",
    "field_mapping_memory",
    "import_field_mappings",
    "migration_waves",
    "raw_import_records",
    "sixr_decisions",
    "tags",
    "tech_debt_analysis",
    "wave_plans",
    "workflow_progress",
];

/// The one policy of a tenant-owned table, as PostgreSQL prints it.
const TENANT_ISOLATION: &str =
    "(client_account_id = (NULLIF(current_setting('app.client_account_id'::text, true), ''::text))::uuid)";

/// What the verify gate saw.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// Tables in schema `migration`, without the history's.
    pub tables: usize,
    /// Tenant-owned tables, each with forced row-level security.
    pub tenant_tables: usize,
}

/// Checks, as the application role, tables, row-level security and what that role may do.
///
/// # Errors
/// [`ErrorCode::TableMissing`], [`ErrorCode::TenancyOpen`] or [`ErrorCode::RoleUnsafe`], naming what is
/// wrong.
pub async fn schema(store: &Store) -> Result<Verified, StoreError> {
    let mut connection = store.acquire().await?;
    let mut tx = connection.begin().await?;
    // The system's own operators and functions alone: one of the owner's that fits more exactly would be preferred.
    sqlx::raw_sql("SET LOCAL search_path = pg_catalog").execute(&mut *tx).await?;
    let role = sqlx::query!(
        r#"select current_user::text as "name!", current_setting('is_superuser') = 'on' as "superuser!",
                  (select count(*) from pg_auth_members m where m.member = current_user::regrole) as "memberships!",
                  coalesce(current_setting('app.client_account_id', true), '') <> '' as "preset!""#
    )
    .fetch_one(&mut *tx)
    .await?;
    let tables = sqlx::query_as!(
        Table,
        r#"select c.relname::text as "name!", c.relowner = current_user::regrole as "owned!",
                  has_table_privilege(c.oid, 'TRUNCATE') as "truncatable!",
                  row_security_active(c.oid) as "binding!",
                  c.relrowsecurity and c.relforcerowsecurity
                      and coalesce(p.isolating = 1 and p.admitting = 0, false) as "closed!"
           from pg_class c
           left join (
               select polrelid,
                      count(*) filter (
                          where polname = 'tenant_isolation' and polcmd = '*' and polpermissive and 0 = any (polroles)
                            and pg_get_expr(polqual, polrelid) = $1
                            and coalesce(pg_get_expr(polwithcheck, polrelid), $1) = $1) as isolating,
                      count(*) filter (
                          where polname <> 'tenant_isolation' and polpermissive
                            and (0 = any (polroles) or current_user::regrole = any (polroles))) as admitting
               from pg_policy group by polrelid
           ) p on p.polrelid = c.oid
           where c.relnamespace = to_regnamespace('migration') and c.relkind in ('r', 'p')
             and c.relname not in ('_sqlx_migrations', 'alembic_version')
           order by c.relname"#,
        TENANT_ISOLATION
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.rollback().await?;
    Store::give_back(connection).await;

    let count = |holds: fn(&Table) -> bool| tables.iter().filter(|table| holds(table)).count();
    let (owned, truncatable) = (count(|table| table.owned), count(|table| table.truncatable));
    // Closed, and open to this role all the same.
    let bypassed = count(|table| table.closed && !table.binding);
    if role.superuser || bypassed > 0 || owned > 0 || truncatable > 0 || role.memberships > 0 {
        return Err(StoreError::gate(
            ErrorCode::RoleUnsafe,
            format!(
                "Role {} could get round row-level security (superuser {}, tables it does not bind {bypassed}, tables owned {owned}, tables it may truncate {truncatable}, roles it may take {}).",
                role.name, role.superuser, role.memberships
            ),
        ));
    }
    if role.preset {
        return Err(StoreError::gate(
            ErrorCode::RoleUnsafe,
            format!("Role {} begins every connection inside a client account.", role.name),
        ));
    }

    let is_there = |name: &&&str| tables.iter().any(|table| table.name == **name);
    let missing: Vec<&str> =
        GLOBAL.iter().chain(TENANT_OWNED).filter(|name| !is_there(name)).copied().collect();
    if !missing.is_empty() {
        return Err(StoreError::gate(
            ErrorCode::TableMissing,
            format!("Missing in schema migration: {}.", missing.join(", ")),
        ));
    }
    let tenant: Vec<&Table> = tables.iter().filter(|table| !GLOBAL.contains(&table.name.as_str())).collect();
    let open: Vec<&str> =
        tenant.iter().filter(|table| !table.closed).map(|table| table.name.as_str()).collect();
    if !open.is_empty() {
        return Err(StoreError::gate(
            ErrorCode::TenancyOpen,
            format!(
                "Not closed by row-level security with the policy tenant_isolation alone: {}.",
                open.join(", ")
            ),
        ));
    }
    Ok(Verified { tables: tables.len(), tenant_tables: tenant.len() })
}

/// A table of schema `migration` as the application role finds it.
struct Table {
    name: String,
    owned: bool,
    truncatable: bool,
    /// Whether row-level security applies to this role.
    binding: bool,
    /// Whether it is forced, with the one policy and no other that admits this role.
    closed: bool,
}

/// Looks for accounts that can sign in, and signs one of them in except for its password, in a transaction that is
/// rolled back. Returns how many there are, of the first hundred.
///
/// # Errors
/// [`ErrorCode::LoginImpossible`] when there is none, or when a statement of signing in fails.
pub async fn login(store: &Store) -> Result<usize, StoreError> {
    let impossible = |what: String| StoreError::gate(ErrorCode::LoginImpossible, what);
    let mut connection = store.acquire().await?;
    let accounts = sqlx::query!(
        r#"select u.id, u.password_hash as "password_hash!"
           from migration.users u
           join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
           where u.is_active and u.is_verified and u.password_hash is not null
             and exists (select from migration.user_roles r
                         where r.user_id = u.id and r.is_active
                           and (r.expires_at is null or r.expires_at > now()))
           order by u.created_at, u.id
           limit 100"#
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| impossible(format!("The accounts cannot be read: {}.", words(&error))))?;
    let usable: Vec<UserId> = accounts
        .iter()
        .filter(|account| password::is_usable(&account.password_hash))
        .map(|account| account.id.into())
        .collect();
    let Some(first) = usable.first() else {
        return Err(impossible(
            "There is no active account with a role and a usable password hash.".to_owned(),
        ));
    };
    let mut tx = connection.begin().await?;
    let tried = async {
        identity::record_sign_in(&mut tx, *first, None).await?;
        identity::user(&mut tx, *first).await
    }
    .await;
    tx.rollback().await?;
    Store::give_back(connection).await;
    tried.map_err(|error| impossible(format!("An account cannot be signed in: {error}.")))?;
    Ok(usable.len())
}
