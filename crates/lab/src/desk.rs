//! The doctor and the lab as the API asks for them: examinations that are remembered, and runs that go on behind the callers' backs.

mod look;
mod told;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use drydock_api::{
    diagnosis::{Catalogue, Diagnosis, Examination, NewExamination, Run, RunError, RunState},
    maintenance::{Answer, Problem},
};
use drydock_boot::{ErrorCode, Settings};
use drydock_store::Target;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::{LabError, Order, Person, Told, in_order, replay, run, scenario};

/// Runs whose clusters are there at a time.
const AT_ONCE: usize = 2;
/// Runs that are remembered, those among them whose clusters are there.
const REMEMBERED: usize = 20;
/// Examinations that are remembered.
const EXAMINATIONS: usize = 20;
/// How long a diagnosed run waits for its remedy before its cluster is removed.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How long a run may take from its beginning to the diagnosis, or from the remedy to its end.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// How long the doctor may look.
const LOOKING: Duration = Duration::from_secs(60);

/// The doctor and the lab of one program. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    runs: Mutex<VecDeque<Entry>>,
    examinations: Mutex<VecDeque<Examination>>,
}

/// A run that is remembered.
struct Entry {
    id: Uuid,
    news: watch::Sender<Run>,
    /// Lets it apply its remedy; used once.
    cure: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Desk {
    /// A desk whose runs boot with `settings`, in folders of their own.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let inner =
            Inner { settings: settings.clone(), runs: Mutex::default(), examinations: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    fn runs(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        // Whoever panicked left whole entries behind.
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn examinations(&self) -> MutexGuard<'_, VecDeque<Examination>> {
        self.inner.examinations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Diagnosis for Desk {
    fn catalogue(&self) -> Catalogue {
        Catalogue {
            scenarios: in_order().into_iter().map(told::scenario).collect(),
            incidents: replay::incidents().iter().map(told::incident).collect(),
        }
    }

    fn examine(&self, what: NewExamination, own: Target) -> Answer<'_, Examination> {
        Box::pin(async move {
            let begun = Instant::now();
            let looked = tokio::time::timeout(LOOKING, look::look(what, own)).await;
            let (findings, looked_at, could_not) = match looked {
                Ok(looked) => looked.map_err(|error| unplayable(&error.into()))?,
                Err(_) => {
                    let late =
                        format!("What was to be looked at did not answer within {} s.", LOOKING.as_secs());
                    (Vec::new(), Vec::new(), vec![late])
                }
            };
            let examination = Examination {
                id: Uuid::new_v4(),
                at: SystemTime::now().into(),
                elapsed_ms: begun.elapsed().as_secs_f64() * 1e3,
                findings: findings.iter().map(told::finding).collect(),
                looked_at,
                could_not,
            };
            let mut remembered = self.examinations();
            remembered.truncate(EXAMINATIONS - 1);
            remembered.push_front(examination.clone());
            Ok(examination)
        })
    }

    fn examination(&self, id: Uuid) -> Result<Examination, Problem> {
        self.examinations()
            .iter()
            .find(|one| one.id == id)
            .cloned()
            .ok_or_else(|| ErrorCode::ExaminationNotFound.into())
    }

    fn begin(&self, scenarios: &[String], own: Target) -> Result<Run, Problem> {
        let mut chosen = Vec::new();
        for id in scenarios {
            let found = scenario(id).ok_or_else(|| Problem {
                cause: format!("There is no scenario {id:?}."),
                ..ErrorCode::ScenarioUnknown.into()
            })?;
            if let Some(other) = chosen.iter().find(|other: &&&crate::Scenario| !found.goes_with(other)) {
                return Err(Problem {
                    cause: format!("{} and {} cannot be there at the same time.", other.id, found.id),
                    ..ErrorCode::ScenariosApart.into()
                });
            }
            chosen.push(found);
        }
        let mut runs = self.runs();
        if runs.iter().filter(|entry| entry.news.borrow().state.is_live()).count() >= AT_ONCE {
            return Err(Problem {
                cause: format!("{AT_ONCE} runs have their clusters."),
                ..ErrorCode::LabBusy.into()
            });
        }
        while runs.len() >= REMEMBERED {
            // Among so many, most have ended.
            let Some(oldest) = runs.iter().rposition(|entry| !entry.news.borrow().state.is_live()) else {
                break;
            };
            runs.remove(oldest);
        }
        let run = Run {
            id: Uuid::new_v4(),
            revision: 1,
            scenarios: scenarios.to_vec(),
            began_at: Some(SystemTime::now().into()),
            phases: told::phases(),
            ..Run::default()
        };
        let news = watch::Sender::new(run.clone());
        let (cure, cured) = oneshot::channel();
        let order = Order { scenarios: chosen, person: Some(Person::Live(own)) };
        let task = tokio::spawn(play(order, self.inner.settings.clone(), news.clone(), cured));
        runs.push_front(Entry { id: run.id, news, cure: Some(cure), task });
        Ok(run)
    }

    fn runs(&self) -> Vec<Run> {
        Self::runs(self).iter().map(|entry| entry.news.borrow().clone()).collect()
    }

    fn watch(&self, id: Uuid) -> Result<watch::Receiver<Run>, Problem> {
        Self::runs(self)
            .iter()
            .find(|entry| entry.id == id)
            .map(|entry| entry.news.subscribe())
            .ok_or_else(|| ErrorCode::RunNotFound.into())
    }

    fn cure(&self, id: Uuid) -> Result<Run, Problem> {
        let mut runs = Self::runs(self);
        let entry = runs.iter_mut().find(|entry| entry.id == id).ok_or(ErrorCode::RunNotFound)?;
        if entry.news.borrow().state != RunState::Diagnosed {
            return Err(ErrorCode::RunNotDiagnosed.into());
        }
        let cure = entry.cure.take().ok_or(ErrorCode::RunNotDiagnosed)?;
        change(&entry.news, |run| run.state = RunState::Curing);
        // A run that has ended a moment ago says so itself.
        let _ = cure.send(());
        let run = entry.news.borrow().clone();
        Ok(run)
    }

    fn end(&self, id: Uuid) -> Result<(), Problem> {
        let runs = Self::runs(self);
        let entry = runs.iter().find(|entry| entry.id == id).ok_or(ErrorCode::RunNotFound)?;
        cancel(entry);
        Ok(())
    }

    fn shut_down(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let entries = std::mem::take(&mut *Self::runs(self));
            for entry in entries {
                cancel(&entry);
                // Its end is what is waited for: an aborted task has dropped its cluster then.
                let _ = entry.task.await;
            }
            Ok(())
        })
    }
}

/// Breaks a run off where it is; dropped, it stops its server and removes its folder.
fn cancel(entry: &Entry) {
    entry.task.abort();
    change(&entry.news, |run| {
        if run.state.is_live() {
            run.state = RunState::Cancelled;
            for phase in run.phases.iter_mut().filter(|phase| phase.status == "running") {
                phase.status = "failed".to_owned();
            }
        }
    });
}

fn change(news: &watch::Sender<Run>, change: impl FnOnce(&mut Run)) {
    news.send_modify(|run| {
        change(run);
        run.revision += 1;
    });
}

/// Plays a run to its end and tells it.
async fn play(order: Order, settings: Settings, news: watch::Sender<Run>, cured: oneshot::Receiver<()>) {
    let telling = news.clone();
    let told: Told = Arc::new(move |event| {
        change(&telling, |run| told::apply(run, event));
    });
    if let Err(error) = steps(order, &settings, told, &news, cured).await {
        change(&news, |run| {
            run.state = RunState::Failed;
            run.error = Some(error);
        });
    }
}

async fn steps(
    order: Order,
    settings: &Settings,
    told: Told,
    news: &watch::Sender<Run>,
    cured: oneshot::Receiver<()>,
) -> Result<(), RunError> {
    let begun = tokio::time::timeout(LONGEST, run::Run::begin(order, settings, told)).await;
    let mut played = begun.map_err(|_| late())?.map_err(|error| failed(&error))?;
    change(news, |run| {
        run.state = RunState::Diagnosed;
        run.proofs = played.report().proofs.iter().map(told::proof).collect();
    });
    if !matches!(tokio::time::timeout(IDLE, cured).await, Ok(Ok(()))) {
        change(news, |run| run.state = RunState::Cancelled);
        return Ok(());
    }
    change(news, |run| run.state = RunState::Curing);
    let cured = tokio::time::timeout(LONGEST, played.cure()).await;
    let report = played.end().await.map_err(|error| failed(&error))?;
    change(news, |run| run.proofs = report.proofs.iter().map(told::proof).collect());
    cured.map_err(|_| late())?.map_err(|error| failed(&error))?;
    change(news, |run| run.state = RunState::Done);
    Ok(())
}

fn failed(error: &LabError) -> RunError {
    let Problem { code, cause, next_step, .. } = unplayable(error);
    RunError { code, what: cause, next_step }
}

fn late() -> RunError {
    let Problem { code, next_step, .. } = ErrorCode::RunUnplayable.into();
    RunError { code, what: format!("It took longer than {} s.", LONGEST.as_secs()), next_step }
}

fn unplayable(error: &LabError) -> Problem {
    Problem {
        cause: drydock_domain::finding::redact(&format!("{error}.")),
        ..ErrorCode::RunUnplayable.into()
    }
}
