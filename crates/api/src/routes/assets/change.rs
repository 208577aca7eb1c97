//! Assets made, changed, deleted and put back.

use axum::{Json, http::StatusCode};
use drydock_domain::account::Objection;
use drydock_store::assets::{self as rows, Column, Edit, Given, Kind, Selection};
use serde_json::Value;

use super::query::filter_of;
use crate::{
    dto::assets::{
        AssetChanged, AssetEdit, AssetSelection, AssetsChanged, AssetsEdit, ChangeUndone, NewAsset, Values,
    },
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, PathId, Selected, needs},
};

/// The most assets named one by one.
const IDS_LIMIT: usize = 1_000;
/// The most assets changed at once.
const MANY_LIMIT: i64 = 10_000;
/// What no two assets of a type share.
const OWN: [Column; 3] = [Column::Name, Column::Hostname, Column::IpAddress];

/// Make an asset
#[utoipa::path(
    post, path = "/api/v1/assets", operation_id = "create_asset", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = NewAsset,
    responses(
        (status = CREATED, body = AssetChanged),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn create(
    selected: Selected<needs::AssetEdit>,
    JsonBody(new): JsonBody<NewAsset>,
) -> Result<(StatusCode, Json<AssetChanged>), ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let edit = check(new.set, &[])?;
    let missing: Vec<_> = [Column::Name, Column::AssetType]
        .into_iter()
        .filter(|column| !edit.contains_key(column))
        .map(|column| FieldError {
            path: format!("/set/{}", column.name()),
            code: "required",
            message: format!("{} is missing.", column.name()),
        })
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::invalid(missing));
    }
    let (asset, change) = rows::create(&mut tx, engagement.id, &edit).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(AssetChanged { asset: asset.into(), change_id: Some(change) })))
}

/// Change an asset
///
/// Refused with `conflict.stale` when it was changed since `version`; `current` is the asset as it is now.
#[utoipa::path(
    patch, path = "/api/v1/assets/{id}", operation_id = "edit_asset", tag = "assets", security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The asset"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = AssetEdit,
    responses(
        (status = OK, body = AssetChanged),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn edit(
    selected: Selected<needs::AssetEdit>,
    PathId(id): PathId,
    JsonBody(wanted): JsonBody<AssetEdit>,
) -> Result<Json<AssetChanged>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let edit = check(wanted.set, &[])?;
    let (asset, change_id) = rows::edit(&mut tx, engagement.id, id, wanted.version, &edit).await?;
    tx.commit().await?;
    Ok(Json(AssetChanged { asset: asset.into(), change_id }))
}

/// Change several assets at once
#[utoipa::path(
    post, path = "/api/v1/assets/edit", operation_id = "edit_assets", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = AssetsEdit,
    responses(
        (status = OK, body = AssetsChanged),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn edit_many(
    selected: Selected<needs::AssetEdit>,
    JsonBody(wanted): JsonBody<AssetsEdit>,
) -> Result<Json<AssetsChanged>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let edit = check(wanted.set, &OWN)?;
    if edit.is_empty() {
        return Err(ApiError::invalid_field("/set", "required", "set names no column."));
    }
    let selection = selection("/selection", wanted.selection)?;
    bounded(rows::counted(&mut tx, engagement.id, &selection, MANY_LIMIT).await?)?;
    let (change_id, count) = rows::edit_many(&mut tx, engagement.id, &selection, &edit).await?;
    tx.commit().await?;
    Ok(Json(AssetsChanged { change_id, count }))
}

/// Delete assets
///
/// With their dependencies, tags and whatever else is a part of them. An undo of the change brings all of it back.
#[utoipa::path(
    post, path = "/api/v1/assets/delete", operation_id = "delete_assets", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = AssetSelection,
    responses(
        (status = OK, body = AssetsChanged),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn delete(
    selected: Selected<needs::AssetDelete>,
    JsonBody(wanted): JsonBody<AssetSelection>,
) -> Result<Json<AssetsChanged>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let selection = selection("", wanted)?;
    bounded(rows::counted(&mut tx, engagement.id, &selection, MANY_LIMIT).await?)?;
    let (change_id, count) = rows::remove(&mut tx, engagement.id, &selection).await?;
    tx.commit().await?;
    Ok(Json(AssetsChanged { change_id, count }))
}

