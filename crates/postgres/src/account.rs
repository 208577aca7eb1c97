use crate::PostgresError;
use crate::os;

/// Accounts the server runs as when Drydock is started as root, in order of preference.
const UNPRIVILEGED: [&str; 3] = ["drydock", "postgres", "nobody"];

/// Who the server runs as. PostgreSQL refuses to run as root, so root drops to an unprivileged account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Name of the account this process runs as: the one that connects.
    pub(crate) caller: String,
    pub(crate) dropped: bool,
}

impl Account {
    /// The current account, unless that is root: then the one `DRYDOCK_RUN_AS` names, else the first that exists of
    /// drydock, postgres, nobody.
    ///
    /// # Errors
    /// `postgres.no_account` if there is none, or the current account has no name (PostgreSQL needs one).
    pub fn resolve() -> Result<Self, PostgresError> {
        let missing = |what: String| PostgresError::NoAccount { what };
        let caller = os::current_user()
            .ok_or_else(|| missing("the current user id has no entry in the user database".into()))?;
        if caller.uid != 0 {
            return Ok(Self {
                name: caller.name.clone(),
                uid: caller.uid,
                gid: caller.gid,
                caller: caller.name,
                dropped: false,
            });
        }
        let named = std::env::var("DRYDOCK_RUN_AS").ok().filter(|name| !name.is_empty());
        let user = match &named {
            Some(name) => os::user_named(name)
                .ok_or_else(|| missing(format!("DRYDOCK_RUN_AS names {name}, which does not exist")))?,
            None => UNPRIVILEGED.iter().find_map(|name| os::user_named(name)).ok_or_else(|| {
                missing(format!("started as root, and none of {} exists", UNPRIVILEGED.join(", ")))
            })?,
        };
        if user.uid == 0 {
            return Err(missing(format!("DRYDOCK_RUN_AS names {}, which is root", user.name)));
        }
        Ok(Self { name: user.name, uid: user.uid, gid: user.gid, caller: caller.name, dropped: true })
    }

    /// Its name in the user database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its user id.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Its primary group id.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Whether the server runs as somebody else than this process (which then is root).
    pub fn is_dropped(&self) -> bool {
        self.dropped
    }
}
