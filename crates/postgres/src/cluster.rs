use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::control::Control;
use crate::{Account, DataDirectory, LastStop, PostgresError, Template, Tree, data, os, template};

/// The superuser initdb creates. Reached by peer authentication only, without a password; on Windows by its password.
pub(crate) const SUPERUSER: &str = "postgres";

/// Whether [`Cluster::initialise`] made the cluster or found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialised {
    /// initdb made it just now.
    Created,
    /// It came out of a template just now.
    Unpacked,
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
    /// Whether what was made has yet to be made durable.
    pub(crate) unsynced: AtomicBool,
    /// Writes what the server starts without.
    pub(crate) rest: Mutex<Option<JoinHandle<Result<(), PostgresError>>>>,
    /// Whether what was made is durable; `None` while that is not known.
    pub(crate) durable: watch::Sender<Option<Result<(), Arc<PostgresError>>>>,
}

impl Cluster {
    /// Makes the cluster if it isn't there: out of `template`, which has been packed from one like it, else with initdb (data
    /// checksums, UTF8, the C.UTF-8 locale and byte order). Peer authentication on the Unix socket admits this account and
    /// nothing else; Windows, which has neither that locale nor that authentication, has the C locale and a password. It is made aside and renamed when it is complete, so that an interrupted first start is never taken for
    /// a finished one. What came out of a template need not be durable yet: await [`Cluster::durable`] before anybody is
    /// told that something is kept. A damaged template is passed over with a warning.
    ///
    /// # Errors
    /// `postgres.init_failed` with initdb's own words, `data.other_major`, `data.other_owner`, `data.damaged`,
    /// `postgres.stage_failed`, `postgres.left_over`, `postgres.io`.
    pub async fn initialise(
        tree: &Tree,
        data: DataDirectory,
        account: &Account,
        template: Option<&Template>,
    ) -> Result<(Self, Initialised), PostgresError> {
        let inner = Arc::new(Inner {
            tree: tree.reachable_by(account)?,
            data,
            account: account.clone(),
            running: AtomicBool::new(false),
            unsynced: AtomicBool::new(false),
            rest: Mutex::default(),
            durable: watch::Sender::new(Some(Ok(()))),
        });
        inner.discard_unsynced()?;
        let initialised = if inner.exists()? {
            inner.admit_callers(&inner.cluster(), os::Durable::Yes)?;
            #[cfg(unix)]
            os::spread(&inner.cluster().join("base"));
            Initialised::Existing
        } else {
            inner.create(template).await?
        };
        Ok((Self { inner }, initialised))
    }

    /// Whether [`Cluster::initialise`] would make a cluster in this data directory.
    pub fn is_to_be_made(data: &DataDirectory) -> bool {
        data.unsynced().exists() || !data.cluster().join("PG_VERSION").exists()
    }

