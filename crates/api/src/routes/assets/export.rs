//! Exactly the filtered assets as a CSV file: as an answer, or written into the folder of downloads.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use drydock_domain::{EngagementId, audit::AccessEvent};
use drydock_store::{
    TenantTx,
    assets::{Column, Filter, csv::Format},
    audit::{self, AccessEntry},
};
use tokio::sync::mpsc;

use super::query::{Asked, Pairs, filter_of, order_of};
use crate::{
    ApiState,
    dto::assets::{AssetExport, AssetFilter, NewAssetExport},
    envelope::{ApiError, ErrorEnvelope},
    export::{Export, Place, Progress},
    extract::{JsonBody, PathId, QueryOf, Selected, Session, needs},
};

/// Exactly the assets that match, as CSV
///
/// Streamed. Text that a spreadsheet would run as a formula gets an apostrophe before it, unless `escape_formulas=false`. An answer that
/// breaks off has no last chunk.
#[utoipa::path(
    get, path = "/api/v1/assets/export", operation_id = "export_assets", tag = "assets", security(("session" = [])),
    params(
        ("sort" = Option<String>, Query, description = "As for the pages"),
        ("columns" = Option<String>, Query, description = "Names with commas between them, in order; all when not given"),
        ("escape_formulas" = Option<bool>, Query, description = "`false` to leave text as it is"),
        AssetFilter,
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, description = "The file, UTF-8, RFC 4180, with a head line", body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn stream(
    Session { store, session }: Session,
    selected: Selected<needs::AssetExport>,
    QueryOf(pairs): QueryOf<Pairs>,
) -> Result<Response, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let (mut columns, mut escape_formulas, mut rest) = (None, true, Pairs::new());
    for (name, value) in pairs {
        match name.as_str() {
            "columns" => columns = Some(value.split(',').map(str::to_owned).collect::<Vec<_>>()),
            "escape_formulas" => {
                escape_formulas = value.parse().map_err(|_| {
                    let message = "escape_formulas must be true or false.";
                    ApiError::invalid_field("escape_formulas", "type", message)
                })?;
            }
            "limit" | "cursor" | "offset" | "last" => {
                return Err(ApiError::invalid_field(name, "unknown", "There is no such parameter."));
            }
            _ => rest.push((name, value)),
        }
    }
    let asked = Asked::page(rest)?;
    let format = Format { columns: chosen(columns.as_deref())?, escape_formulas };
    let place = Place { client_account: tx.client_account_id(), engagement: engagement.id };
    note(&mut tx, engagement.id, &format, &asked.filter, &asked.given).await?;
    tx.commit().await?;

    let mut export = Export { store, session, place, filter: asked.filter, order: asked.order, format };
    // A piece is read while the one before it is sent, and no further ahead.
    let (sender, receiver) = mpsc::channel::<Result<http_body::Frame<Bytes>, std::io::Error>>(1);
    tokio::spawn(async move {
        let mut progress = Progress::default();
        loop {
            let frame = match export.next(&mut progress).await {
                Ok(Some(piece)) => Ok(http_body::Frame::data(Bytes::from(piece))),
                Ok(None) => return,
                // The head is sent: breaking off is all that is left to say it with.
                Err(error) => Err(std::io::Error::other(error.to_string())),
            };
            let broken = frame.is_err();
            if sender.send(frame).await.is_err() || broken {
                return;
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"assets.csv\""),
    ];
    Ok((headers, Body::new(crate::export::Pieces(receiver))).into_response())
}

/// Begin to write the assets that match as a CSV file
///
/// The file goes into the folder of downloads of the person who runs Drydock.
#[utoipa::path(
    post, path = "/api/v1/asset-exports", operation_id = "begin_asset_export", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = NewAssetExport,
    responses(
        (status = ACCEPTED, body = AssetExport),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn begin(
    State(state): State<ApiState>,
    Session { store, session }: Session,
    selected: Selected<needs::AssetExport>,
    JsonBody(wanted): JsonBody<NewAssetExport>,
) -> Result<(StatusCode, Json<AssetExport>), ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let filter = filter_of("/filter/", &wanted.filter)?;
    let order = wanted.sort.as_deref().map(|sort| order_of("/sort", sort)).transpose()?.unwrap_or_default();
    let format = Format {
        columns: chosen(wanted.columns.as_deref())?,
        escape_formulas: wanted.escape_formulas.unwrap_or(true),
    };
    let name = format!("{} assets", tx.client_account_name());
    let place = Place { client_account: tx.client_account_id(), engagement: engagement.id };
    note(&mut tx, engagement.id, &format, &filter, &wanted.filter).await?;
    tx.commit().await?;
    let owner = session.user_id();
    let export = Export { store, session, place, filter, order, format };
    Ok((StatusCode::ACCEPTED, Json(state.exports().begin(owner, export, &name, state.downloads()?))))
}

/// How far an export is
#[utoipa::path(
    get, path = "/api/v1/asset-exports/{id}", operation_id = "asset_export", tag = "assets", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The export; one of the caller's")),
    responses(
        (status = OK, body = AssetExport),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn status(
    State(state): State<ApiState>,
    Session { session, .. }: Session,
    PathId(id): PathId,
) -> Result<Json<AssetExport>, ApiError> {
    Ok(Json(state.exports().status(session.user_id(), id)?))
}

/// Stop an export
///
/// What it has written is deleted. One that is done stays.
#[utoipa::path(
    delete, path = "/api/v1/asset-exports/{id}", operation_id = "cancel_asset_export", tag = "assets", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The export; one of the caller's")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    Session { session, .. }: Session,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    state.exports().cancel(session.user_id(), id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// An export is a copy that leaves: it is in the audit log when it begins, with what was asked for and how many assets that are.
async fn note(
    tx: &mut TenantTx,
    engagement: EngagementId,
    format: &Format,
    filter: &Filter,
    given: &AssetFilter,
) -> Result<(), ApiError> {
    let assets = drydock_store::assets::count(tx, engagement, filter).await?;
    let columns: Vec<&str> = format.columns.iter().map(|column| column.name()).collect();
    let entry = AccessEntry::new(AccessEvent::AssetsExported)
        .in_engagement(engagement)
        .on("engagement", engagement)
        .with("assets", assets)
        .with("filter", given.told())
        .with("columns", columns);
    audit::access(tx, entry);
    Ok(())
}

fn chosen(columns: Option<&[String]>) -> Result<Vec<Column>, ApiError> {
    let Some(columns) = columns else { return Ok(Column::ALL.to_vec()) };
    if columns.is_empty() {
        return Err(ApiError::invalid_field("columns", "required", "columns names no column."));
    }
    columns.iter().map(|name| super::query::column_of("columns", name)).collect()
}
