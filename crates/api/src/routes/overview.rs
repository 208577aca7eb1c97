//! Figures of one engagement, and of all client accounts one may see.

use axum::Json;
use drydock_store::{engagements, overview as figures};

use crate::{
    dto::overview::{AcrossAccounts, Named, Overview},
    envelope::{ApiError, ErrorEnvelope},
    extract::{Selected, Session, needs},
};

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
    Ok(Json(Overview::new(client_account, engagement.into(), figures)))
}

/// Figures of every client account one may see
#[utoipa::path(
    get, path = "/api/v1/overview/client-accounts", tag = "context", security(("session" = [])),
    responses((status = OK, body = AcrossAccounts), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn across(session: Session) -> Result<Json<AcrossAccounts>, ApiError> {
    let across = figures::across(&session.store, &session.session).await?;
    Ok(Json(AcrossAccounts { client_accounts: across.into_iter().map(Into::into).collect() }))
}
