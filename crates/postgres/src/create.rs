//! How a cluster comes to be: unpacked from a template, or made by initdb. It is made aside and renamed when it is
//! complete, so that what an interruption leaves is never taken for a cluster.
//!
//! initdb's is durable before it is renamed. A template's becomes whole and durable beside its first start's gates; until then the
//! marker beside it says so, and a cluster with the marker is made anew: nobody has been let in yet.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[cfg(unix)]
use pg_embed::command_executor::{AsyncCommand, AsyncCommandExecutor};
#[cfg(unix)]
use pg_embed::pg_enums::{PgProcessType, PgServerStatus};

use crate::cluster::{Initialised, Inner, SUPERUSER};
use crate::template::{Template, UnpackError};
use crate::{PostgresError, os, recover};

/// Prefix of a cluster that is being made.
const UNFINISHED: &str = "cluster.new";

/// How long the removal of an unfinished cluster is tried.
const PATIENCE: Duration = Duration::from_secs(2);

impl Inner {
    /// Makes the cluster, from `template` if there is one that is sound.
    pub(crate) async fn create(
        self: &Arc<Self>,
        template: Option<&Template>,
    ) -> Result<Initialised, PostgresError> {
        remove_unfinished(self.data.path()).await;
        #[cfg(unix)]
        os::spread(self.data.path());
        // A template has no password, and nobody comes in without one there.
        if let Some(template) = template.filter(|_| cfg!(unix)) {
            let (inner, of) = (Arc::clone(self), template.clone());
            let unpacked = tokio::task::spawn_blocking(move || inner.unpack(&of)).await;
            match unpacked.unwrap_or_else(|cause| Err(Unpack::Template(cause.to_string()))) {
                Ok(()) => return Ok(Initialised::Unpacked),
                Err(Unpack::Failed(cause)) => return Err(cause),
                Err(Unpack::Template(what)) => {
                    let path = template.path().display();
                    tracing::warn!(%path, "the template is damaged, running initdb instead: {what}");
                }
            }
        }
        let path = self.unfinished();
        os::make_dir(&path, 0o700, Some(&self.account)).map_err(PostgresError::io("create", &path))?;
        let unfinished = Unfinished(path);
        tracing::debug!(step = "initdb");
        self.initdb(&unfinished.0).await?;
        #[cfg(unix)]
        os::spread(&unfinished.0.join("base"));
        self.admit_callers(&unfinished.0, os::Durable::Yes)?;
        tracing::debug!(step = "sync");
        os::sync(&unfinished.0).map_err(PostgresError::io("sync", &unfinished.0))?;
        self.unmark()?;
        self.put_in_place(unfinished)?;
        os::sync_entries(self.data.path()).map_err(PostgresError::io("sync", self.data.path()))?;
        tracing::debug!(step = "durable");
        Ok(Initialised::Created)
    }

    fn unpack(self: &Arc<Self>, template: &Template) -> Result<(), Unpack> {
        tracing::debug!(step = "mark");
        self.mark()?;
        let path = self.unfinished();
        os::make_dir(&path, 0o700, Some(&self.account)).map_err(PostgresError::io("create", &path))?;
        let unfinished = Unfinished(path);
        tracing::debug!(step = "unpack");
        let rest = template.unpack(&unfinished.0, &self.account)?;
        tracing::debug!(step = "unpacked");
        self.admit_callers(&unfinished.0, os::Durable::No)?;
        self.put_in_place(unfinished)?;
        self.durable.send_replace(None);
        self.unsynced.store(true, Ordering::Release);
        if let Some(rest) = rest {
            let (cluster, account) = (self.cluster(), self.account.clone());
            let work = move || {
                tracing::debug!(step = "rest");
                let unpacked = rest.unpack(&cluster, &account).map_err(PostgresError::from);
                tracing::debug!(step = "rest unpacked");
                unpacked
            };
            let thread = std::thread::Builder::new().name("cluster-rest".into()).spawn(work);
            let thread = thread.map_err(PostgresError::io("start a thread for", self.data.path()))?;
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        }
        Ok(())
    }

