//! A maintenance that touches no database: it notes what the API asked it, so that the API can be tested without a cluster
//! of its own. What the real one does is shown where the whole platform runs.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use drydock_api::{
    diagnosis::{
        Catalogue, Command, Diagnosis, Examination, Finding, NewExamination, Run, RunState, Scenario,
        SymptomLine,
    },
    maintenance::{
        Answer, Listing, Maintenance, Problem, Snapshot, Status, Swapped, Task, TaskKind, TaskState, Upload,
    },
    monitoring::{LogLines, Recorder, Sample, SlowStatement, SlowStatements},
};
use drydock_domain::{ErrorCode, UserId};
use drydock_store::{
    Target, VerifiedSession,
    databases::{Before, Cause},
};
use time::OffsetDateTime;
use tokio::{
    io::AsyncReadExt as _,
    sync::{Notify, watch},
};
use uuid::Uuid;

/// The one snapshot that is there from the beginning.
pub(crate) const SNAPSHOT: Uuid = Uuid::from_u128(0x5555_5555_5555_4555_8555_5555_5555_5555);

/// How a file begins that is taken in.
pub(crate) const FILE_HEAD: &[u8] = b"drydock";

pub(crate) struct StandIn {
    status: watch::Sender<Status>,
    listed: Mutex<Vec<Snapshot>>,
    removed: Mutex<Vec<Snapshot>>,
    /// What every further call is refused with.
    refusal: Mutex<Option<Problem>>,
    /// Swaps wait for it where it is set.
    gate: Mutex<Option<Arc<Notify>>>,
    began: Notify,
    /// Not there until a test makes it.
    downloads: PathBuf,
}

impl StandIn {
    pub(crate) fn new() -> Self {
        Self {
            status: watch::Sender::new(Status { revision: 1, spare_ready: true, ..Status::default() }),
            listed: Mutex::new(vec![snapshot(SNAPSHOT, "First".to_owned(), String::new())]),
            removed: Mutex::default(),
            refusal: Mutex::default(),
            gate: Mutex::default(),
            began: Notify::new(),
            downloads: std::env::temp_dir().join(format!("drydock-downloads-{}", Uuid::new_v4())),
        }
    }

    pub(crate) fn refuse_with(&self, code: &str) {
        *lock(&self.refusal) = Some(Problem {
            code: code.to_owned(),
            what: "It was refused.".to_owned(),
            cause: "The test says so.".to_owned(),
            next_step: "Change the test.".to_owned(),
        });
    }

    pub(crate) fn hold_swaps(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *lock(&self.gate) = Some(Arc::clone(&gate));
        gate
    }

    /// Waits until a swap has begun.
    pub(crate) async fn swap_began(&self) {
        self.began.notified().await;
    }

    fn allowed(&self) -> Result<(), Problem> {
        lock(&self.refusal).clone().map_or(Ok(()), Err)
    }

