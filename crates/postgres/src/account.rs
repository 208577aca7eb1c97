#[cfg(unix)]
use std::ffi::OsStr;

use crate::PostgresError;
use crate::os;

/// Accounts the server runs as when Drydock is started as root, in order of preference.
#[cfg(unix)]
const UNPRIVILEGED: [&str; 3] = ["drydock", "postgres", "nobody"];

/// Who the server runs as. PostgreSQL refuses to run as root, so root drops to an unprivileged account; on Windows an
/// administrator's server stays with the account, without its rights as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub(crate) name: String,
    #[cfg(unix)]
    pub(crate) uid: u32,
    #[cfg(unix)]
    pub(crate) gid: u32,
    /// Name of the account this process runs as: the one that connects.
    #[cfg(unix)]
    pub(crate) caller: String,
    pub(crate) dropped: bool,
}

impl Account {
    /// The current account.
    ///
    /// # Errors
    /// `postgres.account_unusable` if it has no name.
    #[cfg(windows)]
    pub fn resolve() -> Result<Self, PostgresError> {
        let what = || "the current account has no name".to_owned();
        let name = os::current_user().ok_or_else(|| PostgresError::AccountUnusable { what: what() })?;
        Ok(Self { name, dropped: false })
    }

    /// The current account, unless that is root: then the one `DRYDOCK_RUN_AS` names, else the first that exists of
    /// drydock, postgres, nobody.
    ///
    /// # Errors
    /// `postgres.no_account` if none of them exists, `postgres.account_unusable` if the one that is named, or the current
    /// one, will not do: PostgreSQL needs an account with a name that is not root.
    #[cfg(unix)]
    pub fn resolve() -> Result<Self, PostgresError> {
        let caller = os::current_user().ok_or_else(|| PostgresError::AccountUnusable {
            what: format!("the current user id {} has no name in the user database", os::current_uid()),
        })?;
        if caller.uid != 0 {
            return Ok(Self {
                name: caller.name.clone(),
                uid: caller.uid,
                gid: caller.gid,
                caller: caller.name,
                dropped: false,
            });
        }
        let user = match std::env::var_os("DRYDOCK_RUN_AS").filter(|name| !name.is_empty()) {
            Some(name) => named(&name)
                .map_err(|why| PostgresError::AccountUnusable { what: format!("DRYDOCK_RUN_AS is {why}") })?,
            None => UNPRIVILEGED.iter().find_map(|name| os::user_named(name)).ok_or_else(|| {
                PostgresError::NoAccount {
                    what: format!("started as root, and none of {} exists", UNPRIVILEGED.join(", ")),
                }
            })?,
        };
        Ok(Self { name: user.name, uid: user.uid, gid: user.gid, caller: caller.name, dropped: true })
    }

    /// Its name in the user database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its user id.
    #[cfg(unix)]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Its primary group id.
    #[cfg(unix)]
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Whether the server runs as somebody else than this process (which then is root).
    pub fn is_dropped(&self) -> bool {
        self.dropped
    }
}

/// The unprivileged account of this name, else what is wrong with it.
#[cfg(unix)]
fn named(name: &OsStr) -> Result<os::User, String> {
    let Some(text) = name.to_str() else { return Err(format!("{}, which is not text", name.display())) };
    match os::user_named(text) {
        Some(user) if user.uid == 0 => Err(format!("{text}, which is root")),
        Some(user) => Ok(user),
        None => Err(format!("{text}, and there is no account of that name")),
    }
}
