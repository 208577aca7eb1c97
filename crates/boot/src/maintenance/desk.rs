//! One task at a time, and what is told of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use drydock_api::maintenance::{Problem, Status, Task, TaskKind, TaskState};
use drydock_domain::ErrorCode;
use drydock_postgres::snapshot::Progress;
use drydock_store::databases::Before;
use tokio::sync::watch;
use uuid::Uuid;

/// Where tasks are taken on, one after the other.
#[derive(Clone)]
pub(super) struct Desk {
    status: watch::Sender<Status>,
    /// Of the running task; what a cancel reaches.
    running: Arc<Mutex<Option<Progress>>>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { status: watch::Sender::new(Status::default()), running: Arc::default() }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Takes a task on, unless one runs.
    pub(super) fn begin(&self, kind: TaskKind, step: &str) -> Result<Ticket, Problem> {
        let task = Task {
            id: Uuid::new_v4(),
            kind,
            state: TaskState::Running,
            step: step.to_owned(),
            done_bytes: 0,
            total_bytes: None,
            began: Instant::now(),
            took: None,
            path: None,
            snapshot_id: None,
            problem: None,
        };
        let progress = Progress::new();
        let taken = self.status.send_if_modified(|status| {
            if status.task.as_ref().is_some_and(|task| task.state == TaskState::Running) {
                return false;
            }
            status.task = Some(task.clone());
            status.revision += 1;
            true
        });
        if !taken {
            let running = self.status.borrow().task.as_ref().map(|task| task.step.clone());
            let cause = running.map(|step| format!("Under way: {step}.")).unwrap_or_default();
            return Err(Problem { cause, ..ErrorCode::MaintenanceBusy.into() });
        }
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.clone());
        Ok(Ticket { desk: self.clone(), task, progress })
    }

    pub(super) fn cancel(&self) {
        if let Some(progress) = self.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            progress.cancel();
        }
    }

    /// Tells what an undo would bring back.
    pub(super) fn tell_undo(&self, undo: Option<Before>) {
        self.tell(|status| std::mem::replace(&mut status.undo, undo) != undo);
    }

    /// Tells whether a reset is prepared.
    pub(super) fn tell_spare(&self, ready: bool) {
        self.tell(|status| std::mem::replace(&mut status.spare_ready, ready) != ready);
    }

    fn tell(&self, change: impl FnOnce(&mut Status) -> bool) {
        self.status.send_if_modified(|status| {
            let changed = change(status);
            status.revision += u64::from(changed);
            changed
        });
    }

    fn put(&self, task: &Task) {
        self.status.send_modify(|status| {
            status.task = Some(task.clone());
            status.revision += 1;
        });
    }
}

/// A task that has been taken on. Dropped before it is finished it counts as cancelled.
pub(super) struct Ticket {
    desk: Desk,
    task: Task,
    progress: Progress,
}

impl Ticket {
    pub(super) fn task(&self) -> Task {
        self.task.clone()
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn step(&mut self, step: &str) {
        step.clone_into(&mut self.task.step);
        self.desk.put(&self.task);
    }

    pub(super) fn about(&mut self, snapshot: Uuid) {
        self.task.snapshot_id = Some(snapshot);
    }

    pub(super) fn wrote(&mut self, path: String) {
        self.task.path = Some(path);
    }

    /// Runs `work` and tells how far it is as it goes.
    pub(super) async fn follow<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut bytes = self.progress.watch();
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                // An error means that there is nothing more to be told.
                Ok(()) = bytes.changed() => {
                    let now = *bytes.borrow_and_update();
                    (self.task.done_bytes, self.task.total_bytes) = (now.done, now.total);
                    self.desk.put(&self.task);
                }
                else => return work.await,
            }
        }
    }

    /// Closes the task with its outcome.
    pub(super) fn finish<T>(mut self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        match &outcome {
            Ok(_) => self.task.state = TaskState::Done,
            Err(problem) if problem.code == CANCELLED => self.task.state = TaskState::Cancelled,
            Err(problem) => {
                self.task.state = TaskState::Failed;
                self.task.problem = Some(problem.clone());
            }
        }
        outcome
    }
}

/// The code of work that was asked to stop.
const CANCELLED: &str = "snapshot.cancelled";

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.task.state == TaskState::Running {
            self.task.state = TaskState::Cancelled;
        }
        self.task.took = Some(self.task.began.elapsed());
        *self.desk.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.desk.put(&self.task);
    }
}