    fn swap(&self, kind: TaskKind, cause: Cause) -> Answer<'_, Swapped> {
        Box::pin(async move {
            self.allowed()?;
            let gate = lock(&self.gate).clone();
            self.began.notify_one();
            if let Some(gate) = gate {
                gate.notified().await;
            }
            let undo = Some(Before { cause, at: OffsetDateTime::UNIX_EPOCH });
            self.change(|status| {
                status.undo = undo;
                status.task = Some(task(kind, None));
            });
            Ok(Swapped { elapsed: Duration::from_millis(7), undo })
        })
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(|status| {
            status.revision += 1;
            change(status);
        });
    }

    fn finished(&self, kind: TaskKind, id: Uuid) -> Task {
        let task = task(kind, Some(id));
        self.change(|status| status.task = Some(task.clone()));
        task
    }

    fn find(&self, id: Uuid) -> Result<Snapshot, Problem> {
        self.allowed()?;
        lock(&self.listed).iter().find(|snapshot| snapshot.id == id).cloned().ok_or_else(not_found)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_found() -> Problem {
    Problem {
        code: "snapshot.not_found".to_owned(),
        what: "There is no such snapshot.".to_owned(),
        cause: String::new(),
        next_step: "List the snapshots.".to_owned(),
    }
}

fn snapshot(id: Uuid, name: String, note: String) -> Snapshot {
    Snapshot {
        id,
        name,
        note,
        created_at: OffsetDateTime::UNIX_EPOCH,
        app_version: "0.1.0".to_owned(),
        postgres_version: "16.0".to_owned(),
        schema_digest: "0".repeat(64),
        database_bytes: 8_000_000,
        file_bytes: 100_000,
    }
}

fn task(kind: TaskKind, snapshot_id: Option<Uuid>) -> Task {
    Task {
        id: Uuid::from_u128(7),
        kind,
        state: TaskState::Done,
        step: "Done".to_owned(),
        done_bytes: 10,
        total_bytes: Some(10),
        began: Instant::now(),
        took: Some(Duration::from_millis(7)),
        path: None,
        snapshot_id,
        problem: None,
    }
}

impl Maintenance for StandIn {
    fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    fn reset(&self, _: VerifiedSession) -> Answer<'_, Swapped> {
        self.swap(TaskKind::Reset, Cause::Reset)
    }

    fn undo(&self, _: VerifiedSession) -> Answer<'_, Swapped> {
        if self.status.borrow().undo.is_none() {
            return Box::pin(async { Err(ErrorCode::NothingToUndo.into()) });
        }
        self.swap(TaskKind::Undo, Cause::Undo)
    }

    fn cancel(&self) {
        self.change(|status| {
            if let Some(task) = status.task.as_mut() {
                task.state = TaskState::Cancelled;
            }
        });
    }

    fn snapshots(&self) -> Answer<'_, Listing> {
        Box::pin(async {
            self.allowed()?;
            Ok(Listing { snapshots: lock(&self.listed).clone(), damaged: Vec::new() })
        })
    }

    fn create(&self, name: String, note: String, _: UserId) -> Answer<'_, Task> {
        Box::pin(async move {
            self.allowed()?;
            let made = snapshot(Uuid::new_v4(), name, note);
            let id = made.id;
            lock(&self.listed).insert(0, made);
            Ok(self.finished(TaskKind::SnapshotCreate, id))
        })
    }

    fn import(&self, mut file: Upload, length: Option<u64>, _: UserId) -> Answer<'_, Snapshot> {
        Box::pin(async move {
            self.allowed()?;
            let refused = |cause: String| Problem {
                code: "snapshot.damaged".to_owned(),
                what: "The file is no whole snapshot.".to_owned(),
                cause,
                next_step: "Export it again.".to_owned(),
            };
            let mut head = vec![0; FILE_HEAD.len()];
            file.read_exact(&mut head).await.map_err(|error| refused(error.to_string()))?;
            if head != FILE_HEAD {
                return Err(refused("It does not begin as one.".to_owned()));
            }
            let mut rest = 0;
            let mut buffer = vec![0; 64 * 1024];
            loop {
                match file.read(&mut buffer).await.map_err(|error| refused(error.to_string()))? {
                    0 => break,
                    read => rest += read as u64,
                }
            }
            let size = rest + FILE_HEAD.len() as u64;
            if length.is_some_and(|length| length != size) {
                return Err(refused("It has another length than was announced.".to_owned()));
            }
            let mut taken = snapshot(Uuid::new_v4(), "Imported".to_owned(), String::new());
            taken.file_bytes = size;
            lock(&self.listed).insert(0, taken.clone());
            Ok(taken)
        })
    }

    fn edit(&self, id: Uuid, name: Option<String>, note: Option<String>, _: UserId) -> Answer<'_, Snapshot> {
        Box::pin(async move {
            let mut changed = self.find(id)?;
            changed.name = name.unwrap_or(changed.name);
            changed.note = note.unwrap_or(changed.note);
            for listed in lock(&self.listed).iter_mut().filter(|listed| listed.id == id) {
                *listed = changed.clone();
            }
            Ok(changed)
        })
    }

    fn remove(&self, id: Uuid, _: UserId) -> Answer<'_, ()> {
        Box::pin(async move {
            let found = self.find(id)?;
            lock(&self.listed).retain(|listed| listed.id != id);
            lock(&self.removed).push(found);
            Ok(())
        })
    }

    fn put_back(&self, id: Uuid, _: UserId) -> Answer<'_, Snapshot> {
        Box::pin(async move {
            self.allowed()?;
            let mut removed = lock(&self.removed);
            let at = removed.iter().position(|snapshot| snapshot.id == id).ok_or_else(not_found)?;
            let back = removed.remove(at);
            lock(&self.listed).push(back.clone());
            Ok(back)
        })
    }

    fn restore(&self, id: Uuid, _: VerifiedSession) -> Answer<'_, Task> {
        Box::pin(async move {
            let found = self.find(id)?;
            Ok(self.finished(TaskKind::SnapshotRestore, found.id))
        })
    }

    fn downloads(&self) -> PathBuf {
        self.downloads.clone()
    }

    fn export(&self, id: Uuid, _: UserId) -> Answer<'_, Task> {
        Box::pin(async move {
            let found = self.find(id)?;
            Ok(self.finished(TaskKind::SnapshotExport, found.id))
        })
    }
}

/// A recorder that has recorded one sample, one slow statement, and a line for whatever stretch it is asked for.
pub(crate) struct RecorderStandIn;

impl Recorder for RecorderStandIn {
    fn samples(&self) -> Vec<Sample> {
        vec![Sample {
            at: 1_800_000_000,
            database_bytes: 9_000_000,
            connections: 3,
            commits: 40,
            rollbacks: 1,
            turned_away: 2,
        }]
    }

    fn slow_statements(&self) -> Answer<'_, SlowStatements> {
        Box::pin(async {
            let statement = SlowStatement {
                text: "select pg_sleep(?)".to_owned(),
                count: 2,
                total_ms: 700.0,
                longest_ms: 400.0,
                last_at: "2026-01-31T12:00:00.000Z".to_owned(),
            };
            Ok(SlowStatements { threshold_ms: 250, read_bytes: 1_000, statements: vec![statement] })
        })
    }

    fn server_log(&self, from: OffsetDateTime, until: OffsetDateTime) -> Answer<'_, LogLines> {
        Box::pin(async move {
            Ok(LogLines { lines: vec![format!("{} s", (until - from).whole_seconds())], cut: false })
        })
    }
}

