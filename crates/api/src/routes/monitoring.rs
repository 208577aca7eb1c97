//! How the platform does: every figure is computed from rows, from the server's statistics or from its log when it is asked for.

use axum::Json;
use drydock_domain::{ErrorCode, Permission};
use drydock_store::{boot_history, history, monitoring as rows};
use time::{Duration, OffsetDateTime};

use crate::{
    dto::monitoring::{
        BootHistory, HoursQuery, MigrationHistory, Monitoring, Recall, ServerLog, SignIns, SlowStatements,
        TableSizes, VectorColumn, VectorColumns, VectorIndex,
    },
    envelope::{ApiError, ErrorEnvelope},
    extract::{Monitor, PathId, QueryOf},
};

/// Hours that are counted where nothing is said.
const HOURS: u16 = 24;
/// Most hours: a year.
const MAX_HOURS: u16 = 8_760;
/// What is added to a boot's time when its log is looked for: the server says some things a moment later.
const AFTERMATH: Duration = Duration::seconds(1);

/// How the platform does now, and did in the last hours
#[utoipa::path(
    get, path = "/api/v1/monitoring", operation_id = "monitoring", tag = "monitoring", security(("session" = [])),
    responses(
        (status = OK, body = Monitoring),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn now(monitor: Monitor) -> Result<Json<Monitoring>, ApiError> {
    let figures = rows::figures(&monitor.store).await?;
    let connections = rows::connections(monitor.store.target()).await?;
    Ok(Json(Monitoring {
        at: OffsetDateTime::now_utc(),
        database: figures.into(),
        connections: connections.into(),
        turned_away: (&monitor.turned_away).into(),
        samples: monitor.recorder.samples().into_iter().map(Into::into).collect(),
    }))
}

/// The boots with this database, with what each stage took
#[utoipa::path(
    get, path = "/api/v1/monitoring/boots", operation_id = "boot_history", tag = "monitoring", security(("session" = [])),
    responses(
        (status = OK, body = BootHistory),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn boots(monitor: Monitor) -> Result<Json<BootHistory>, ApiError> {
    Ok(Json(boot_history::list(&monitor.store).await?.into()))
}

/// What the server wrote into its log during a boot
#[utoipa::path(
    get, path = "/api/v1/monitoring/boots/{id}/log", operation_id = "boot_log", tag = "monitoring", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The boot")),
    responses(
        (status = OK, body = ServerLog),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn boot_log(monitor: Monitor, PathId(id): PathId) -> Result<Json<ServerLog>, ApiError> {
    let boot = boot_history::get(&monitor.store, id).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::BootNotFound, "No such boot is recorded, or it is no longer kept.")
    })?;
    let until = boot.started_at + Duration::milliseconds(boot.elapsed_ms as i64) + AFTERMATH;
    Ok(Json(monitor.recorder.server_log(boot.started_at, until).await?.into()))
}

/// The migrations that this build ships and the database records
#[utoipa::path(
    get, path = "/api/v1/monitoring/migrations", operation_id = "migration_history", tag = "monitoring", security(("session" = [])),
    responses(
        (status = OK, body = MigrationHistory),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn migrations(monitor: Monitor) -> Result<Json<MigrationHistory>, ApiError> {
    Ok(Json(history::report(monitor.store.target()).await?.into()))
}

/// How sign-ins ended
///
/// Counted from the security log, which tells the reason of each failure; whoever tried was told none.
#[utoipa::path(
    get, path = "/api/v1/monitoring/sign-ins", operation_id = "sign_in_figures", tag = "monitoring", security(("session" = [])),
    params(HoursQuery),
    responses(
        (status = OK, body = SignIns),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn sign_ins(
    monitor: Monitor,
    QueryOf(query): QueryOf<HoursQuery>,
) -> Result<Json<SignIns>, ApiError> {
    let hours = query.hours.unwrap_or(HOURS);
    if hours == 0 || hours > MAX_HOURS {
        let message = format!("hours must be from 1 to {MAX_HOURS}.");
        return Err(ApiError::invalid_field("hours", "range", message));
    }
    let since = OffsetDateTime::now_utc() - Duration::hours(hours.into());
    Ok(Json(SignIns::new(since, rows::sign_ins(&monitor.store, since).await?)))
}

/// Statements that took long
///
/// As the server's log tells of them, which is bounded; without the values that were in them.
#[utoipa::path(
    get, path = "/api/v1/monitoring/statements", operation_id = "slow_statements", tag = "monitoring", security(("session" = [])),
    responses(
        (status = OK, body = SlowStatements),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn statements(monitor: Monitor) -> Result<Json<SlowStatements>, ApiError> {
    Ok(Json(monitor.recorder.slow_statements().await?.into()))
}

/// Tables and indexes, and what lies on the disk for them
#[utoipa::path(
    get, path = "/api/v1/monitoring/tables", operation_id = "table_sizes", tag = "monitoring", security(("session" = [])),
    responses(
        (status = OK, body = TableSizes),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn tables(monitor: Monitor) -> Result<Json<TableSizes>, ApiError> {
    let tables = rows::tables(&monitor.store).await?;
    Ok(Json(TableSizes { tables: tables.into_iter().map(Into::into).collect() }))
}

/// Columns of vectors, the indexes over them, and what a search through an index finds
///
/// Each index is tried in every client account: for a sample of its vectors the neighbours that an exact search finds are compared with those
/// that a search through the index finds.
#[utoipa::path(
    get, path = "/api/v1/monitoring/vectors", operation_id = "vector_indexes", tag = "monitoring", security(("session" = [])),
    responses(
        (status = OK, body = VectorColumns),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn vectors(monitor: Monitor) -> Result<Json<VectorColumns>, ApiError> {
    let Monitor { store, session, .. } = monitor;
    let found = rows::vector_columns(&store).await?;
    let mut columns: Vec<VectorColumn> = found
        .iter()
        .map(|column| VectorColumn {
            table: column.table.clone(),
            column: column.column.clone(),
            kind: column.kind.clone(),
            vectors: 0,
            indexes: column
                .indexes
                .iter()
                .map(|index| VectorIndex {
                    name: index.name.clone(),
                    method: index.method.clone(),
                    operators: index.operators.clone(),
                    bytes: index.bytes,
                    is_valid: index.is_valid,
                    reads: index.reads,
                    recall: None,
                })
                .collect(),
        })
        .collect();
    for account in store.client_accounts(&session).await? {
        let mut tx = store.tenant(&session, account.id).await?;
        tx.require(Permission::MonitoringView).await?;
        for (column, shown) in found.iter().zip(&mut columns) {
            shown.vectors += rows::count_vectors(&mut tx, column).await?;
            for (index, shown) in column.indexes.iter().zip(&mut shown.indexes).filter(|(i, _)| i.is_valid) {
                if let Some(probe) = rows::probe(&mut tx, column, index).await? {
                    let recall = shown.recall.get_or_insert_default();
                    if probe.sample > 0 {
                        recall.push(Recall {
                            client_account: account.name.clone(),
                            sample: probe.sample,
                            exact: probe.exact,
                            found: probe.found,
                        });
                    }
                }
            }
        }
        tx.commit().await?;
    }
    Ok(Json(VectorColumns { columns }))
}
