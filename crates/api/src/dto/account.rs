//! One's own account over the wire.

use drydock_store::{SessionRow, profile::Profile};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// One's own profile. Nothing known is an empty text.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnProfile {
    email: String,
    first_name: String,
    last_name: String,
    organization: String,
    role_description: String,
    phone_number: String,
    manager_email: String,
    notifications: NotificationChoice,
}

impl OwnProfile {
    pub(crate) fn new(profile: Profile, email: String) -> Self {
        Self {
            email,
            first_name: profile.first_name,
            last_name: profile.last_name,
            organization: profile.organization,
            role_description: profile.role_description,
            phone_number: profile.phone_number,
            manager_email: profile.manager_email,
            notifications: NotificationChoice {
                email: profile.notifications.email,
                system_alerts: profile.notifications.system_alerts,
                learning_updates: profile.notifications.learning_updates,
                weekly_reports: profile.notifications.weekly_reports,
            },
        }
    }
}

/// What one changes about oneself. The e-mail address is how one signs in, and an administrator's to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// At most 100 characters.
    pub(crate) first_name: String,
    /// At most 100 characters; may be empty.
    pub(crate) last_name: String,
    /// At most 255 characters; may be empty.
    pub(crate) organization: String,
    /// At most 255 characters; may be empty.
    pub(crate) role_description: String,
    /// At most 20 characters; may be empty.
    pub(crate) phone_number: String,
    /// May be empty.
    pub(crate) manager_email: String,
    pub(crate) notifications: NotificationChoice,
}

/// Kinds of message, each wanted or not.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotificationChoice {
    pub(crate) email: bool,
    pub(crate) system_alerts: bool,
    pub(crate) learning_updates: bool,
    pub(crate) weekly_reports: bool,
}

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSessions {
    /// The one that asks first, then by when they were used last.
    pub(crate) sessions: Vec<OwnSession>,
}

/// A session that has not ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSession {
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was used last, to the minute.
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    /// When it ends unless it is used before.
    #[serde(with = "time::serde::rfc3339")]
    idle_at: OffsetDateTime,
    /// When it ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// What the browser or window said it is.
    user_agent: Option<String>,
    /// Whether it is the session that asks.
    current: bool,
}

impl From<SessionRow> for OwnSession {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            idle_at: row.idle_at,
            expires_at: row.expires_at,
            user_agent: row.user_agent,
            current: row.is_current,
        }
    }
}
