//! Roles as the platform names them (`migration.user_roles.role_type`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a user is within the platform or within one client account, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, writes and analyses.
    Analyst,
    /// Runs an engagement.
    EngagementManager,
    /// Administers one client account.
    ClientAdmin,
    /// Administers the platform and sees every client account.
    PlatformAdmin,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Analyst, Self::EngagementManager, Self::ClientAdmin, Self::PlatformAdmin];

    /// The name stored in the database and sent over the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::EngagementManager => "engagement_manager",
            Self::ClientAdmin => "client_admin",
            Self::PlatformAdmin => "platform_admin",
        }
    }

    /// The role as people say it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Analyst => "Analyst",
            Self::EngagementManager => "Engagement manager",
            Self::ClientAdmin => "Client admin",
            Self::PlatformAdmin => "Platform admin",
        }
    }

    /// The two-valued role of the platform's sign-in answer: both administrator roles are `admin`.
    #[must_use]
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::ClientAdmin | Self::PlatformAdmin)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role name that is none of [`Role::ALL`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a role")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or_else(|| UnknownRole(name.to_owned()))
    }
}
