use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pg_embed::command_executor::{AsyncCommand, AsyncCommandExecutor};
use pg_embed::pg_enums::{PgProcessType, PgServerStatus};

use crate::{Account, DataDirectory, PostgresError, Tree, data, os};

/// The superuser initdb creates. Reached by peer authentication only; it has no password.
pub(crate) const SUPERUSER: &str = "postgres";

/// Prefix of a cluster that is being made.
const UNFINISHED: &str = "cluster.new";

/// How long the removal of one is tried.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether [`Cluster::initialise`] made the cluster or found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialised {
    /// It was made just now.
    Created,
    /// It was there.
    Existing,
}

/// An initialised cluster whose data directory this process holds. Cheap to clone; the last clone gives the lock back.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) tree: Tree,
    pub(crate) data: DataDirectory,
    pub(crate) account: Account,
    pub(crate) running: AtomicBool,
}

impl Cluster {
    /// Makes the cluster if it isn't there: initdb with data checksums, UTF8, the C.UTF-8 locale and byte order, with peer
    /// authentication on the Unix socket for this account and nothing else. It is made aside and renamed when it is
    /// complete and durable, so that an interrupted initdb is never taken for a finished one.
    ///
    /// # Errors
    /// `postgres.init_failed` with initdb's own words, `data.other_major`, `data.other_owner`, `data.damaged`,
    /// `postgres.stage_failed`, `postgres.io`.
    pub async fn initialise(
        tree: &Tree,
        data: DataDirectory,
        account: &Account,
    ) -> Result<(Self, Initialised), PostgresError> {
        let tree = tree.reachable_by(account)?;
        let inner = Inner { tree, data, account: account.clone(), running: AtomicBool::new(false) };
        let initialised = if inner.exists()? {
            inner.admit_callers(&inner.data.cluster())?;
            Initialised::Existing
        } else {
            inner.create().await?;
            Initialised::Created
        };
        Ok((Self { inner: Arc::new(inner) }, initialised))
    }

    /// PGDATA.
    pub fn path(&self) -> PathBuf {
        self.inner.data.cluster()
    }

    /// The data directory it lies in.
    pub fn data(&self) -> &DataDirectory {
        &self.inner.data
    }

    /// The tree its server runs from: the bundled one, or its staged copy.
    pub fn tree(&self) -> &Tree {
        &self.inner.tree
    }

    /// Who its server runs as.
    pub fn account(&self) -> &Account {
        &self.inner.account
    }
}

impl Inner {
    /// Whether there is a cluster that this tree and account can run.
    fn exists(&self) -> Result<bool, PostgresError> {
        let path = self.data.cluster();
        let found = match fs::read_to_string(path.join("PG_VERSION")) {
            Ok(found) => found.trim().to_owned(),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return match fs::symlink_metadata(&path) {
                    Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
                    Ok(meta) if meta.is_dir() && data::is_empty(&path) => Ok(false),
                    _ => Err(PostgresError::ClusterDamaged { path }),
                };
            }
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
                return Err(self.other_owner(&path));
            }
            Err(cause) => return Err(PostgresError::io("read", &path.join("PG_VERSION"))(cause)),
        };
        if found != self.tree.major() {
            return Err(PostgresError::OtherMajor { path, found, ours: self.tree.major().to_owned() });
        }
        match os::owner(&path) {
            Ok(uid) if uid == self.account.uid => Ok(true),
            Ok(_) => Err(self.other_owner(&path)),
            Err(cause) => Err(PostgresError::io("look at", &path)(cause)),
        }
    }

    fn other_owner(&self, path: &Path) -> PostgresError {
        let owner = os::owner(path).map_or("another account".into(), os::name_of);
        PostgresError::OtherOwner { path: path.to_owned(), owner, account: self.account.name.clone() }
    }

    async fn create(&self) -> Result<(), PostgresError> {
        remove_unfinished(self.data.path()).await;
        // A name of its own: an initdb that outlived a crash of its app still writes to the name it was given.
        let nonce = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let path = self.data.path().join(format!("{UNFINISHED}-{}-{nonce:x}", std::process::id()));
        os::make_dir(&path, 0o700, Some(&self.account)).map_err(PostgresError::io("create", &path))?;
        let unfinished = Unfinished { path: &path };
        self.initdb(&path).await?;
        self.finish(&path)?;
        // It has another name now.
        std::mem::forget(unfinished);
        Ok(())
    }

    /// Runs initdb through pg-embed's executor.
    ///
    /// `PgEmbed` itself is not used: its constructor creates a cache folder below the home directory (and fails where it
    /// can't), its `setup` leaves a readable password file behind and its `start_db` turns fsync off. None of its
    /// download code can be reached from here. The executor sets neither user nor environment and drops what the program
    /// prints, so a shell in between does; and it lets its program run on when it is dropped, so the program is on a leash.
    async fn initdb(&self, path: &Path) -> Result<(), PostgresError> {
        let output = self.data.log_dir().join("initdb.log");
        let initdb = self.tree.program("initdb");
        let mut leash = os::Leash::new().map_err(PostgresError::io("make a pipe for", &initdb))?;
        let (program, mut arguments) = os::isolated(&initdb, &self.account, path, &output, &leash);
        arguments.extend(["-D".into(), path.into(), "-U".into(), SUPERUSER.into()]);
        arguments.extend(
            [
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--lc-collate=C",
                "--data-checksums",
                "--auth-local=peer",
                "--auth-host=reject",
                "--no-instructions",
                // The values the server is started with; given here, initdb need not try out what the machine can bear.
                "--set=max_connections=40",
                "--set=shared_buffers=32MB",
            ]
            .map(Into::into),
        );
        if os::SYNCS_AT_ONCE {
            arguments.push("--no-sync".into());
        }
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

    fn finish(&self, path: &Path) -> Result<(), PostgresError> {
        self.admit_callers(path)?;
        os::sync(path).map_err(PostgresError::io("sync", path))?;
        let cluster = self.data.cluster();
        fs::rename(path, &cluster).map_err(PostgresError::io("put in place", &cluster))?;
        os::sync_entries(self.data.path()).map_err(PostgresError::io("sync", self.data.path()))
    }

    /// Who may connect: this process's account and the server's, as any role, over the socket. Nobody else, nothing else.
    /// Written whenever it differs, so that a cluster follows when the rules or the names change.
    fn admit_callers(&self, cluster: &Path) -> Result<(), PostgresError> {
        let mut names = vec![&self.account.name];
        if self.account.caller != self.account.name {
            names.push(&self.account.caller);
        }
        let map: String =
            names.iter().map(|name| format!("drydock \"{}\" all\n", name.replace('"', "\"\""))).collect();
        let rules = "# Written by Drydock at each start.\nlocal all all peer map=drydock\n";
        let map = format!("# Written by Drydock at each start.\n{map}");
        for (name, text) in [("pg_hba.conf", rules), ("pg_ident.conf", &map)] {
            let path = cluster.join(name);
            if fs::read_to_string(&path).is_ok_and(|current| current == text) {
                continue;
            }
            let new = cluster.join(format!("{name}.new"));
            let _ = fs::remove_file(&new);
            os::write_new(&new, text, 0o600, &self.account).map_err(PostgresError::io("write", &new))?;
            fs::rename(&new, &path).map_err(PostgresError::io("put in place", &path))?;
        }
        Ok(())
    }
}

/// A cluster that is being made: removed when dropped.
struct Unfinished<'a> {
    path: &'a Path,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(self.path) {
            tracing::warn!(path = %self.path.display(), "could not remove an unfinished cluster: {cause}");
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
