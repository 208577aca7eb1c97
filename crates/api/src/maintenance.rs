//! What the API asks of whoever owns the database's life: reset, undo, snapshots.
//!
//! The router speaks of them in plain data; processes, files and the swapping of databases are the other side's. One task
//! runs at a time, whoever began it.

use std::{
    path::PathBuf,
    pin::Pin,
    time::{Duration, Instant},
};

use drydock_domain::UserId;
use drydock_store::{VerifiedSession, databases::Before};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::{io::AsyncRead, sync::watch};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a call of [`Maintenance`] returns.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// The bytes of a file that is sent in.
pub type Upload = Box<dyn AsyncRead + Send + Unpin>;

/// The one who can replace the database and who keeps its snapshots.
///
/// Names and notes arrive trimmed and within their limits; whether the caller may do it has been checked. Every call that
/// finds another task running is refused with `maintenance.busy`, but for [`Maintenance::watch`], [`Maintenance::cancel`]
/// and [`Maintenance::snapshots`]. `actor` is who asks, for the history.
pub trait Maintenance: Send + Sync {
    /// What is known now, and every change of it.
    fn watch(&self) -> watch::Receiver<Status>;

    /// Replaces the database by the seeded one and keeps what it replaced. The session stays valid when its user is in the
    /// new state. To be driven to its end.
    fn reset(&self, session: VerifiedSession) -> Answer<'_, Swapped>;

    /// Swaps the database with what the last reset, undo or restore replaced. Sessions as in [`Maintenance::reset`]; refused
    /// with `maintenance.nothing_to_undo` when nothing is kept.
    fn undo(&self, session: VerifiedSession) -> Answer<'_, Swapped>;

    /// Asks the running task to stop; nothing happens when none runs or it is past the point of return. Returns at once.
    fn cancel(&self);

    /// The snapshots, newest first, and the files that are none.
    fn snapshots(&self) -> Answer<'_, Listing>;

    /// Begins a snapshot of the database and returns its task.
    fn create(&self, name: String, note: String, actor: UserId) -> Answer<'_, Task>;

    /// Takes an exported file in and returns when it is whole, verified and durable. `length` is what the sender announced,
    /// in bytes. A dropped call leaves nothing.
    fn import(&self, file: Upload, length: Option<u64>, actor: UserId) -> Answer<'_, Snapshot>;

    /// Changes name, note or both.
    fn edit(
        &self,
        id: Uuid,
        name: Option<String>,
        note: Option<String>,
        actor: UserId,
    ) -> Answer<'_, Snapshot>;

    /// Takes a snapshot from the list; [`Maintenance::put_back`] undoes it.
    fn remove(&self, id: Uuid, actor: UserId) -> Answer<'_, ()>;

    /// Lists a removed snapshot again.
    fn put_back(&self, id: Uuid, actor: UserId) -> Answer<'_, Snapshot>;

    /// Begins to replace the database by a snapshot's and returns the task. Sessions as in [`Maintenance::reset`].
    fn restore(&self, id: Uuid, session: VerifiedSession) -> Answer<'_, Task>;

    /// The folder of downloads of the person who runs Drydock.
    fn downloads(&self) -> PathBuf;

    /// Begins to write a snapshot as one file into the person's folder of downloads and returns the task, whose path says
    /// where.
    fn export(&self, id: Uuid, actor: UserId) -> Answer<'_, Task>;
}

/// Where maintenance stands.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Grows by one with every change.
    pub revision: u64,
    /// The running task, else the last one of this process.
    pub task: Option<Task>,
    /// What an undo would bring back.
    pub undo: Option<Before>,
    /// Whether a seeded database lies ready, so that a reset takes milliseconds.
    pub spare_ready: bool,
}

/// A finished swap.
#[derive(Clone, Copy, Debug)]
pub struct Swapped {
    /// From the call until the application answered again.
    pub elapsed: Duration,
    /// What an undo would bring back now.
    pub undo: Option<Before>,
}

/// One piece of work.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its own id.
    pub id: Uuid,
    /// What it does.
    pub kind: TaskKind,
    /// How far it is.
    pub state: TaskState,
    /// What it does at the moment, in words.
    pub step: String,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes to do, where that is known.
    pub total_bytes: Option<u64>,
    /// When it began.
    pub began: Instant,
    /// How long it took; none while it runs.
    pub took: Option<Duration>,
    /// The file it wrote for the person.
    pub path: Option<String>,
    /// The snapshot it is about, once there is one.
    pub snapshot_id: Option<Uuid>,
    /// Why it failed; none unless it has.
    pub problem: Option<Problem>,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Brings the seeded state back.
    Reset,
    /// Brings back what was replaced.
    Undo,
    /// Makes a snapshot.
    SnapshotCreate,
    /// Replaces the database by a snapshot's.
    SnapshotRestore,
    /// Writes a snapshot to a file of the person's.
    SnapshotExport,
    /// Takes such a file in.
    SnapshotImport,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// It runs.
    Running,
    /// It did what it was to do.
    Done,
    /// It did not, and changed nothing.
    Failed,
    /// It was asked to stop, and changed nothing.
    Cancelled,
}

/// What is in the folder of snapshots.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The usable ones, newest first.
    pub snapshots: Vec<Snapshot>,
    /// The others.
    pub damaged: Vec<Damaged>,
}

/// A file among the snapshots that cannot be read as one.
#[derive(Clone, Debug)]
pub struct Damaged {
    /// Its name in the folder of snapshots.
    pub file: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// The state of the database at one moment, in one file.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its own id; an exported file carries it.
    pub id: Uuid,
    /// What a person calls it.
    pub name: String,
    /// What a person wants to remember of it; may be empty.
    pub note: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Version of the program that made it.
    pub app_version: String,
    /// Version of the PostgreSQL that made it.
    pub postgres_version: String,
    /// Digest of the schema's history.
    pub schema_digest: String,
    /// Size of the database then, in bytes.
    pub database_bytes: u64,
    /// Size of the file in bytes.
    pub file_bytes: u64,
}

/// Why something was refused or failed.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Stable code, explained in docs/errors.md; decides the HTTP status.
    pub code: String,
    /// What happened, in a few words or a sentence.
    pub what: String,
    /// Why, in a sentence; may be empty.
    pub cause: String,
    /// What to do next.
    pub next_step: String,
}

impl From<drydock_domain::ErrorCode> for Problem {
    fn from(code: drydock_domain::ErrorCode) -> Self {
        Self {
            code: code.as_str().to_owned(),
            what: code.title().to_owned(),
            cause: String::new(),
            next_step: code.next_step().to_owned(),
        }
    }
}
