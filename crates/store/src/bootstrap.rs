//! The bootstrap stage: roles, database, schema and extension, created where missing.
//!
//! It creates and never drops. What it may do with a database that is there, the catalogue alone decides, not its name:
//!
//! | the database | is |
//! |---|---|
//! | ours | at least half of the platform's tables are in one of its schemas: taken as it is, and the gates that follow say what is wrong with it |
//! | empty | nobody made anything in it, apart from a history that was just begun: it is made ours |
//! | foreign | anything else: refused before anything is changed |
//!
//! The attributes of our own roles are put right, as is where they look for tables.

use drydock_domain::ErrorCode;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    DatabaseRole, StoreError, Superuser, Target, clone::quoted, error::words, superuser::MAINTENANCE,
};

const ROLES: &str = include_str!("bootstrap/roles.sql");
const DATABASE: &str = include_str!("bootstrap/database.sql");

/// Waits, for so long and no longer, until nobody else prepares a database of this server. The number is arbitrary.
const ONE_AT_A_TIME: &str = "SET lock_timeout = '30s'; SELECT pg_advisory_lock(7317830)";

/// How much of what is foreign is told.
const TOLD: usize = 8;

/// The tables of the platform's first revision, by which a database is known as ours.
const TABLES: &[&str] = &[
    "application_architecture_overrides",
    "application_components",
    "assessment_flows",
    "assessment_learning_feedback",
    "assessments",
    "assets",
    "client_access",
    "client_accounts",
    "component_treatments",
    "crewai_flow_state_extensions",
    "data_imports",
    "discovery_flows",
    "engagement_access",
    "engagement_architecture_standards",
    "engagements",
    "import_field_mappings",
    "migration_waves",
    "raw_import_records",
    "sixr_decisions",
    "tech_debt_analysis",
    "user_account_associations",
    "user_profiles",
    "user_roles",
    "users",
];

/// What decides what a bootstrapped database holds.
pub(crate) const SOURCES: &[&str] = &[ROLES, DATABASE];

/// What the stage found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bootstrap {
    /// Database and roles were made now.
    Created,
    /// They were there, and something about them was put right.
    Repaired,
    /// They were there.
    Existing,
}

/// Makes sure that `target` exists and can be migrated.
///
/// # Errors
/// [`ErrorCode::DatabaseUnreachable`], [`ErrorCode::BootstrapForeign`] with what was found, or [`ErrorCode::BootstrapFailed`] with
/// the server's own words.
pub async fn run(target: &Target) -> Result<Bootstrap, StoreError> {
    let mut superuser = Superuser::connect(target).await?;
    let done = on(&mut superuser).await;
    superuser.close().await?;
    done
}

pub(crate) async fn on(superuser: &mut Superuser) -> Result<Bootstrap, StoreError> {
    if superuser.inside {
        let standing =
            standing(&mut superuser.connection).await.map_err(|error| failed(superuser, &error))?;
        if !standing.ours {
            let found =
                foreign(&mut superuser.connection).await.map_err(|error| failed(superuser, &error))?;
            if !found.is_empty() {
                return Err(refused(superuser.target.database(), &found));
            }
        } else if standing.complete {
            return Ok(Bootstrap::Existing);
        }
    }
    bootstrap(superuser).await.map_err(|error| failed(superuser, &error))
}

fn failed(superuser: &Superuser, error: &sqlx::Error) -> StoreError {
    StoreError::gate(
        ErrorCode::BootstrapFailed,
        format!("Database {:?} cannot be prepared: {}.", superuser.target.database(), words(error)),
    )
}

fn refused(database: &str, found: &[String]) -> StoreError {
    let told = found.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    let more = match found.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    StoreError::gate(
        ErrorCode::BootstrapForeign,
        format!("Database {database:?} is not Drydock's, and it is not empty: it has {told}{more}."),
    )
}

