//! The stages of a boot and what is told about them while they run.

use serde::Serialize;

/// One stage of the boot sequence, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Read the settings.
    Configure,
    /// Find the bundled PostgreSQL and take the data directory.
    Locate,
    /// Create the cluster where there is none.
    Initialise,
    /// Start the server.
    Start,
    /// Settle how to reach the database.
    NormaliseUrl,
    /// Wait until the database answers.
    WaitDb,
    /// Create database, roles, schema and extension where missing.
    Bootstrap,
    /// Compare the applied migrations with the shipped ones.
    History,
    /// Apply what is pending.
    Migrate,
    /// Prove that tables, roles and row-level security are as they must be.
    Verify,
    /// Add the default users and the demo data where missing.
    Seed,
    /// Prove that a default user can be signed in.
    Login,
    /// Open the API.
    Serve,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 13] = [
        Self::Configure,
        Self::Locate,
        Self::Initialise,
        Self::Start,
        Self::NormaliseUrl,
        Self::WaitDb,
        Self::Bootstrap,
        Self::History,
        Self::Migrate,
        Self::Verify,
        Self::Seed,
        Self::Login,
        Self::Serve,
    ];

    /// The name used in reports and over the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Locate => "locate",
            Self::Initialise => "initialise",
            Self::Start => "start",
            Self::NormaliseUrl => "normalise-url",
            Self::WaitDb => "wait-db",
            Self::Bootstrap => "bootstrap",
            Self::History => "history",
            Self::Migrate => "migrate",
            Self::Verify => "verify",
            Self::Seed => "seed",
            Self::Login => "login",
            Self::Serve => "serve",
        }
    }

    /// What a person reads on the boot page.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Configure => "Read settings",
            Self::Locate => "Find PostgreSQL and the data directory",
            Self::Initialise => "Initialise the cluster",
            Self::Start => "Start PostgreSQL",
            Self::NormaliseUrl => "Settle the connection",
            Self::WaitDb => "Wait for the database",
            Self::Bootstrap => "Create database and roles",
            Self::History => "Compare migration history",
            Self::Migrate => "Apply migrations",
            Self::Verify => "Verify schema and tenancy",
            Self::Seed => "Seed users and demo data",
            Self::Login => "Check sign-in",
            Self::Serve => "Open the API",
        }
    }
}

/// How far a stage has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// Not begun.
    Pending,
    /// Under way.
    Running,
    /// Its gate is green.
    Passed,
    /// Its gate is red; no later stage runs.
    Failed,
}

/// One stage as told to a person.
#[derive(Clone, Debug, Serialize)]
pub struct StageReport {
    /// Which stage.
    pub stage: Stage,
    /// How far it has come.
    pub status: StageStatus,
    /// Milliseconds it took; `None` until it has ended.
    pub elapsed_ms: Option<f64>,
    /// One line about what was found or done.
    pub detail: Option<String>,
}

/// Why a boot stopped.
#[derive(Clone, Debug, Serialize, thiserror::Error)]
#[error("{what} {cause} {next_step} [{code}]")]
pub struct Failure {
    /// The stage whose gate is red.
    pub stage: Stage,
    /// Stable code, explained in `docs/errors.md`.
    pub code: String,
    /// What happened, as a sentence.
    pub what: String,
    /// Why, as a sentence; may be empty.
    pub cause: String,
    /// What to do next, as a sentence.
    pub next_step: String,
}

/// Where a boot as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BootState {
    /// Stages are still to run.
    Booting,
    /// Every gate is green.
    Ready,
    /// A gate is red.
    Failed,
}

/// Everything known about a boot at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct BootSnapshot {
    /// Grows by one with every change.
    pub revision: u64,
    /// Where the boot stands.
    pub state: BootState,
    /// Milliseconds from the start of the boot to this snapshot's last change.
    pub elapsed_ms: f64,
    /// Every stage in order.
    pub stages: Vec<StageReport>,
    /// Set when `state` is [`BootState::Failed`].
    pub failure: Option<Failure>,
    /// The last lines of the database server's log; filled on failure.
    pub log_tail: String,
}

impl BootSnapshot {
    /// A boot that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self {
            revision: 0,
            state: BootState::Booting,
            elapsed_ms: 0.0,
            stages: Stage::ALL
                .into_iter()
                .map(|stage| StageReport {
                    stage,
                    status: StageStatus::Pending,
                    elapsed_ms: None,
                    detail: None,
                })
                .collect(),
            failure: None,
            log_tail: String::new(),
        }
    }

    /// The boot as plain text, for a bug report.
    ///
    /// Holds version, stages, code and log tail, and no credential: none is ever put into a snapshot.
    #[must_use]
    pub fn report(&self, version: &str, system: &str) -> String {
        use std::fmt::Write as _;

        let mut text = format!("Drydock {version} on {system}\n");
        // Writing to a String cannot fail, so the results carry nothing.
        let _ = writeln!(text, "state {:?}, {:.1} ms", self.state, self.elapsed_ms);
        for report in &self.stages {
            let time = report.elapsed_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"));
            let _ = writeln!(
                text,
                "{:<14} {:<8} {:>10}  {}",
                report.stage.name(),
                format!("{:?}", report.status).to_lowercase(),
                time,
                report.detail.as_deref().unwrap_or_default()
            );
        }
        if let Some(failure) = &self.failure {
            let _ = writeln!(
                text,
                "\n{} at {}\n{}\n{}\n{}",
                failure.code,
                failure.stage.name(),
                failure.what,
                failure.cause,
                failure.next_step
            );
        }
        if !self.log_tail.is_empty() {
            let _ = writeln!(text, "\nserver log:\n{}", self.log_tail);
        }
        text
    }
}

impl Default for BootSnapshot {
    fn default() -> Self {
        Self::new()
    }
}