/// Take a change of assets back
///
/// Exactly the former values of exactly the assets that nobody has changed since. To undo a deletion takes the right to delete.
#[utoipa::path(
    post, path = "/api/v1/asset-changes/{id}/undo", operation_id = "undo_asset_change", tag = "assets",
    security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The change"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = ChangeUndone),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn undo(
    selected: Selected<needs::AssetEdit>,
    PathId(id): PathId,
) -> Result<Json<ChangeUndone>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let undone = rows::undo(&mut tx, engagement.id, id).await?;
    // Nothing was put back: the change can be tried again later.
    if undone.change.is_some() {
        tx.commit().await?;
    }
    Ok(Json(undone.into()))
}

fn bounded(counted: i64) -> Result<(), ApiError> {
    if counted <= MANY_LIMIT {
        return Ok(());
    }
    let message = format!("These are more than {MANY_LIMIT} assets. Narrow the filter and go on in parts.");
    Err(ApiError::invalid_field("/filter", "too_many", message))
}

fn selection(prefix: &str, given: AssetSelection) -> Result<Selection, ApiError> {
    match (given.ids, given.filter) {
        (Some(ids), None) if ids.is_empty() => {
            Err(ApiError::invalid_field(format!("{prefix}/ids"), "required", "ids names no asset."))
        }
        (Some(ids), None) if ids.len() > IDS_LIMIT => {
            let message = format!("ids names more than {IDS_LIMIT} assets. Take a filter.");
            Err(ApiError::invalid_field(format!("{prefix}/ids"), "too_many", message))
        }
        (Some(ids), None) => Ok(Selection::Ids(ids)),
        (None, Some(filter)) => Ok(Selection::Filter(filter_of(&format!("{prefix}/filter/"), &filter)?)),
        _ => Err(ApiError::invalid_field(prefix, "combination", "Give ids or filter, one of the two.")),
    }
}

/// What is to be put where, or what is wrong with each value.
fn check(set: Values, refused: &[Column]) -> Result<Edit, ApiError> {
    let mut edit = Edit::new();
    let mut wrong = Vec::new();
    for (name, value) in set {
        let path = format!("/set/{}", name.replace('~', "~0").replace('/', "~1"));
        let checked = match Column::of_name(&name) {
            None => Err(Objection::new("unknown", "There is no such column.")),
            Some(column) if refused.contains(&column) => Err(Objection::new(
                "own",
                format!("{name} is each asset's own and cannot be set for several."),
            )),
            Some(column) => {
                given(column, value).and_then(|given| column.check(given)).map(|given| (column, given))
            }
        };
        match checked {
            Ok((column, given)) => {
                edit.insert(column, given);
            }
            Err(objection) => wrong.push(FieldError::new(&path, objection)),
        }
    }
    if wrong.is_empty() { Ok(edit) } else { Err(ApiError::invalid(wrong)) }
}

fn given(column: Column, value: Value) -> Result<Given, Objection> {
    match value {
        Value::Null => Ok(Given::Nothing),
        Value::String(text) => Ok(Given::Text(text)),
        Value::Number(number) => {
            let whole = number.as_i64().and_then(|number| i32::try_from(number).ok());
            match whole {
                Some(whole) if column.kind() == Kind::Whole => Ok(Given::Whole(whole)),
                // Whatever JSON calls a number fits; what is too large is out of range.
                _ => Ok(Given::Number(number.as_f64().unwrap_or(f64::INFINITY))),
            }
        }
        _ => Err(Objection::new("type", format!("{} must be text, a number or null.", column.name()))),
    }
}
