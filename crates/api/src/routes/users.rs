//! Users, and what a platform administrator decides about them.

use axum::Json;
use drydock_domain::{
    AccessLevel, ClientAccountId, Permission, Role, Scope, UserId, account::Objection, field,
};
use drydock_store::users::{Approval as Decision, Filter, Grant};

use crate::{
    dto::{
        PermissionName,
        users::{
            Activation, Approval, Named, PermissionRule, PlatformRole, Rejection, Roles, Suspension,
            UserDetails, UserPage, UserQuery,
        },
    },
    envelope::{ApiError, ErrorEnvelope, made},
    extract::{Administrator, JsonBody, PathId, QueryOf, Session, needs},
    form::{self, Fields},
};

const DEFAULT_LIMIT: u16 = 100;
const MAX_LIMIT: u16 = 500;
const STATUSES: [&str; 5] = ["pending_approval", "active", "suspended", "deactivated", "rejected"];

/// Everybody who has an account or has asked for one, by address
#[utoipa::path(
    get, path = "/api/v1/auth/users", operation_id = "users", tag = "users", security(("session" = [])),
    params(UserQuery),
    responses(
        (status = OK, body = UserPage),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(
    administrator: Administrator<needs::UserView>,
    QueryOf(query): QueryOf<UserQuery>,
) -> Result<Json<UserPage>, ApiError> {
    page(&administrator, query).await
}

/// Registrations on which nobody has decided
#[utoipa::path(
    get, path = "/api/v1/auth/pending-approvals", operation_id = "pending_approvals", tag = "users",
    security(("session" = [])),
    responses(
        (status = OK, body = UserPage),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn pending(
    administrator: Administrator<needs::UserView>,
) -> Result<Json<UserPage>, ApiError> {
    with_status(&administrator, "pending_approval").await
}

/// Users who may sign in
#[utoipa::path(
    get, path = "/api/v1/auth/active-users", operation_id = "active_users", tag = "users",
    security(("session" = [])),
    responses(
        (status = OK, body = UserPage),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn active(
    administrator: Administrator<needs::UserView>,
) -> Result<Json<UserPage>, ApiError> {
    with_status(&administrator, "active").await
}

async fn with_status(
    administrator: &Administrator<needs::UserView>,
    status: &str,
) -> Result<Json<UserPage>, ApiError> {
    let query = UserQuery { status: Some(status.to_owned()), q: None, limit: Some(MAX_LIMIT), cursor: None };
    page(administrator, query).await
}

async fn page(
    administrator: &Administrator<needs::UserView>,
    query: UserQuery,
) -> Result<Json<UserPage>, ApiError> {
    let mut fields = Fields::default();
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let in_bounds = if (1..=MAX_LIMIT).contains(&limit) {
        Ok(())
    } else {
        Err(Objection::new("range", format!("limit must be 1 to {MAX_LIMIT}.")))
    };
    fields.check("limit", in_bounds);
    let status = query.status.as_deref().filter(|status| !status.is_empty());
    let status = status.map(|status| fields.check("status", form::one_of(status, &STATUSES)).to_owned());
    let text = fields.optional_line("q", query.q.as_deref(), 255);
    let after = fields.optional_line("cursor", query.cursor.as_deref(), 255);
    fields.done()?;
    let page = administrator.store.users(&Filter { status, text }, after.as_deref(), limit).await?;
    Ok(Json(UserPage {
        users: page.users.into_iter().map(Into::into).collect(),
        next_cursor: page.next,
        total: page.total,
    }))
}

/// One user with roles, access and sessions
#[utoipa::path(
    get, path = "/api/v1/auth/user-profile/{id}", operation_id = "user_details", tag = "users",
    security(("session" = [])), params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = OK, body = UserDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn details(
    administrator: Administrator<needs::UserView>,
    PathId(id): PathId,
) -> Result<Json<UserDetails>, ApiError> {
    Ok(Json(administrator.store.user(UserId(id)).await?.into()))
}

/// Approve a registration
#[utoipa::path(
    post, path = "/api/v1/auth/approve-user", operation_id = "approve_user", tag = "users",
    security(("session" = [])), request_body = Approval,
    responses(
        (status = OK, body = UserDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn approve(
    administrator: Administrator<needs::UserApprove>,
    JsonBody(approval): JsonBody<Approval>,
) -> Result<Json<UserDetails>, ApiError> {
    let decision = decision(&approval)?;
    let user = UserId(approval.user_id);
    made(administrator.store.approve(&administrator.session, user, &decision).await?)
}

fn decision(approval: &Approval) -> Result<Decision, ApiError> {
    let mut fields = Fields::default();
    let level = fields.check_or("/access_level", form::level(&approval.access_level), AccessLevel::ReadOnly);
    let role = match approval.role_name.as_deref() {
        Some(role) => fields.check_or("/role_name", form::role(role), Role::Viewer),
        None => level.usual_role(),
    };
    if approval.client_access.is_empty() && role != Role::PlatformAdmin {
        let message = "Choose at least one client account; without any there is nothing to see.";
        fields.check("/client_access", Err::<(), _>(Objection::new("required", message)));
    }
    let mut grants: Vec<Grant> = Vec::with_capacity(approval.client_access.len());
    for (index, access) in approval.client_access.iter().enumerate() {
        let path = format!("/client_access/{index}");
        let own = access.access_level.as_deref().map(|own| {
            fields.check_or(&format!("{path}/access_level"), form::level(own), AccessLevel::ReadOnly)
        });
        let client_account_id = ClientAccountId(access.client_account_id);
        if grants.iter().any(|grant| grant.client_account_id == client_account_id) {
            let objection = Objection::new("repeated", "This client account is named twice.");
            fields.check(&format!("{path}/client_account_id"), Err::<(), _>(objection));
        }
        fields.check(&format!("{path}/expires_at"), super::members::in_future(access.expires_at));
        grants.push(Grant { client_account_id, level: own.unwrap_or(level), expires_at: access.expires_at });
    }
    let notes = fields.optional_text("/approval_notes", approval.approval_notes.as_deref(), 2000);
    fields.done()?;
    Ok(Decision { role, grants, notes })
}

/// Reject a registration
#[utoipa::path(
    post, path = "/api/v1/auth/reject-user", operation_id = "reject_user", tag = "users",
    security(("session" = [])), request_body = Rejection,
    responses(
        (status = OK, body = UserDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn reject(
    administrator: Administrator<needs::UserApprove>,
    JsonBody(rejection): JsonBody<Rejection>,
) -> Result<Json<UserDetails>, ApiError> {
    let mut fields = Fields::default();
    let reason =
        fields.check("/rejection_reason", field::filled_paragraph(&rejection.rejection_reason, 10, 2000));
    fields.done()?;
    made(administrator.store.reject(&administrator.session, UserId(rejection.user_id), &reason).await?)
}

/// Suspend a user
///
/// Every session of theirs ends at once, and they cannot sign in until they are let in again.
#[utoipa::path(
    post, path = "/api/v1/auth/deactivate-user", operation_id = "suspend_user", tag = "users",
    security(("session" = [])), request_body = Suspension,
    responses(
        (status = OK, body = UserDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn suspend(
    administrator: Administrator<needs::UserSuspend>,
    JsonBody(suspension): JsonBody<Suspension>,
) -> Result<Json<UserDetails>, ApiError> {
    let mut fields = Fields::default();
    let reason = fields.check("/reason", field::filled_paragraph(&suspension.reason, 1, 2000));
    fields.done()?;
    made(administrator.store.suspend(&administrator.session, UserId(suspension.user_id), &reason).await?)
}

/// Let a suspended user in again
#[utoipa::path(
    post, path = "/api/v1/auth/activate-user", operation_id = "reactivate_user", tag = "users",
    security(("session" = [])), request_body = Activation,
    responses(
        (status = OK, body = UserDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn reactivate(
    administrator: Administrator<needs::UserSuspend>,
    JsonBody(activation): JsonBody<Activation>,
) -> Result<Json<UserDetails>, ApiError> {
    made(administrator.store.reactivate(&administrator.session, UserId(activation.user_id)).await?)
}

/// Make a user a platform administrator, or take that from them
///
/// Every session of theirs ends.
#[utoipa::path(
    put, path = "/api/v1/auth/admin/users/{id}/platform-role", operation_id = "set_platform_role", tag = "users",
    security(("session" = [])), request_body = PlatformRole,
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = OK, body = UserDetails),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn set_platform_role(
    administrator: Administrator<needs::RoleAssign>,
    PathId(id): PathId,
    JsonBody(role): JsonBody<PlatformRole>,
) -> Result<Json<UserDetails>, ApiError> {
    let mut fields = Fields::default();
    fields.check("/expires_at", super::members::in_future(role.expires_at));
    fields.done()?;
    let changed = administrator
        .store
        .set_platform_administrator(
            &administrator.session,
            UserId(id),
            role.version,
            role.granted,
            role.expires_at,
        )
        .await?;
    made(changed)
}

/// What each role and access level may do
#[utoipa::path(
    get, path = "/api/v1/auth/roles", operation_id = "roles", tag = "users", security(("session" = [])),
    responses((status = OK, body = Roles), (status = UNAUTHORIZED, body = ErrorEnvelope))
)]
pub(crate) async fn roles(_: Session) -> Json<Roles> {
    let rule = |permission: &Permission| PermissionRule {
        name: PermissionName::from(*permission),
        sentence: permission.sentence(),
        scope: match permission.scope() {
            Scope::Engagement => "engagement",
            Scope::ClientAccount => "client_account",
            Scope::Platform => "platform",
        },
        from_role: permission.least_role().as_str(),
        from_access_level: permission.least_level().as_str(),
    };
    Json(Roles {
        roles: Role::ALL.iter().map(|role| Named { name: role.as_str(), title: role.title() }).collect(),
        access_levels: AccessLevel::ALL
            .iter()
            .map(|level| Named { name: level.as_str(), title: level.title() })
            .collect(),
        permissions: Permission::ALL.iter().map(rule).collect(),
    })
}
