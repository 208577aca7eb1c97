use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::holder::{LOCK_FILE, Lock};
use crate::{Account, PostgresError, os};

/// Where root keeps the data, and the copy of the tree that its unprivileged account can read.
pub(crate) const SYSTEM_DIR: &str = "/var/lib/drydock";

/// Where the data is kept unless the caller says otherwise: `DRYDOCK_DATA_DIR`, else `/var/lib/drydock` for root, else
/// `drydock` in the user's local data directory.
///
/// # Errors
/// `data.no_home` if there is no home directory.
pub fn default_data_dir() -> Result<PathBuf, PostgresError> {
    if let Some(path) = std::env::var_os("DRYDOCK_DATA_DIR").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    if os::is_root() {
        return Ok(SYSTEM_DIR.into());
    }
    dirs::data_local_dir().map(|base| base.join("drydock")).ok_or(PostgresError::NoHome)
}

/// A data directory, locked for this process as long as the value lives.
///
/// Holds `cluster/` (PGDATA), `log/postgres.log` and `drydock.lock`.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    pub(crate) lock: Lock,
}

impl DataDirectory {
    /// Creates the folder if need be (only its owner may list it), checks that it can be written and that the account can
    /// get there, and takes its lock in the name of `program` (see [`Holder`](crate::Holder)).
    ///
    /// # Errors
    /// `data.path_too_long`, `data.not_writable`, `data.in_use`, `postgres.unreachable`.
    pub fn open(path: &Path, account: &Account, program: &str) -> Result<Self, PostgresError> {
        let denied = |source| PostgresError::NotWritable { path: path.to_owned(), source };
        let absolute = std::path::absolute(path).map_err(denied)?;
        check_length(&absolute)?;
        create(&absolute, account).map_err(denied)?;
        let path = os::canonicalize(&absolute).map_err(denied)?;
        check_length(&path)?;
        // Before anything of ours lies in it, which is what would make it ours.
        admit(&path, account)?;
        let lock = Lock::take(&path, program)?;
        let data = Self { path, lock };
        let log = data.log_dir();
        match os::make_dir(&log, 0o700, None) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(denied(cause)),
            _ => Ok(data),
        }
    }

    /// The folder itself, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// PGDATA.
    pub fn cluster(&self) -> PathBuf {
        self.path.join("cluster")
    }

    /// The marker of a cluster that may not be durable.
    pub(crate) fn unsynced(&self) -> PathBuf {
        self.path.join("cluster.unsynced")
    }

    /// The server's log file.
    pub fn log_file(&self) -> PathBuf {
        self.log_dir().join("postgres.log")
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.path.join("log")
    }
}

fn check_length(path: &Path) -> Result<(), PostgresError> {
    let length = path.as_os_str().len();
    if length <= os::LONGEST_DATA {
        return Ok(());
    }
    Err(PostgresError::PathTooLong { path: path.to_owned(), length, longest: os::LONGEST_DATA })
}

/// Lets a dropped account through the folder itself if it is ours, and names the first folder on the way that is closed.
fn admit(path: &Path, account: &Account) -> Result<(), PostgresError> {
    if account.dropped && os::belongs_to_root(path) && is_ours(path) {
        os::let_pass(path).map_err(PostgresError::io("open to the server's account", path))?;
    }
    match os::closed_folder(path, account) {
        None => Ok(()),
        Some(folder) => {
            Err(PostgresError::Unreachable { account: account.name.clone(), folder, path: path.to_owned() })
        }
    }
}

/// Whether nobody else can mind what becomes of the folder's mode: it is empty, or has been a data directory before.
fn is_ours(path: &Path) -> bool {
    is_empty(path) || path.join(LOCK_FILE).is_file() || path.join("cluster").is_dir()
}

/// Creates the folder and those above it that are missing; what root creates on the way may be passed by everybody.
fn create(path: &Path, account: &Account) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        let mode = match (folder == path, account.dropped) {
            (true, false) => 0o700,
            (true, true) => 0o711,
            (false, _) => 0o755,
        };
        match os::make_dir(folder, mode, None) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
            _ => {}
        }
    }
    if path.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Whether the folder has no entry.
pub(crate) fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
