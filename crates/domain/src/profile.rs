//! Which data a database begins with.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which data a database was seeded with (`migration.seed_history.profile`); a permanent badge shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The default users, and three client accounts to show.
    #[default]
    Demo,
    /// The default users, and one client account with an empty engagement to test in.
    Qa,
    /// Nothing: whoever comes first sets up the first account.
    Empty,
    /// The default users, and client accounts of many generated assets to measure with.
    Scale,
    /// What was taken in from a deployment, to look at it here; no database is seeded with it.
    Repro,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 5] = [Self::Demo, Self::Qa, Self::Empty, Self::Scale, Self::Repro];

    /// The name stored, shown and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Qa => "qa",
            Self::Empty => "empty",
            Self::Scale => "scale",
            Self::Repro => "repro",
        }
    }

    /// Whether it has the default users, whose passwords everybody knows.
    #[must_use]
    pub const fn has_default_users(self) -> bool {
        !matches!(self, Self::Empty | Self::Repro)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is none of [`Profile::ALL`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a profile")]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn names_are_read_as_they_are_written() {
        for profile in Profile::ALL {
            assert_eq!(profile.as_str().parse::<Profile>().ok(), Some(profile));
        }
        assert!("DEMO".parse::<Profile>().is_err());
    }
}