    /// Makes the unpacked cluster durable on a thread of its own, and takes away the marker when it is. To be called when the
    /// server has started: before, its few writes would wait for all of this one's. Does nothing the second time.
    pub(crate) fn sync_aside(self: &Arc<Self>) -> Result<(), PostgresError> {
        if !self.unsynced.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        // With the lock: the marker of another opener is not ours to take away.
        let inner = Arc::clone(self);
        let work = move || {
            let path = inner.cluster();
            let unpacked = inner.rest_unpacked();
            tracing::debug!(step = "sync");
            let synced =
                unpacked.and_then(|()| os::sync_all(&path).map_err(PostgresError::io("sync", &path)));
            tracing::debug!(step = "unmark");
            let synced = synced.and_then(|()| inner.unmark());
            tracing::debug!(step = "durable");
            inner.durable.send_replace(Some(synced.map_err(Arc::new)));
        };
        let thread = std::thread::Builder::new().name("cluster-sync".into()).spawn(work);
        thread.map(drop).map_err(PostgresError::io("start a thread for", self.data.path()))
    }

    fn put_in_place(&self, unfinished: Unfinished) -> Result<(), PostgresError> {
        tracing::debug!(step = "rename");
        let cluster = self.cluster();
        fs::rename(&unfinished.0, &cluster).map_err(PostgresError::io("put in place", &cluster))?;
        // It has another name now.
        std::mem::forget(unfinished);
        tracing::debug!(step = "renamed");
        Ok(())
    }

    fn unfinished(&self) -> PathBuf {
        // A name of its own: an initdb that outlived a crash of its app still writes to the name it was given.
        let nonce = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        self.data.path().join(format!("{UNFINISHED}-{}-{nonce:x}", std::process::id()))
    }

    fn mark(&self) -> Result<(), PostgresError> {
        let marker = self.data.unsynced();
        let made = os::open_private(&marker).and_then(|file| file.sync_all());
        made.and_then(|()| os::sync_entries(self.data.path())).map_err(PostgresError::io("write", &marker))
    }

