use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::{Account, PostgresError, os};

/// The password of an installation: its superuser's, and of the roles that whoever makes them gives it to. Printed by nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Of the cluster in the data directory at `data`, for another program of the same account.
    ///
    /// # Errors
    /// `postgres.io` if there is none, or it cannot be read.
    pub fn of(data: &Path) -> Result<Self, PostgresError> {
        let path = file(data);
        let text = fs::read_to_string(&path).map_err(PostgresError::io("read", &path))?;
        Ok(Self(text.trim().to_owned()))
    }

    /// Makes sure there is one, and says where. It is made once: a cluster that is made again has the same.
    pub(crate) fn ensure(data: &Path, account: &Account) -> Result<PathBuf, PostgresError> {
        let path = file(data);
        if path.exists() {
            return Ok(path);
        }
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        // 122 random bits.
        let text = format!("{}\n", Uuid::new_v4().simple());
        os::write_new(&new, &text, 0o600, account, os::Durable::Yes)
            .map_err(PostgresError::io("write", &new))?;
        fs::rename(&new, &path).map_err(PostgresError::io("put in place", &path))?;
        Ok(path)
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Beside the cluster: what initdb is given to read, so that it is on no command line.
fn file(data: &Path) -> PathBuf {
    data.join("superuser.password")
}

/// A port of 127.0.0.1, and what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Loopback {
    port: u16,
    password: Password,
}

impl Loopback {
    /// Finds a port that is free. It stays so by chance only: a server that finds it taken says so and ends, and the next
    /// start finds another.
    pub(crate) fn create(data: &Path, _account: &Account) -> Result<Self, PostgresError> {
        let free =
            || -> io::Result<u16> { Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port()) };
        let port = free().map_err(PostgresError::io("find a free port for", data))?;
        Ok(Self { port, password: Password::of(data)? })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn password(&self) -> &Password {
        &self.password
    }

    /// What makes the server listen here.
    pub(crate) fn arguments(&self) -> [OsString; 4] {
        ["-c".into(), "listen_addresses=127.0.0.1".into(), "-p".into(), self.port.to_string().into()]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_made_once_and_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Password::of(folder.path()).unwrap_err().code(), "postgres.io");
        let account = Account::resolve().unwrap();
        let path = Password::ensure(folder.path(), &account).unwrap();
        let password = Password::of(folder.path()).unwrap();
        assert_eq!(password.expose().len(), 32);
        assert_eq!(Password::ensure(folder.path(), &account).unwrap(), path);
        assert_eq!(Password::of(folder.path()).unwrap(), password);
        assert!(!format!("{password:?}").contains(password.expose()));
    }
}
