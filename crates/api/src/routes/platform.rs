//! Where one begins, by the platform's paths and in its form, for a front end that was written for it.

use axum::{Json, http::StatusCode};
use drydock_domain::{EngagementId, Permission, Role};
use drydock_store::{Store, engagements};

use crate::{
    dto::{
        ClientAccounts,
        platform::{
            Begin, Begun, ContextClient, ContextEngagement, ContextFlow, ContextUser, EngagementOption,
            EngagementOptions, EngagementsQuery, PlatformContext,
        },
    },
    envelope::{ApiError, ErrorEnvelope},
    extract::{JsonBody, QueryOf, Session},
};

/// Who one is and where one begins
#[utoipa::path(
    get, path = "/api/v1/context/me", operation_id = "context_me", tag = "context", security(("session" = [])),
    responses((status = OK, body = PlatformContext), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn me(session: Session) -> Result<Json<PlatformContext>, ApiError> {
    let Session { store, session } = session;
    let user = store.session_user(&session).await?;
    let context = store.context(&session).await?;
    let flows: Vec<ContextFlow> = context
        .flows
        .into_iter()
        .map(|flow| ContextFlow {
            id: flow.id,
            name: flow.name,
            flow_type: flow.flow_type,
            status: flow.status,
        })
        .collect();
    Ok(Json(PlatformContext {
        user: ContextUser {
            id: user.id.0,
            email: user.email,
            role: if user.role == Some(Role::PlatformAdmin) { "admin" } else { "user" },
        },
        client: context.client_account.map(|account| ContextClient {
            id: account.value.id.0,
            name: account.value.name,
            description: account.value.description,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }),
        engagement: context.engagement.map(|engagement| ContextEngagement {
            id: engagement.id.0,
            name: engagement.name,
            description: engagement.description,
            client_id: engagement.client_account_id.0,
            status: engagement.status,
        }),
        current_flow: flows.first().cloned(),
        active_flows: flows,
    }))
}

/// Save where one begins
///
/// Without an engagement one begins in the first by name. Nothing at all in the body changes nothing.
#[utoipa::path(
    put, path = "/api/v1/context/me/defaults", operation_id = "put_defaults", tag = "context",
    security(("session" = [])), request_body = Begin,
    responses(
        (status = OK, body = Begun),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn put_defaults(
    session: Session,
    JsonBody(wanted): JsonBody<Begin>,
) -> Result<Json<Begun>, ApiError> {
    begin(&session, &wanted).await
}

/// Save where one begins, as the platform's page asks for a switch
#[utoipa::path(
    post, path = "/api/v1/context-establishment/update-context", operation_id = "update_context", tag = "context",
    security(("session" = [])), request_body = Begin,
    responses(
        (status = OK, body = Begun),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn update_context(
    session: Session,
    JsonBody(wanted): JsonBody<Begin>,
) -> Result<Json<Begun>, ApiError> {
    begin(&session, &wanted).await
}

async fn begin(session: &Session, wanted: &Begin) -> Result<Json<Begun>, ApiError> {
    let Some(client_id) = wanted.client_id else {
        if wanted.engagement_id.is_some() {
            let message = "An engagement is one of a client account: name that, too.";
            return Err(ApiError::invalid_field("/client_id", "required", message));
        }
        return Ok(Json(Begun { status: "success", client_id: None, engagement_id: None }));
    };
    let tx = session.enter(client_id, Permission::ClientView).await?;
    Store::begin_in(tx, wanted.engagement_id.map(EngagementId)).await?;
    Ok(Json(Begun { status: "success", client_id: Some(client_id), engagement_id: wanted.engagement_id }))
}

/// The client accounts one may see, by the platform's path
#[utoipa::path(
    get, path = "/api/v1/context-establishment/clients", operation_id = "context_clients", tag = "context",
    security(("session" = [])),
    responses((status = OK, body = ClientAccounts), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn clients(session: Session) -> Result<Json<ClientAccounts>, ApiError> {
    super::context::clients(session).await
}

/// The engagements of one client account, by the platform's path
#[utoipa::path(
    get, path = "/api/v1/context-establishment/engagements", operation_id = "context_engagements", tag = "context",
    security(("session" = [])), params(EngagementsQuery),
    responses(
        (status = OK, body = EngagementOptions),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn engagements(
    session: Session,
    QueryOf(query): QueryOf<EngagementsQuery>,
) -> Result<Json<EngagementOptions>, ApiError> {
    let mut tx = session.enter(query.client_id, Permission::ClientView).await?;
    let engagements = engagements::list(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(EngagementOptions {
        engagements: engagements
            .into_iter()
            .map(|engagement| EngagementOption {
                id: engagement.id.0,
                name: engagement.name,
                client_id: engagement.client_account_id.0,
                status: engagement.status,
                engagement_type: engagement.engagement_type,
                start_date: engagement.start_date,
                end_date: engagement.target_completion_date,
            })
            .collect(),
    }))
}

/// The client account one begins in
#[utoipa::path(
    get, path = "/api/v1/context/clients/default", operation_id = "default_client", tag = "context",
    security(("session" = [])),
    responses(
        (status = OK, body = ContextClient),
        (status = NO_CONTENT, description = "One has access to none"),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
    )
)]
pub(crate) async fn default_client(
    session: Session,
) -> Result<Result<Json<ContextClient>, StatusCode>, ApiError> {
    let context = session.store.context(&session.session).await?;
    Ok(context
        .client_account
        .map(|account| {
            Json(ContextClient {
                id: account.value.id.0,
                name: account.value.name,
                description: account.value.description,
                created_at: account.created_at,
                updated_at: account.updated_at,
            })
        })
        .ok_or(StatusCode::NO_CONTENT))
}
