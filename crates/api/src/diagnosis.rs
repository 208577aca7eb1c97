//! What the API asks of whoever can name a fault and reproduce it: the doctor and the Deploy Lab.
//!
//! The router speaks of them in the data that goes over the wire; clusters, listeners and the scenarios are the other side's. Nothing here
//! holds a secret: whoever fills it in has taken passwords and keys out.

use drydock_store::Target;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::maintenance::{Answer, Problem};

/// The one who looks at deployments and plays scenarios. Whether the caller may ask has been checked.
pub trait Diagnosis: Send + Sync {
    /// Every scenario, and the night on which they were found.
    fn catalogue(&self) -> Catalogue;

    /// Looks at what is named and says what is wrong with it, changing nothing. `own` is the live database. A dropped call looks no further.
    fn examine(&self, what: NewExamination, own: Target) -> Answer<'_, Examination>;

    /// An examination of this process that is still remembered.
    ///
    /// # Errors
    /// `doctor.not_found`.
    fn examination(&self, id: Uuid) -> Result<Examination, Problem>;

    /// Begins to play scenarios on a throw-away cluster. `own` is the live database, which must be as it was afterwards.
    ///
    /// # Errors
    /// `lab.busy` when as many runs as there may be are there, `lab.scenario_unknown`, `lab.scenarios_apart`.
    fn begin(&self, scenarios: &[String], own: Target) -> Result<Run, Problem>;

    /// The runs that are remembered, newest first.
    fn runs(&self) -> Vec<Run>;

    /// A run, now and as it changes.
    ///
    /// # Errors
    /// `lab.run_not_found`.
    fn watch(&self, id: Uuid) -> Result<watch::Receiver<Run>, Problem>;

    /// Lets a diagnosed run apply its remedy and boot again, twice.
    ///
    /// # Errors
    /// `lab.run_not_found`, `lab.not_diagnosed`.
    fn cure(&self, id: Uuid) -> Result<Run, Problem>;

    /// Ends a run, wherever it is, and removes its cluster. What was seen stays to be read.
    ///
    /// # Errors
    /// `lab.run_not_found`.
    fn end(&self, id: Uuid) -> Result<(), Problem>;

    /// Ends every run and waits until their clusters are gone: the program is to end.
    fn shut_down(&self) -> Answer<'_, ()>;
}

/// Every scenario, and the night on which they were found.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Catalogue {
    /// In the order of the stages.
    pub scenarios: Vec<Scenario>,
    /// In the order of the night.
    pub incidents: Vec<Incident>,
}

/// A fault that can be reproduced.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Scenario {
    /// Stable id; the doctor names its findings by it.
    pub id: String,
    /// What happened, in a line.
    pub title: String,
    /// The stage of a boot that it breaks.
    pub stage: String,
    /// That stage as a person reads it.
    pub stage_title: String,
    /// `live`: what is seen really happens here; `transcript`: some of it is quoted, because the bundle does not hold what says it.
    pub fidelity: String,
    /// What of it is live, or why it cannot be.
    pub fidelity_note: String,
    /// Why it is so.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// To the letter.
    pub commands: Vec<Command>,
    /// What people do instead, and why it makes things worse.
    pub band_aid: String,
    /// Where this is known from.
    pub source: String,
}

/// A step of the night that the scenarios come from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Incident {
    /// The time on the clock there.
    pub at: String,
    /// The commit that answered it.
    pub commit: String,
    /// What broke, or what was done about it.
    pub what: String,
    /// The scenarios that show it; empty where there is nothing to play.
    pub scenarios: Vec<String>,
}

/// A step of a remedy that can be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Command {
    /// `sql`, `shell`, `file` or `setting`: where it goes.
    pub language: String,
    /// What to enter.
    pub text: String,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// Stable id, that of its scenario.
    pub id: String,
    /// What happened, in a line.
    pub title: String,
    /// The stage of a boot that it breaks.
    pub stage: String,
    /// That stage as a person reads it.
    pub stage_title: String,
    /// What was seen, one fact a line.
    pub evidence: Vec<String>,
    /// Why it is so.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// To the letter.
    pub commands: Vec<Command>,
    /// What people do instead, and why it makes things worse.
    pub band_aid: String,
    /// Where this is known from.
    pub source: String,
}

