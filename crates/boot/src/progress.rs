//! Telling how the boot is going while it goes.

use std::{fmt::Display, time::Instant};

use drydock_domain::boot::{BootSnapshot, BootState, Failure, Stage, StageStatus};
use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Progress {
    sender: watch::Sender<BootSnapshot>,
}

/// What is wrong at a gate, before it is known which.
pub(crate) struct Red {
    pub(crate) code: String,
    pub(crate) what: String,
    pub(crate) cause: String,
    pub(crate) next_step: String,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { sender: watch::Sender::new(BootSnapshot::new()) }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<BootSnapshot> {
        self.sender.subscribe()
    }

    /// Runs one stage and tells its course. `work` returns its value and one line about it.
    pub(crate) async fn stage<T, D: Display>(
        &self,
        begun: Instant,
        stage: Stage,
        work: impl Future<Output = Result<(T, D), Red>>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        self.change(begun, |snapshot| report(snapshot, stage).status = StageStatus::Running);
        let outcome = work.await;
        let elapsed_ms = started.elapsed().as_secs_f64() * 1e3;
        match outcome {
            Ok((value, detail)) => {
                let detail = detail.to_string();
                tracing::info!(stage = stage.name(), elapsed_ms, detail, "stage passed");
                self.change(begun, |snapshot| {
                    let report = report(snapshot, stage);
                    report.status = StageStatus::Passed;
                    report.elapsed_ms = Some(elapsed_ms);
                    report.detail = Some(detail);
                });
                Ok(value)
            }
            Err(red) => {
                let failure = Failure {
                    stage,
                    code: red.code,
                    what: red.what,
                    cause: red.cause,
                    next_step: red.next_step,
                };
                tracing::error!(
                    stage = stage.name(),
                    code = failure.code,
                    what = failure.what,
                    "stage failed"
                );
                self.change(begun, |snapshot| {
                    let report = report(snapshot, stage);
                    report.status = StageStatus::Failed;
                    report.elapsed_ms = Some(elapsed_ms);
                    report.detail = Some(failure.what.clone());
                });
                Err(failure)
            }
        }
    }

    /// Tells what a stage that runs is about.
    pub(crate) fn detail(&self, begun: Instant, stage: Stage, detail: &str) {
        self.change(begun, |snapshot| report(snapshot, stage).detail = Some(detail.to_owned()));
    }

    pub(crate) fn ready(&self, begun: Instant) {
        self.change(begun, |snapshot| snapshot.state = BootState::Ready);
    }

    pub(crate) fn failed(&self, begun: Instant, failure: &Failure, log_tail: String) {
        self.change(begun, |snapshot| {
            snapshot.state = BootState::Failed;
            snapshot.failure = Some(failure.clone());
            snapshot.log_tail = log_tail;
        });
    }

    /// The server has ended after the boot: what the boot took stays as it was told.
    pub(crate) fn lost(&self, failure: &Failure, log_tail: String) {
        self.sender.send_modify(|snapshot| {
            snapshot.state = BootState::Failed;
            snapshot.failure = Some(failure.clone());
            snapshot.log_tail = log_tail;
            snapshot.revision += 1;
        });
    }

    fn change(&self, begun: Instant, change: impl FnOnce(&mut BootSnapshot)) {
        self.sender.send_modify(|snapshot| {
            change(snapshot);
            snapshot.revision += 1;
            snapshot.elapsed_ms = begun.elapsed().as_secs_f64() * 1e3;
        });
    }
}

fn report(snapshot: &mut BootSnapshot, stage: Stage) -> &mut drydock_domain::boot::StageReport {
    // A snapshot holds every stage in order, and a fieldless enum's discriminant is its place.
    &mut snapshot.stages[stage as usize]
}
