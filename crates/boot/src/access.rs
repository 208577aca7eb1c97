//! The database for whoever wants to use it from outside: that of the Drydock that runs, or of one booted for the purpose.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use drydock_api::maintenance::Problem;
use drydock_domain::{ErrorCode, boot::Failure};
use drydock_postgres::{
    Account, DataDirectory, Holder, PORT, PostgresError, Tree, default_data_dir,
    snapshot::{Progress, ServerAddress, Snapshot, SnapshotFolder},
};
use drydock_store::{DatabaseRole, StoreError, Target, history, snapshot_history::Action};

use crate::{Platform, Settings, journal, maintenance::problem, sequence::DATABASE, take_snapshot};

/// How long a Drydock that is just starting is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Why something of a platform cannot be used from outside.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No Drydock runs, and the boot of one failed.
    #[error("Drydock stopped at {}: {} {}", .0.stage.name(), .0.what, .0.cause)]
    Boot(#[from] Failure),
    /// The data directory, the tree or the server.
    #[error("{0}.")]
    Postgres(#[from] PostgresError),
    /// The port for a command cannot be opened.
    #[error("The command gets no port to the database: {0}.")]
    Port(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database.
    #[error("The database cannot be read: {0}.")]
    Store(#[from] StoreError),
}

impl AccessError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Boot(failure) => &failure.code,
            Self::Postgres(error) => error.code(),
            Self::Port(_) => ErrorCode::ExecPortFailed.as_str(),
            Self::Store(error) => error.code().as_str(),
        }
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::Boot(failure) => failure.next_step.clone(),
            Self::Postgres(error) => error.next_step(),
            Self::Port(_) => ErrorCode::ExecPortFailed.next_step().to_owned(),
            Self::Store(error) => error.code().next_step().to_owned(),
        }
    }
}

/// A database that can be connected to until [`Access::close`].
pub struct Access {
    settings: Settings,
    target: Target,
    /// Booted for the purpose.
    own: Option<Platform>,
}

impl Access {
    /// Goes to the Drydock that holds the data directory, which a booting one does as well, or boots one.
    ///
    /// # Errors
    /// When the boot fails, or the Drydock that holds the data directory has no server within 30 seconds.
    pub async fn open(settings: Settings) -> Result<Self, AccessError> {
        match Self::open_for_repair(settings).await? {
            (access, None) => Ok(access),
            (access, Some(red)) => {
                access.close().await?;
                Err(red.into())
            }
        }
    }

    /// As [`Access::open`], but a red gate that leaves a server running is told beside the way to it.
    ///
    /// # Errors
    /// As [`Access::open`], where there is no server.
    pub async fn open_for_repair(settings: Settings) -> Result<(Self, Option<Failure>), AccessError> {
        if let Some(socket_dir) = socket_of_holder(&data_path(&settings)?).await? {
            return Ok((Self { target: Target::new(socket_dir, PORT, DATABASE), settings, own: None }, None));
        }
        let platform = Platform::new(settings.clone());
        let booted = platform.boot().await;
        if let Some(target) = platform.target().await {
            return Ok((Self { settings, target, own: Some(platform) }, booted.err()));
        }
        platform.shutdown().await?;
        booted?;
        // A green boot has a server, unless somebody ended it at once.
        Err(PostgresError::StartFailed { status: "it has ended again".into(), log: String::new() }.into())
    }

    /// Where the database is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What migrations are shipped and applied, and how the one stands against the other.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn history(&self) -> Result<history::Report, AccessError> {
        Ok(history::report(&self.target).await?)
    }

    /// Records this build's checksums for migrations that were applied with other line ends; returns their versions.
    ///
    /// # Errors
    /// Whatever else is wrong with the history; nothing was changed then.
    pub async fn accept_line_endings(&self) -> Result<Vec<i64>, AccessError> {
        Ok(history::accept_line_endings(&self.target).await?)
    }

    /// What psql must be told to come here as `role`.
    #[must_use]
    pub fn psql_arguments(&self, role: DatabaseRole) -> Vec<OsString> {
        vec![
            "--host".into(),
            self.target.socket_dir().into(),
            format!("--port={PORT}").into(),
            format!("--username={}", role.name()).into(),
            format!("--dbname={}", self.target.database()).into(),
        ]
    }

    /// Saves the database's state among the snapshots of its data directory.
    ///
    /// # Errors
    /// As [`take_snapshot`].
    pub async fn take_snapshot(
        &self,
        name: String,
        note: String,
        progress: &Progress,
    ) -> Result<Snapshot, Problem> {
        let tree = Tree::locate(self.settings.postgres.as_deref(), &self.settings.resources);
        let data = data_path(&self.settings).map_err(problem)?;
        let server = ServerAddress {
            tree: tree.map_err(problem)?,
            socket_dir: self.target.socket_dir().to_owned(),
            port: PORT,
        };
        let folder = SnapshotFolder::of(&data);
        let taken = take_snapshot(&self.target, &folder, &server, name, note, progress).await;
        if let Ok(snapshot) = &taken {
            journal::record(&self.target, &data, Action::Created, snapshot).await;
        }
        taken
    }

    /// Stops what was booted for the purpose.
    ///
    /// # Errors
    /// When the server could not be stopped.
    pub async fn close(self) -> Result<(), PostgresError> {
        match self.own {
            Some(platform) => platform.shutdown().await,
            None => Ok(()),
        }
    }
}

/// The data directory that a platform of these settings would take, whether or not it is there.
///
/// # Errors
/// `data.no_home`, `data.not_writable` if the setting is no path.
pub fn data_path(settings: &Settings) -> Result<PathBuf, PostgresError> {
    match &settings.data_dir {
        Some(path) => std::path::absolute(path)
            .map_err(|source| PostgresError::NotWritable { path: path.clone(), source }),
        None => default_data_dir(),
    }
}

/// Holds the data directory of `settings`, without a server, for work on its files.
///
/// # Errors
/// As [`DataDirectory::open`].
pub fn hold(settings: &Settings) -> Result<DataDirectory, PostgresError> {
    DataDirectory::open(&data_path(settings)?, &Account::resolve()?, settings.program)
}

/// The socket's folder of the Drydock that holds the data directory, once its server is there; `None` where nobody holds it.
async fn socket_of_holder(data: &Path) -> Result<Option<PathBuf>, PostgresError> {
    let begun = Instant::now();
    loop {
        let Some(holder) = Holder::of(data)? else { return Ok(None) };
        if holder.socket_dir.is_some() {
            return Ok(holder.socket_dir);
        }
        if begun.elapsed() >= PATIENCE {
            return Err(PostgresError::InUse { path: data.to_owned(), holder: Some(Box::new(holder)) });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The program psql: that of the tree, which packages leave out, else the first on `PATH`.
#[must_use]
pub fn psql(settings: &Settings) -> Option<PathBuf> {
    let tree = Tree::locate(settings.postgres.as_deref(), &settings.resources).ok();
    let bundled = tree.map(|tree| tree.program("psql")).filter(|program| program.is_file());
    bundled.or_else(|| {
        let name = format!("psql{}", env::consts::EXE_SUFFIX);
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).map(|folder| folder.join(&name)).find(|program| program.is_file())
    })
}
