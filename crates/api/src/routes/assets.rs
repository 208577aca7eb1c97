//! Assets of one engagement.

use axum::Json;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use drydock_store::assets::{self as rows, Filter, Match, Position};
use uuid::Uuid;

use crate::{
    dto::{AssetPage, AssetQuery},
    envelope::{ApiError, ErrorEnvelope},
    extract::{QueryOf, Selected, needs},
};

const DEFAULT_LIMIT: u16 = 100;
const MAX_LIMIT: u16 = 500;
/// Longest filter value in bytes; the longest filterable column holds 255 characters.
const FILTER_LIMIT: usize = 255;
/// What a filter calls "nothing recorded".
const MISSING: &str = "none";

/// The assets of one engagement, by name
#[utoipa::path(
    get, path = "/api/v1/assets", tag = "assets", security(("session" = [])),
    params(
        AssetQuery,
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
    QueryOf(query): QueryOf<AssetQuery>,
) -> Result<Json<AssetPage>, ApiError> {
    let Selected { mut tx, engagement, .. } = selected;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::invalid_field("limit", "range", format!("limit must be 1 to {MAX_LIMIT}.")));
    }
    let after = query.cursor.as_deref().map(decode).transpose()?;
    let filter = Filter {
        asset_type: wanted("asset_type", query.asset_type)?,
        environment: wanted("environment", query.environment)?,
        criticality: wanted("criticality", query.criticality)?,
        status: wanted("status", query.status)?,
        text: match wanted("q", query.q)? {
            Match::Any => None,
            // To search for the word is not to ask for what is missing.
            Match::Missing => Some(MISSING.to_owned()),
            Match::Value(text) => Some(text),
        },
    };
    let page = rows::page(&mut tx, engagement.id, &filter, after.as_ref(), limit).await?;
    tx.commit().await?;
    Ok(Json(AssetPage {
        assets: page.assets.into_iter().map(Into::into).collect(),
        next_cursor: page.next.as_ref().map(encode),
        total: page.total,
    }))
}

fn wanted(name: &'static str, value: Option<String>) -> Result<Match, ApiError> {
    match value {
        None => Ok(Match::Any),
        Some(value) if value.is_empty() => Ok(Match::Any),
        Some(value) if value.len() > FILTER_LIMIT || value.contains(char::is_control) => {
            Err(ApiError::invalid_field(
                name,
                "text",
                format!("{name} must be text of at most {FILTER_LIMIT} bytes without control characters."),
            ))
        }
        Some(value) if value == MISSING => Ok(Match::Missing),
        Some(value) => Ok(Match::Value(value)),
    }
}

fn encode(position: &Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{}", position.id.simple(), position.name))
}

fn decode(cursor: &str) -> Result<Position, ApiError> {
    let invalid =
        || ApiError::invalid_field("cursor", "cursor", "cursor is not one that a page before has given out.");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let (id, name) = text.split_at_checked(32).ok_or_else(invalid)?;
    if name.contains('\0') {
        return Err(invalid());
    }
    let id = Uuid::try_parse(id).map_err(|_| invalid())?;
    Ok(Position { name: name.to_owned(), id })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for name in ["", "web", "Größe 東京", "a%_\\b"] {
            let position = Position { name: name.to_owned(), id: Uuid::new_v4() };
            assert_eq!(decode(&encode(&position)).unwrap(), position);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for cursor in ["", "x", "!!!", "AAAA", "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAA"] {
            assert!(decode(cursor).is_err(), "{cursor}");
        }
    }
}
