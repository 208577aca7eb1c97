//! What is written to the two audit logs: security events of the platform, and changes within a client account.

use std::{fmt, str::FromStr};

/// How much a security event should worry whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Info,
    /// Worth a look if it repeats.
    Warning,
    /// Worth a look now.
    Critical,
}

impl Severity {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A word that is no event's.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not an audit event")]
pub struct UnknownEvent(pub String);

macro_rules! events {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal $severity:ident $title:literal)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $title] $variant,)*
        }

        impl $name {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the log: a noun and what happened to it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The event as a person reads it.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// How much it should worry.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The noun alone, which groups events.
            #[must_use]
            pub fn category(self) -> &'static str {
                let word = self.as_str();
                word.split_once('.').map_or(word, |(noun, _)| noun)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownEvent;

            fn from_str(word: &str) -> Result<Self, UnknownEvent> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|event| event.as_str() == word)
                    .ok_or_else(|| UnknownEvent(word.to_owned()))
            }
        }
    };
}

events! {
    /// What happened to accounts, sessions, roles and rights: `migration.security_audit_logs`.
    SecurityEvent {
        SignedIn                "sign_in.succeeded"         Info        "Signed in"
        SignInFailed            "sign_in.failed"            Warning     "Sign-in failed"
        SignInThrottled         "sign_in.throttled"         Warning     "Sign-in delayed after failures"
        SignedOut               "session.signed_out"        Info        "Signed out"
        SessionEnded            "session.ended"             Info        "Session ended"
        SessionsEnded           "session.all_ended"         Info        "All sessions ended"
        PasswordChanged         "password.changed"          Info        "Password changed"
        PasswordRefused         "password.refused"          Warning     "Password change refused"
        FirstAccountCreated     "account.first_created"     Info        "First account set up"
        ProfileUpdated          "account.profile_updated"   Info        "Profile updated"
        Registered              "registration.requested"    Info        "Registered"
        RegistrationThrottled   "registration.throttled"    Warning     "Registration delayed after many"
        RegistrationApproved    "registration.approved"     Info        "Registration approved"
        RegistrationRejected    "registration.rejected"     Info        "Registration rejected"
        UserCreated             "user.created"              Info        "User created"
        UserUpdated             "user.updated"              Info        "User updated"
        UserSuspended           "user.suspended"            Warning     "User suspended"
        UserReactivated         "user.reactivated"          Info        "User reactivated"
        UserDeactivated         "user.deactivated"          Warning     "User deactivated"
        RoleGranted             "role.granted"              Info        "Role granted"
        RoleChanged             "role.changed"              Info        "Role changed"
        RoleRevoked             "role.revoked"              Info        "Role revoked"
        AccessGranted           "access.granted"            Info        "Access granted"
        AccessChanged           "access.changed"            Info        "Access changed"
        AccessRevoked           "access.revoked"            Info        "Access revoked"
        PermissionDenied        "permission.denied"         Warning     "Refused: not permitted"
        ForeignRefused          "permission.foreign"        Warning     "Refused: not among their client accounts or engagements"
        ClientAccountCreated    "client_account.created"    Info        "Client account created"
        ClientAccountUpdated    "client_account.updated"    Info        "Client account updated"
        ClientAccountArchived   "client_account.archived"   Warning     "Client account archived"
        ClientAccountRestored   "client_account.restored"   Info        "Client account restored"
        AuditExported           "audit.exported"            Info        "Security log exported"
    }
}

events! {
    /// What was done in a client account: `migration.access_audit_log`.
    AccessEvent {
        EngagementCreated       "engagement.created"        Info        "Engagement created"
        EngagementUpdated       "engagement.updated"        Info        "Engagement updated"
        EngagementClosed        "engagement.closed"         Info        "Engagement closed"
        EngagementReopened      "engagement.reopened"       Info        "Engagement reopened"
        AssetCreated            "asset.created"             Info        "Asset created"
        AssetUpdated            "asset.updated"             Info        "Asset updated"
        AssetsUpdated           "asset.bulk_updated"        Info        "Assets updated"
        AssetsDeleted           "asset.deleted"             Warning     "Assets deleted"
        AssetsRestored          "asset.restored"            Info        "Assets put back"
        AssetsExported          "asset.exported"            Info        "Assets exported"
        LogExported             "audit.exported"            Info        "Log exported"
    }
}

/// How something ended that was tried in a client account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Denied,
    /// It failed.
    Error,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Success, Self::Denied, Self::Error];

    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{AccessEvent, SecurityEvent};

    #[test]
    fn every_word_is_unique_and_one_that_the_log_takes() {
        let security = SecurityEvent::ALL.iter().map(|event| event.as_str());
        let access = AccessEvent::ALL.iter().map(|event| event.as_str());
        for words in [security.collect::<Vec<_>>(), access.collect()] {
            assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
            for word in words {
                assert!(word.len() <= 50, "{word}");
                let (noun, verb) = word.split_once('.').unwrap_or_default();
                for part in [noun, verb] {
                    assert!(part.starts_with(|c: char| c.is_ascii_lowercase()), "{word}");
                    assert!(part.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{word}");
                }
            }
        }
    }

    #[test]
    fn a_word_gives_its_event_back() {
        for event in SecurityEvent::ALL {
            assert_eq!(event.as_str().parse::<SecurityEvent>().ok(), Some(*event));
        }
        assert!("sign_in".parse::<SecurityEvent>().is_err());
        assert_eq!(SecurityEvent::SignInFailed.category(), "sign_in");
    }
}
