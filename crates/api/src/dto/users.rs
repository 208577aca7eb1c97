//! Registrations and users over the wire.

use std::collections::BTreeMap;

use drydock_store::users;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Somebody who asks for an account, with the fields of the platform's form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// E-mail address; kept in lower case.
    #[schema(example = "ada@example.com")]
    pub(crate) email: String,
    /// First and last name, at most 200 characters.
    pub(crate) full_name: String,
    /// At least 8 characters of any kind. There is no mail by which one could be sent.
    pub(crate) password: String,
    /// At most 255 characters.
    pub(crate) organization: Option<String>,
    /// What one does there; 5 to 255 characters.
    pub(crate) role_description: String,
    /// Why one asks; 10 to 2,000 characters.
    pub(crate) registration_reason: String,
    /// `read_only` when not given.
    pub(crate) requested_access_level: Option<String>,
    /// At most 20 characters.
    pub(crate) phone_number: Option<String>,
    /// Who can vouch for one.
    pub(crate) manager_email: Option<String>,
    /// At most 255 characters.
    pub(crate) linkedin_profile: Option<String>,
    /// Kind of message to true or false; at most 20 kinds.
    pub(crate) notification_preferences: Option<BTreeMap<String, bool>>,
    /// The client account one asks for. Whether there is such a one does not show.
    pub(crate) default_client_account_id: Option<Uuid>,
    /// The engagement one asks for.
    pub(crate) default_engagement_id: Option<Uuid>,
}

/// That a registration was received, whether or not the address has an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registered {
    /// Always `success`.
    pub(crate) status: &'static str,
    /// For people.
    pub(crate) message: &'static str,
    /// Under which one can ask where it stands.
    pub(crate) user_profile_id: Uuid,
    /// Always `pending`.
    pub(crate) approval_status: &'static str,
}

/// Where a registration stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct RegistrationStatus {
    /// Always `success`.
    pub(crate) status: &'static str,
    /// `pending`, `approved` or `rejected`. An id that is no registration's is pending.
    pub(crate) approval_status: &'static str,
    /// Why it was rejected.
    pub(crate) rejection_reason: Option<String>,
}

/// Which users.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserQuery {
    /// `pending_approval`, `active`, `suspended`, `deactivated` or `rejected`.
    pub(crate) status: Option<String>,
    /// Only whose name, address or organisation contains this, in any case.
    pub(crate) q: Option<String>,
    /// Users on a page, 1 to 500; 100 when not given.
    pub(crate) limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// A page of users, by address.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserPage {
    pub(crate) users: Vec<UserSummary>,
    /// Send as `cursor` for the next page; null on the last one.
    pub(crate) next_cursor: Option<String>,
    /// Users that match, on all pages.
    pub(crate) total: i64,
}

/// A user in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserSummary {
    id: Uuid,
    email: String,
    full_name: String,
    /// `pending_approval`, `active`, `suspended`, `deactivated` or `rejected`.
    status: String,
    organization: Option<String>,
    role_description: Option<String>,
    registration_reason: Option<String>,
    requested_access_level: String,
    #[serde(with = "time::serde::rfc3339")]
    registered_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    approved_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_login_at: Option<OffsetDateTime>,
    is_platform_admin: bool,
    /// Client accounts they have access to now.
    client_account_count: i64,
    /// To be sent with a change.
    version: i64,
}

impl From<users::Summary> for UserSummary {
    fn from(user: users::Summary) -> Self {
        Self {
            id: user.id.0,
            email: user.email,
            full_name: user.full_name,
            status: user.status,
            organization: user.organization,
            role_description: user.role_description,
            registration_reason: user.registration_reason,
            requested_access_level: user.requested_access_level,
            registered_at: user.registered_at,
            approved_at: user.approved_at,
            last_login_at: user.last_login_at,
            is_platform_admin: user.is_platform_admin,
            client_account_count: user.client_accounts,
            version: user.version,
        }
    }
}

