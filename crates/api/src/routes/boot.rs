//! Health and boot: answered before there is a database.

use std::time::Duration;

use axum::{Json, extract::State};

use crate::{
    ApiState,
    dto::{Boot, BootQuery, Health},
    envelope::{ApiError, ErrorEnvelope},
    extract::QueryOf,
};

/// How long a caller that waits for the next revision is kept waiting.
const LONG_POLL: Duration = Duration::from_secs(10);

/// The process answers
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = OK, body = Health)))]
pub(crate) async fn livez() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Every gate is green and the database answers
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = ErrorEnvelope))
)]
pub(crate) async fn readyz(State(state): State<ApiState>) -> Result<Json<Health>, ApiError> {
    state.store()?.ping().await?;
    Ok(Json(Health { status: "ready" }))
}

/// Where the boot stands
///
/// With `after` the answer waits until the revision is greater, or ten seconds.
#[utoipa::path(
    get, path = "/api/v1/boot", tag = "health", params(BootQuery),
    responses((status = OK, body = Boot), (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope))
)]
pub(crate) async fn boot(State(state): State<ApiState>, QueryOf(query): QueryOf<BootQuery>) -> Json<Boot> {
    let mut watcher = state.boot.clone();
    if let Some(after) = query.after {
        // A time-out, or a boot that has ended for good, answers with what is known.
        let _ = tokio::time::timeout(LONG_POLL, watcher.wait_for(|snapshot| snapshot.revision > after)).await;
    }
    let snapshot = watcher.borrow().clone();
    Json(Boot::new(&snapshot, state.profile()))
}
