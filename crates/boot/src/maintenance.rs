//! Reset, undo and snapshots of a running platform.

mod desk;

use std::{path::PathBuf, sync::Arc, time::Instant};

use drydock_api::{
    ApiState,
    maintenance::{
        Answer, Damaged, Listing, Maintenance, Problem, Snapshot, Status, Swapped, Task, TaskKind, Upload,
    },
};
use drydock_domain::{ErrorCode, UserId};
use drydock_postgres::{
    PostgresError, snapshot,
    snapshot::{Entry, Facts, Progress, ServerAddress, SnapshotFolder},
};
use drydock_store::{
    DatabaseRole, Store, StoreError, Target, VerifiedSession, databases,
    databases::Databases,
    history,
    seed::{Plan, Wanted},
    snapshot_history,
    snapshot_history::Action,
};
use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use crate::{memory, monitoring::PlatformRecorder, upkeep};
use desk::{Desk, Ticket};

use crate::journal;

/// Whose rows are in no snapshot: a token that has been ended must not come back with one.
const LEFT_OUT: &[&str] = &["migration.sessions"];
/// Ending of an exported snapshot's file name.
const ENDING: &str = "drydock";

/// Reset, undo and snapshots of one platform. Cheap to clone.
#[derive(Clone)]
pub struct DatabaseMaintenance {
    inner: Arc<Inner>,
}

struct Inner {
    databases: Databases,
    target: Target,
    snapshots: SnapshotFolder,
    server: ServerAddress,
    /// For the history of what is done here.
    store: Store,
    recorder: PlatformRecorder,
    /// Where a person's exports go.
    downloads: PathBuf,
    desk: Desk,
    /// Learns what the live database was seeded with.
    api: ApiState,
    /// What runs on behind the callers' backs; aborted at the end.
    work: std::sync::Mutex<JoinSet<()>>,
}

