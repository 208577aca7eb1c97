//! Sign-in and session.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use drydock_store::seed;

use crate::{
    ApiState, Profile,
    dto::{Credentials, DemoAccounts, Me, SessionTimes, SignedIn, Token},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, Session},
};

/// Longest e-mail address in bytes (RFC 5321, 4.5.3.1.3: 256 with its angle brackets).
const EMAIL_LIMIT: usize = 254;
/// Longest password in bytes; none is cut off.
const PASSWORD_LIMIT: usize = 1024;
/// What is kept of a user agent, in characters.
const USER_AGENT_LIMIT: usize = 200;

/// The seeded accounts, in the demo profile
#[utoipa::path(
    get, path = "/api/v1/demo/accounts", tag = "auth",
    responses((status = OK, body = DemoAccounts), (status = SERVICE_UNAVAILABLE, body = ErrorEnvelope))
)]
pub(crate) async fn demo_accounts(State(state): State<ApiState>) -> Result<Json<DemoAccounts>, ApiError> {
    let accounts = match state.profile {
        Profile::Demo => seed::demo_accounts(state.store()?).await?,
    };
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
    headers: HeaderMap,
    JsonBody(credentials): JsonBody<Credentials>,
) -> Result<Json<SignedIn>, ApiError> {
    let store = state.store()?;
    validate(&credentials)?;
    let user_agent: Option<String> = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.chars().take(USER_AGENT_LIMIT).collect());
    let (user, session) =
        store.sign_in(&credentials.email, &credentials.password, user_agent.as_deref()).await?;
    Ok(Json(SignedIn {
        status: "success",
        message: format!("Signed in as {}.", user.full_name),
        user: user.into(),
        token: Token { access_token: session.token, token_type: "bearer", expires_at: session.expires_at },
    }))
}

fn validate(credentials: &Credentials) -> Result<(), ApiError> {
    let mut fields = Vec::new();
    let mut check = |path: &str, name: &str, value: &str, limit: usize| {
        let problem = if value.trim().is_empty() {
            Some(("required", format!("{name} is empty.")))
        } else if value.len() > limit {
            Some(("too_long", format!("{name} is longer than {limit} bytes.")))
        } else if value.contains('\0') {
            Some(("character", format!("{name} holds a NUL character.")))
        } else {
            None
        };
        if let Some((code, message)) = problem {
            fields.push(FieldError { path: path.to_owned(), code, message });
        }
    };
    check("/email", "The e-mail address", &credentials.email, EMAIL_LIMIT);
    check("/password", "The password", &credentials.password, PASSWORD_LIMIT);
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
    Ok(Json(Me {
        user: user.into(),
        session: SessionTimes {
            created_at: session.session.created_at(),
            expires_at: session.session.expires_at(),
        },
    }))
}
