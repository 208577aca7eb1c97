//! One envelope for every error.
//!
//! Handlers return an [`ApiError`]; the outermost layer turns it, and every other answer with an error status,
//! into the envelope with the request's id. So an error that no handler made (no route, wrong method, panic)
//! looks the same.

use axum::{
    Json, Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use drydock_domain::ErrorCode;
use drydock_store::StoreError;
use serde::Serialize;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer};
use utoipa::ToSchema;
use uuid::Uuid;

/// Largest request body in bytes. The largest request there is, a sign-in, stays far below.
const BODY_LIMIT: usize = 64 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An error as every operation answers it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    /// Stable code, explained in docs/errors.md.
    #[schema(example = "auth.invalid_credentials")]
    code: &'static str,
    /// The HTTP status again.
    status: u16,
    /// A few words that name the error.
    title: &'static str,
    /// What happened and why.
    detail: String,
    /// What to do next.
    next_step: &'static str,
    /// What is wrong with which field; empty unless the code is request.invalid.
    fields: Vec<FieldError>,
    /// The same id as in the header x-request-id and in the log.
    request_id: String,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where, as a JSON pointer into the body, or the name of a parameter or header.
    #[schema(example = "/email")]
    pub(crate) path: String,
    /// What is wrong, for programs.
    #[schema(example = "required")]
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    pub(crate) message: String,
}

/// An error on its way to the envelope.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    detail: String,
    fields: Vec<FieldError>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), fields: Vec::new() }
    }

    pub(crate) fn invalid(fields: Vec<FieldError>) -> Self {
        let detail = fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join(" ");
        Self { code: ErrorCode::RequestInvalid, detail, fields }
    }

    pub(crate) fn invalid_field(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![FieldError { path: path.into(), code, message: message.into() }])
    }

    fn into_envelope(self, request_id: String) -> ErrorEnvelope {
        ErrorEnvelope {
            code: self.code.as_str(),
            status: self.code.status(),
            title: self.code.title(),
            detail: self.detail,
            next_step: self.code.next_step(),
            fields: self.fields,
            request_id,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let detail = match &error {
            StoreError::InvalidCredentials => {
                "The e-mail address or the password is wrong, or the account may not sign in.".to_owned()
            }
            StoreError::SessionExpired => "Your session has ended.".to_owned(),
            StoreError::ClientAccountNotFound => {
                "There is no such client account among those you may see.".to_owned()
            }
            StoreError::EngagementNotFound => {
                "There is no such engagement in this client account.".to_owned()
            }
            StoreError::InvalidText(_) => "A value holds a character that cannot be stored.".to_owned(),
            StoreError::Unavailable(_) => "The database does not answer, or not in time.".to_owned(),
            StoreError::DiskFull => "There is no room left to write to.".to_owned(),
            // The words of the database may quote values; they belong into the log.
            _ => "The request could not be finished.".to_owned(),
        };
        let code = error.code();
        if code.status() >= 500 {
            tracing::error!(code = code.as_str(), %error, "request failed");
        }
        Self::new(code, detail)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = status(self.code).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

fn status(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Adds the envelope, the request id, the body limit and the catching of panics to a router.
pub(crate) fn wrap(router: Router) -> Router {
    router
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(envelope))
}

/// Turns error answers into the envelope; also used outside the router, by a door that refuses a request.
pub(crate) async fn envelope(request: Request, next: Next) -> Response {
    let request_id = Uuid::new_v4().simple().to_string();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;

    // An envelope made further in, by the router behind a door, stays as it is.
    if response.headers().contains_key(REQUEST_ID) {
        return response;
    }
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let error = response
            .extensions_mut()
            .remove::<ApiError>()
            .unwrap_or_else(|| from_status(status, method.as_str(), &path));
        let allow = response.headers_mut().remove(axum::http::header::ALLOW);
        tracing::info!(%request_id, %method, path, code = error.code.as_str(), "answered with an error");
        response = (self::status(error.code), Json(error.into_envelope(request_id.clone()))).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(axum::http::header::ALLOW, allow);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn from_status(status: StatusCode, method: &str, path: &str) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => {
            ApiError::new(ErrorCode::RouteNotFound, format!("There is nothing at {path}."))
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(ErrorCode::MethodNotAllowed, format!("{path} does not take {method}."))
        }
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
            ErrorCode::RequestTooLarge,
            format!("A request may hold {BODY_LIMIT} bytes at most."),
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::new(ErrorCode::UnsupportedMediaType, "The body is not sent as JSON.")
        }
        other if other.is_client_error() => {
            ApiError::new(ErrorCode::RequestMalformed, "The request cannot be understood.")
        }
        _ => ApiError::new(ErrorCode::Internal, "The request could not be finished."),
    }
}

/// The refusal of a door, as a complete answer once it has passed [`envelope`].
pub(crate) fn refuse(code: ErrorCode, detail: impl Into<String>) -> Response<Body> {
    ApiError::new(code, detail).into_response()
}
