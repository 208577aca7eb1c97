//! Client accounts, engagements and the overview of one.

use axum::Json;
use drydock_domain::Permission;
use drydock_store::{engagements, overview as figures};

use crate::{
    dto::{ClientAccounts, Engagements, Named, Overview},
    envelope::{ApiError, ErrorEnvelope},
    extract::{PathId, Selected, Session, needs},
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

/// The figures of one engagement
#[utoipa::path(
    get, path = "/api/v1/overview", tag = "context", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = Overview),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn overview(selected: Selected<needs::AssetView>) -> Result<Json<Overview>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let engagement = engagements::get(&mut tx, engagement.id).await?;
    let figures = figures::of(&mut tx, engagement.id).await?;
    let client_account = Named { id: tx.client_account_id().0, name: tx.client_account_name().to_owned() };
    tx.commit().await?;
    let shares = |shares: Vec<figures::Share>| shares.into_iter().map(Into::into).collect();
    Ok(Json(Overview {
        client_account,
        engagement: engagement.into(),
        totals: figures.totals.into(),
        by_type: shares(figures.by_type),
        by_environment: shares(figures.by_environment),
        by_criticality: shares(figures.by_criticality),
        by_status: shares(figures.by_status),
    }))
}
