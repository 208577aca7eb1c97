//! How the boots with this database went.

use std::time::SystemTime;

use drydock_domain::boot::{BootSnapshot, StageStatus};
use serde_json::Value;
use sqlx::Connection as _;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Boots that are kept; the oldest go.
const KEPT: i64 = 200;

/// Adds a boot that has ended: `booted` as it was told, begun at `started_at`, of `program` at `app_version`.
///
/// # Errors
/// When the database fails, as one must expect of a database that made the boot fail.
pub async fn record(
    store: &Store,
    booted: &BootSnapshot,
    started_at: SystemTime,
    program: &str,
    app_version: &str,
) -> Result<(), StoreError> {
    let ran: Vec<_> = booted.stages.iter().filter(|stage| stage.status != StageStatus::Pending).collect();
    let stages = serde_json::to_value(ran).map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
    let failure = booted.failure.as_ref();
    let mut connection = store.acquire().await?;
    let mut tx = connection.begin().await?;
    sqlx::query!(
        "insert into migration.boot_history (started_at, elapsed_ms, outcome, failure_stage, failure_code, program,
                                             app_version, postgres_version, stages)
         values ($1, $2, $3, $4, $5, $6, $7, current_setting('server_version'), $8)",
        OffsetDateTime::from(started_at),
        booted.elapsed_ms,
        if failure.is_some() { "failed" } else { "ready" },
        failure.map(|failure| failure.stage.name()),
        failure.map(|failure| failure.code.as_str()),
        program,
        app_version,
        stages
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from migration.boot_history
         where id in (select id from migration.boot_history order by started_at desc, id offset $1)",
        KEPT
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Store::give_back(connection).await;
    Ok(())
}

/// A boot that has ended.
#[derive(Clone, Debug)]
pub struct Boot {
    /// Its own id.
    pub id: Uuid,
    /// When its first stage began.
    pub started_at: OffsetDateTime,
    /// Milliseconds until it was ready, or until the red gate.
    pub elapsed_ms: f64,
    /// The stage of the red gate; none for a boot that came to its end.
    pub failure_stage: Option<String>,
    /// The failure's code.
    pub failure_code: Option<String>,
    /// What booted: the window or a command.
    pub program: String,
    /// Its version.
    pub app_version: String,
    /// The server's.
    pub postgres_version: String,
    /// The stages that ran, as they were recorded: an array of objects with stage, status, `elapsed_ms` and detail.
    pub stages: Value,
}

/// Every boot that is kept, newest first; at most two hundred.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store) -> Result<Vec<Boot>, StoreError> {
    let mut connection = store.acquire().await?;
    let boots = sqlx::query_as!(
        Boot,
        "select id, started_at, elapsed_ms, failure_stage, failure_code, program, app_version, postgres_version, stages
         from migration.boot_history order by started_at desc, id"
    )
    .fetch_all(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    Ok(boots)
}

/// One of them.
///
/// # Errors
/// When the database fails.
pub async fn get(store: &Store, id: Uuid) -> Result<Option<Boot>, StoreError> {
    let mut connection = store.acquire().await?;
    let boot = sqlx::query_as!(
        Boot,
        "select id, started_at, elapsed_ms, failure_stage, failure_code, program, app_version, postgres_version, stages
         from migration.boot_history where id = $1",
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    Ok(boot)
}
