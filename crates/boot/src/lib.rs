//! The boot sequence, and the composition of cluster, store and API into one running platform.
//!
//! [`Platform`] is made before anything runs, so that its router can already tell how the boot is going.
//! [`Platform::boot`] runs the stages of [`Stage`] in order and stops at the first red gate;
//! [`Platform::shutdown`] ends whatever has been started, however far the boot came.

mod listen;
mod log;
mod progress;
mod sequence;
mod settings;

use std::sync::Arc;

use axum::Router;
use drydock_api::ApiState;
use drydock_domain::boot::{BootSnapshot, Failure};
use drydock_store::{Target, seed};
use tokio::sync::{Mutex, watch};

pub use drydock_api::Profile;
pub use drydock_domain::boot;
pub use drydock_postgres::PostgresError;
pub use drydock_store::{StoreError, seed::DemoAccount};
pub use listen::{Listener, listen};
pub use log::log_to_stderr;
pub use settings::{Settings, page};

use progress::Progress;
use sequence::Running;

/// One Drydock: cluster, store and API.
pub struct Platform {
    settings: Settings,
    progress: Progress,
    api: ApiState,
    running: Arc<Mutex<Option<Running>>>,
}

impl Platform {
    /// A platform that has not been booted. Starts nothing and touches no file.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let progress = Progress::new();
        let api = ApiState::new(settings.profile, progress.watch());
        Self { settings, progress, api, running: Arc::default() }
    }

    /// The API. Usable at once: until the boot is done it answers that the platform is not ready.
    pub fn router(&self) -> Router {
        drydock_api::router(self.api.clone())
    }

    /// What is known of the boot, now and as it changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<BootSnapshot> {
        self.progress.watch()
    }

    /// Runs every stage. Call it once.
    ///
    /// # Errors
    /// The first red gate. What had been started until then keeps running until [`Platform::shutdown`].
    pub async fn boot(&self) -> Result<(), Failure> {
        sequence::run(&self.settings, &self.progress, &self.api, &self.running).await
    }

    /// The database of a server that runs, whether or not the boot has come to its end.
    pub async fn target(&self) -> Option<Target> {
        self.running.lock().await.as_ref().map(Running::target)
    }

    /// Stops what runs: the connections, then the server. Further calls do nothing.
    ///
    /// # Errors
    /// When the server could not be stopped.
    pub async fn shutdown(&self) -> Result<(), PostgresError> {
        match self.running.lock().await.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    /// The seeded accounts that can sign in; none before the boot's end.
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
}
