//! Copies of a whole database, made by the server.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{DatabaseRole, StoreError, Target, superuser::MAINTENANCE};

/// Makes `target` a copy of the database `template`, to which nobody may be connected.
///
/// # Errors
/// When the template is in use or the name is taken.
pub async fn create(target: &Target, template: &str) -> Result<(), StoreError> {
    let statement = format!(
        "CREATE DATABASE {} TEMPLATE {} OWNER drydock_owner STRATEGY WAL_LOG",
        quoted(target.database()),
        quoted(template)
    );
    on_maintenance(target, statement).await?;
    on_maintenance(target, closing(target.database())).await
}

/// What to say of a clone once it is there, because the rights on a database are not copied with it.
pub(crate) fn closing(database: &str) -> String {
    format!("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", quoted(database))
}

/// Drops the database of `target` and whoever is connected to it.
///
/// # Errors
/// When the server refuses.
pub async fn remove(target: &Target) -> Result<(), StoreError> {
    on_maintenance(target, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(target.database())))
        .await
}

/// Keeps a note with a database.
pub(crate) async fn comment(
    connection: &mut PgConnection,
    database: &str,
    note: &str,
) -> Result<(), StoreError> {
    let statement = format!("COMMENT ON DATABASE {} IS '{}'", quoted(database), note.replace('\'', "''"));
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

async fn on_maintenance(target: &Target, statement: String) -> Result<(), StoreError> {
    let mut connection: PgConnection =
        target.with_database(MAINTENANCE).connect(DatabaseRole::Superuser).await?;
    // The names come from the program and are quoted; DDL takes no parameters.
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
    connection.close().await?;
    done?;
    Ok(())
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
