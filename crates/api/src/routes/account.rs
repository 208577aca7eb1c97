//! One's own account: profile and sessions.

use axum::{Json, http::StatusCode};
use drydock_domain::{
    account::{self, Objection},
    field::line,
};
use drydock_store::profile::{Notifications, Profile};

use crate::{
    dto::account::{OwnProfile, OwnSession, OwnSessions},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, PathId, Session},
};

/// Longest organisation or role description in characters.
const LINE_LIMIT: usize = 255;
/// Longest telephone number in characters.
const PHONE_LIMIT: usize = 20;

/// One's own profile
#[utoipa::path(
    get, path = "/api/v1/auth/profile", operation_id = "own_profile", tag = "account", security(("session" = [])),
    responses((status = OK, body = OwnProfile), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn profile(Session { store, session }: Session) -> Result<Json<OwnProfile>, ApiError> {
    let email = session.actor().email.clone().unwrap_or_default();
    Ok(Json(OwnProfile::new(store.profile(&session).await?, email)))
}

/// Change one's own profile
#[utoipa::path(
    put, path = "/api/v1/auth/profile", operation_id = "put_own_profile", tag = "account",
    security(("session" = [])), request_body = crate::dto::account::ProfileChange,
    responses(
        (status = OK, body = OwnProfile),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn change_profile(
    Session { store, session }: Session,
    JsonBody(wanted): JsonBody<crate::dto::account::ProfileChange>,
) -> Result<Json<OwnProfile>, ApiError> {
    let mut fields = Vec::new();
    let mut note = |path: &str, checked: Result<String, Objection>| {
        checked.unwrap_or_else(|objection| {
            fields.push(FieldError::new(path, objection));
            String::new()
        })
    };
    let first_name = account::name(&wanted.first_name).and_then(|name| {
        if name.is_empty() { Err(Objection::new("required", "The first name is empty.")) } else { Ok(name) }
    });
    let manager = wanted.manager_email.trim();
    let manager = if manager.is_empty() { Ok(String::new()) } else { account::email(manager) };
    let wanted = Profile {
        first_name: note("/first_name", first_name),
        last_name: note("/last_name", account::name(&wanted.last_name)),
        organization: note("/organization", line(&wanted.organization, LINE_LIMIT)),
        role_description: note("/role_description", line(&wanted.role_description, LINE_LIMIT)),
        phone_number: note("/phone_number", line(&wanted.phone_number, PHONE_LIMIT)),
        manager_email: note("/manager_email", manager),
        notifications: Notifications {
            email: wanted.notifications.email,
            system_alerts: wanted.notifications.system_alerts,
            learning_updates: wanted.notifications.learning_updates,
            weekly_reports: wanted.notifications.weekly_reports,
        },
    };
    if !fields.is_empty() {
        return Err(ApiError::invalid(fields));
    }
    let email = session.actor().email.clone().unwrap_or_default();
    Ok(Json(OwnProfile::new(store.change_profile(&session, &wanted).await?, email)))
}

/// Where one is signed in
#[utoipa::path(
    get, path = "/api/v1/auth/sessions", operation_id = "own_sessions", tag = "account", security(("session" = [])),
    responses((status = OK, body = OwnSessions), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn sessions(Session { store, session }: Session) -> Result<Json<OwnSessions>, ApiError> {
    let sessions = store.sessions(&session).await?;
    Ok(Json(OwnSessions { sessions: sessions.into_iter().map(OwnSession::from).collect() }))
}

/// End one of one's sessions
#[utoipa::path(
    delete, path = "/api/v1/auth/sessions/{id}", operation_id = "end_own_session", tag = "account",
    security(("session" = [])), params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn end_session(
    Session { store, session }: Session,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    store.end_own_session(&session, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out everywhere
///
/// Ends every session of the user, the one that asks among them.
#[utoipa::path(
    post, path = "/api/v1/auth/logout-everywhere", operation_id = "logout_everywhere", tag = "account",
    security(("session" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn logout_everywhere(Session { store, session }: Session) -> Result<StatusCode, ApiError> {
    store.end_own_sessions(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}
