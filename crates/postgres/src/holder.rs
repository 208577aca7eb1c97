use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{Listener, PostgresError, os};

/// The file whose advisory lock is the ownership of a data directory.
pub(crate) const LOCK_FILE: &str = "drydock.lock";

/// How long the lock is tried for: [`Holder::of`] of other processes takes a shared one for an instant.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often.
const RETRY: Duration = Duration::from_millis(2);

/// Who holds a data directory, as the holder itself has written it into the lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// When it took the directory (RFC 3339, UTC).
    pub since: String,
    /// What it is: the name it gave to [`DataDirectory::open`](crate::DataDirectory::open).
    pub program: String,
    /// Its version of Drydock.
    pub version: String,
    /// The folder of its server's socket, from when the server accepts connections until it has ended.
    #[cfg(unix)]
    pub socket_dir: Option<PathBuf>,
    /// The port of its server on 127.0.0.1, from when the server accepts connections until it has ended.
    #[cfg(windows)]
    pub port: Option<u16>,
}

impl Holder {
    /// Who holds the data directory at `path`; `None` if nobody does, or there is none. Harms nobody who is about to open it.
    ///
    /// # Errors
    /// `data.in_use` if somebody holds it who does not say who it is, `postgres.io` if the lock file cannot be read.
    pub fn of(path: &Path) -> Result<Option<Self>, PostgresError> {
        let file = path.join(LOCK_FILE);
        let failed = |cause| PostgresError::io("read", &file)(cause);
        let mut lock = match os::open_to_read(&file) {
            Ok(lock) => lock,
            // Nor is there a data directory below a file.
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(cause) => return Err(failed(cause)),
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            match os::try_lock_shared(&lock) {
                Ok(()) => return os::unlock(&lock).map(|()| None).map_err(failed),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            }
            // Between taking the lock and writing its name a holder has none.
            if let Some(holder) = Self::read(&mut lock) {
                return Ok(Some(holder));
            }
            if Instant::now() >= deadline {
                return Err(PostgresError::InUse { path: path.to_owned(), holder: None });
            }
            std::thread::sleep(RETRY);
        }
    }

    fn read(lock: &mut File) -> Option<Self> {
        let mut text = Vec::new();
        lock.rewind().and_then(|()| lock.read_to_end(&mut text)).ok()?;
        // Only the first value: while a shorter text replaces a longer one, the rest of that one may still follow.
        serde_json::Deserializer::from_slice(&text).into_iter().next()?.ok()
    }
}

/// The lock of a data directory, held as long as the value lives.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    holder: Mutex<Holder>,
}

impl Lock {
    pub(crate) fn take(data: &Path, program: &str) -> Result<Self, PostgresError> {
        let denied = |source| PostgresError::NotWritable { path: data.to_owned(), source };
        let mut file = os::open_private(&data.join(LOCK_FILE)).map_err(denied)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match os::try_lock(&file) {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(RETRY),
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder::read(&mut file).map(Box::new);
                    return Err(PostgresError::InUse { path: data.to_owned(), holder });
                }
                Err(TryLockError::Error(cause)) => return Err(denied(cause)),
            }
        }
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).ok();
        let holder = Holder {
            pid: std::process::id(),
            since: now.and_then(|now| now.format(&Rfc3339).ok()).unwrap_or_default(),
            program: program.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            #[cfg(unix)]
            socket_dir: None,
            #[cfg(windows)]
            port: None,
        };
        let lock = Self { file, holder: Mutex::new(holder) };
        lock.tell(None).map_err(denied)?;
        Ok(lock)
    }

    /// Writes who holds it, and where the server listens while it does.
    pub(crate) fn tell(&self, listener: Option<&Listener>) -> io::Result<()> {
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        #[cfg(unix)]
        {
            holder.socket_dir = listener.map(|socket| socket.path().to_owned());
        }
        #[cfg(windows)]
        {
            holder.port = listener.map(Listener::port);
        }
        let mut text = serde_json::to_vec(&*holder)?;
        text.push(b'\n');
        let mut file = &self.file;
        file.rewind()?;
        file.write_all(&text)?;
        file.set_len(text.len() as u64)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        // Not left to close(): a child between fork and exec shares the descriptor and would keep the lock for a moment.
        let _ = os::unlock(&self.file);
    }
}
