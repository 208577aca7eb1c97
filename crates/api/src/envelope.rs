//! One envelope for every error.
//!
//! Handlers return an [`ApiError`]; the outermost layer turns it, and every other answer with an error status,
//! into the envelope with the request's id. So an error that no handler made (no route, wrong method, panic)
//! looks the same.

use axum::{
    Json, Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use drydock_domain::{Access, ErrorCode, account::Objection};
use drydock_store::{
    StoreError,
    access::{Adviser, Denied},
    version::Change,
};
use serde::Serialize;
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::maintenance::Problem;

/// Largest request body in bytes where nothing else is said. The largest such request stays far below.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// After how many seconds to ask again where the platform or its database is not there for a moment.
const SOON: u64 = 2;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, for whoever handles it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// An error as every operation answers it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    /// Stable code, explained in docs/errors.md.
    #[schema(example = "auth.invalid_credentials")]
    code: String,
    /// The HTTP status again.
    status: u16,
    /// A few words that name the error.
    title: String,
    /// What happened and why.
    detail: String,
    /// What to do next.
    next_step: String,
    /// What is wrong with which field; empty unless the code is request.invalid.
    fields: Vec<FieldError>,
    /// What was to be changed as it stands now, in the form in which it is read; null unless the code is conflict.stale.
    #[schema(value_type = Option<Object>)]
    current: Option<Value>,
    /// After how many seconds it may be tried again, as in the header retry-after; left out where waiting does not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
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

impl FieldError {
    pub(crate) fn new(path: &str, objection: Objection) -> Self {
        Self { path: path.to_owned(), code: objection.code, message: objection.message.into_owned() }
    }
}

/// An error on its way to the envelope.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    problem: Box<Problem>,
    fields: Vec<FieldError>,
    current: Option<Box<Value>>,
    /// After how many seconds it may be tried again.
    retry_after: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let problem = Problem { cause: detail.into(), ..Problem::from(code) };
        let retry_after = (code.status() == 503).then_some(SOON);
        Self { problem: Box::new(problem), fields: Vec::new(), current: None, retry_after }
    }

    /// The refusal of a change that began from an older version than `current`, which is told along.
    pub(crate) fn stale(current: &impl Serialize) -> Self {
        let detail = "Since you have read it, somebody has changed it. Nothing of your change was kept.";
        match serde_json::to_value(current) {
            Ok(value) => {
                Self { current: Some(Box::new(value)), ..Self::new(ErrorCode::ConflictStale, detail) }
            }
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                Self::new(ErrorCode::Internal, "The request could not be finished.")
            }
        }
    }

    pub(crate) fn invalid(fields: Vec<FieldError>) -> Self {
        let detail = fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join(" ");
        Self { fields, ..Self::new(ErrorCode::RequestInvalid, detail) }
    }

    pub(crate) fn invalid_field(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![FieldError { path: path.into(), code, message: message.into() }])
    }

    /// The same with another next step than its code's.
    pub(crate) fn with_next_step(mut self, next_step: &str) -> Self {
        next_step.clone_into(&mut self.problem.next_step);
        self
    }

    pub(crate) fn code(&self) -> &str {
        &self.problem.code
    }

    /// Its code and what happened, for a place that has no envelope.
    pub(crate) fn code_and_detail(self) -> (String, String) {
        let Problem { code, cause, .. } = *self.problem;
        (code, cause)
    }

    fn status(&self) -> u16 {
        status_of(&self.problem.code)
    }

    fn into_envelope(self, request_id: String) -> ErrorEnvelope {
        let status = self.status();
        let Problem { code, what, cause, next_step } = *self.problem;
        ErrorEnvelope {
            code,
            status,
            title: what.trim_end_matches('.').to_owned(),
            detail: cause,
            next_step,
            fields: self.fields,
            current: self.current.map(|current| *current),
            retry_after: self.retry_after,
            request_id,
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        let error = Self { problem: Box::new(problem), fields: Vec::new(), current: None, retry_after: None };
        if error.status() >= 500 {
            let Problem { code, what, cause, .. } = &*error.problem;
            tracing::error!(code, what, cause, "request failed");
        }
        error
    }
}