/// What is to be looked at. Whatever is left out is not looked at.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExamination {
    /// Whether to look at Drydock's own live database.
    #[serde(default)]
    pub own: bool,
    /// The URL of another database, as the deployment has it.
    pub database_url: Option<String>,
    /// Where the deployment's API answers.
    pub api: Option<String>,
    /// The origin of the page that asks it.
    pub origin: Option<String>,
    /// The deployment's variables, as lines of `NAME=value`.
    pub environment: Option<String>,
    /// The files of its folder of revisions.
    #[serde(default)]
    pub revisions: Vec<RevisionFile>,
}

/// A file of a folder of revisions.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisionFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its text, or the beginning of it that holds its revision.
    pub text: String,
}

/// What the doctor found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Examination {
    /// Its own id.
    pub id: Uuid,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Milliseconds that it took.
    pub elapsed_ms: f64,
    /// In the order of the stages; empty where nothing is known to be wrong.
    pub findings: Vec<Finding>,
    /// What was looked at, one thing a line.
    pub looked_at: Vec<String>,
    /// What could not be looked at, and why.
    pub could_not: Vec<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It plays: the fault is injected, booted into and looked at.
    #[default]
    Running,
    /// The fault is named; the remedy can be applied.
    Diagnosed,
    /// The remedy is applied, and the platform boots again.
    Curing,
    /// It came to its end.
    Done,
    /// It could not be played to its end.
    Failed,
    /// It was ended before its end.
    Cancelled,
}

impl RunState {
    /// Whether its cluster may still be there.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Diagnosed | Self::Curing)
    }
}

/// Scenarios being played on a throw-away cluster.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Run {
    /// Its own id.
    pub id: Uuid,
    /// Grows by one with every change; ask with `after` set to it to wait for the next.
    pub revision: u64,
    /// The ids of the scenarios, in the order in which they were asked for.
    pub scenarios: Vec<String>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub began_at: Option<OffsetDateTime>,
    /// How far it is.
    pub state: RunState,
    /// What is done, in order; those to come as well.
    pub phases: Vec<RunPhase>,
    /// Every boot, in order.
    pub boots: Vec<RunBoot>,
    /// What a user or operator of the broken deploy sees.
    pub symptoms: Vec<SymptomLine>,
    /// What the doctor says, who is not told which scenario it is. Null until it has looked.
    pub findings: Option<Vec<Finding>>,
    /// The remedy as it will be run, or was.
    pub script: Option<String>,
    /// What is proven at the end.
    pub proofs: Vec<Proof>,
    /// Why it could not be played to its end.
    pub error: Option<RunError>,
}

/// A part of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunPhase {
    /// `prepare`, `inject`, `boot`, `symptom`, `diagnose`, `remedy`, `boot-again`, `second-boot`, `compare`.
    pub name: String,
    /// The part as a person reads it.
    pub title: String,
    /// `pending`, `running`, `passed` or `failed`.
    pub status: String,
    /// Milliseconds it took; null until it has ended.
    pub elapsed_ms: Option<f64>,
}

/// A boot of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunBoot {
    /// The part of the run that it is.
    pub phase: String,
    /// `booting`, `ready` or `failed`.
    pub state: String,
    /// Milliseconds from its start to its last change.
    pub elapsed_ms: f64,
    /// Every stage in order.
    pub stages: Vec<RunStage>,
    /// The code of the red gate.
    pub failure_code: Option<String>,
    /// What the red gate says.
    pub failure: Option<String>,
}

/// A stage of such a boot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunStage {
    /// Its name.
    pub name: String,
    /// The stage as a person reads it.
    pub title: String,
    /// `pending`, `running`, `passed` or `failed`.
    pub status: String,
    /// Milliseconds it took; null until it has ended.
    pub elapsed_ms: Option<f64>,
    /// What was found or done.
    pub detail: Option<String>,
}

/// A line that somebody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SymptomLine {
    /// Who says it: `drydock`, `PostgreSQL`, `HTTP`, `Chromium`, `alembic`, …
    pub source: String,
    /// What it says.
    pub text: String,
    /// Whether it is quoted from such a failure, and did not just happen.
    pub transcript: bool,
}

/// Something that a run proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proof {
    /// `R1` to `R6`.
    pub rule: String,
    /// What is to be proven.
    pub title: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was counted or compared.
    pub what: String,
}

/// Why a run could not be played to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunError {
    /// Stable code, explained in docs/errors.md.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do next.
    pub next_step: String,
}