/// What the stand-in of the doctor puts into everything it says: a report must not have it.
pub(crate) const PASSWORD: &str = "hunter2-of-the-deployment";

/// A doctor with one finding, whose runs are diagnosed at once and cured when they are asked to be.
pub(crate) struct DiagnosisStandIn {
    examinations: Mutex<Vec<Examination>>,
    runs: Mutex<Vec<watch::Sender<Run>>>,
}

impl DiagnosisStandIn {
    pub(crate) fn new() -> Self {
        Self { examinations: Mutex::default(), runs: Mutex::default() }
    }

    fn sender(&self, id: Uuid) -> Result<watch::Sender<Run>, Problem> {
        let found = lock(&self.runs).iter().find(|run| run.borrow().id == id).cloned();
        found.ok_or_else(|| ErrorCode::RunNotFound.into())
    }
}

fn leaky(what: &str) -> String {
    format!(
        "{what} | <b>postgresql://app:{PASSWORD}@db.internal/app</b> `password={PASSWORD}` SECRET_KEY={PASSWORD} \
         DATABASE_URL=postgresql+asyncpg://app:a@b:{PASSWORD}@db.internal:5432/app?sslmode=require token={PASSWORD}"
    )
}

fn finding() -> Finding {
    Finding {
        id: "mig-multiple-heads".to_owned(),
        title: "Two revisions claim to be the newest.".to_owned(),
        stage: "history".to_owned(),
        stage_title: "Compare migration history".to_owned(),
        evidence: vec![leaky("alembic_version has 2 rows")],
        cause: leaky("Two branches."),
        remedy: leaky("Merge them."),
        commands: vec![Command { language: "shell".to_owned(), text: leaky("alembic merge heads") }],
        band_aid: leaky("Not upgrade heads."),
        source: "alembic".to_owned(),
    }
}

impl Diagnosis for DiagnosisStandIn {
    fn catalogue(&self) -> Catalogue {
        let Finding { id, title, stage, stage_title, cause, remedy, commands, band_aid, source, .. } =
            finding();
        let scenario = Scenario {
            id,
            title,
            stage,
            stage_title,
            fidelity: "live".to_owned(),
            fidelity_note: String::new(),
            cause,
            remedy,
            commands,
            band_aid,
            source,
        };
        Catalogue { scenarios: vec![scenario], incidents: Vec::new() }
    }

    fn examine(&self, what: NewExamination, _: Target) -> Answer<'_, Examination> {
        Box::pin(async move {
            let examination = Examination {
                id: Uuid::new_v4(),
                at: OffsetDateTime::UNIX_EPOCH,
                elapsed_ms: 3.0,
                findings: if what.own { Vec::new() } else { vec![finding()] },
                looked_at: vec![leaky("A database.")],
                could_not: Vec::new(),
            };
            lock(&self.examinations).push(examination.clone());
            Ok(examination)
        })
    }

    fn examination(&self, id: Uuid) -> Result<Examination, Problem> {
        let found = lock(&self.examinations).iter().find(|one| one.id == id).cloned();
        found.ok_or_else(|| ErrorCode::ExaminationNotFound.into())
    }

    fn begin(&self, scenarios: &[String], _: Target) -> Result<Run, Problem> {
        if scenarios.iter().any(|id| id != "mig-multiple-heads") {
            return Err(ErrorCode::ScenarioUnknown.into());
        }
        let run = Run {
            id: Uuid::new_v4(),
            revision: 1,
            scenarios: scenarios.to_vec(),
            state: RunState::Diagnosed,
            symptoms: vec![SymptomLine {
                source: "alembic".to_owned(),
                text: leaky("FAILED: Multiple head revisions"),
                transcript: true,
            }],
            findings: Some(vec![finding()]),
            script: Some(leaky("DELETE …")),
            ..Run::default()
        };
        lock(&self.runs).push(watch::Sender::new(run.clone()));
        Ok(run)
    }

    fn runs(&self) -> Vec<Run> {
        lock(&self.runs).iter().map(|run| run.borrow().clone()).collect()
    }

    fn watch(&self, id: Uuid) -> Result<watch::Receiver<Run>, Problem> {
        Ok(self.sender(id)?.subscribe())
    }

    fn cure(&self, id: Uuid) -> Result<Run, Problem> {
        let sender = self.sender(id)?;
        if sender.borrow().state != RunState::Diagnosed {
            return Err(ErrorCode::RunNotDiagnosed.into());
        }
        sender.send_modify(|run| {
            run.state = RunState::Done;
            run.revision += 1;
        });
        let run = sender.borrow().clone();
        Ok(run)
    }

    fn end(&self, id: Uuid) -> Result<(), Problem> {
        self.sender(id)?.send_modify(|run| run.state = RunState::Cancelled);
        Ok(())
    }

    fn shut_down(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