impl DatabaseMaintenance {
    pub(crate) fn new(
        store: Store,
        recorder: PlatformRecorder,
        snapshots: SnapshotFolder,
        server: ServerAddress,
        downloads: PathBuf,
        wanted: Wanted,
        api: ApiState,
    ) -> Self {
        let target = store.target().clone();
        let inner = Inner {
            databases: Databases::new(store.clone()).with_wanted(wanted),
            store,
            recorder,
            target,
            snapshots,
            server,
            downloads,
            desk: Desk::new(),
            api,
            work: std::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Puts the seeded state in the present one's place; `session` stays signed in.
    ///
    /// # Errors
    /// `maintenance.busy`, or what the database says. The present state is then untouched.
    pub async fn reset(&self, session: Option<VerifiedSession>) -> Result<Swapped, Problem> {
        self.swap(TaskKind::Reset, "Putting the seeded state in place", session).await
    }

    /// Brings back what the last reset, restore or undo replaced.
    ///
    /// # Errors
    /// `maintenance.nothing_to_undo`, otherwise as [`DatabaseMaintenance::reset`].
    pub async fn undo(&self, session: Option<VerifiedSession>) -> Result<Swapped, Problem> {
        self.swap(TaskKind::Undo, "Bringing the former state back", session).await
    }

    /// Seeds a new database with `plan` and puts it in the present one's place; `told` learns how many rows are written.
    ///
    /// # Errors
    /// As [`DatabaseMaintenance::reset`].
    pub async fn seed(&self, plan: &Plan, told: &(dyn Fn(u64) + Sync)) -> Result<Swapped, Problem> {
        let ticket = self.begin(TaskKind::Reset, "Seeding a new database")?;
        let begun = Instant::now();
        let done = self.inner.databases.seed(plan, None, told).await;
        let swapped = done.map(|before| self.swapped(TaskKind::Reset, before, begun));
        ticket.finish(swapped.map_err(store_problem))
    }

    /// Begins to replace the present state by a snapshot's.
    ///
    /// # Errors
    /// `maintenance.busy`, `snapshot.not_found`. What goes wrong later is told in the task.
    pub async fn restore(&self, id: Uuid, session: Option<VerifiedSession>) -> Result<Task, Problem> {
        let (mut ticket, snapshot) =
            self.begin_about(id, TaskKind::SnapshotRestore, "Verifying the snapshot").await?;
        let task = ticket.task();
        let this = self.clone();
        self.spawn(async move {
            let outcome = this.restore_now(&snapshot, session.as_ref(), &mut ticket).await;
            // Told by the task.
            let _ = ticket.finish(outcome);
            this.settle().await;
        });
        Ok(task)
    }

    /// Makes the pristine database and its clone where they are missing, drops what is no longer needed, and tells how
    /// things stand. Failing costs only the speed of the next reset, so it is logged.
    pub async fn settle(&self) {
        let databases = &self.inner.databases;
        self.tell().await;
        if let Err(error) = databases.settle().await {
            tracing::warn!(%error, "the next reset is not prepared");
        }
        self.tell().await;
    }

    /// Makes the cluster ready to be packed; the numbers of the databases that a start does without. Nothing else may be under way.
    pub(crate) async fn prepare_packing(&self) -> Result<Vec<u32>, StoreError> {
        self.shut_down().await;
        self.inner.databases.prepare_packing().await
    }

    /// Settles after a start, in the background.
    pub(crate) fn begin_keeping(&self) {
        self.spawn(upkeep::run(self.inner.store.clone()));
        self.spawn(self.inner.recorder.clone().run(self.inner.store.clone()));
        let this = self.clone();
        self.spawn(async move {
            if let Err(error) = this.inner.snapshots.purge(None).await {
                tracing::warn!(%error, "removed snapshots are still there");
            }
            if let Err(error) = journal::take_in(&this.inner.store, &this.inner.snapshots).await {
                tracing::warn!(%error, "the snapshots' journal is still to be taken in");
            }
            this.settle().await;
            // What the boot needed and nobody needs any more.
            let _ = tokio::task::spawn_blocking(memory::give_back).await;
        });
    }

    /// Drops what a killed restore or seeding has left. Nothing else may be under way.
    pub(crate) async fn drop_unfinished(&self) {
        if let Err(error) = self.inner.databases.drop_unfinished().await {
            tracing::warn!(%error, "what an unfinished restore left is still there");
        }
    }

    /// Breaks off whatever runs and waits until it has.
    pub(crate) async fn shut_down(&self) {
        self.inner.desk.cancel();
        let mut work =
            std::mem::take(&mut *self.inner.work.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        work.shutdown().await;
    }

    async fn tell(&self) {
        match self.inner.databases.plan().await {
            Ok(plan) => self.inner.api.tell_profile(plan.profile),
            Err(error) => tracing::warn!(%error, "it cannot be told which data these are"),
        }
        match self.inner.databases.standing().await {
            Ok(standing) => {
                self.inner.desk.tell_undo(standing.before);
                self.inner.desk.tell_spare(standing.spare_ready);
            }
            Err(error) => tracing::warn!(%error, "it cannot be told how things stand"),
        }
    }

    /// Keeps in the database that is live now what was done. That it was done stays so when this fails.
    async fn record(&self, action: Action, snapshot: Option<&snapshot::Snapshot>, actor: Option<UserId>) {
        let entry =
            snapshot_history::Entry::new(action, snapshot.map(journal::subject), actor, drydock_api::VERSION);
        if let Err(error) = snapshot_history::record(&self.inner.store, &entry).await {
            tracing::warn!(%error, ?action, "the snapshot history lacks an entry");
        }
    }

    fn begin(&self, kind: TaskKind, step: &str) -> Result<Ticket, Problem> {
        self.inner.desk.begin(kind, step)
    }

    /// Takes a task about a snapshot on, if there is one of this id.
    async fn begin_about(
        &self,
        id: Uuid,
        kind: TaskKind,
        step: &str,
    ) -> Result<(Ticket, snapshot::Snapshot), Problem> {
        let mut ticket = self.begin(kind, step)?;
        ticket.about(id);
        match self.inner.snapshots.get(id).await {
            Ok(snapshot) => Ok((ticket, snapshot)),
            Err(error) => ticket.finish(Err(problem(error))),
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.inner.work.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    async fn swap(
        &self,
        kind: TaskKind,
        step: &str,
        session: Option<VerifiedSession>,
    ) -> Result<Swapped, Problem> {
        let ticket = self.begin(kind, step)?;
        let begun = Instant::now();
        let databases = &self.inner.databases;
        let done = match kind {
            TaskKind::Undo => databases.undo(session.as_ref()).await,
            _ => databases.reset(session.as_ref()).await,
        };
        let swapped = done.map(|before| self.swapped(kind, before, begun));
        let this = self.clone();
        self.spawn(async move { this.settle().await });
        ticket.finish(swapped.map_err(store_problem))
    }

    fn swapped(&self, kind: TaskKind, before: databases::Before, begun: Instant) -> Swapped {
        self.inner.desk.tell_undo(Some(before));
        if kind == TaskKind::Reset {
            self.inner.desk.tell_spare(false);
        }
        Swapped { elapsed: begun.elapsed(), undo: Some(before) }
    }

    async fn restore_now(
        &self,
        snapshot: &snapshot::Snapshot,
        session: Option<&VerifiedSession>,
        ticket: &mut Ticket,
    ) -> Result<(), Problem> {
        let databases = &self.inner.databases;
        let incoming = databases.prepare(&snapshot.roles).await.map_err(store_problem)?;
        let done = async {
            let progress = ticket.progress().clone();
            let owner = DatabaseRole::Owner.name();
            let restored = self.inner.snapshots.restore_into(
                snapshot.id,
                &self.inner.server,
                incoming.database(),
                owner,
                &progress,
            );
            ticket.follow(restored).await.map_err(problem)?;
            ticket.step("Checking it and putting it in place");
            databases.adopt(&incoming, session).await.map_err(store_problem)
        }
        .await;
        match done {
            Ok(before) => {
                self.inner.desk.tell_undo(Some(before));
                self.record(Action::Restored, Some(snapshot), session.map(VerifiedSession::user_id)).await;
                Ok(())
            }
            Err(problem) => {
                if let Err(error) = databases.abandon(&incoming).await {
                    tracing::warn!(%error, "an unfinished restore is left until the next start");
                }
                Err(problem)
            }
        }
    }
}

/// Saves the database `target` as a snapshot.
///
/// # Errors
/// What the database, `pg_dump` or the disk says; nothing is left then.
pub async fn take_snapshot(
    target: &Target,
    folder: &SnapshotFolder,
    server: &ServerAddress,
    name: String,
    note: String,
    progress: &Progress,
) -> Result<snapshot::Snapshot, Problem> {
    let (database_bytes, roles) = databases::facts(target).await.map_err(store_problem)?;
    let schema_digest = history::digest(target).await.map_err(store_problem)?;
    let facts = Facts {
        name,
        note,
        app_version: drydock_api::VERSION.to_owned(),
        schema_digest,
        database_bytes,
        roles,
        rows: None,
    };
    folder.create(server, target.database(), LEFT_OUT, facts, progress).await.map_err(problem)
}

impl Maintenance for DatabaseMaintenance {
    fn watch(&self) -> watch::Receiver<Status> {
        self.inner.desk.watch()
    }

    fn reset(&self, session: VerifiedSession) -> Answer<'_, Swapped> {
        Box::pin(Self::reset(self, Some(session)))
    }

    fn undo(&self, session: VerifiedSession) -> Answer<'_, Swapped> {
        Box::pin(Self::undo(self, Some(session)))
    }

    fn cancel(&self) {
        self.inner.desk.cancel();
    }

    fn snapshots(&self) -> Answer<'_, Listing> {
        Box::pin(async {
            let mut listing = Listing::default();
            for entry in self.inner.snapshots.list().await.map_err(problem)? {
                match entry {
                    Entry::Snapshot(snapshot) => listing.snapshots.push(shown(snapshot)),
                    Entry::Damaged { file, problem: what } => {
                        let problem = problem(PostgresError::SnapshotDamaged { file: file.clone(), what });
                        listing.damaged.push(Damaged { file, problem });
                    }
                }
            }
            Ok(listing)
        })
    }

    fn create(&self, name: String, note: String, actor: UserId) -> Answer<'_, Task> {
        Box::pin(async move {
            let mut ticket = self.begin(TaskKind::SnapshotCreate, "Saving the database")?;
            let task = ticket.task();
            let this = self.clone();
            self.spawn(async move {
                let inner = &this.inner;
                let progress = ticket.progress().clone();
                let taken =
                    take_snapshot(&inner.target, &inner.snapshots, &inner.server, name, note, &progress);
                let taken = ticket.follow(taken).await;
                if let Ok(snapshot) = &taken {
                    ticket.about(snapshot.id);
                    this.record(Action::Created, Some(snapshot), Some(actor)).await;
                }
                // Told by the task.
                let _ = ticket.finish(taken);
            });
            Ok(task)
        })
    }

    fn import(&self, file: Upload, length: Option<u64>, actor: UserId) -> Answer<'_, Snapshot> {
        Box::pin(async move {
            let mut ticket = self.begin(TaskKind::SnapshotImport, "Taking the file in")?;
            let progress = ticket.progress().clone();
            let taken = ticket.follow(self.inner.snapshots.import(file, length, &progress)).await;
            if let Ok(snapshot) = &taken {
                self.record(Action::Imported, Some(snapshot), Some(actor)).await;
            }
            ticket.finish(taken.map(shown).map_err(problem))
        })
    }

