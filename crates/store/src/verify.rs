//! The verify and login gates: what must hold before anybody may sign in.

use drydock_domain::{ErrorCode, UserId};

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
    pub tables: i64,
    /// Tenant-owned tables, each with forced row-level security.
    pub tenant_tables: i64,
}

/// Checks, as the application role, tables, row-level security and what that role may do.
///
/// # Errors
/// [`ErrorCode::TableMissing`], [`ErrorCode::TenancyOpen`] or [`ErrorCode::RoleUnsafe`], naming what is
/// wrong.
pub async fn schema(store: &Store) -> Result<Verified, StoreError> {
    let role = sqlx::query!(
        r#"select r.rolname::text as "name!", r.rolsuper as "superuser!", r.rolbypassrls as "bypass!",
                  (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'migration' and c.relowner = r.oid) as "owned!",
                  (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'migration' and c.relkind in ('r', 'p')
                     and has_table_privilege(c.oid, 'TRUNCATE')) as "truncatable!",
                  (select count(*) from pg_auth_members m where m.member = r.oid) as "memberships!",
                  coalesce(current_setting('app.client_account_id', true), '') <> '' as "preset!"
           from pg_roles r where r.rolname = current_user"#
    )
    .fetch_one(&mut *store.acquire().await?)
    .await?;
    if role.superuser || role.bypass || role.owned > 0 || role.truncatable > 0 || role.memberships > 0 {
        return Err(StoreError::gate(
            ErrorCode::RoleUnsafe,
            format!(
                "Role {} could get round row-level security (superuser {}, bypass {}, tables owned {}, tables it may truncate {}, roles it may take {}).",
                role.name, role.superuser, role.bypass, role.owned, role.truncatable, role.memberships
            ),
        ));
    }

    if role.preset {
        return Err(StoreError::gate(
            ErrorCode::RoleUnsafe,
            format!("Role {} begins every connection inside a client account.", role.name),
        ));
    }

    let global: Vec<String> = GLOBAL.iter().map(|name| (*name).to_owned()).collect();
    let expected: Vec<String> = GLOBAL.iter().chain(TENANT_OWNED).map(|name| (*name).to_owned()).collect();
    let found = sqlx::query!(
        r#"with tables as (
               select c.relname::text as name,
                      c.relrowsecurity and c.relforcerowsecurity
                          and exists (select from pg_policy p
                                      where p.polrelid = c.oid and p.polname = 'tenant_isolation'
                                        and p.polcmd = '*' and p.polpermissive and 0 = any (p.polroles)
                                        and pg_get_expr(p.polqual, c.oid) = $3
                                        and coalesce(pg_get_expr(p.polwithcheck, c.oid), $3) = $3)
                          and not exists (select from pg_policy p
                                          where p.polrelid = c.oid and p.polname <> 'tenant_isolation'
                                            and p.polpermissive
                                            and (0 = any (p.polroles)
                                                 or current_user::regrole = any (p.polroles))) as closed,
                      c.relname <> all ($2::text[]) as tenant
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = 'migration' and c.relkind in ('r', 'p')
                 and c.relname not in ('_sqlx_migrations', 'alembic_version')
           )
           select (select count(*) from tables) as "tables!",
                  (select count(*) from tables where tenant) as "tenant_tables!",
                  array(select name from tables where tenant and not closed order by name) as "open!",
                  array(select wanted from unnest($1::text[]) wanted
                        where wanted not in (select name from tables) order by wanted) as "missing!""#,
        &expected,
        &global,
        TENANT_ISOLATION
    )
    .fetch_one(&mut *store.acquire().await?)
    .await?;
    if !found.missing.is_empty() {
        return Err(StoreError::gate(
            ErrorCode::TableMissing,
            format!("Missing in schema migration: {}.", found.missing.join(", ")),
        ));
    }
    if !found.open.is_empty() {
        return Err(StoreError::gate(
            ErrorCode::TenancyOpen,
            format!(
                "Not closed by row-level security with the policy tenant_isolation alone: {}.",
                found.open.join(", ")
            ),
        ));
    }
    Ok(Verified { tables: found.tables, tenant_tables: found.tenant_tables })
}

/// Looks for accounts that can sign in, and signs one of them in except for its password, in a transaction that is
/// rolled back. Returns how many there are, of the first hundred.
///
/// # Errors
/// [`ErrorCode::LoginImpossible`] when there is none, or when a statement of signing in fails.
pub async fn login(store: &Store) -> Result<usize, StoreError> {
    let impossible = |what: String| StoreError::gate(ErrorCode::LoginImpossible, what);
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
    .fetch_all(&mut *store.acquire().await?)
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
    let mut tx = store.begin().await?;
    let tried = async {
        identity::record_sign_in(&mut tx, *first, None).await?;
        identity::user(&mut tx, *first).await
    }
    .await;
    tx.rollback().await?;
    tried.map_err(|error| impossible(format!("An account cannot be signed in: {error}.")))?;
    Ok(usable.len())
}