/// A user with all that was granted.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserDetails {
    #[serde(flatten)]
    summary: UserSummary,
    phone_number: Option<String>,
    manager_email: Option<String>,
    /// Why they were suspended or rejected last; null for whoever may sign in.
    status_reason: Option<String>,
    /// Also those that ended.
    roles: Vec<UserRole>,
    /// Also what ended, and what they asked for.
    client_access: Vec<UserAccess>,
    /// Those that have not ended, latest first.
    sessions: Vec<UserSession>,
}

/// A role of a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserRole {
    id: Uuid,
    role: String,
    /// `global`, `client` or `engagement`.
    scope: String,
    /// Name of the client account, unless global.
    client_account: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// Whether it counts now.
    in_force: bool,
}

/// A user's access to a client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserAccess {
    client_account_id: Uuid,
    client_account: String,
    role: String,
    access_level: String,
    /// `active`, `expired`, `revoked` or `requested`.
    status: String,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

/// A session of a user; its id opens nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserSession {
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    user_agent: Option<String>,
}

impl From<users::Details> for UserDetails {
    fn from(user: users::Details) -> Self {
        Self {
            summary: user.summary.into(),
            phone_number: user.phone_number,
            manager_email: user.manager_email,
            status_reason: user.reason,
            roles: user
                .roles
                .into_iter()
                .map(|role| UserRole {
                    id: role.id,
                    role: role.role,
                    scope: role.scope,
                    client_account: role.client_account,
                    expires_at: role.expires_at,
                    in_force: role.in_force,
                })
                .collect(),
            client_access: user
                .access
                .into_iter()
                .map(|access| UserAccess {
                    client_account_id: access.client_account_id,
                    client_account: access.client_account,
                    role: access.role,
                    access_level: access.access_level,
                    status: access.status,
                    expires_at: access.expires_at,
                })
                .collect(),
            sessions: user
                .sessions
                .into_iter()
                .map(|session| UserSession {
                    id: session.id,
                    created_at: session.created_at,
                    last_seen_at: session.last_seen_at,
                    user_agent: session.user_agent,
                })
                .collect(),
        }
    }
}

/// With what a registration is approved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    pub(crate) user_id: Uuid,
    /// How far access goes where a client account names nothing else.
    pub(crate) access_level: String,
    /// The role that goes with the level when not given: `viewer`, `analyst`, `engagement_manager`, `platform_admin`.
    pub(crate) role_name: Option<String>,
    /// At least one, except for a platform administrator.
    #[serde(default)]
    pub(crate) client_access: Vec<ApprovedAccess>,
    /// Remarks for the audit trail.
    pub(crate) approval_notes: Option<String>,
}

/// A client account that is opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovedAccess {
    pub(crate) client_account_id: Uuid,
    /// The approval's when not given.
    pub(crate) access_level: Option<String>,
    /// When it ends; null: never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// Why a registration is turned down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejection {
    pub(crate) user_id: Uuid,
    /// 10 to 2,000 characters; whoever registered can read it.
    pub(crate) rejection_reason: String,
}

/// Why a user is kept out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suspension {
    pub(crate) user_id: Uuid,
    /// At most 2,000 characters, for the audit trail.
    pub(crate) reason: String,
}

/// Who is let in again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activation {
    pub(crate) user_id: Uuid,
}

/// Whether a user administers the platform.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformRole {
    /// The version that was read.
    pub(crate) version: i64,
    pub(crate) granted: bool,
    /// When it ends; null: never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// Every role and level with what it may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Roles {
    /// Weakest first.
    pub(crate) roles: Vec<Named>,
    /// Least first.
    pub(crate) access_levels: Vec<Named>,
    /// By subject.
    pub(crate) permissions: Vec<PermissionRule>,
}

/// A role or an access level.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedWord)]
pub(crate) struct Named {
    /// As in requests.
    pub(crate) name: &'static str,
    /// As people say it.
    pub(crate) title: &'static str,
}

/// Who has a permission.
#[derive(Serialize, ToSchema)]
pub(crate) struct PermissionRule {
    pub(crate) name: super::PermissionName,
    /// What it allows.
    pub(crate) sentence: &'static str,
    /// `engagement`, `client_account` or `platform`.
    pub(crate) scope: &'static str,
    /// The weakest role that has it.
    pub(crate) from_role: &'static str,
    /// The least level that lets it through.
    pub(crate) from_access_level: &'static str,
}
