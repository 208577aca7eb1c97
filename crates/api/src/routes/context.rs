//! Client accounts and engagements.

use axum::Json;
use drydock_domain::Permission;
use drydock_store::engagements;

use crate::{
    dto::{ClientAccounts, Engagements},
    envelope::{ApiError, ErrorEnvelope},
    extract::{PathId, Session},
};

/// The client accounts one may see
#[utoipa::path(
    get, path = "/api/v1/context/clients", tag = "context", security(("session" = [])),
    responses((status = OK, body = ClientAccounts), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn clients(session: Session) -> Result<Json<ClientAccounts>, ApiError> {
    let accounts = session.store.client_accounts(&session.session).await?;
    Ok(Json(ClientAccounts { clients: accounts.into_iter().map(Into::into).collect() }))
}

/// The engagements of one client account
#[utoipa::path(
    get, path = "/api/v1/context/clients/{id}/engagements", tag = "context", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = Engagements),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn client_engagements(
    session: Session,
    PathId(id): PathId,
) -> Result<Json<Engagements>, ApiError> {
    let mut tx = session.enter(id, Permission::ClientView).await?;
    let engagements = engagements::list(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(Engagements { engagements: engagements.into_iter().map(Into::into).collect() }))
}