/// The HTTP status of a code that may be another crate's.
fn status_of(code: &str) -> u16 {
    if let Some(known) = ErrorCode::ALL.iter().find(|known| known.as_str() == code) {
        return known.status();
    }
    match code {
        "snapshot.not_found" => 404,
        "snapshot.cancelled" | "snapshot.file_exists" => 409,
        "snapshot.damaged" | "snapshot.unsupported" | "snapshot.name_invalid" | "snapshot.restore_failed" => {
            422
        }
        _ => 500,
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let error = match error {
            StoreError::Denied(denied) => return denied.as_ref().into(),
            StoreError::Invalid { path, code, message } => return Self::invalid_field(path, code, message),
            StoreError::AssetStale(asset) => return Self::stale(&crate::dto::assets::Asset::from(*asset)),
            StoreError::AssetTaken(column) => {
                let path = format!("/set/{}", column.name());
                let message = "Another asset of this type in the engagement has the same.";
                return Self::invalid_field(path, "taken", message);
            }
            StoreError::InvalidKey => {
                let message = "cursor is not one that a page before, in this order, has given out.";
                return Self::invalid_field("cursor", "cursor", message);
            }
            StoreError::ViewNameTaken => {
                return Self::invalid_field("/name", "taken", "You keep another view under this name.");
            }
            StoreError::ViewsFull => {
                let message = "You keep as many views of this table as there may be. Delete one first.";
                return Self::invalid_field("/name", "too_many", message);
            }
            other => other,
        };
        let detail = match &error {
            StoreError::UserNotFound => "There is no such user among those you may see.".to_owned(),
            StoreError::InvalidCredentials => {
                "The e-mail address or the password is wrong, or the account may not sign in.".to_owned()
            }
            StoreError::Throttled(wait) => format!(
                "Sign-in failed too often with this address. The next attempt is looked at in {} s.",
                wait.as_secs()
            ),
            StoreError::TooManyRegistrations(wait) => {
                format!(
                    "Many have asked for an account within the last hour. The next is looked at in {} s.",
                    wait.as_secs()
                )
            }
            StoreError::EngagementClosed => {
                "The engagement is closed, so what is in it stays as it is.".to_owned()
            }
            StoreError::SessionNotFound => "You have no such session, or it has ended.".to_owned(),
            StoreError::SessionExpired => "Your session has ended.".to_owned(),
            StoreError::AlreadySetUp => "Somebody has set up the first account already.".to_owned(),
            StoreError::WrongPassword => "The current password is wrong.".to_owned(),
            StoreError::ClientAccountNotFound => {
                "There is no such client account among those you may see.".to_owned()
            }
            StoreError::EngagementNotFound => {
                "There is no such engagement in this client account.".to_owned()
            }
            StoreError::AssetNotFound => "There is no such asset in this engagement.".to_owned(),
            StoreError::AssetInUse => "Something that would stay refers to the asset.".to_owned(),
            StoreError::ChangeNotFound => "There is no such change in this engagement.".to_owned(),
            StoreError::AlreadyUndone => "Somebody has taken the change back before.".to_owned(),
            StoreError::ViewNotFound => "You keep no such view in this engagement.".to_owned(),
            StoreError::InvalidText(_) => "A value holds a character that cannot be stored.".to_owned(),
            StoreError::Unavailable(_) => {
                "The database does not answer, not in time, or had to give way to another change.".to_owned()
            }
            StoreError::DiskFull => "There is no room left to write to.".to_owned(),
            // The words of the database may quote values; they belong into the log.
            _ => "The request could not be finished.".to_owned(),
        };
        let code = error.code();
        if code.status() >= 500 {
            tracing::error!(code = code.as_str(), %error, "request failed");
        }
        let wait = match &error {
            StoreError::Throttled(wait) | StoreError::TooManyRegistrations(wait) => Some(wait.as_secs()),
            _ => None,
        };
        let answer = Self::new(code, detail);
        Self { retry_after: wait.or(answer.retry_after), ..answer }
    }
}

impl From<&Denied> for ApiError {
    fn from(denied: &Denied) -> Self {
        let permission = denied.permission;
        let has = denied.access.map_or_else(
            || "Only a platform administrator has it.".to_owned(),
            |Access { role, level }| format!("Here your role is {role} and your access level {level}."),
        );
        let detail =
            format!("This takes the permission {}: {} {has}", permission.as_str(), permission.sentence());
        let error = Self::new(ErrorCode::PermissionDenied, detail);
        let ask: Vec<String> = denied
            .ask
            .iter()
            .map(|Adviser { name, email, role }| format!("{name} ({}, {email})", role.title().to_lowercase()))
            .collect();
        if ask.is_empty() { error } else { error.with_next_step(&format!("Ask {}.", ask.join(" or "))) }
    }
}

/// What came of a change, as an answer of the form in which the thing is read.
pub(crate) fn made<T, D: From<T> + Serialize>(change: Change<T>) -> Result<Json<D>, ApiError> {
    match change {
        Change::Made(now) => Ok(Json(now.into())),
        Change::Stale(now) => Err(ApiError::stale(&D::from(now))),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = http_status(self.status()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

fn http_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Adds the envelope, the request id and the catching of panics to a router.
pub(crate) fn wrap(router: Router) -> Router {
    router.layer(CatchPanicLayer::new()).layer(middleware::from_fn(envelope))
}

/// Turns error answers into the envelope; also used outside the router, by a door that refuses a request.
pub(crate) async fn envelope(mut request: Request, next: Next) -> Response {
    let request_id = Uuid::new_v4().simple().to_string();
    request.extensions_mut().insert(RequestId(request_id.clone()));
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
        tracing::info!(%request_id, %method, path, code = error.problem.code, "answered with an error");
        let retry_after = error.retry_after;
        response =
            (http_status(error.status()), Json(error.into_envelope(request_id.clone()))).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
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
