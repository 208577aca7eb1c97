//! What can go wrong between the program and its database.

use drydock_domain::{ErrorCode, asset::Column};

use crate::{access::Denied, assets::Asset};

/// An error of the store. [`StoreError::code`] gives the code that people and programs see.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// E-mail and password do not open an account; deliberately says no more.
    #[error("the e-mail address or the password is wrong, or the account may not sign in")]
    InvalidCredentials,
    /// Too many sign-ins failed with this address; the next one is looked at after so long.
    #[error("sign-in failed too often with this address")]
    Throttled(std::time::Duration),
    /// Many asked for an account within the last hour; the next who does is looked at after so long.
    #[error("many asked for an account within the last hour")]
    TooManyRegistrations(std::time::Duration),
    /// The password given as the current one is not the account's.
    #[error("the current password is wrong")]
    WrongPassword,
    /// There is a user already, so nobody sets up the first one.
    #[error("the first account was set up before")]
    AlreadySetUp,
    /// The session token is unknown, revoked, idle for too long or past its end.
    #[error("the session has ended")]
    SessionExpired,
    /// The user has no such session, or it has ended.
    #[error("there is no such session of this user")]
    SessionNotFound,
    /// The client account does not exist, or the caller is no member of it.
    #[error("there is no such client account among yours")]
    ClientAccountNotFound,
    /// The engagement does not exist in the client account.
    #[error("there is no such engagement in this client account")]
    EngagementNotFound,
    /// The engagement is closed, and what is in it stays as it is.
    #[error("the engagement is closed")]
    EngagementClosed,
    /// There is no such user, or nobody whom the caller may see.
    #[error("there is no such user")]
    UserNotFound,
    /// A field of the request cannot be as it is.
    #[error("{message}")]
    Invalid {
        /// Where, as a JSON pointer into the request's body.
        path: String,
        /// What is wrong, for programs.
        code: &'static str,
        /// What is wrong, for people.
        message: &'static str,
    },
    /// The user lacks a permission.
    #[error("{0}")]
    Denied(Box<Denied>),
    /// The asset does not exist in the engagement.
    #[error("there is no such asset in this engagement")]
    AssetNotFound,
    /// The asset was changed since the caller read it; as it is now.
    #[error("the asset was changed since")]
    AssetStale(Box<Asset>),
    /// Another asset of the type in the engagement has what is in this column.
    #[error("another asset of this type has the same {}", .0.name())]
    AssetTaken(Column),
    /// Something refers to an asset and does not go with it.
    #[error("something refers to an asset that is to be deleted")]
    AssetInUse,
    /// The change does not exist in the engagement.
    #[error("there is no such change in this engagement")]
    ChangeNotFound,
    /// The change was taken back before.
    #[error("the change was taken back before")]
    AlreadyUndone,
    /// A key that no page in this order has given out.
    #[error("the key does not belong to this order")]
    InvalidKey,
    /// The user keeps no such view.
    #[error("there is no such view among those the user keeps")]
    ViewNotFound,
    /// The user keeps another view under the name.
    #[error("the user keeps another view under this name")]
    ViewNameTaken,
    /// The user keeps as many views as there may be.
    #[error("the user keeps as many views as there may be")]
    ViewsFull,
    /// A value that PostgreSQL cannot store as text, such as one with a NUL character.
    #[error("a value holds characters that cannot be stored: {0}")]
    InvalidText(String),
    /// A gate of the boot sequence is red.
    #[error("{what}")]
    Gate {
        /// Which one.
        code: ErrorCode,
        /// What was seen.
        what: String,
    },
    /// There is no state before a reset or restore.
    #[error("nothing was reset or restored yet")]
    NothingToUndo,
    /// Argon2 or the random source failed.
    #[error("password hashing failed: {0}")]
    Hashing(String),
    /// A seed fixture that this build carries is not readable.
    #[error("the demo data cannot be read: {0}")]
    Fixture(#[from] csv::Error),
    /// A row holds a value that this build does not know.
    #[error("unexpected value in the database: {0}")]
    UnexpectedValue(String),
    /// No connection in time, the pool is exhausted or the server is gone; or the statement gave way to one that ran at the same time.
    #[error("the database does not answer: {}", words(.0))]
    Unavailable(#[source] sqlx::Error),
    /// The disk that holds the data is full.
    #[error("the disk is full")]
    DiskFull,
    /// Any other database error.
    #[error("the database refused a statement: {}", words(.0))]
    Database(#[source] sqlx::Error),
}

/// An error in the server's own words where it has some: the driver adds a line of the server's source.
pub(crate) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    }
}

impl StoreError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::Throttled(_) => ErrorCode::Throttled,
            Self::TooManyRegistrations(_) => ErrorCode::RegistrationThrottled,
            Self::EngagementClosed => ErrorCode::EngagementClosed,
            Self::SessionExpired => ErrorCode::SessionExpired,
            Self::AlreadySetUp => ErrorCode::SetupDone,
            Self::SessionNotFound => ErrorCode::SessionNotFound,
            Self::ClientAccountNotFound => ErrorCode::ClientAccountNotFound,
            Self::EngagementNotFound => ErrorCode::EngagementNotFound,
            Self::Denied(_) => ErrorCode::PermissionDenied,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::AssetNotFound => ErrorCode::AssetNotFound,
            Self::AssetStale(_) => ErrorCode::ConflictStale,
            Self::AssetInUse => ErrorCode::AssetInUse,
            Self::ChangeNotFound => ErrorCode::ChangeNotFound,
            Self::AlreadyUndone => ErrorCode::ChangeUndone,
            Self::ViewNotFound => ErrorCode::ViewNotFound,
            Self::WrongPassword
            | Self::InvalidText(_)
            | Self::Invalid { .. }
            | Self::AssetTaken(_)
            | Self::InvalidKey
            | Self::ViewNameTaken
            | Self::ViewsFull => ErrorCode::RequestInvalid,
            Self::NothingToUndo => ErrorCode::NothingToUndo,
            Self::Gate { code, .. } => *code,
            Self::Unavailable(_) => ErrorCode::DatabaseUnavailable,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::Hashing(_) | Self::Fixture(_) | Self::UnexpectedValue(_) | Self::Database(_) => {
                ErrorCode::Internal
            }
        }
    }

    pub(crate) fn invalid(path: impl Into<String>, code: &'static str, message: &'static str) -> Self {
        Self::Invalid { path: path.into(), code, message }
    }

    pub(crate) fn gate(code: ErrorCode, what: impl Into<String>) -> Self {
        Self::Gate { code, what: what.into() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // character_not_in_repertoire, untranslatable_character
                Some("22021" | "22P05") => Self::InvalidText(database.message().to_owned()),
                // query_canceled, lock_not_available: the limits of the pool's connections;
                // admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections;
                // serialization_failure, deadlock_detected: what was undone for another's sake can be done again
                Some("57014" | "55P03" | "57P01" | "57P02" | "57P03" | "53300" | "40001" | "40P01") => {
                    Self::Unavailable(error)
                }
                Some("53100") => Self::DiskFull,
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}
