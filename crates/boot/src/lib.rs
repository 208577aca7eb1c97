//! The boot sequence, and the composition of cluster, store and API into one running platform.
//!
//! [`Platform`] is made before anything runs, so that its router can already tell how the boot is going.
//! [`Platform::boot`] runs the stages of [`Stage`] in order and stops at the first red gate;
//! [`Platform::shutdown`] ends whatever has been started, however far the boot came.

mod access;
mod environment;
mod exec;
mod journal;
mod listen;
mod log;
mod maintenance;
mod memory;
mod monitoring;
mod private_file;
mod progress;
mod sequence;
mod settings;
mod status;
mod template;
mod upkeep;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::Router;
use drydock_api::{ApiState, diagnosis::Diagnosis, simulator::Simulator, turned_away::TurnedAway};
use drydock_domain::boot::{BootSnapshot, Failure, Stage};
use drydock_postgres::Cluster;
use drydock_store::{Store, Target, boot_history};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

pub use access::{Access, AccessError, data_path, hold, psql};
pub use drydock_api::Profile;
pub use drydock_domain::{ErrorCode, boot};
pub use drydock_postgres::{Holder, LastStop, PostgresError, snapshot};
pub use drydock_store::{
    DatabaseRole, StoreError, history, seed, seed::DemoAccount, snapshot_history::Action,
};
pub use environment::forget_foreign_options;
pub use exec::{Dialect, ExecPort};
pub use journal::record_snapshot;
pub use listen::{Listener, listen, listen_for};
pub use log::{log_to_file, log_to_stderr};
pub use maintenance::{DatabaseMaintenance, take_snapshot};
pub use settings::{Deployment, Paused, Settings, page};
pub use status::{DatabaseStatus, Files, Status, log_files};
pub use template::{TemplateError, make_template};

use progress::Progress;
use sequence::Running;

/// How long the end of a platform waits for how its boot went to be written down.
const RECORD: Duration = Duration::from_secs(1);

/// One Drydock: cluster, store and API.
pub struct Platform {
    settings: Settings,
    progress: Progress,
    api: ApiState,
    running: Mutex<Option<Running>>,
    /// Whether the platform is to end.
    ending: watch::Sender<bool>,
    /// Held while the boot runs.
    booting: Mutex<()>,
    /// Keeps in the database how the boot went, behind the back of whoever uses the platform.
    recording: Mutex<Option<JoinHandle<()>>>,
}