    fn edit(
        &self,
        id: Uuid,
        name: Option<String>,
        note: Option<String>,
        actor: UserId,
    ) -> Answer<'_, Snapshot> {
        Box::pin(async move {
            let snapshots = &self.inner.snapshots;
            let present = snapshots.get(id).await.map_err(problem)?;
            let name = name.unwrap_or(present.name);
            let note = note.unwrap_or(present.note);
            let edited = snapshots.edit(id, &name, &note).await.map_err(problem)?;
            self.record(Action::Renamed, Some(&edited), Some(actor)).await;
            Ok(shown(edited))
        })
    }

    fn remove(&self, id: Uuid, actor: UserId) -> Answer<'_, ()> {
        Box::pin(async move {
            let snapshots = &self.inner.snapshots;
            // Of a damaged one nothing is known but its id.
            let present = snapshots.get(id).await.ok();
            snapshots.remove(id).await.map_err(problem)?;
            self.record(Action::Deleted, present.as_ref(), Some(actor)).await;
            Ok(())
        })
    }

    fn put_back(&self, id: Uuid, actor: UserId) -> Answer<'_, Snapshot> {
        Box::pin(async move {
            let snapshot = self.inner.snapshots.put_back(id).await.map_err(problem)?;
            self.record(Action::PutBack, Some(&snapshot), Some(actor)).await;
            Ok(shown(snapshot))
        })
    }

    fn restore(&self, id: Uuid, session: VerifiedSession) -> Answer<'_, Task> {
        Box::pin(Self::restore(self, id, Some(session)))
    }

    fn downloads(&self) -> PathBuf {
        self.inner.downloads.clone()
    }

    fn export(&self, id: Uuid, actor: UserId) -> Answer<'_, Task> {
        Box::pin(async move {
            let (mut ticket, snapshot) =
                self.begin_about(id, TaskKind::SnapshotExport, "Writing the file").await?;
            let task = ticket.task();
            let this = self.clone();
            self.spawn(async move {
                let progress = ticket.progress().clone();
                let outcome = ticket.follow(this.write_out(&snapshot, &progress)).await;
                if let Ok(path) = &outcome {
                    ticket.wrote(path.display().to_string());
                    this.record(Action::Exported, Some(&snapshot), Some(actor)).await;
                }
                // Told by the task.
                let _ = ticket.finish(outcome);
            });
            Ok(task)
        })
    }
}

