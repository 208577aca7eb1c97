//! Asking for an account.

use axum::{Json, extract::State};
use drydock_domain::{
    AccessLevel, ClientAccountId, EngagementId,
    account::{self, Objection},
    field,
};
use drydock_store::registration::{Registration as Wanted, Standing};
use serde_json::{Map, Value};

use crate::{
    ApiState,
    dto::users::{Registered, Registration, RegistrationStatus},
    envelope::{ApiError, ErrorEnvelope},
    extract::{JsonBody, PathId, RequestOrigin},
    form::{self, Fields},
};

/// Kinds of message that one may have a preference about.
const PREFERENCES_LIMIT: usize = 20;

/// Ask for an account
///
/// A platform administrator approves or rejects it. The answer is the same whether or not the address has an account.
#[utoipa::path(
    post, path = "/api/v1/auth/register", operation_id = "register", tag = "registration",
    request_body = Registration,
    responses(
        (status = OK, body = Registered),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
        (status = TOO_MANY_REQUESTS, body = ErrorEnvelope),
    )
)]
pub(crate) async fn register(
    State(state): State<ApiState>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(wanted): JsonBody<Registration>,
) -> Result<Json<Registered>, ApiError> {
    let store = state.store()?;
    let registration = checked(&wanted)?;
    let user_profile_id = store.register(&registration, &wanted.password, &origin).await?;
    Ok(Json(Registered {
        status: "success",
        message: "Your registration was received. You can sign in once an administrator has approved it.",
        user_profile_id,
        approval_status: "pending",
    }))
}

fn checked(wanted: &Registration) -> Result<Wanted, ApiError> {
    let mut fields = Fields::default();
    let full_name = fields.check("/full_name", field::filled_line(&wanted.full_name, 1, 200));
    let (first_name, last_name) = full_name.split_once(' ').unwrap_or((&full_name, ""));
    for part in [first_name, last_name] {
        let _: String = fields.check("/full_name", account::name(part));
    }
    let words = [wanted.email.as_str(), &full_name, wanted.organization.as_deref().unwrap_or_default()];
    fields.check("/password", account::new_password(&wanted.password, &words));
    let requested = wanted.requested_access_level.as_deref().unwrap_or("read_only");
    let preferences = wanted.notification_preferences.as_ref().map(|preferences| {
        let kinds = preferences.len() <= PREFERENCES_LIMIT
            && preferences.keys().all(|kind| field::filled_line(kind, 1, 50).is_ok());
        let message = "These are at most 20 kinds of message of at most 50 characters each.";
        let checked = if kinds { Ok(()) } else { Err(Objection::new("too_long", message)) };
        fields.check("/notification_preferences", checked);
        preferences.iter().map(|(kind, on)| (kind.clone(), Value::Bool(*on))).collect::<Map<_, _>>()
    });
    let registration = Wanted {
        email: fields.check("/email", account::email(&wanted.email)),
        first_name: first_name.to_owned(),
        last_name: last_name.trim().to_owned(),
        organization: fields.optional_line("/organization", wanted.organization.as_deref(), 255),
        role_description: fields
            .check("/role_description", field::filled_line(&wanted.role_description, 5, 255)),
        reason: fields
            .check("/registration_reason", field::filled_paragraph(&wanted.registration_reason, 10, 2000)),
        requested_access_level: fields.check_or(
            "/requested_access_level",
            form::level(requested),
            AccessLevel::ReadOnly,
        ),
        phone_number: fields.optional_line("/phone_number", wanted.phone_number.as_deref(), 20),
        manager_email: fields.optional_email("/manager_email", wanted.manager_email.as_deref()),
        linkedin_profile: fields.optional_line("/linkedin_profile", wanted.linkedin_profile.as_deref(), 255),
        notification_preferences: preferences,
        client_account: wanted.default_client_account_id.map(ClientAccountId),
        engagement: wanted.default_engagement_id.map(EngagementId),
    };
    fields.done()?;
    Ok(registration)
}

/// Where a registration stands
///
/// Only who registered knows the id. One that is no registration's answers as if nobody had decided yet.
#[utoipa::path(
    get, path = "/api/v1/auth/registration-status/{id}", operation_id = "registration_status", tag = "registration",
    params(("id" = Uuid, Path, description = "The user_profile_id of the registration")),
    responses((status = OK, body = RegistrationStatus), (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope))
)]
pub(crate) async fn status(
    State(state): State<ApiState>,
    PathId(id): PathId,
) -> Result<Json<RegistrationStatus>, ApiError> {
    let (approval_status, rejection_reason) = match state.store()?.registration_standing(id).await? {
        Standing::Pending => ("pending", None),
        Standing::Approved => ("approved", None),
        Standing::Rejected(reason) => ("rejected", reason),
    };
    Ok(Json(RegistrationStatus { status: "success", approval_status, rejection_reason }))
}
