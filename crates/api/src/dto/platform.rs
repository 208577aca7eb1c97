//! Where one begins, in the platform's form.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Who one is and where one begins; null where one has access to nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlatformContext {
    pub(crate) user: ContextUser,
    pub(crate) client: Option<ContextClient>,
    pub(crate) engagement: Option<ContextEngagement>,
    /// Flows of the engagement that have not ended, latest first.
    pub(crate) active_flows: Vec<ContextFlow>,
    /// The first of them.
    pub(crate) current_flow: Option<ContextFlow>,
}

/// A user in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContextUser {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    /// `admin` for a platform administrator, else `user`.
    pub(crate) role: &'static str,
}

/// A client account in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContextClient {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

/// An engagement in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContextEngagement {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) client_id: Uuid,
    pub(crate) status: String,
}

/// A flow in short.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct ContextFlow {
    pub(crate) id: Uuid,
    pub(crate) name: Option<String>,
    pub(crate) flow_type: String,
    pub(crate) status: String,
}

/// Where one wants to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    pub(crate) client_id: Option<Uuid>,
    pub(crate) engagement_id: Option<Uuid>,
}

/// Where one begins from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// Always `success`.
    pub(crate) status: &'static str,
    pub(crate) client_id: Option<Uuid>,
    pub(crate) engagement_id: Option<Uuid>,
}

/// Whose engagements.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EngagementsQuery {
    /// The client account.
    pub(crate) client_id: Uuid,
}

/// The engagements of a client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct EngagementOptions {
    /// By name.
    pub(crate) engagements: Vec<EngagementOption>,
}

/// An engagement to choose.
#[derive(Serialize, ToSchema)]
pub(crate) struct EngagementOption {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) client_id: Uuid,
    pub(crate) status: String,
    #[serde(rename = "type")]
    pub(crate) engagement_type: String,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) start_date: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) end_date: Option<OffsetDateTime>,
}