    fn unmark(&self) -> Result<(), PostgresError> {
        let marker = self.data.unsynced();
        match fs::remove_file(&marker) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed
                .and_then(|()| os::sync_entries(self.data.path()))
                .map_err(PostgresError::io("remove", &marker)),
        }
    }

    /// Puts away a cluster that is marked as perhaps not durable; what is put away is removed as unfinished.
    pub(crate) fn discard_unsynced(&self) -> Result<(), PostgresError> {
        let cluster = self.cluster();
        if fs::symlink_metadata(self.data.unsynced()).is_err() || fs::symlink_metadata(&cluster).is_err() {
            return Ok(());
        }
        tracing::warn!(path = %cluster.display(), "the first start was interrupted before the cluster was durable; making it again");
        // Its server may still be ending.
        recover::clear(&cluster)?;
        fs::rename(&cluster, self.unfinished()).map_err(PostgresError::io("put away", &cluster))
    }

    /// What initdb is told; `path` is where to.
    fn initdb_arguments(&self, path: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-D".into(), path.into(), "-U".into(), SUPERUSER.into()];
        arguments.extend(
            [
                "--encoding=UTF8",
                #[cfg(unix)]
                "--locale=C.UTF-8",
                #[cfg(unix)]
                "--lc-collate=C",
                #[cfg(windows)]
                "--locale=C",
                "--data-checksums",
                // Files of the write-ahead log of 1 MB: fewer bytes to write at the first start.
                "--wal-segsize=1",
                #[cfg(unix)]
                "--auth-local=peer",
                #[cfg(unix)]
                "--auth-host=reject",
                #[cfg(windows)]
                "--auth=scram-sha-256",
                "--no-instructions",
                // The values the server is started with; given here, initdb need not try out what the machine can bear.
                "--set=max_connections=30",
                "--set=shared_buffers=16MB",
            ]
            .map(Into::into),
        );
        if os::SYNCS_AT_ONCE {
            arguments.push("--no-sync".into());
        }
        arguments
    }

    /// Runs initdb through pg-embed's executor.
    ///
    /// `PgEmbed` itself is not used: its constructor creates a cache folder below the home directory (and fails where it
    /// can't), its `setup` leaves a readable password file behind and its `start_db` turns fsync off. None of its
    /// download code can be reached from here. The executor sets neither user nor environment and drops what the program
    /// prints, so a shell in between does; and it lets its program run on when it is dropped, so the program is on a leash.
    #[cfg(unix)]
    async fn initdb(&self, path: &Path) -> Result<(), PostgresError> {
        let output = self.data.log_dir().join("initdb.log");
        let initdb = self.tree.program("initdb");
        let mut leash = os::Leash::new().map_err(PostgresError::io("make a pipe for", &initdb))?;
        let (program, mut arguments) = os::isolated(&initdb, &self.account, path, &output, &leash);
        arguments.extend(self.initdb_arguments(path));
        // Only this run's output may end up in the error.
        let _ = fs::remove_file(&output);
        let failed = |cause: pg_embed::pg_errors::Error| PostgresError::InitFailed {
            output: match fs::read(&output).map(|text| String::from_utf8_lossy(&text).into_owned()) {
                Ok(text) if !text.trim().is_empty() => text,
                _ => cause.to_string(),
            },
        };
        let mut run =
            AsyncCommandExecutor::<PgServerStatus, _, _>::new(program, arguments, PgProcessType::InitDb)
                .map_err(failed)?;
        leash.handed_over();
        run.execute(None).await.map_err(failed)?;
        Ok(())
    }

    /// Runs initdb as a server is run, with a restricted token and in a job: it ends with this process, and when nobody waits
    /// for it any more. pg-embed's executor would need a shell in between, which there is none of.
    #[cfg(windows)]
    async fn initdb(&self, path: &Path) -> Result<(), PostgresError> {
        let output = self.data.log_dir().join("initdb.log");
        let initdb = self.tree.program("initdb");
        let mut words = OsString::from("--pwfile=");
        words.push(crate::Password::ensure(self.data.path(), &self.account)?);
        // Only this run's output may end up in the error.
        let _ = fs::remove_file(&output);
        let log = os::create_private(&output).map_err(PostgresError::io("create", &output))?;
        let errors = log.try_clone().map_err(PostgresError::io("create", &output))?;
        let ran = || PostgresError::io("run", &initdb);
        let (mut command, guard) = os::server(&initdb).map_err(ran())?;
        command.args(self.initdb_arguments(path)).arg(words).envs(os::environment());
        // Its token is restricted as it is: it need not start itself again with another.
        command.envs([("PG_RESTRICT_EXEC", "1")]);
        command.current_dir(self.data.path()).stdout(log).stderr(errors);
        let mut child = command.spawn().map_err(ran())?;
        let ended = tokio::task::spawn_blocking(move || child.wait()).await;
        // Dropped earlier, with this future, it ends the job, and so the wait.
        drop(guard);
        let status = ended.unwrap_or_else(|cause| Err(io::Error::other(cause))).map_err(ran())?;
        if status.success() {
            return Ok(());
        }
        Err(PostgresError::InitFailed {
            output: match fs::read(&output).map(|text| String::from_utf8_lossy(&text).into_owned()) {
                Ok(text) if !text.trim().is_empty() => text,
                _ => format!("error: initdb ended with {status}"),
            },
        })
    }
}

/// Why there is no unpacked cluster.
enum Unpack {
    /// The template is no good; initdb may be.
    Template(String),
    /// Nothing else would do either.
    Failed(PostgresError),
}

impl From<UnpackError> for Unpack {
    fn from(cause: UnpackError) -> Self {
        match cause {
            UnpackError::Damaged(what) => Self::Template(what),
            unwritable @ UnpackError::Unwritable { .. } => Self::Failed(unwritable.into()),
        }
    }
}

impl From<UnpackError> for PostgresError {
    fn from(cause: UnpackError) -> Self {
        match cause {
            UnpackError::Unwritable { path, source } => Self::io("write", &path)(source),
            // Its checksum was right.
            UnpackError::Damaged(what) => Self::InitFailed { output: format!("error: the template: {what}") },
        }
    }
}

impl From<PostgresError> for Unpack {
    fn from(cause: PostgresError) -> Self {
        Self::Failed(cause)
    }
}

/// A cluster that is being made: removed when dropped.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), "could not remove an unfinished cluster: {cause}");
        }
    }
}

/// Removes what interrupted runs of initdb left. It is ours: we hold the data directory's lock. An initdb whose app was
/// killed may still be ending, so what can't be removed is tried again for a while, and then left for the next time.
async fn remove_unfinished(data: &Path) {
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        tracing::warn!(path = %path.display(), "removing an unfinished cluster");
        let deadline = Instant::now() + PATIENCE;
        while let Err(cause) = fs::remove_dir_all(&path) {
            if Instant::now() >= deadline {
                tracing::warn!(path = %path.display(), "could not remove an unfinished cluster: {cause}");
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
