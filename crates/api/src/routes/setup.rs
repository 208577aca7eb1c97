//! The first account of a database that was seeded with none.

use axum::{Json, extract::State};
use drydock_domain::account::{self, Objection};
use drydock_store::accounts::Person;

use crate::{
    ApiState,
    dto::{
        SignedIn,
        accounts::{FirstAccount, Setup},
    },
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, OnThisMachine, RequestOrigin},
};

/// Whether the first account is to be set up
#[utoipa::path(
    get, path = "/api/v1/setup", tag = "auth",
    responses((status = OK, body = Setup), (status = SERVICE_UNAVAILABLE, body = ErrorEnvelope))
)]
pub(crate) async fn required(State(state): State<ApiState>) -> Result<Json<Setup>, ApiError> {
    Ok(Json(Setup { required: state.store()?.needs_first_account().await? }))
}

/// Set up the first account
///
/// Makes a platform administrator and signs them in, as long as there is no user at all. From this machine only.
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "auth", request_body = FirstAccount,
    responses(
        (status = OK, body = SignedIn),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn set_up(
    State(state): State<ApiState>,
    _: OnThisMachine,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(wanted): JsonBody<FirstAccount>,
) -> Result<Json<SignedIn>, ApiError> {
    let store = state.store()?;
    let person = checked(&wanted)?;
    let (user, session) = store.create_first_account(&person, &wanted.password, &origin).await?;
    Ok(Json(SignedIn::new(user, session)))
}

/// Every field, so that one answer names all that is wrong.
fn checked(wanted: &FirstAccount) -> Result<Person, ApiError> {
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
    let person = Person {
        first_name: note("/first_name", first_name),
        last_name: note("/last_name", account::name(&wanted.last_name)),
        email: note("/email", account::email(&wanted.email)),
    };
    let words = [wanted.email.as_str(), &wanted.first_name, &wanted.last_name];
    if let Err(objection) = account::new_password(&wanted.password, &words) {
        fields.push(FieldError::new("/password", objection));
    }
    if fields.is_empty() { Ok(person) } else { Err(ApiError::invalid(fields)) }
}
