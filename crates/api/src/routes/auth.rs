//! Sign-in and session.

use axum::{Json, extract::State, http::StatusCode};
use drydock_domain::{
    Access, Scope,
    account::{EMAIL_LIMIT, Objection, password_form},
};
use drydock_store::seed;

use crate::{
    ApiState,
    dto::{Credentials, DemoAccounts, Me, SessionTimes, SignedIn, permissions},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, OnThisMachine, RequestOrigin, Session},
};

/// The seeded accounts whose password nobody has changed
#[utoipa::path(
    get, path = "/api/v1/demo/accounts", tag = "auth",
    responses(
        (status = OK, body = DemoAccounts),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = SERVICE_UNAVAILABLE, body = ErrorEnvelope),
    )
)]
pub(crate) async fn demo_accounts(
    State(state): State<ApiState>,
    _: OnThisMachine,
) -> Result<Json<DemoAccounts>, ApiError> {
    let accounts = seed::demo_accounts(state.store()?).await?;
    Ok(Json(DemoAccounts { accounts: accounts.into_iter().map(Into::into).collect() }))
}

/// Sign in
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth", request_body = Credentials,
    responses(
        (status = OK, body = SignedIn),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn login(
    State(state): State<ApiState>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(credentials): JsonBody<Credentials>,
) -> Result<Json<SignedIn>, ApiError> {
    let store = state.store()?;
    validate(&credentials)?;
    let (user, session) = store.sign_in(&credentials.email, &credentials.password, &origin).await?;
    Ok(Json(SignedIn::new(user, session)))
}

fn validate(credentials: &Credentials) -> Result<(), ApiError> {
    let email = credentials.email.as_str();
    let email = if email.trim().is_empty() {
        Err(Objection::new("required", "The e-mail address is empty."))
    } else if email.len() > EMAIL_LIMIT {
        Err(Objection::new("too_long", format!("The e-mail address is longer than {EMAIL_LIMIT} bytes.")))
    } else if email.contains('\0') {
        Err(Objection::new("character", "The e-mail address holds a NUL character."))
    } else {
        Ok(())
    };
    let fields: Vec<FieldError> = [("/email", email), ("/password", password_form(&credentials.password))]
        .into_iter()
        .filter_map(|(path, checked)| Some(FieldError::new(path, checked.err()?)))
        .collect();
    if fields.is_empty() { Ok(()) } else { Err(ApiError::invalid(fields)) }
}

/// End the session
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "auth", security(("session" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn logout(session: Session) -> Result<StatusCode, ApiError> {
    session.store.end_session(&session.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in
#[utoipa::path(
    get, path = "/api/v1/auth/me", tag = "auth", security(("session" = [])),
    responses((status = OK, body = Me), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn me(session: Session) -> Result<Json<Me>, ApiError> {
    let user = session.store.session_user(&session.session).await?;
    let administers = session.store.is_platform_administrator(&session.session).await?;
    let permissions = if administers { permissions(Access::EVERYWHERE, Scope::Platform) } else { Vec::new() };
    Ok(Json(Me {
        user: user.into(),
        permissions,
        session: SessionTimes {
            created_at: session.session.created_at(),
            expires_at: session.session.expires_at(),
        },
    }))
}
