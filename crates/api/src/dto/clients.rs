//! Administration of client accounts, their members and their engagements over the wire.

use drydock_domain::Scope;
use drydock_store::{client_accounts, members};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{PermissionName, permissions};
use crate::form::present;

/// Client accounts with all that is known of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientAccountList {
    /// By name.
    pub(crate) clients: Vec<ClientAccountDetails>,
}

/// Which client accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientAccountQuery {
    /// `active`, the default, or `archived`, which only a platform administrator gets any of.
    pub(crate) status: Option<String>,
}

/// A client account with all that is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientAccountDetails {
    id: Uuid,
    name: String,
    slug: String,
    description: Option<String>,
    industry: Option<String>,
    company_size: Option<String>,
    headquarters_location: Option<String>,
    primary_contact_name: Option<String>,
    primary_contact_email: Option<String>,
    primary_contact_phone: Option<String>,
    /// `active` or `archived`.
    status: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Nothing is counted in an archived one.
    engagement_count: i64,
    asset_count: i64,
    /// Users who have access to it now; platform administrators have it without being counted.
    member_count: i64,
    /// What the caller is in it.
    role: &'static str,
    access_level: &'static str,
    /// What the caller may do in it as a whole.
    permissions: Vec<PermissionName>,
    /// To be sent with a change.
    version: i64,
}

impl From<client_accounts::Details> for ClientAccountDetails {
    fn from(account: client_accounts::Details) -> Self {
        let version = account.version();
        Self {
            id: account.id.0,
            name: account.facts.name,
            slug: account.facts.slug,
            description: account.facts.description,
            industry: account.facts.industry,
            company_size: account.facts.company_size,
            headquarters_location: account.facts.headquarters_location,
            primary_contact_name: account.facts.primary_contact_name,
            primary_contact_email: account.facts.primary_contact_email,
            primary_contact_phone: account.facts.primary_contact_phone,
            status: if account.is_active { "active" } else { "archived" },
            created_at: account.created_at,
            updated_at: account.updated_at,
            engagement_count: account.engagements,
            asset_count: account.assets,
            member_count: account.members,
            role: account.access.role.as_str(),
            access_level: account.access.level.as_str(),
            permissions: permissions(account.access, Scope::ClientAccount),
            version,
        }
    }
}

/// A new client account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClientAccount {
    /// At most 255 characters.
    pub(crate) name: String,
    /// Lower case letters, digits and hyphens, unique; made of the name when not given.
    pub(crate) slug: Option<String>,
    /// At most 2,000 characters.
    pub(crate) description: Option<String>,
    pub(crate) industry: Option<String>,
    pub(crate) company_size: Option<String>,
    pub(crate) headquarters_location: Option<String>,
    pub(crate) primary_contact_name: Option<String>,
    pub(crate) primary_contact_email: Option<String>,
    pub(crate) primary_contact_phone: Option<String>,
}

/// A change to a client account. What is not there is kept; null empties.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "kept, emptied and set are three things")]
pub(crate) struct ClientAccountChange {
    /// The version that was read.
    pub(crate) version: i64,
    pub(crate) name: Option<String>,
    pub(crate) slug: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) description: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) industry: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) company_size: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) headquarters_location: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) primary_contact_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) primary_contact_email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) primary_contact_phone: Option<Option<String>>,
}

/// That a client account is really to be archived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archival {
    /// The name of the client account, typed.
    pub(crate) confirm: String,
}

/// Who has access to a client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    /// By name; also those whose access ended, and those who asked for it.
    pub(crate) members: Vec<Member>,
}

/// Somebody with access to a client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Member {
    user_id: Uuid,
    email: String,
    full_name: String,
    role: String,
    access_level: String,
    /// `active`, `expired`, `revoked` or `requested`.
    status: String,
    /// Whether they may sign in at all.
    may_sign_in: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    granted_at: OffsetDateTime,
    /// Engagements where something else holds than in the client account.
    engagements: Vec<EngagementLevel>,
    /// To be sent with a change.
    version: i64,
}

/// What holds for somebody in one engagement.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EngagementLevel {
    pub(crate) engagement_id: Uuid,
    /// Null: the engagement is closed to them.
    pub(crate) access_level: Option<String>,
}

impl From<members::Member> for Member {
    fn from(member: members::Member) -> Self {
        Self {
            user_id: member.user_id.0,
            email: member.email,
            full_name: member.full_name,
            role: member.role,
            access_level: member.access_level,
            status: member.status,
            may_sign_in: member.may_sign_in,
            expires_at: member.expires_at,
            granted_at: member.granted_at,
            engagements: member
                .engagements
                .into_iter()
                .map(|level| EngagementLevel {
                    engagement_id: level.engagement_id.0,
                    access_level: level.level.map(|level| level.as_str().to_owned()),
                })
                .collect(),
            version: member.version,
        }
    }
}

/// A place in a client account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    pub(crate) role: String,
    pub(crate) access_level: String,
    /// When access ends; null: never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) expires_at: Option<OffsetDateTime>,
    /// Levels of their own in engagements; all others follow the client account. Not given: those that had
    /// the same level go on to have it.
    pub(crate) engagements: Option<Vec<EngagementLevel>>,
    /// The version that was read; not given: whatever there is is replaced.
    pub(crate) version: Option<i64>,
}

/// Access to a client account for somebody, as the platform grants it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientAccessGrant {
    pub(crate) client_account_id: Uuid,
    /// Who; or else their address.
    pub(crate) user_id: Option<Uuid>,
    pub(crate) email: Option<String>,
    pub(crate) access_level: String,
    /// The role that goes with the level when not given; no more than `client_admin`.
    pub(crate) role: Option<String>,
    /// When access ends; null: never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// The version that was read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionQuery {
    /// Not given: whatever there is is taken.
    pub(crate) version: Option<i64>,
}

/// A new engagement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEngagement {
    /// At most 255 characters.
    pub(crate) name: String,
    /// Lower case letters, digits and hyphens, unique in the client account; made of the name when not given.
    pub(crate) slug: Option<String>,
    /// At most 2,000 characters.
    pub(crate) description: Option<String>,
    /// Lower snake case; `migration` when not given.
    pub(crate) engagement_type: Option<String>,
    /// `planning`, `active` or `on_hold`; `planning` when not given.
    pub(crate) status: Option<String>,
    /// `low`, `medium`, `high` or `critical`; `medium` when not given.
    pub(crate) priority: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) start_date: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) target_completion_date: Option<OffsetDateTime>,
    pub(crate) client_contact_name: Option<String>,
    pub(crate) client_contact_email: Option<String>,
}

/// A change to an engagement. What is not there is kept; null empties.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "kept, emptied and set are three things")]
pub(crate) struct EngagementChange {
    /// The version that was read.
    pub(crate) version: i64,
    pub(crate) name: Option<String>,
    pub(crate) slug: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) description: Option<Option<String>>,
    pub(crate) engagement_type: Option<String>,
    /// `planning`, `active` or `on_hold`, or what it is; closing and opening again have operations of their own.
    pub(crate) status: Option<String>,
    pub(crate) priority: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) start_date: Option<Option<Moment>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) target_completion_date: Option<Option<Moment>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) client_contact_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) client_contact_email: Option<Option<String>>,
}

/// A moment after RFC 3339.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(#[serde(with = "time::serde::rfc3339")] pub(crate) OffsetDateTime);

/// How an engagement is closed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closing {
    /// The version that was read.
    pub(crate) version: i64,
    /// `completed` or `cancelled`.
    pub(crate) status: String,
}

/// That an engagement is opened again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reopening {
    /// The version that was read.
    pub(crate) version: i64,
}
