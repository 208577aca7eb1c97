//! One cluster per test run, one cloned database per test.
//!
//! The cluster is started by the first test that needs one and stopped when the test process exits; its
//! template is migrated and seeded once, by the code that the product boots with.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing fixture is a failing test")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use drydock_postgres::{Account, Cluster, DataDirectory, Server, Tree};
use drydock_store::{Store, Target, bootstrap, clone, history, seed, verify};
use time::macros::date;

/// Name of the migrated and seeded database that each test's is cloned from.
pub const TEMPLATE: &str = "template_drydock";

/// What the template is seeded with: the demo as it was on one day, whenever the tests run.
pub const PLAN: seed::Plan = seed::Plan {
    profile: seed::Profile::Demo,
    number: seed::DEFAULT_NUMBER,
    anchor: date!(2026 - 01 - 15),
    scale: None,
};

/// The folders in which a tree may lie, for tests run from a checkout.
#[must_use]
pub fn resources() -> Vec<PathBuf> {
    vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources")]
}

/// A folder for a test's data that an unprivileged account may enter, removed when dropped.
#[must_use]
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("drydock-test-").tempdir().expect("a temporary folder")
}

struct Shared {
    // Dropped in this order: the server must be gone before its files.
    _server: Server,
    _folder: tempfile::TempDir,
    target: Target,
    psql: PathBuf,
}

static SHARED: Mutex<Option<Arc<Shared>>> = Mutex::new(None);

fn shared() -> Arc<Shared> {
    let mut slot = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(shared) = slot.as_ref() {
        return Arc::clone(shared);
    }
    // A runtime of its own on a thread of its own: the caller's ends with its test.
    let shared = std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(start())
    })
    .join()
    .expect("the cluster of the tests");
    let shared = Arc::new(shared);
    *slot = Some(Arc::clone(&shared));
    at_exit();
    shared
}

async fn start() -> Shared {
    let folder = folder();
    let tree = Tree::locate(None, &resources()).unwrap();
    let account = Account::resolve().unwrap();
    let data = DataDirectory::open(&folder.path().join("data"), &account, "test").unwrap();
    let (cluster, _) = Cluster::initialise(&tree, data, &account, None).await.unwrap();
    let server = cluster.start(|_| ()).await.unwrap();
    let target = Target::new(server.socket_dir(), server.port(), TEMPLATE);
    bootstrap::run(&target).await.unwrap();
    let pending = history::compare(&target).await.unwrap();
    history::migrate(&target, &pending).await.unwrap();
    let store = Store::open(&target);
    verify::schema(&store).await.unwrap();
    seed::run(&store, &PLAN).await.unwrap();
    store.close().await;
    Shared { psql: cluster.tree().program("psql"), _server: server, _folder: folder, target }
}

/// Statics are never dropped, so the cluster is stopped, and its folder removed, when the process exits.
#[allow(unsafe_code)]
fn at_exit() {
    extern "C" fn stop() {
        if let Ok(mut slot) = SHARED.lock() {
            slot.take();
        }
    }
    // SAFETY: `stop` is a function without arguments that does not unwind: locking and dropping only.
    unsafe {
        libc::atexit(stop);
    }
}

/// A database of a test's own: migrated, seeded, dropped at the end.
pub struct Database {
    shared: Arc<Shared>,
    target: Target,
    store: Store,
}

impl Database {
    /// Clones the template.
    pub async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);

        let shared = tokio::task::spawn_blocking(shared).await.unwrap();
        let target = shared.target.with_database(format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        clone::create(&target, TEMPLATE).await.unwrap();
        let store = Store::open(&target);
        Self { shared, target, store }
    }

    /// Where it is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its connections as the application role.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs SQL as superuser, to prepare or to look behind the product's back; returns what psql prints
    /// unaligned, without heads.
    ///
    /// # Panics
    /// When a statement fails.
    #[must_use = "use `let _ =` where only the effect counts"]
    pub fn sql(&self, statements: &str) -> String {
        self.sql_as("postgres", statements).unwrap()
    }

    /// Runs statements as superuser in a transaction that stays open until the answer is dropped.
    ///
    /// # Panics
    /// When psql ends before the statements are done.
    #[must_use]
    pub fn hold(&self, statements: &str) -> Held {
        let mut psql =
            self.psql("postgres").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql");
        let input = psql.stdin.as_mut().expect("a pipe");
        writeln!(input, "begin; {statements}; select 'done';").expect("psql reads");
        let mut line = String::new();
        BufReader::new(psql.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("psql answers");
        assert_eq!(line.trim(), "done");
        Held { psql }
    }

    fn psql(&self, role: &str) -> Command {
        psql(&self.shared.psql, &self.target, role)
    }

    /// Runs SQL as `role`; the error is what psql prints.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn sql_as(&self, role: &str, statements: &str) -> Result<String, String> {
        let output = self.psql(role).args(["--command", statements]).output().expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// psql of the bundled tree, ready for `--command`, as `role` on a server of the test's own.
///
/// # Panics
/// When there is no tree.
#[must_use]
pub fn psql_on(target: &Target, role: &str) -> Command {
    psql(&program("psql"), target, role)
}

/// Where a program of the bundled tree lies.
///
/// # Panics
/// When there is no tree.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let tree = Tree::locate(None, &resources()).unwrap();
    let account = Account::resolve().unwrap();
    tree.reachable_by(&account).unwrap().program(name)
}

fn psql(program: &Path, target: &Target, role: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--username", role, "--dbname", target.database()])
        .arg("--host")
        .arg(target.socket_dir())
        .env_remove("PGOPTIONS");
    command
}

/// A transaction that is kept open; dropping it rolls it back.
pub struct Held {
    psql: Child,
}

impl Drop for Held {
    fn drop(&mut self) {
        // psql ends, and with it the transaction, when its input does.
        drop(self.psql.stdin.take());
        let _ = self.psql.wait();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Only tidiness: the whole cluster is removed at exit.
        let target = self.target.clone();
        let _ = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|runtime| runtime.block_on(clone::remove(&target)))
        })
        .join();
    }
}