impl Platform {
    /// A platform that has not been booted. Starts nothing and touches no file.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let progress = Progress::new();
        let profile = settings.seed.as_ref().map_or_else(|_| Profile::default(), |wanted| wanted.profile);
        let api = ApiState::new(profile, progress.watch());
        Self {
            settings,
            progress,
            api,
            running: Mutex::default(),
            ending: watch::Sender::new(false),
            booting: Mutex::default(),
            recording: Mutex::default(),
        }
    }

    /// The same with a doctor and a lab, whose runs end before the platform does.
    #[must_use]
    pub fn with_diagnosis(self, diagnosis: Arc<dyn Diagnosis>) -> Self {
        Self { api: self.api.with_diagnosis(diagnosis), ..self }
    }

    /// The API. Usable at once: until the boot is done it answers that the platform is not ready.
    pub fn router(&self) -> Router {
        drydock_api::router(self.api.clone())
    }

    /// What counts the requests that a door of this platform turns away.
    #[must_use]
    pub fn turned_away(&self) -> TurnedAway {
        self.api.turned_away().clone()
    }

    /// Gives the API who deploys others for a moment, for the page that tries environments.
    pub fn simulate_with(&self, simulator: Arc<dyn Simulator>) {
        self.api.simulate_with(simulator);
    }

    /// What is known of the boot, now and as it changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<BootSnapshot> {
        self.progress.watch()
    }

    /// Runs every stage. Call it once.
    ///
    /// # Errors
    /// The first red gate, or [`ErrorCode::BootCancelled`] when [`Platform::shutdown`] came first. What had been
    /// started until then keeps running until [`Platform::shutdown`].
    pub async fn boot(&self) -> Result<(), Failure> {
        let started_at = SystemTime::now();
        let outcome = self.boot_unrecorded().await;
        if !matches!(&outcome, Err(failure) if failure.code == ErrorCode::BootCancelled.as_str()) {
            self.record(started_at).await;
        }
        outcome
    }

    /// As [`Platform::boot`], leaving no trace of it in the database.
    pub(crate) async fn boot_unrecorded(&self) -> Result<(), Failure> {
        let _booting = self.booting.lock().await;
        tokio::select! {
            biased;
            () = self.ended() => Err(Failure {
                stage: Stage::Serve,
                code: ErrorCode::BootCancelled.as_str().to_owned(),
                what: "The boot was broken off because Drydock is to end.".to_owned(),
                cause: String::new(),
                next_step: ErrorCode::BootCancelled.next_step().to_owned(),
            }),
            outcome = sequence::run(&self.settings, &self.progress, &self.api, &self.running) => outcome,
        }
    }

    /// Begins to keep how the boot went, if there is a server to keep it. Nobody waits for it but [`Platform::shutdown`].
    async fn record(&self, started_at: SystemTime) {
        let (store, target) = match self.running.lock().await.as_ref() {
            Some(running) => (running.store(), running.target()),
            None => return,
        };
        let booted = self.watch().borrow().clone();
        let program = self.settings.program;
        let recording = tokio::spawn(async move {
            // A boot that failed early has no store yet; its database may be there all the same.
            let own = store.is_none();
            let store = store.unwrap_or_else(|| Store::open(&target));
            let version = drydock_api::VERSION;
            if let Err(error) = boot_history::record(&store, &booted, started_at, program, version).await {
                tracing::warn!(%error, "the boot history lacks this boot");
            }
            if own {
                store.close().await;
            }
        });
        *self.recording.lock().await = Some(recording);
    }

    /// Begins what is done behind the users' backs after a boot: the next reset is prepared and what is left over removed.
    /// For platforms that stay.
    pub async fn keep(&self) {
        if let Some(maintenance) = self.maintenance().await {
            maintenance.begin_keeping();
        }
    }

    /// Waits until the server ends without having been asked to, and tells so on the boot page. Never returns where no
    /// server runs, or when [`Platform::shutdown`] stops it.
    pub async fn lost(&self) -> Failure {
        let exited = self.running.lock().await.as_ref().map(Running::exited);
        let Some(exited) = exited else { return std::future::pending().await };
        let exit = tokio::select! {
            biased;
            () = self.ended() => return std::future::pending().await,
            exit = exited => exit,
        };
        let failure = Failure {
            stage: Stage::Serve,
            code: ErrorCode::DatabaseLost.as_str().to_owned(),
            what: "The database server ended while it was needed.".to_owned(),
            cause: format!("It ended with {exit}."),
            next_step: ErrorCode::DatabaseLost.next_step().to_owned(),
        };
        let log_tail = self.running.lock().await.as_ref().map(Running::log_tail).unwrap_or_default();
        self.progress.lost(&failure, log_tail);
        failure
    }

    /// The seeded accounts that can sign in; none while there is no migrated database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn demo_accounts(&self) -> Result<Vec<DemoAccount>, StoreError> {
        let store = self.running.lock().await.as_ref().and_then(Running::store);
        match store {
            Some(store) => seed::demo_accounts(&store).await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether there is no user, so that the first account is still to be set up; `false` while there is no migrated database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn needs_first_account(&self) -> Result<bool, StoreError> {
        let store = self.running.lock().await.as_ref().and_then(Running::store);
        match store {
            Some(store) => store.needs_first_account().await,
            None => Ok(false),
        }
    }

    /// The database of a server that runs, whether or not the boot has come to its end.
    pub async fn target(&self) -> Option<Target> {
        self.running.lock().await.as_ref().map(Running::target)
    }

    /// Reset, undo and snapshots; `None` while there is no migrated database.
    pub async fn maintenance(&self) -> Option<DatabaseMaintenance> {
        self.running.lock().await.as_ref().and_then(Running::maintenance)
    }

    /// The cluster whose server runs.
    pub async fn cluster(&self) -> Option<Cluster> {
        self.running.lock().await.as_ref().map(Running::cluster)
    }

    /// Breaks off a boot that is under way and stops what runs: the connections, then the server. Further calls do
    /// nothing.
    ///
    /// # Errors
    /// When the server could not be stopped.
    pub async fn shutdown(&self) -> Result<(), PostgresError> {
        self.ending.send_replace(true);
        if let Some(diagnosis) = self.api.diagnosis() {
            // What it says of its clusters is in the log; the platform ends all the same.
            let _ = diagnosis.shut_down().await;
        }
        let _booting = self.booting.lock().await;
        if let Some(mut recording) = self.recording.lock().await.take()
            && tokio::time::timeout(RECORD, &mut recording).await.is_err()
        {
            recording.abort();
        }
        match self.running.lock().await.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    async fn ended(&self) {
        // The sender lives in self, so waiting cannot fail.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }
}
