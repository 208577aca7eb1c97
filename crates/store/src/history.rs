//! The migration history: what is shipped, what is applied, and applying the difference.

use drydock_domain::ErrorCode;
use sha2::{Digest as _, Sha256};
use sqlx::{
    Connection as _, PgConnection,
    migrate::{MigrateError, Migrator},
};

use crate::{DatabaseRole, StoreError, Target, content::hexadecimal, error::words};

/// The shipped migrations, embedded in the program.
static SHIPPED: Migrator = sqlx::migrate!("../../migrations");

/// How the database's history stands against the shipped one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Versions applied.
    pub applied: Vec<i64>,
    /// Versions shipped and not yet applied.
    pub pending: Vec<i64>,
}

/// The shipped migrations' checksums, in order.
pub(crate) fn checksums() -> impl Iterator<Item = &'static [u8]> {
    SHIPPED.iter().map(|migration| migration.checksum.as_ref())
}

/// A digest of the migrations that `target` has applied, 64 hexadecimal digits: equal for equal histories.
///
/// # Errors
/// When the database cannot be read.
pub async fn digest(target: &Target) -> Result<String, StoreError> {
    let mut connection = target.connect(DatabaseRole::Owner).await?;
    let applied: Result<Vec<(i64, Vec<u8>)>, _> =
        sqlx::query_as("select version, checksum from migration._sqlx_migrations order by version")
            .fetch_all(&mut connection)
            .await;
    connection.close().await?;
    let mut digest = Sha256::new();
    for (version, checksum) in applied? {
        digest.update(version.to_le_bytes());
        digest.update(checksum);
    }
    Ok(hexadecimal(&digest.finalize()))
}

/// Compares the applied migrations with the shipped ones, changing nothing. As the owner, whose table it is: see
/// [`Superuser`](crate::Superuser).
///
/// # Errors
/// [`ErrorCode::HistoryAhead`], [`ErrorCode::HistoryChanged`] or [`ErrorCode::HistoryDirty`], naming the
/// version.
pub async fn compare(target: &Target) -> Result<History, StoreError> {
    let mut connection = target.connect(DatabaseRole::Owner).await?;
    let history = read(&mut connection).await;
    connection.close().await?;
    history
}

async fn read(connection: &mut PgConnection) -> Result<History, StoreError> {
    // Not `query!`: the migrator makes this table at run time, so it is no part of the checked schema.
    let read: Result<Vec<(i64, Vec<u8>, bool)>, _> =
        sqlx::query_as("select version, checksum, success from migration._sqlx_migrations order by version")
            .fetch_all(connection)
            .await;
    let applied = match read {
        // undefined_table, and invalid_schema_name where the schema is missing as well
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42P01" | "3F000")) => {
            Vec::new()
        }
        read => read?,
    };

    for (version, checksum, success) in &applied {
        if !success {
            return Err(StoreError::gate(
                ErrorCode::HistoryDirty,
                format!("Migration {version:03} was begun and not finished."),
            ));
        }
        let Some(shipped) = SHIPPED.iter().find(|migration| migration.version == *version) else {
            return Err(StoreError::gate(
                ErrorCode::HistoryAhead,
                format!("Migration {version:03} is applied, and this build does not have it."),
            ));
        };
        if shipped.checksum.as_ref() != checksum.as_slice() {
            return Err(StoreError::gate(
                ErrorCode::HistoryChanged,
                format!("Migration {version:03} was applied with another content than this build has."),
            ));
        }
    }
    let applied: Vec<i64> = applied.into_iter().map(|(version, ..)| version).collect();
    let pending = SHIPPED
        .iter()
        .map(|migration| migration.version)
        .filter(|version| !applied.contains(version))
        .collect();
    Ok(History { applied, pending })
}

/// Applies what `history` has pending; returns how many migrations were applied.
///
/// # Errors
/// [`ErrorCode::MigrateFailed`] with the failing version and the server's words; the failing migration has
/// been rolled back.
pub async fn migrate(target: &Target, history: &History) -> Result<usize, StoreError> {
    if history.pending.is_empty() {
        return Ok(0);
    }
    // A connection of its own, closed on every path: the migrator leaves its advisory lock behind on error.
    let mut connection = target.connect(DatabaseRole::Owner).await?;
    // Not `run`, whose future no other thread may go on with: it takes a connection from whatever can be asked for one.
    let outcome = SHIPPED.run_direct(None, &mut connection, false).await;
    connection.close().await?;
    outcome.map_err(|error| {
        let what = match &error {
            MigrateError::ExecuteMigration(error, version) => {
                format!("Migration {version:03} failed and was rolled back: {}.", words(error))
            }
            other => format!("The migrations could not be applied: {other}."),
        };
        StoreError::gate(ErrorCode::MigrateFailed, what)
    })?;
    Ok(history.pending.len())
}