    /// Resolves when everything that [`Cluster::initialise`] wrote is durable: at once, unless the cluster was just unpacked.
    ///
    /// # Errors
    /// `postgres.not_durable` if it could not be made so; the next [`Cluster::initialise`] then makes the cluster anew.
    pub async fn durable(&self) -> Result<(), PostgresError> {
        self.inner.sync_aside()?;
        let mut news = self.inner.durable.subscribe();
        // The sender lives in self.
        match news.wait_for(Option::is_some).await.map(|durable| durable.clone()) {
            Ok(Some(Err(cause))) => {
                Err(PostgresError::NotDurable { path: self.path(), cause: cause.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Packs the cluster as a template for others like it, under a `key` that says of what build it is. Its server must have
    /// been shut down in order. The databases of the numbers (object ids) `late` are unpacked while the server starts: nobody may
    /// connect to them before [`Cluster::durable`]. Returns the size of the file in bytes.
    ///
    /// # Errors
    /// `postgres.already_running`, `postgres.io` (also if it was not shut down in order).
    pub fn pack(&self, key: &str, late: &[u32], to: &Path) -> Result<u64, PostgresError> {
        if self.inner.running.swap(true, Ordering::AcqRel) {
            return Err(PostgresError::AlreadyRunning { path: self.path() });
        }
        let packed =
            self.last_wal_file().and_then(|wal_file| template::pack(&self.path(), &wal_file, late, key, to));
        self.inner.running.store(false, Ordering::Release);
        packed.map_err(PostgresError::io("pack the cluster as", to))
    }

    /// The file of the write-ahead log that the server needs to start, if it has shut down in order.
    fn last_wal_file(&self) -> io::Result<String> {
        let control = Control::read(&self.inner.tree, &self.path())
            .ok_or_else(|| io::Error::other("pg_controldata does not understand it"))?;
        if control.last_stop() != Some(LastStop::Clean) {
            return Err(io::Error::other("its server was not shut down in order"));
        }
        let file = control.wal_file().ok_or_else(|| io::Error::other("pg_controldata names no file"))?;
        Ok(file.to_owned())
    }

    /// PGDATA.
    pub fn path(&self) -> PathBuf {
        self.inner.cluster()
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

impl Drop for Inner {
    fn drop(&mut self) {
        // Not after the lock has been given back: the next holder's cluster would be written to.
        let _ = self.rest_unpacked();
    }
}

impl Inner {
    /// Waits until all of the template is unpacked.
    pub(crate) fn rest_unpacked(&self) -> Result<(), PostgresError> {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let crashed =
            |_| Err(PostgresError::io("unpack", &self.cluster())(io::Error::other("its thread ended")));
        rest.map_or(Ok(()), |rest| rest.join().unwrap_or_else(crashed))
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.data.cluster()
    }

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
        match os::is_owned_by(&path, &self.account) {
            Ok(true) => Ok(true),
            Ok(false) => Err(self.other_owner(&path)),
            Err(cause) => Err(PostgresError::io("look at", &path)(cause)),
        }
    }

    fn other_owner(&self, path: &Path) -> PostgresError {
        let owner = os::owner_name(path).unwrap_or("another account".into());
        PostgresError::OtherOwner { path: path.to_owned(), owner, account: self.account.name.clone() }
    }

    /// Who may connect, over the socket: this process's account and the server's, as any role but those of running commands,
    /// which have a password of their own. Nobody else, nothing else.
    #[cfg(unix)]
    fn callers(&self) -> (&'static str, String) {
        let mut names = vec![&self.account.name];
        if self.account.caller != self.account.name {
            names.push(&self.account.caller);
        }
        let map: String =
            names.iter().map(|name| format!("drydock \"{}\" all\n", name.replace('"', "\"\""))).collect();
        // The role that a running command has is nobody's account: it comes with a password, from whomever.
        let rules = "# Written by Drydock at each start.\n\
                     local all \"/^drydock_exec_[0-9a-f]{16}$\" scram-sha-256\n\
                     local all all peer map=drydock\n";
        (rules, format!("# Written by Drydock at each start.\n{map}"))
    }

    /// Who may connect, over loopback: whoever knows the password of a role.
    #[cfg(windows)]
    fn callers(&self) -> (&'static str, String) {
        let rules = "# Written by Drydock at each start.\n\
                     host all all 127.0.0.1/32 scram-sha-256\n";
        (rules, "# Written by Drydock at each start.\n".to_owned())
    }

    /// Writes who may connect, whenever it differs, so that a cluster follows when the rules or the names change.
    pub(crate) fn admit_callers(&self, cluster: &Path, durable: os::Durable) -> Result<(), PostgresError> {
        let (rules, map) = self.callers();
        for (name, text) in [("pg_hba.conf", rules), ("pg_ident.conf", &map)] {
            let path = cluster.join(name);
            if fs::read_to_string(&path).is_ok_and(|current| current == text) {
                continue;
            }
            let new = cluster.join(format!("{name}.new"));
            let _ = fs::remove_file(&new);
            os::write_new(&new, text, 0o600, &self.account, durable)
                .map_err(PostgresError::io("write", &new))?;
            fs::rename(&new, &path).map_err(PostgresError::io("put in place", &path))?;
        }
        Ok(())
    }
}
