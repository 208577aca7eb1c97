//! The bootstrap stage: roles, database, schema and extension, created where missing.
//!
//! It creates and never drops. The attributes of our own roles are put right; everything else in a database that is
//! there is taken as it is, and the gates that follow say what is wrong with it.

use drydock_domain::ErrorCode;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::{DatabaseRole, StoreError, Target, error::words};

const ROLES: &str = include_str!("bootstrap/roles.sql");
const DATABASE: &str = include_str!("bootstrap/database.sql");

/// What the stage found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bootstrap {
    /// Database and roles were made now.
    Created,
    /// They were there.
    Existing,
}

/// Makes sure that `target` exists and can be migrated.
///
/// # Errors
/// [`ErrorCode::BootstrapFailed`] with the server's own words.
pub async fn run(target: &Target) -> Result<Bootstrap, StoreError> {
    bootstrap(target).await.map_err(|error| {
        StoreError::gate(
            ErrorCode::BootstrapFailed,
            format!("Database {:?} cannot be prepared: {}.", target.database(), words(&error)),
        )
    })
}

async fn bootstrap(target: &Target) -> Result<Bootstrap, sqlx::Error> {
    let created = match target.connect(DatabaseRole::Superuser).await {
        Ok(mut connection) => {
            let complete = sqlx::query_scalar!(
                r#"select (select count(*) = 4 from pg_roles
                           where rolname in ('drydock_owner', 'drydock_app', 'drydock_readonly', 'drydock_backup')
                             and rolcanlogin and not rolsuper and not rolbypassrls
                             and not rolcreaterole and not rolcreatedb)
                      and exists (select from pg_namespace where nspname = 'migration')
                      and exists (select from pg_extension where extname = 'vector') as "complete!""#
            )
            .fetch_one(&mut connection)
            .await;
            connection.close().await?;
            if complete? {
                return Ok(Bootstrap::Existing);
            }
            false
        }
        // invalid_catalog_name: the database does not exist
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => true,
        Err(error) => return Err(error),
    };

    let mut maintenance = target.with_database("postgres").connect(DatabaseRole::Superuser).await?;
    let prepared = async {
        sqlx::raw_sql(ROLES).execute(&mut maintenance).await?;
        if created {
            let create = format!(
                "CREATE DATABASE {} OWNER drydock_owner TEMPLATE template0 ENCODING 'UTF8'",
                crate::clone::quoted(target.database())
            );
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut maintenance).await?;
        }
        Ok::<_, sqlx::Error>(())
    }
    .await;
    maintenance.close().await?;
    prepared?;

    let mut connection = target.connect(DatabaseRole::Superuser).await?;
    let prepared = sqlx::raw_sql(DATABASE).execute(&mut connection).await;
    connection.close().await?;
    prepared?;
    Ok(if created { Bootstrap::Created } else { Bootstrap::Existing })
}
