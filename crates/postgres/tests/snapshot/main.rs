//! Snapshots of real databases. Every test has its own cluster; they run in parallel.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod cancel;
mod files;
mod generate;
mod refuse;
mod round_trip;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use drydock_postgres::snapshot::{Entry, Facts, Progress, ServerAddress, Snapshot, SnapshotFolder};
use drydock_postgres::{Account, Cluster, DataDirectory, PostgresError, Server, Tree};
use tempfile::TempDir;

pub(crate) const OWNER: &str = "drydock_owner";

/// Roles as the application has them, and one with a name that wants quoting. They are of the cluster, not of a database.
const ROLES: &str = r#"
create role drydock_owner login; create role drydock_app login; create role drydock_readonly login;
create role drydock_backup login; create role "Odd ""Röle";
"#;

pub(crate) fn tree() -> Tree {
    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    Tree::locate(None, &[resources]).expect("run `cargo xtask postgres` first")
}

/// A running cluster with a folder for snapshots beside it.
pub(crate) struct Running {
    server: Server,
    pub(crate) snapshots: SnapshotFolder,
    pub(crate) address: ServerAddress,
    /// Last: removed when the server is gone.
    pub(crate) folder: TempDir,
}

impl Running {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("drydock-snapshot-").tempdir().unwrap();
        let account = Account::resolve().unwrap();
        let data = DataDirectory::open(folder.path(), &account, "test").unwrap();
        let (cluster, _) = Cluster::initialise(&tree(), data, &account, None).await.unwrap();
        let server = cluster.start(|_| ()).await.unwrap();
        let address = ServerAddress {
            tree: cluster.tree().clone(),
            socket_dir: server.socket_dir().to_owned(),
            port: server.port(),
        };
        let running = Self { server, snapshots: SnapshotFolder::of(folder.path()), address, folder };
        running.sql("postgres", ROLES);
        running
    }

    /// psql as superuser, if not said otherwise.
    pub(crate) fn psql(&self, database: &str, role: &str) -> Command {
        let mut command = Command::new(tree().program("psql"));
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]);
        command.arg("-h").arg(self.server.socket_dir()).args(["-p", &self.server.port().to_string()]);
        command.env("PGDATABASE", database).env("PGCLIENTENCODING", "UTF8").args(["-U", role]);
        command
    }

    pub(crate) fn sql_as(&self, role: &str, database: &str, sql: &str) -> String {
        let mut command = self.psql(database, role);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let sql_text = sql.to_owned();
        let fed = std::thread::spawn(move || input.write_all(sql_text.as_bytes()));
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        // It reads no further than to the first error.
        let _ = fed.join().unwrap();
        assert!(status.success(), "{}\n{:.300}", String::from_utf8_lossy(&stderr), sql);
        String::from_utf8(stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.sql_as("postgres", database, sql)
    }

    /// A database as a restore wants it: the owner's, with nothing but the extension.
    pub(crate) fn create_database(&self, name: &str) {
        let quoted = name.replace('"', "\"\"");
        let create = format!("create database \"{quoted}\" owner {OWNER} template template0 encoding 'UTF8'");
        self.sql("postgres", &create);
        self.sql(name, "create extension vector schema public");
    }

    pub(crate) async fn create(&self, database: &str, name: &str) -> Result<Snapshot, PostgresError> {
        self.snapshots.create(&self.address, database, &[], facts(name), &Progress::new()).await
    }

    pub(crate) async fn restore(&self, id: uuid::Uuid, database: &str) -> Result<Snapshot, PostgresError> {
        self.snapshots.restore_into(id, &self.address, database, OWNER, &Progress::new()).await
    }

    /// How many relations of ours a database has.
    pub(crate) fn relations(&self, database: &str) -> String {
        self.sql(database, "select count(*) from pg_class where oid >= 16384 and not exists (select from pg_depend d where d.objid = pg_class.oid and d.deptype in ('e', 'i'))")
    }

    pub(crate) async fn snapshot_count(&self) -> usize {
        let entries = self.snapshots.list().await.unwrap();
        entries.iter().filter(|entry| matches!(entry, Entry::Snapshot(_))).count()
    }

    /// Programs that were started to work with this server.
    pub(crate) fn programs(&self) -> Vec<String> {
        let wanted = format!("PGHOST={}\0", self.server.socket_dir().display());
        let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let ours = entries.filter(|proc| {
            fs::read(proc.join("environ")).is_ok_and(|text| String::from_utf8_lossy(&text).contains(&wanted))
        });
        ours.map(|proc| fs::read_to_string(proc.join("cmdline")).unwrap_or_default()).collect()
    }

    /// What is in the folder besides whole snapshots.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        files_in(self.snapshots.path())
            .into_iter()
            .filter(|path| {
                path.file_name() != Some("lock".as_ref())
                    && path.extension() != Some("drydock".as_ref())
                    && !path.is_dir()
            })
            .collect()
    }
}

pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

pub(crate) fn facts(name: &str) -> Facts {
    Facts {
        name: name.into(),
        note: "a note\nof two lines".into(),
        app_version: "0.1.0".into(),
        schema_digest: "0123456789abcdef".into(),
        database_bytes: 8_000_000,
        roles: vec![OWNER.into(), "drydock_app".into()],
        rows: Some(3),
    }
}

/// Looks until it holds, for at most 30 s.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen in 30 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A session that goes on until it is dropped.
pub(crate) struct Session(std::process::Child);

impl Session {
    /// Runs `sql` and stays.
    pub(crate) fn open(running: &Running, database: &str, sql: &str) -> Self {
        use std::io::{BufRead, BufReader};
        let mut command = running.psql(database, "postgres");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.as_mut().unwrap();
        writeln!(input, "{sql};\n\\echo done").unwrap();
        input.flush().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line.trim() != "done" {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the session ended");
        }
        Self(child)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
