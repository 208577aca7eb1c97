//! The bootstrap stage: roles, database, schema and extension, created where missing.
//!
//! It creates and never drops. The attributes of our own roles are put right; everything else in a database that is
//! there is taken as it is, and the gates that follow say what is wrong with it.

use drydock_domain::ErrorCode;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{DatabaseRole, StoreError, Superuser, Target, clone::quoted, error::words};

const ROLES: &str = include_str!("bootstrap/roles.sql");
const DATABASE: &str = include_str!("bootstrap/database.sql");

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
/// [`ErrorCode::DatabaseUnreachable`], or [`ErrorCode::BootstrapFailed`] with the server's own words.
pub async fn run(target: &Target) -> Result<Bootstrap, StoreError> {
    let mut superuser = Superuser::connect(target).await?;
    let done = on(&mut superuser).await;
    superuser.close().await?;
    done
}

pub(crate) async fn on(superuser: &mut Superuser) -> Result<Bootstrap, StoreError> {
    bootstrap(superuser).await.map_err(|error| {
        StoreError::gate(
            ErrorCode::BootstrapFailed,
            format!("Database {:?} cannot be prepared: {}.", superuser.target.database(), words(&error)),
        )
    })
}

async fn bootstrap(superuser: &mut Superuser) -> Result<Bootstrap, sqlx::Error> {
    if superuser.inside {
        if is_complete(&mut superuser.connection).await? {
            return Ok(Bootstrap::Existing);
        }
        sqlx::raw_sql(ROLES).execute(&mut superuser.connection).await?;
        sqlx::raw_sql(DATABASE).execute(&mut superuser.connection).await?;
        return Ok(Bootstrap::Repaired);
    }
    sqlx::raw_sql(ROLES).execute(&mut superuser.connection).await?;
    let create = format!(
        "CREATE DATABASE {} OWNER drydock_owner TEMPLATE template0 ENCODING 'UTF8'",
        quoted(superuser.target.database())
    );
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut superuser.connection).await?;
    let inside = superuser.target.connect(DatabaseRole::Superuser).await?;
    std::mem::replace(&mut superuser.connection, inside).close().await?;
    superuser.inside = true;
    sqlx::raw_sql(DATABASE).execute(&mut superuser.connection).await?;
    Ok(Bootstrap::Created)
}

async fn is_complete(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select (select count(*) = 4 from pg_roles
                   where rolname in ('drydock_owner', 'drydock_app', 'drydock_readonly', 'drydock_backup')
                     and rolcanlogin and not rolsuper and not rolbypassrls
                     and not rolcreaterole and not rolcreatedb)
              and exists (select from pg_namespace where nspname = 'migration')
              and exists (select from pg_extension where extname = 'vector') as "complete!""#
    )
    .fetch_one(connection)
    .await
}
