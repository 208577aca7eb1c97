//! The in-process door: a request handed to the router without a socket.
//!
//! A request is a method, a path with query, headers and body bytes; an answer is one line of JSON (status and
//! headers), a line feed, and the body bytes. The body is never encoded twice. Both bodies are held in memory whole, that
//! of an imported snapshot too; the loopback door streams it.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header},
};
use http_body_util::BodyExt as _;
use serde::Serialize;
use tower::ServiceExt as _;

use crate::extract;

/// Header that carries the method.
pub const METHOD_HEADER: &str = "x-drydock-method";
/// Header that carries path and query.
pub const PATH_HEADER: &str = "x-drydock-path";
/// Header that carries the body's content type: the call's own says how the call is carried.
pub const CONTENT_TYPE_HEADER: &str = "x-drydock-content-type";

/// Why a request could not even be handed over: the caller does not speak this door's form.
#[derive(Debug, thiserror::Error)]
#[error("the request has no usable {0} header")]
pub struct MalformedCall(&'static str);

#[derive(Serialize)]
struct Head<'a> {
    status: u16,
    headers: std::collections::BTreeMap<&'a str, &'a str>,
}

/// Hands one request to the router and returns the framed answer.
///
/// # Errors
/// [`MalformedCall`] when method or path is missing or unusable; every other failure is an answer.
pub async fn call(router: Router, headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, MalformedCall> {
    let text = |name: &'static str| {
        headers.get(name).and_then(|value| value.to_str().ok()).ok_or(MalformedCall(name))
    };
    let method =
        Method::from_bytes(text(METHOD_HEADER)?.as_bytes()).map_err(|_| MalformedCall(METHOD_HEADER))?;
    let path = text(PATH_HEADER)?;
    let uri = path
        .parse::<Uri>()
        .ok()
        .filter(|uri| path.starts_with('/') && uri.host().is_none())
        .ok_or(MalformedCall(PATH_HEADER))?;

    let mut request = Request::new(Body::from(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    for name in extract::CLIENT_HEADERS {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(value) = headers.get(CONTENT_TYPE_HEADER) {
        request.headers_mut().insert(header::CONTENT_TYPE, value.clone());
    }
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };

    let (parts, body) = response.into_parts();
    let (status, body) = match body.collect().await {
        Ok(collected) => (parts.status, collected.to_bytes()),
        Err(error) => {
            tracing::error!(%error, "an answer broke off");
            (StatusCode::INTERNAL_SERVER_ERROR, bytes::Bytes::new())
        }
    };
    let head = Head {
        status: status.as_u16(),
        headers: parts
            .headers
            .iter()
            .filter_map(|(name, value): (_, &HeaderValue)| Some((name.as_str(), value.to_str().ok()?)))
            .collect(),
    };
    // A map of strings and a number always serialise.
    let mut framed = serde_json::to_vec(&head).unwrap_or_else(|_| br#"{"status":500,"headers":{}}"#.to_vec());
    framed.push(b'\n');
    framed.extend_from_slice(&body);
    Ok(framed)
}