async fn bootstrap(superuser: &mut Superuser) -> Result<Bootstrap, sqlx::Error> {
    // Roles belong to the whole cluster, and no IF NOT EXISTS is proof against another who asks at the same moment: one at a time,
    // over a connection of its own, whose end is the lock's.
    let mut server = superuser.target.with_database(MAINTENANCE).connect(DatabaseRole::Superuser).await?;
    let done = async {
        sqlx::raw_sql(ONE_AT_A_TIME).execute(&mut server).await?;
        sqlx::raw_sql(ROLES).execute(&mut superuser.connection).await?;
        let found = if superuser.inside { Bootstrap::Repaired } else { enter(superuser).await? };
        sqlx::raw_sql(DATABASE).execute(&mut superuser.connection).await?;
        Ok::<_, sqlx::Error>(found)
    }
    .await;
    let closed = server.close().await;
    let found = done?;
    closed?;
    Ok(found)
}

/// Makes the database, unless another has made it by now, and goes there.
async fn enter(superuser: &mut Superuser) -> Result<Bootstrap, sqlx::Error> {
    let name = superuser.target.database();
    let is_there = sqlx::query_scalar!(
        r#"select exists (select from pg_database where datname = $1) as "there!""#,
        name
    )
    .fetch_one(&mut superuser.connection)
    .await?;
    if !is_there {
        let create = format!(
            "CREATE DATABASE {} OWNER drydock_owner TEMPLATE template0 ENCODING 'UTF8'",
            quoted(name)
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut superuser.connection).await?;
    }
    let inside = superuser.target.connect(DatabaseRole::Superuser).await?;
    std::mem::replace(&mut superuser.connection, inside).close().await?;
    superuser.inside = true;
    Ok(if is_there { Bootstrap::Repaired } else { Bootstrap::Created })
}

/// How a database that is there stands.
pub(crate) struct Standing {
    /// Half of the platform's tables are in one schema.
    pub(crate) ours: bool,
    /// Roles, schema and extension are as they must be.
    pub(crate) complete: bool,
}

/// Reads how the connection's database stands; anybody may.
pub(crate) async fn standing(connection: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                          where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and c.relname = any ($1)
                          group by n.oid having 2 * count(*) >= cardinality($1)) as "ours!",
                  (select count(*) = 4 from pg_roles r
                   join pg_db_role_setting s on s.setrole = r.oid and s.setdatabase = 0
                   where r.rolname in ('drydock_owner', 'drydock_app', 'drydock_readonly', 'drydock_backup')
                     and r.rolcanlogin and not r.rolsuper and not r.rolbypassrls
                     and not r.rolcreaterole and not r.rolcreatedb and r.rolconnlimit = -1
                     and 'search_path=migration, public' = any (s.setconfig))
                  and exists (select from pg_namespace where nspname = 'migration')
                  and exists (select from pg_extension where extname = 'vector')
                  and not exists (select from pg_roles r where r.rolname = 'drydock_app'
                                  and has_database_privilege(r.oid, current_database(), 'TEMPORARY')) as "complete!""#,
        TABLES as &[&str]
    )
    .fetch_one(connection)
    .await
}

/// What somebody made in a database, as a person would name it. Extensions' own things are not listed beside the extension.
async fn foreign(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with made as (
               select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
           )
           select found as "found!" from (
               select 1 as place,
                      case c.relkind when 'v' then 'view' when 'm' then 'materialised view' when 'S' then 'sequence'
                                     when 'f' then 'foreign table' when 'c' then 'type' else 'table' end
                      || ' ' || format('%I.%I', n.nspname, c.relname) as found
               from pg_class c join made n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
                 and not (n.nspname = 'migration' and c.relname in ('_sqlx_migrations', 'alembic_version'))
                 and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
               union all
               select 2, 'type ' || format('%I.%I', n.nspname, t.typname)
               from pg_type t join made n on n.oid = t.typnamespace
               where t.typtype in ('e', 'd', 'r')
                 and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
               union all
               select 3, 'function ' || format('%I.%I', n.nspname, p.proname)
               from pg_proc p join made n on n.oid = p.pronamespace
               where not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype in ('e', 'i'))
               union all
               select 4, 'extension ' || quote_ident(extname) from pg_extension where extname not in ('plpgsql', 'vector')
           ) everything
           order by place, found"#
    )
    .fetch_all(connection)
    .await
}
