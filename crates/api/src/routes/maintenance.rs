//! Reset, undo, and what is under way.

use std::time::Duration;

use axum::{Json, http::StatusCode};
use tokio::sync::watch;

use crate::{
    dto::maintenance::{Maintenance, MaintenanceQuery, Swapped},
    envelope::{ApiError, ErrorEnvelope},
    extract::{Administrator, QueryOf, needs},
    maintenance::{Problem, Status},
};

/// How long a caller that waits for the next revision is kept waiting.
const LONG_POLL: Duration = Duration::from_secs(10);

/// Where reset, undo and snapshots stand
///
/// With `after` the answer waits until the revision is another, or ten seconds.
#[utoipa::path(
    get, path = "/api/v1/maintenance", operation_id = "maintenance", tag = "maintenance",
    security(("session" = [])), params(MaintenanceQuery),
    responses(
        (status = OK, body = Maintenance),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn status(
    administrator: Administrator<needs::DataReset>,
    QueryOf(query): QueryOf<MaintenanceQuery>,
) -> Json<Maintenance> {
    Json(news(administrator.maintenance.watch(), query.after).await.into())
}

/// The status, once its revision is another than `after` or the caller has waited long enough.
async fn news(mut watcher: watch::Receiver<Status>, after: Option<u64>) -> Status {
    if let Some(after) = after {
        // Whoever knows a greater revision knows an earlier run's.
        let _ = tokio::time::timeout(LONG_POLL, watcher.wait_for(|status| status.revision != after)).await;
    }
    watcher.borrow().clone()
}

/// Replace all data by the seeded demo data
///
/// What is replaced is kept until the next reset, undo or restore. The caller stays signed in.
#[utoipa::path(
    post, path = "/api/v1/maintenance/reset", operation_id = "reset", tag = "maintenance",
    security(("session" = [])),
    responses(
        (status = OK, body = Swapped),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = INSUFFICIENT_STORAGE, body = ErrorEnvelope),
    )
)]
pub(crate) async fn reset(administrator: Administrator<needs::DataReset>) -> Result<Json<Swapped>, ApiError> {
    let Administrator { session, maintenance, .. } = administrator;
    to_its_end(async move { maintenance.reset(session).await }).await
}

/// Bring back what the last reset, undo or restore replaced
///
/// The two states change places, so a second undo undoes the first.
#[utoipa::path(
    post, path = "/api/v1/maintenance/undo", operation_id = "undo", tag = "maintenance",
    security(("session" = [])),
    responses(
        (status = OK, body = Swapped),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = INSUFFICIENT_STORAGE, body = ErrorEnvelope),
    )
)]
pub(crate) async fn undo(administrator: Administrator<needs::DataReset>) -> Result<Json<Swapped>, ApiError> {
    let Administrator { session, maintenance, .. } = administrator;
    to_its_end(async move { maintenance.undo(session).await }).await
}

/// Stop the running task
///
/// The task ends as cancelled and changes nothing. Where none runs, nothing happens.
#[utoipa::path(
    post, path = "/api/v1/maintenance/cancel", operation_id = "cancel_task", tag = "maintenance",
    security(("session" = [])),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn cancel(administrator: Administrator<needs::DataReset>) -> StatusCode {
    administrator.maintenance.cancel();
    StatusCode::NO_CONTENT
}

/// Finishes a swap even when its caller has gone: half of one must never be left.
async fn to_its_end(
    swap: impl Future<Output = Result<crate::maintenance::Swapped, Problem>> + Send + 'static,
) -> Result<Json<Swapped>, ApiError> {
    match tokio::spawn(swap).await {
        Ok(swapped) => Ok(Json(swapped?.into())),
        Err(error) => {
            tracing::error!(%error, "a swap panicked");
            Err(ApiError::new(drydock_domain::ErrorCode::Internal, "The request could not be finished."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_revision_one_knows_is_waited_on() {
        let sender = watch::Sender::new(Status { revision: 3, ..Status::default() });
        for (after, at_once) in [(None, true), (Some(2), true), (Some(3), false), (Some(4), true)] {
            let answered = tokio::select! {
                biased;
                status = news(sender.subscribe(), after) => Some(status.revision),
                () = std::future::ready(()) => None,
            };
            assert_eq!(answered, at_once.then_some(3), "{after:?}");
        }
    }
}
