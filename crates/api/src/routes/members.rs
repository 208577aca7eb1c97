//! Who has access to a client account.

use axum::{Json, extract::Path};
use drydock_domain::{AccessLevel, EngagementId, Permission, Role, UserId, account::Objection};
use drydock_store::members::{self as rows, EngagementLevel, Place};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    dto::clients::{ClientAccessGrant, Member, MemberChange, Members, VersionQuery},
    envelope::{ApiError, ErrorEnvelope, made},
    extract::{JsonBody, PathId, QueryOf, Session},
    form::{self, Fields},
};

/// Engagements that may be named in one change.
const ENGAGEMENTS_LIMIT: usize = 500;

/// Who has access to a client account, by name
#[utoipa::path(
    get, path = "/api/v1/admin/clients/{id}/members", operation_id = "members", tag = "members",
    security(("session" = [])), params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = Members),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(session: Session, PathId(id): PathId) -> Result<Json<Members>, ApiError> {
    let mut tx = session.enter(id, Permission::MemberView).await?;
    let members = rows::list(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(Members { members: members.into_iter().map(Into::into).collect() }))
}

/// Give somebody a place in a client account, or another one
///
/// A changed role ends their sessions.
#[utoipa::path(
    put, path = "/api/v1/admin/clients/{id}/members/{user_id}", operation_id = "put_member", tag = "members",
    security(("session" = [])), request_body = MemberChange,
    params(
        ("id" = Uuid, Path, description = "The client account"),
        ("user_id" = Uuid, Path, description = "The user"),
    ),
    responses(
        (status = OK, body = Member),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn put(
    session: Session,
    ids: MemberIds,
    JsonBody(change): JsonBody<MemberChange>,
) -> Result<Json<Member>, ApiError> {
    let tx = session.enter(ids.client_account, Permission::MemberManage).await?;
    let mut fields = Fields::default();
    let place = place(&mut fields, Some(&change.role), &change.access_level, change.expires_at);
    let levels = change.engagements.as_deref().map(|levels| {
        if levels.len() > ENGAGEMENTS_LIMIT {
            let message = format!("These are more than {ENGAGEMENTS_LIMIT} engagements.");
            fields.check("/engagements", Err::<(), _>(Objection::new("too_long", message)));
        }
        levels
            .iter()
            .enumerate()
            .map(|(index, level)| EngagementLevel {
                engagement_id: EngagementId(level.engagement_id),
                level: level.access_level.as_deref().map(|name| {
                    let path = format!("/engagements/{index}/access_level");
                    fields.check_or(&path, form::level(name), AccessLevel::ReadOnly)
                }),
            })
            .collect::<Vec<_>>()
    });
    fields.done()?;
    let user = UserId(ids.user);
    made(rows::put(tx, &session.session, user, &place, levels.as_deref(), change.version).await?)
}

/// Take somebody's access to a client account
///
/// At once; their sessions end.
#[utoipa::path(
    delete, path = "/api/v1/admin/clients/{id}/members/{user_id}", operation_id = "revoke_member", tag = "members",
    security(("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The client account"),
        ("user_id" = Uuid, Path, description = "The user"),
        VersionQuery,
    ),
    responses(
        (status = OK, body = Member),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn revoke(
    session: Session,
    ids: MemberIds,
    QueryOf(query): QueryOf<VersionQuery>,
) -> Result<Json<Member>, ApiError> {
    let tx = session.enter(ids.client_account, Permission::MemberManage).await?;
    made(rows::revoke(tx, &session.session, UserId(ids.user), query.version).await?)
}

/// Give somebody access to a client account, by id or by address
#[utoipa::path(
    post, path = "/api/v1/auth/grant-client-access", operation_id = "grant_client_access", tag = "members",
    security(("session" = [])), request_body = ClientAccessGrant,
    responses(
        (status = OK, body = Member),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn grant(
    session: Session,
    JsonBody(grant): JsonBody<ClientAccessGrant>,
) -> Result<Json<Member>, ApiError> {
    let mut tx = session.enter(grant.client_account_id, Permission::MemberManage).await?;
    let mut fields = Fields::default();
    let place = place(&mut fields, grant.role.as_deref(), &grant.access_level, grant.expires_at);
    let email = fields.optional_email("/email", grant.email.as_deref());
    if grant.user_id.is_some() == email.is_some() {
        let message = "Name the user by their e-mail address or by user_id, and not by both.";
        fields.check("/email", Err::<(), _>(Objection::new("required", message)));
    }
    fields.done()?;
    let user = match (grant.user_id, email) {
        (Some(id), _) => UserId(id),
        (None, email) => rows::approved(&mut tx, &email.unwrap_or_default()).await?,
    };
    made(rows::put(tx, &session.session, user, &place, None, None).await?)
}

fn place(fields: &mut Fields, role: Option<&str>, level: &str, expires_at: Option<OffsetDateTime>) -> Place {
    let level = fields.check_or("/access_level", form::level(level), AccessLevel::ReadOnly);
    let within = |role: Role| {
        if role == Role::PlatformAdmin {
            let message = "A platform administrator is one everywhere, not in one client account.";
            return Err(Objection::new("scope", message));
        }
        Ok(role)
    };
    let role = match role {
        Some(role) => fields.check_or("/role", form::role(role).and_then(within), Role::Viewer),
        None => level.usual_role().min(Role::ClientAdmin),
    };
    fields.check("/expires_at", in_future(expires_at));
    Place { role, level, expires_at }
}

/// Access that has ended before it begins is a mistake, not a wish.
pub(super) fn in_future(expires_at: Option<OffsetDateTime>) -> Result<(), Objection> {
    match expires_at {
        Some(at) if at <= OffsetDateTime::now_utc() => {
            Err(Objection::new("past", "This has passed already. To take access, revoke it."))
        }
        _ => Ok(()),
    }
}

/// The two ids in the path.
pub(crate) struct MemberIds {
    client_account: Uuid,
    user: Uuid,
}

impl axum::extract::FromRequestParts<crate::ApiState> for MemberIds {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &crate::ApiState,
    ) -> Result<Self, ApiError> {
        let Path((client_account, user)) =
            Path::<(String, String)>::from_request_parts(parts, state)
                .await
                .map_err(|_| ApiError::invalid_field("id", "uuid", "The ids in the path are not uuids."))?;
        let mut fields = Fields::default();
        let mut id = |path: &str, text: &str| {
            let message = "The id in the path is not a uuid.";
            fields.check(path, Uuid::try_parse(text).map_err(|_| Objection::new("uuid", message)))
        };
        let ids = Self { client_account: id("id", &client_account), user: id("user_id", &user) };
        fields.done()?;
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_role_of_a_level_stays_within_the_client_account() {
        let mut fields = Fields::default();
        assert_eq!(place(&mut fields, None, "super_admin", None).role, Role::ClientAdmin);
        assert_eq!(place(&mut fields, None, "read_write", None).role, Role::Analyst);
        assert!(fields.done().is_ok());
        let mut fields = Fields::default();
        let _ = place(&mut fields, Some("platform_admin"), "admin", None);
        assert!(fields.done().is_err());
    }
}
