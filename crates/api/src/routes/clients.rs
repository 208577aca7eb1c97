//! Administration of client accounts.

use axum::{Json, http::StatusCode};
use drydock_domain::{ClientAccountId, Permission, account::Objection, field};
use drydock_store::client_accounts::{self as rows, Facts};

use crate::{
    dto::clients::{
        Archival, ClientAccountChange, ClientAccountDetails, ClientAccountList, ClientAccountQuery,
        NewClientAccount,
    },
    envelope::{ApiError, ErrorEnvelope, made},
    extract::{Administrator, JsonBody, PathId, QueryOf, Session, needs},
    form::{self, Fields},
};

/// The client accounts one may see, with all that is known of them
#[utoipa::path(
    get, path = "/api/v1/admin/clients", operation_id = "admin_clients", tag = "client accounts",
    security(("session" = [])), params(ClientAccountQuery),
    responses(
        (status = OK, body = ClientAccountList),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(
    session: Session,
    QueryOf(query): QueryOf<ClientAccountQuery>,
) -> Result<Json<ClientAccountList>, ApiError> {
    let mut fields = Fields::default();
    let status = query.status.as_deref().filter(|status| !status.is_empty()).unwrap_or("active");
    let status = fields.check("status", form::one_of(status, &["active", "archived"]));
    fields.done()?;
    let Session { store, session } = session;
    let accounts = if status == "active" {
        let mut accounts = Vec::new();
        for account in store.client_accounts(&session).await? {
            let mut tx = store.tenant(&session, account.id).await?;
            accounts.push(rows::details(&mut tx).await?);
            tx.commit().await?;
        }
        accounts
    } else if store.is_platform_administrator(&session).await? {
        store.archived_client_accounts().await?
    } else {
        Vec::new()
    };
    Ok(Json(ClientAccountList { clients: accounts.into_iter().map(Into::into).collect() }))
}

/// One client account with all that is known of it
#[utoipa::path(
    get, path = "/api/v1/admin/clients/{id}", operation_id = "admin_client", tag = "client accounts",
    security(("session" = [])), params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = ClientAccountDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn details(
    session: Session,
    PathId(id): PathId,
) -> Result<Json<ClientAccountDetails>, ApiError> {
    Ok(Json(session.store.client_account(&session.session, ClientAccountId(id)).await?.into()))
}

/// Make a client account
#[utoipa::path(
    post, path = "/api/v1/admin/clients", operation_id = "create_client", tag = "client accounts",
    security(("session" = [])), request_body = NewClientAccount,
    responses(
        (status = CREATED, body = ClientAccountDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn create(
    administrator: Administrator<needs::ClientCreate>,
    JsonBody(wanted): JsonBody<NewClientAccount>,
) -> Result<(StatusCode, Json<ClientAccountDetails>), ApiError> {
    let facts = checked(&wanted)?;
    let made = administrator.store.create_client_account(&administrator.session, &facts).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Change what is known of a client account
#[utoipa::path(
    put, path = "/api/v1/admin/clients/{id}", operation_id = "update_client", tag = "client accounts",
    security(("session" = [])), request_body = ClientAccountChange,
    params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = ClientAccountDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn update(
    session: Session,
    PathId(id): PathId,
    JsonBody(change): JsonBody<ClientAccountChange>,
) -> Result<Json<ClientAccountDetails>, ApiError> {
    let mut tx = session.enter(id, Permission::ClientEdit).await?;
    let before = rows::details(&mut tx).await?.facts;
    let version = change.version;
    let facts = checked(&NewClientAccount {
        name: change.name.unwrap_or(before.name),
        slug: change.slug.or(Some(before.slug)),
        description: change.description.unwrap_or(before.description),
        industry: change.industry.unwrap_or(before.industry),
        company_size: change.company_size.unwrap_or(before.company_size),
        headquarters_location: change.headquarters_location.unwrap_or(before.headquarters_location),
        primary_contact_name: change.primary_contact_name.unwrap_or(before.primary_contact_name),
        primary_contact_email: change.primary_contact_email.unwrap_or(before.primary_contact_email),
        primary_contact_phone: change.primary_contact_phone.unwrap_or(before.primary_contact_phone),
    })?;
    made(rows::update(tx, &session.session, version, &facts).await?)
}

fn checked(wanted: &NewClientAccount) -> Result<Facts, ApiError> {
    let mut fields = Fields::default();
    let name = fields.check("/name", field::filled_line(&wanted.name, 1, 255));
    let facts = Facts {
        slug: fields.check("/slug", short_name(wanted.slug.as_deref(), &name)),
        name,
        description: fields.optional_text("/description", wanted.description.as_deref(), 2000),
        industry: fields.optional_line("/industry", wanted.industry.as_deref(), 100),
        company_size: fields.optional_line("/company_size", wanted.company_size.as_deref(), 50),
        headquarters_location: fields.optional_line(
            "/headquarters_location",
            wanted.headquarters_location.as_deref(),
            255,
        ),
        primary_contact_name: fields.optional_line(
            "/primary_contact_name",
            wanted.primary_contact_name.as_deref(),
            255,
        ),
        primary_contact_email: fields
            .optional_email("/primary_contact_email", wanted.primary_contact_email.as_deref()),
        primary_contact_phone: fields.optional_line(
            "/primary_contact_phone",
            wanted.primary_contact_phone.as_deref(),
            50,
        ),
    };
    fields.done()?;
    Ok(facts)
}

/// The short name that is given, or the one that the name suggests.
pub(super) fn short_name(given: Option<&str>, name: &str) -> Result<String, Objection> {
    if let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) {
        return field::slug(given);
    }
    let suggested = field::slug_of(name);
    if suggested.is_empty() && !name.is_empty() {
        let message = "The name suggests no short name. Give one, such as demo-corp.";
        return Err(Objection::new("required", message));
    }
    Ok(suggested)
}

/// Archive a client account
///
/// Nobody sees it until it is brought back; its data stay.
#[utoipa::path(
    post, path = "/api/v1/admin/clients/{id}/archive", operation_id = "archive_client", tag = "client accounts",
    security(("session" = [])), request_body = Archival,
    params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = ClientAccountDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn archive(
    administrator: Administrator<needs::ClientArchive>,
    PathId(id): PathId,
    JsonBody(archival): JsonBody<Archival>,
) -> Result<Json<ClientAccountDetails>, ApiError> {
    let Administrator { store, session, .. } = administrator;
    let confirm = Some(archival.confirm.as_str());
    made(store.archive_client_account(&session, ClientAccountId(id), true, confirm).await?)
}

/// Bring an archived client account back
#[utoipa::path(
    post, path = "/api/v1/admin/clients/{id}/unarchive", operation_id = "unarchive_client", tag = "client accounts",
    security(("session" = [])), params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = ClientAccountDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn unarchive(
    administrator: Administrator<needs::ClientArchive>,
    PathId(id): PathId,
) -> Result<Json<ClientAccountDetails>, ApiError> {
    let Administrator { store, session, .. } = administrator;
    made(store.archive_client_account(&session, ClientAccountId(id), false, None).await?)
}
