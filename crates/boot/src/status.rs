//! What can be said of a Drydock from outside, without disturbing it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use drydock_postgres::{
    Holder, LastStop, PORT, PostgresError, Tree,
    snapshot::{Entry, SnapshotFolder},
};
use drydock_store::{StoreError, Superuser, Target, databases, history};

use crate::{Settings, access::data_path, sequence::DATABASE, template};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// A Drydock as seen from outside.
#[derive(Clone, Debug)]
pub struct Status {
    /// The data directory.
    pub data: PathBuf,
    /// Who holds it: the Drydock that runs.
    pub holder: Option<Holder>,
    /// What its database says, where a server runs; else why it says nothing.
    pub database: Option<Result<DatabaseStatus, String>>,
    /// How the server ended, where none runs and there is a cluster.
    pub last_stop: Option<LastStop>,
    /// The usable snapshots.
    pub snapshots: Files,
    /// Files among the snapshots that are none.
    pub damaged_snapshots: usize,
    /// The server's logs.
    pub logs: Files,
    /// Whether a first run would begin with a packed cluster.
    pub template: bool,
}

/// What a running database says of itself.
#[derive(Clone, Debug)]
pub struct DatabaseStatus {
    /// Version of PostgreSQL.
    pub postgres: String,
    /// Version of pgvector.
    pub pgvector: String,
    /// Migrations applied.
    pub applied: usize,
    /// Migrations that this program would apply.
    pub pending: usize,
    /// Size in bytes.
    pub bytes: u64,
}

/// Some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub count: usize,
    /// Size of all in bytes.
    pub bytes: u64,
}

impl Status {
    /// Looks. Takes no lock and makes nothing, not even the data directory.
    ///
    /// # Errors
    /// When the data directory's place cannot be known or may not be looked at.
    pub async fn of(settings: &Settings) -> Result<Self, PostgresError> {
        let data = data_path(settings)?;
        let tree = Tree::locate(settings.postgres.as_deref(), &settings.resources).ok();
        let holder = Holder::of(&data)?;
        let socket_dir = holder.as_ref().and_then(|holder| holder.socket_dir.as_ref());
        let database = match socket_dir {
            Some(socket_dir) => Some(ask(&Target::new(socket_dir, PORT, DATABASE)).await),
            None => None,
        };
        let last_stop = match (&holder, &tree) {
            (None, Some(tree)) => LastStop::of(tree, &data),
            _ => None,
        };
        let (snapshots, damaged_snapshots) = snapshots(&data).await?;
        let wanted = settings.seed.clone().unwrap_or_default();
        let template =
            tree.is_some_and(|tree| template::of_this_build(&settings.templates, &tree, wanted).is_some());
        Ok(Self {
            logs: logs(&data),
            data,
            holder,
            database,
            last_stop,
            snapshots,
            damaged_snapshots,
            template,
        })
    }
}

async fn ask(target: &Target) -> Result<DatabaseStatus, String> {
    match tokio::time::timeout(PATIENCE, read(target)).await {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the server did not answer within {} s", PATIENCE.as_secs())),
    }
}

async fn read(target: &Target) -> Result<DatabaseStatus, StoreError> {
    let mut superuser = Superuser::connect(target).await?;
    let facts = superuser.facts().await?;
    let history = history::compare(target).await?;
    superuser.close().await?;
    let (bytes, _) = databases::facts(target).await?;
    Ok(DatabaseStatus {
        postgres: facts.version,
        pgvector: facts.pgvector,
        applied: history.applied.len(),
        pending: history.pending.len(),
        bytes,
    })
}

async fn snapshots(data: &Path) -> Result<(Files, usize), PostgresError> {
    let (mut usable, mut damaged) = (Files::default(), 0);
    for entry in SnapshotFolder::of(data).list().await? {
        match entry {
            Entry::Snapshot(snapshot) => {
                usable.count += 1;
                usable.bytes += snapshot.file_bytes;
            }
            Entry::Damaged { .. } => damaged += 1,
        }
    }
    Ok((usable, damaged))
}

/// The log that is written and the one before it.
fn logs(data: &Path) -> Files {
    let found = log_files(data).into_iter().filter_map(|path| fs::metadata(path).ok());
    found.fold(Files::default(), |sum, log| Files { count: sum.count + 1, bytes: sum.bytes + log.len() })
}

/// Where the server's logs of a data directory are: the one before, and the one that is written.
#[must_use]
pub fn log_files(data: &Path) -> [PathBuf; 2] {
    let log = data.join("log/postgres.log");
    [log.with_extension("log.1"), log]
}
