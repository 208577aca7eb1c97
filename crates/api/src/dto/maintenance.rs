//! Reset, undo and snapshots over the wire.

use drydock_store::{databases, databases::Before};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::maintenance::{self as plain, TaskKind, TaskState};

/// Where reset, undo and snapshots stand.
#[derive(Serialize, ToSchema)]
pub(crate) struct Maintenance {
    /// Grows with every change; ask with `after` set to it to wait for the next.
    revision: u64,
    /// The running task, else the last one since the start; null when there was none.
    task: Option<Task>,
    /// What an undo would bring back; null when no earlier state is kept.
    undo: Option<Undo>,
    /// Whether a seeded database lies ready, so that a reset takes milliseconds.
    spare_ready: bool,
}

impl From<plain::Status> for Maintenance {
    fn from(status: plain::Status) -> Self {
        Self {
            revision: status.revision,
            task: status.task.map(Into::into),
            undo: status.undo.map(Into::into),
            spare_ready: status.spare_ready,
        }
    }
}

/// Since when the caller knows the status.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MaintenanceQuery {
    /// Answer when the revision is another than this, or after ten seconds.
    pub(crate) after: Option<u64>,
}

/// The state that was replaced last.
#[derive(Serialize, ToSchema)]
pub(crate) struct Undo {
    /// What replaced it.
    cause: Cause,
    /// When it was replaced.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl From<Before> for Undo {
    fn from(before: Before) -> Self {
        let cause = match before.cause {
            databases::Cause::Reset => Cause::Reset,
            databases::Cause::Undo => Cause::Undo,
            databases::Cause::Restore => Cause::Restore,
        };
        Self { cause, at: before.at }
    }
}

/// What replaces one database by another.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// A reset to the seeded state.
    Reset,
    /// An undo of a swap.
    Undo,
    /// A restored snapshot.
    Restore,
}

/// A finished reset or undo.
#[derive(Serialize, ToSchema)]
pub(crate) struct Swapped {
    /// Milliseconds until the application answered again.
    elapsed_ms: f64,
    /// What an undo would bring back now.
    undo: Option<Undo>,
}

impl From<plain::Swapped> for Swapped {
    fn from(swapped: plain::Swapped) -> Self {
        Self { elapsed_ms: swapped.elapsed.as_secs_f64() * 1000.0, undo: swapped.undo.map(Into::into) }
    }
}

/// One piece of work.
#[derive(Serialize, ToSchema)]
pub(crate) struct Task {
    id: Uuid,
    kind: TaskKind,
    state: TaskState,
    /// What it does at the moment.
    step: String,
    done_bytes: u64,
    /// Null where it is not known.
    total_bytes: Option<u64>,
    /// Milliseconds since it began, or that it took.
    elapsed_ms: f64,
    /// The file it wrote for the person.
    path: Option<String>,
    /// The snapshot it is about.
    snapshot_id: Option<Uuid>,
    /// Why it failed; null unless state is failed.
    error: Option<TaskError>,
}

impl From<plain::Task> for Task {
    fn from(task: plain::Task) -> Self {
        let elapsed = task.took.unwrap_or_else(|| task.began.elapsed());
        Self {
            id: task.id,
            kind: task.kind,
            state: task.state,
            step: task.step,
            done_bytes: task.done_bytes,
            total_bytes: task.total_bytes,
            elapsed_ms: elapsed.as_secs_f64() * 1000.0,
            path: task.path,
            snapshot_id: task.snapshot_id,
            error: task.problem.map(Into::into),
        }
    }
}

/// Why something failed that no request waits for.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskError {
    /// Stable code, explained in docs/errors.md.
    code: String,
    /// What happened.
    what: String,
    /// Why; may be empty.
    cause: String,
    /// What to do next.
    next_step: String,
}

impl From<plain::Problem> for TaskError {
    fn from(problem: plain::Problem) -> Self {
        Self { code: problem.code, what: problem.what, cause: problem.cause, next_step: problem.next_step }
    }
}

/// What is in the folder of snapshots.
#[derive(Serialize, ToSchema)]
pub(crate) struct Snapshots {
    /// Newest first.
    snapshots: Vec<Snapshot>,
    /// Files that cannot be read as snapshots.
    damaged: Vec<DamagedFile>,
}

impl From<plain::Listing> for Snapshots {
    fn from(listing: plain::Listing) -> Self {
        Self {
            snapshots: listing.snapshots.into_iter().map(Into::into).collect(),
            damaged: listing
                .damaged
                .into_iter()
                .map(|damaged| DamagedFile { file: damaged.file, problem: damaged.problem.into() })
                .collect(),
        }
    }
}

/// A file among the snapshots that is none.
#[derive(Serialize, ToSchema)]
pub(crate) struct DamagedFile {
    /// Its name in the folder of snapshots.
    file: String,
    problem: TaskError,
}

/// The state of the database at one moment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Snapshot {
    id: Uuid,
    name: String,
    /// May be empty.
    note: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Version of the program that made it.
    app_version: String,
    postgres_version: String,
    /// Digest of the schema's history; equal digests, equal schema.
    schema_digest: String,
    /// Size of the database then, in bytes.
    database_bytes: u64,
    /// Size of the file in bytes.
    file_bytes: u64,
}

impl From<plain::Snapshot> for Snapshot {
    fn from(snapshot: plain::Snapshot) -> Self {
        Self {
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
}

/// A snapshot to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSnapshot {
    /// 1 to 80 characters on one line.
    #[schema(example = "Before the import")]
    pub(crate) name: String,
    /// At most 500 characters.
    #[serde(default)]
    pub(crate) note: String,
}

/// What to change of a snapshot; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotChange {
    /// 1 to 80 characters on one line.
    pub(crate) name: Option<String>,
    /// At most 500 characters; empty to have none.
    pub(crate) note: Option<String>,
}
