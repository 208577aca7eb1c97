//! The routes, one module per subject.

mod assets;
mod auth;
mod boot;
mod context;

use axum::{Json, routing::get};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiState, openapi::Document};

/// Every route with its operation; a route that is not documented does not exist.
pub(crate) fn router() -> (axum::Router<ApiState>, utoipa::openapi::OpenApi) {
    let (router, openapi) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(boot::livez))
        .routes(routes!(boot::readyz))
        .routes(routes!(boot::boot))
        .routes(routes!(auth::demo_accounts))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(context::clients))
        .routes(routes!(context::client_engagements))
        .routes(routes!(context::overview))
        .routes(routes!(assets::assets))
        .split_for_parts();
    let document = openapi.clone();
    (router.route("/api/openapi.json", get(async || Json(document))), openapi)
}
