use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Account, PostgresError, os};

/// The number in the socket's file name. No TCP port is opened.
pub const PORT: u16 = 5432;

/// Longest path of a socket, in bytes, on every Unix (macOS has 104 with the final zero, Linux 108).
const LONGEST: usize = 103;

/// The private folder of the server's socket, removed when dropped.
#[derive(Debug)]
pub(crate) struct SocketFolder {
    path: PathBuf,
}

impl SocketFolder {
    /// Creates the folder for the cluster in `data`, in the user's runtime directory if there is one that will do, else in
    /// `/tmp`. PostgreSQL reads `unix_socket_directories` as a list with quotes and writes it into a line of `postmaster.pid`. Its name follows from the path of `data`, so what a crash left is found and used again.
    pub(crate) fn create(data: &Path, account: &Account) -> Result<Self, PostgresError> {
        let digest = crate::digest(data.as_os_str().as_bytes(), 12);
        let runtime = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|dir| {
                dir.is_absolute()
                    && !account.dropped
                    // The lock file says where the socket is, in JSON.
                    && dir.to_str().is_some()
                    && !dir.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b',' | b'"' | b'\n'))
                    && os::is_private_dir(dir, account).unwrap_or(false)
            })
            .map(|dir| dir.join(format!("drydock-{digest}")))
            .filter(|dir| fits(dir));
        let path = runtime.unwrap_or_else(|| format!("/tmp/drydock-{}-{digest}", account.uid).into());
        match os::make_dir(&path, 0o700, Some(account)) {
            Ok(()) => {}
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {
                // In /tmp anybody can be there first.
                if !os::is_private_dir(&path, account).unwrap_or(false) {
                    let what = format!("it exists and is not a private folder of {}", account.name);
                    return Err(PostgresError::SocketFolder { path, what });
                }
                clear(&path);
            }
            Err(cause) => return Err(PostgresError::SocketFolder { path, what: cause.to_string() }),
        }
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What makes the server listen here.
    pub(crate) fn arguments(&self) -> [OsString; 4] {
        let mut folder = OsString::from("unix_socket_directories=");
        folder.push(&self.path);
        ["-c".into(), folder, "-p".into(), PORT.to_string().into()]
    }
}

/// Removes the empty folders that servers of this account have left whose Drydock was killed and whose data were never opened again.
/// One that is being started has had its folder for a shorter time than `AGE`.
pub(crate) fn sweep(beside: &Path, account: &Account) {
    const AGE: Duration = Duration::from_secs(600);
    let prefixes = [format!("drydock-{}-", account.uid), "drydock-".to_owned()];
    let ours = if beside.starts_with("/tmp") { &prefixes[0] } else { &prefixes[1] };
    let Some(parent) = beside.parent() else { return };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(ours.as_str()));
        let is_old = || {
            entry
                .metadata()
                .and_then(|meta| meta.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > AGE))
        };
        if is_named && path != beside && is_old() && os::is_private_dir(&path, account).unwrap_or(false) {
            // Fails where a socket is in it.
            let _ = fs::remove_dir(&path);
        }
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        clear(&self.path);
        let _ = fs::remove_dir(&self.path);
    }
}

fn fits(folder: &Path) -> bool {
    folder.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len() <= LONGEST
}

/// Removes the socket and its lock file. They belong to no living server: we hold the data directory the folder is named
/// after, and the server left over on it, if any, has been stopped.
fn clear(folder: &Path) {
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        let _ = fs::remove_file(folder.join(name));
    }
}
