//! The first account, and changing a password, over the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Token;

/// Whether anybody can sign in yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Setup {
    /// There is no user at all: the first account is to be set up.
    pub(crate) required: bool,
}

/// The first account, which administers the platform.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstAccount {
    /// E-mail address; kept in lower case.
    #[schema(example = "ada@example.com")]
    pub(crate) email: String,
    /// At least 8 characters of any kind; kept exactly as it is given, as a hash.
    pub(crate) password: String,
    /// At most 100 characters.
    pub(crate) first_name: String,
    /// At most 100 characters; may be empty.
    pub(crate) last_name: String,
}

/// A new password for the signed-in user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password until now.
    pub(crate) current_password: String,
    /// At least 8 characters of any kind; kept exactly as it is given, as a hash.
    pub(crate) new_password: String,
}

/// A changed password.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordChanged {
    /// The token from now on: every earlier one of this user has ended.
    pub(crate) token: Token,
}
