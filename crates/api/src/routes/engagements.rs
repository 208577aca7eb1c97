//! Administration of engagements.

use axum::{Json, http::StatusCode};
use drydock_domain::{EngagementId, Permission, account::Objection, field};
use drydock_store::{
    TenantTx,
    engagements::{self as rows, CLOSED, Facts},
};

use crate::{
    dto::{
        Engagement, Engagements,
        clients::{Closing, EngagementChange, NewEngagement, Reopening},
    },
    envelope::{ApiError, ErrorEnvelope, made},
    extract::{Chosen, JsonBody, PathId, needs},
    form::{self, Fields},
};

/// What an engagement can be that is not closed.
const OPEN: [&str; 3] = ["planning", "active", "on_hold"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// The engagements of the chosen client account, closed ones too
#[utoipa::path(
    get, path = "/api/v1/admin/engagements", operation_id = "admin_engagements", tag = "engagements",
    security(("session" = [])),
    params(("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's")),
    responses(
        (status = OK, body = Engagements),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(chosen: Chosen<needs::ClientView>) -> Result<Json<Engagements>, ApiError> {
    let Chosen { mut tx, .. } = chosen;
    let engagements = rows::list(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(Engagements { engagements: engagements.into_iter().map(Into::into).collect() }))
}

/// One engagement of the chosen client account
#[utoipa::path(
    get, path = "/api/v1/admin/engagements/{id}", operation_id = "admin_engagement", tag = "engagements",
    security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The engagement"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
    ),
    responses(
        (status = OK, body = Engagement),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn details(
    chosen: Chosen<needs::ClientView>,
    PathId(id): PathId,
) -> Result<Json<Engagement>, ApiError> {
    let (mut tx, id) = open(chosen, id, Permission::EngagementView).await?;
    let engagement = rows::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(engagement.into()))
}

/// Begin an engagement in the chosen client account
#[utoipa::path(
    post, path = "/api/v1/admin/engagements", operation_id = "create_engagement", tag = "engagements",
    security(("session" = [])), request_body = NewEngagement,
    params(("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's")),
    responses(
        (status = CREATED, body = Engagement),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn create(
    chosen: Chosen<needs::EngagementCreate>,
    JsonBody(wanted): JsonBody<NewEngagement>,
) -> Result<(StatusCode, Json<Engagement>), ApiError> {
    let facts = checked(&wanted, &OPEN)?;
    let made = rows::create(chosen.tx, &facts).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Change what is known of an engagement
#[utoipa::path(
    put, path = "/api/v1/admin/engagements/{id}", operation_id = "update_engagement", tag = "engagements",
    security(("session" = [])), request_body = EngagementChange,
    params(
        ("id" = Uuid, Path, description = "The engagement"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
    ),
    responses(
        (status = OK, body = Engagement),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn update(
    chosen: Chosen<needs::ClientView>,
    PathId(id): PathId,
    JsonBody(change): JsonBody<EngagementChange>,
) -> Result<Json<Engagement>, ApiError> {
    let (mut tx, id) = open(chosen, id, Permission::EngagementEdit).await?;
    let before = rows::get(&mut tx, id).await?;
    // One that is closed stays so until it is opened again.
    let closed = CLOSED.iter().copied().find(|status| *status == before.status);
    if closed.is_some_and(|closed| change.status.as_deref().is_some_and(|status| status != closed)) {
        let message = "The engagement is closed. Open it again to give it another status.";
        return Err(ApiError::invalid_field("/status", "closed", message));
    }
    let version = change.version;
    let wanted = NewEngagement {
        name: change.name.unwrap_or(before.name),
        slug: change.slug.or(Some(before.slug)),
        description: change.description.unwrap_or(before.description),
        engagement_type: change.engagement_type.or(Some(before.engagement_type)),
        status: change.status.or(Some(before.status)),
        priority: change.priority.or(Some(before.priority)),
        start_date: change.start_date.map_or(before.start_date, |date| date.map(|date| date.0)),
        target_completion_date: change
            .target_completion_date
            .map_or(before.target_completion_date, |date| date.map(|date| date.0)),
        client_contact_name: change.client_contact_name.unwrap_or(before.client_contact_name),
        client_contact_email: change.client_contact_email.unwrap_or(before.client_contact_email),
    };
    let facts = match closed {
        Some(closed) => checked(&wanted, &[closed])?,
        None => checked(&wanted, &OPEN)?,
    };
    made(rows::update(tx, id, version, &facts).await?)
}

/// Close an engagement
#[utoipa::path(
    post, path = "/api/v1/admin/engagements/{id}/close", operation_id = "close_engagement", tag = "engagements",
    security(("session" = [])), request_body = Closing,
    params(
        ("id" = Uuid, Path, description = "The engagement"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
    ),
    responses(
        (status = OK, body = Engagement),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn close(
    chosen: Chosen<needs::ClientView>,
    PathId(id): PathId,
    JsonBody(closing): JsonBody<Closing>,
) -> Result<Json<Engagement>, ApiError> {
    let (tx, id) = open(chosen, id, Permission::EngagementClose).await?;
    let mut fields = Fields::default();
    let status = fields.check("/status", form::one_of(&closing.status, &CLOSED));
    fields.done()?;
    made(rows::set_status(tx, id, closing.version, status).await?)
}

/// Open a closed engagement again
#[utoipa::path(
    post, path = "/api/v1/admin/engagements/{id}/reopen", operation_id = "reopen_engagement", tag = "engagements",
    security(("session" = [])), request_body = Reopening,
    params(
        ("id" = Uuid, Path, description = "The engagement"),
        ("X-Client-Account-ID" = Uuid, Header, description = "The client account; must be among the caller's"),
    ),
    responses(
        (status = OK, body = Engagement),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn reopen(
    chosen: Chosen<needs::ClientView>,
    PathId(id): PathId,
    JsonBody(reopening): JsonBody<Reopening>,
) -> Result<Json<Engagement>, ApiError> {
    let (tx, id) = open(chosen, id, Permission::EngagementClose).await?;
    made(rows::set_status(tx, id, reopening.version, "active").await?)
}

/// The transaction, once the caller has `permission` in the engagement.
async fn open<P>(
    chosen: Chosen<P>,
    id: uuid::Uuid,
    permission: Permission,
) -> Result<(TenantTx, EngagementId), ApiError> {
    let mut tx = chosen.tx;
    let opened = rows::open(&mut tx, EngagementId(id)).await?;
    tx.require(permission).await?;
    Ok((tx, opened.id))
}

fn checked(wanted: &NewEngagement, statuses: &[&'static str]) -> Result<Facts, ApiError> {
    let mut fields = Fields::default();
    let name = fields.check("/name", field::filled_line(&wanted.name, 1, 255));
    let kind = wanted.engagement_type.as_deref().unwrap_or("migration");
    let status = wanted.status.as_deref().unwrap_or("planning");
    let priority = wanted.priority.as_deref().unwrap_or("medium");
    if let (Some(start), Some(end)) = (wanted.start_date, wanted.target_completion_date)
        && end < start
    {
        let objection = Objection::new("order", "This lies before the start.");
        fields.check("/target_completion_date", Err::<(), _>(objection));
    }
    let facts = Facts {
        slug: fields.check("/slug", super::clients::short_name(wanted.slug.as_deref(), &name)),
        name,
        description: fields.optional_text("/description", wanted.description.as_deref(), 2000),
        engagement_type: fields.check("/engagement_type", snake_case(kind)),
        status: fields.check("/status", form::one_of(status, statuses)).to_owned(),
        priority: fields.check("/priority", form::one_of(priority, &PRIORITIES)).to_owned(),
        start_date: wanted.start_date,
        target_completion_date: wanted.target_completion_date,
        client_contact_name: fields.optional_line(
            "/client_contact_name",
            wanted.client_contact_name.as_deref(),
            255,
        ),
        client_contact_email: fields
            .optional_email("/client_contact_email", wanted.client_contact_email.as_deref()),
    };
    fields.done()?;
    Ok(facts)
}

fn snake_case(given: &str) -> Result<String, Objection> {
    let word = field::filled_line(given, 1, 50)?;
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(inner) {
        return Ok(word);
    }
    Err(Objection::new(
        "form",
        "This has lower case letters, digits and underscores, such as cloud_migration.",
    ))
}