impl DatabaseMaintenance {
    /// Writes a snapshot into the person's folder of downloads, under a name that is free there.
    async fn write_out(
        &self,
        snapshot: &snapshot::Snapshot,
        progress: &Progress,
    ) -> Result<PathBuf, Problem> {
        let folder = &self.inner.downloads;
        let stem = file_stem(&snapshot.name);
        for number in 1.. {
            let name = match number {
                1 => format!("{stem}.{ENDING}"),
                number => format!("{stem} ({number}).{ENDING}"),
            };
            let path = folder.join(name);
            match self.inner.snapshots.export(snapshot.id, &path, false, progress).await {
                Err(PostgresError::SnapshotFileExists { .. }) => {}
                Err(error) => return Err(problem(error)),
                Ok(()) => return Ok(path),
            }
        }
        Err(ErrorCode::Internal.into())
    }
}

/// What of a snapshot's name a file can be called everywhere.
fn file_stem(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || " -_.,()".contains(letter) { letter } else { '_' })
        .collect();
    let kept = kept.trim().trim_matches('.');
    if kept.is_empty() { "snapshot".to_owned() } else { kept.to_owned() }
}

fn shown(snapshot: snapshot::Snapshot) -> Snapshot {
    Snapshot {
        id: snapshot.id,
        name: snapshot.name,
        note: snapshot.note,
        created_at: snapshot.created_at,
        app_version: snapshot.app_version,
        postgres_version: snapshot.postgres_version,
        schema_digest: snapshot.schema_digest,
        database_bytes: snapshot.database_bytes,
        file_bytes: snapshot.file_bytes,
    }
}

fn store_problem(error: StoreError) -> Problem {
    let code = error.code();
    Problem { cause: format!("{error}."), ..code.into() }
}

pub(crate) fn problem(error: PostgresError) -> Problem {
    let red = crate::progress::Red::from(error);
    Problem { code: red.code, what: red.what, cause: red.cause, next_step: red.next_step }
}

#[cfg(test)]
mod tests {
    use super::file_stem;

    #[test]
    fn a_name_becomes_one_of_a_file() {
        for (name, stem) in [
            ("before import", "before import"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a/b\\c:d", "a_b_c_d"),
            ("..", "snapshot"),
            ("Größe 東京", "Größe 東京"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
    }
}
