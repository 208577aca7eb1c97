//! Changing one's password.

use axum::Json;
use drydock_domain::account::{self, Objection};
use drydock_store::StoreError;

use crate::{
    dto::accounts::{PasswordChange, PasswordChanged},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{JsonBody, Session},
};

/// Change one's password
///
/// Ends every session of the user and answers with the token of a new one.
#[utoipa::path(
    post, path = "/api/v1/auth/change-password", tag = "auth", request_body = PasswordChange,
    security(("session" = [])),
    responses(
        (status = OK, body = PasswordChanged),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn change(
    session: Session,
    JsonBody(wanted): JsonBody<PasswordChange>,
) -> Result<Json<PasswordChanged>, ApiError> {
    let Session { store, session } = session;
    let user = store.session_user(&session).await?;
    check(&wanted, &[&user.email, &user.full_name])?;
    let PasswordChange { current_password, new_password } = wanted;
    match store.change_password(&session, &current_password, &new_password).await {
        Ok(renewed) => Ok(Json(PasswordChanged { token: renewed.into() })),
        Err(StoreError::WrongPassword) => {
            Err(ApiError::invalid_field("/current_password", "wrong", "This is not your current password."))
        }
        Err(error) => Err(error.into()),
    }
}

fn check(wanted: &PasswordChange, words: &[&str]) -> Result<(), ApiError> {
    let current = account::password_form(&wanted.current_password);
    let new = account::new_password(&wanted.new_password, words).and_then(|()| {
        if wanted.new_password == wanted.current_password {
            return Err(Objection::new("unchanged", "The new password is the current one. Choose another."));
        }
        Ok(())
    });
    let fields: Vec<FieldError> = [("/current_password", current), ("/new_password", new)]
        .into_iter()
        .filter_map(|(path, checked)| Some(FieldError::new(path, checked.err()?)))
        .collect();
    if fields.is_empty() { Ok(()) } else { Err(ApiError::invalid(fields)) }
}
