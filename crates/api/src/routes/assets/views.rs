//! How the caller has set up the asset table: layout and saved views.

use axum::{Json, http::StatusCode};
use drydock_store::{
    assets::Column,
    saved_views::{self, ViewWords},
};

use crate::{
    dto::assets::{RememberedLayout, SavedView, SavedViewWords, SavedViews, TableLayout},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, PathId, Selected, needs},
};

/// The table's name in the database.
const TABLE: &str = "assets";
const NAME_LIMIT: usize = 80;
const QUERY_LIMIT: usize = 4_000;
/// Narrowest and widest column in px.
const WIDTHS: std::ops::RangeInclusive<u16> = 40..=1_200;
const DENSITIES: [&str; 2] = ["comfortable", "compact"];

/// How the caller last had the asset table
#[utoipa::path(
    get, path = "/api/v1/asset-table", operation_id = "asset_table", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = RememberedLayout),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn layout(selected: Selected<needs::AssetView>) -> Result<Json<RememberedLayout>, ApiError> {
    let Selected { mut tx, .. } = selected;
    let user = tx.user_id();
    let layout = saved_views::layout(&mut tx, user, TABLE).await?;
    tx.commit().await?;
    Ok(Json(RememberedLayout { layout }))
}

/// Remember how the caller has the asset table
#[utoipa::path(
    put, path = "/api/v1/asset-table", operation_id = "set_asset_table", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = TableLayout,
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn set_layout(
    selected: Selected<needs::AssetView>,
    JsonBody(layout): JsonBody<TableLayout>,
) -> Result<StatusCode, ApiError> {
    let Selected { mut tx, .. } = selected;
    let mut wrong = Vec::new();
    let layout = checked_layout("", &layout, &mut wrong);
    if !wrong.is_empty() {
        return Err(ApiError::invalid(wrong));
    }
    let user = tx.user_id();
    saved_views::set_layout(&mut tx, user, TABLE, &layout).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's saved views of the asset table
#[utoipa::path(
    get, path = "/api/v1/asset-views", operation_id = "asset_views", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = OK, body = SavedViews),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(selected: Selected<needs::AssetView>) -> Result<Json<SavedViews>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let user = tx.user_id();
    let views = saved_views::views(&mut tx, engagement.id, user, TABLE).await?;
    tx.commit().await?;
    Ok(Json(SavedViews { views: views.into_iter().map(Into::into).collect() }))
}

/// Save a view of the asset table
#[utoipa::path(
    post, path = "/api/v1/asset-views", operation_id = "create_asset_view", tag = "assets", security(("session" = [])),
    params(
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = SavedViewWords,
    responses(
        (status = CREATED, body = SavedView),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn create(
    selected: Selected<needs::AssetView>,
    JsonBody(words): JsonBody<SavedViewWords>,
) -> Result<(StatusCode, Json<SavedView>), ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let words = checked(words)?;
    let user = tx.user_id();
    let view = saved_views::keep(&mut tx, engagement.id, user, TABLE, None, &words).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// Change a saved view
#[utoipa::path(
    put, path = "/api/v1/asset-views/{id}", operation_id = "change_asset_view", tag = "assets", security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The view"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    request_body = SavedViewWords,
    responses(
        (status = OK, body = SavedView),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn change(
    selected: Selected<needs::AssetView>,
    PathId(id): PathId,
    JsonBody(words): JsonBody<SavedViewWords>,
) -> Result<Json<SavedView>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let words = checked(words)?;
    let user = tx.user_id();
    let view = saved_views::keep(&mut tx, engagement.id, user, TABLE, Some(id), &words).await?;
    tx.commit().await?;
    Ok(Json(view.into()))
}

/// Forget a saved view
#[utoipa::path(
    delete, path = "/api/v1/asset-views/{id}", operation_id = "delete_asset_view", tag = "assets", security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The view"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
        ("X-Engagement-ID" = Uuid, Header, description = "An engagement of it"),
    ),
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn delete(
    selected: Selected<needs::AssetView>,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let user = tx.user_id();
    saved_views::forget(&mut tx, engagement.id, user, TABLE, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(words: SavedViewWords) -> Result<ViewWords, ApiError> {
    let mut wrong = Vec::new();
    let mut refuse = |path: &str, code, message: String| {
        wrong.push(FieldError { path: path.to_owned(), code, message });
    };
    let name = words.name.trim();
    if name.is_empty() {
        refuse("/name", "required", "The name is empty.".to_owned());
    } else if name.chars().count() > NAME_LIMIT {
        refuse("/name", "too_long", format!("The name is longer than {NAME_LIMIT} characters."));
    } else if name.contains(char::is_control) {
        refuse("/name", "character", "The name must be one line without control characters.".to_owned());
    }
    if words.query.len() > QUERY_LIMIT {
        refuse("/query", "too_long", format!("The query is longer than {QUERY_LIMIT} bytes."));
    } else if words.query.contains(char::is_control) {
        refuse("/query", "character", "The query holds a control character.".to_owned());
    }
    let layout = checked_layout("/layout", &words.layout, &mut wrong);
    if wrong.is_empty() {
        let name = name.to_owned();
        Ok(ViewWords { name, query: words.query, layout, is_default: words.is_default })
    } else {
        Err(ApiError::invalid(wrong))
    }
}

/// The layout as it is stored. What is wrong with it goes to `wrong`.
fn checked_layout(prefix: &str, layout: &TableLayout, wrong: &mut Vec<FieldError>) -> serde_json::Value {
    let mut refuse = |path: String, code, message: String| {
        wrong.push(FieldError { path: format!("{prefix}{path}"), code, message });
    };
    if layout.columns.is_empty() {
        refuse("/columns".to_owned(), "required", "columns names no column.".to_owned());
    }
    for (position, name) in layout.columns.iter().enumerate() {
        if Column::of_name(name).is_none() {
            refuse(format!("/columns/{position}"), "unknown", "There is no such column.".to_owned());
        } else if layout.columns.iter().take(position).any(|other| other == name) {
            refuse(format!("/columns/{position}"), "repeated", format!("{name} is there twice."));
        }
    }
    for (name, width) in &layout.widths {
        let path = format!("/widths/{}", name.replace('~', "~0").replace('/', "~1"));
        if Column::of_name(name).is_none() {
            refuse(path, "unknown", "There is no such column.".to_owned());
        } else if !WIDTHS.contains(width) {
            refuse(path, "range", format!("A width must be {} to {}.", WIDTHS.start(), WIDTHS.end()));
        }
    }
    if !DENSITIES.contains(&layout.density.as_str()) {
        refuse("/density".to_owned(), "choice", format!("density must be one of {}.", DENSITIES.join(", ")));
    }
    serde_json::to_value(layout).unwrap_or_default()
}
