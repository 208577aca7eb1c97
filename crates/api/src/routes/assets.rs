//! Assets of one engagement.

pub(super) mod change;
pub(super) mod export;
mod query;
pub(super) mod views;

use axum::Json;
use drydock_store::assets as rows;

use self::query::{Asked, Pairs};
use crate::{
    dto::assets::{AssetCount, AssetDetail, AssetFilter, AssetHistory, AssetPage, AssetPaging, AssetValues},
    envelope::{ApiError, ErrorEnvelope},
    extract::{PathId, QueryOf, Selected, needs},
};

/// The most values of a column that are told.
const VALUES: u16 = 100;
/// The most steps of a history that are told.
const HISTORY: u16 = 100;

/// The assets of one engagement, a page at a time
#[utoipa::path(
    get, path = "/api/v1/assets", tag = "assets", security(("session" = [])),
    params(
        AssetPaging, AssetFilter,
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = AssetPage),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn assets(
    selected: Selected<needs::AssetView>,
    QueryOf(pairs): QueryOf<Pairs>,
) -> Result<Json<AssetPage>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let asked = Asked::page(pairs)?;
    let page =
        rows::page(&mut tx, engagement.id, &asked.filter, asked.order, &asked.start, asked.limit).await?;
    tx.commit().await?;
    Ok(Json(AssetPage {
        assets: page.assets.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|key| query::encode(asked.order, false, &key)),
        previous_cursor: page.previous.map(|key| query::encode(asked.order, true, &key)),
        total: page.total.value,
        total_is_exact: page.total.exact,
    }))
}

/// How many assets match, all of them counted
#[utoipa::path(
    get, path = "/api/v1/assets/count", operation_id = "count_assets", tag = "assets", security(("session" = [])),
    params(
        AssetFilter,
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = AssetCount),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn count(
    selected: Selected<needs::AssetView>,
    QueryOf(pairs): QueryOf<Pairs>,
) -> Result<Json<AssetCount>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let filter = Asked::filter(pairs)?;
    let count = rows::count(&mut tx, engagement.id, &filter).await?;
    tx.commit().await?;
    Ok(Json(AssetCount { count }))
}

/// The values of a column among the assets that match
#[utoipa::path(
    get, path = "/api/v1/assets/values", operation_id = "asset_values", tag = "assets", security(("session" = [])),
    params(
        ("column" = String, Query, description = "The column's name"),
        AssetFilter,
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = AssetValues),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn values(
    selected: Selected<needs::AssetView>,
    QueryOf(pairs): QueryOf<Pairs>,
) -> Result<Json<AssetValues>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let (column, filter) = Asked::column(pairs)?;
    let values = rows::values(&mut tx, engagement.id, &filter, column, VALUES).await?;
    tx.commit().await?;
    Ok(Json(AssetValues { values: values.into_iter().map(Into::into).collect() }))
}

/// One asset and what hangs on it
#[utoipa::path(
    get, path = "/api/v1/assets/{id}", operation_id = "asset", tag = "assets", security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The asset"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = AssetDetail),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn detail(
    selected: Selected<needs::AssetView>,
    PathId(id): PathId,
) -> Result<Json<AssetDetail>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let detail = rows::detail(&mut tx, engagement.id, id).await?;
    tx.commit().await?;
    Ok(Json(detail.into()))
}

/// Who changed what of an asset
///
/// Of one that was deleted as well.
#[utoipa::path(
    get, path = "/api/v1/assets/{id}/history", operation_id = "asset_history", tag = "assets", security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The asset"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = AssetHistory),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn history(
    selected: Selected<needs::AssetView>,
    PathId(id): PathId,
) -> Result<Json<AssetHistory>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let entries = rows::history(&mut tx, engagement.id, id, HISTORY).await?;
    tx.commit().await?;
    Ok(Json(AssetHistory { entries: entries.into_iter().map(Into::into).collect() }))
}
