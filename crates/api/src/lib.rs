//! The only API: an axum router, its OpenAPI document, the error envelope, and the doors to it.
//!
//! The router knows neither a window nor a process. [`door`] hands it a request in process, which is how the
//! window calls it; [`loopback`] wraps it for a TCP listener on this machine. Both doors lead to the same
//! router, so they answer alike.

pub mod diagnosis;
pub mod door;
mod dto;
mod envelope;
mod export;
mod extract;
mod form;
pub mod loopback;
pub mod maintenance;
pub mod monitoring;
mod openapi;
mod refusals;
mod report;
mod routes;
pub mod simulator;
pub mod turned_away;
mod upload;

use std::sync::{Arc, OnceLock};

use axum::Router;
use diagnosis::Diagnosis;
use drydock_domain::boot::BootSnapshot;
use drydock_store::Store;
use maintenance::Maintenance;
use monitoring::Recorder;
use simulator::Simulator;
use tokio::sync::watch;
use turned_away::TurnedAway;

pub use drydock_domain::Profile;
pub use openapi::openapi;

/// Version of the program, as reports and the boot page show it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What there is once the boot is over.
struct Open {
    store: Store,
    maintenance: Arc<dyn Maintenance>,
    recorder: Arc<dyn Recorder>,
}

/// What the router works on. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    profile: Arc<watch::Sender<Profile>>,
    boot: watch::Receiver<BootSnapshot>,
    open: Arc<OnceLock<Open>>,
    exports: export::Exports,
    turned_away: TurnedAway,
    diagnosis: Option<Arc<dyn Diagnosis>>,
    simulator: Arc<OnceLock<Arc<dyn Simulator>>>,
}

impl ApiState {
    /// A state whose store is still to come: until [`ApiState::open`] everything but the boot route answers
    /// that the platform is not ready. `profile` is what a new database would be seeded with.
    #[must_use]
    pub fn new(profile: Profile, boot: watch::Receiver<BootSnapshot>) -> Self {
        Self {
            profile: Arc::new(watch::Sender::new(profile)),
            boot,
            open: Arc::default(),
            exports: export::Exports::default(),
            turned_away: TurnedAway::default(),
            diagnosis: None,
            simulator: Arc::default(),
        }
    }

    /// Gives the router who deploys APIs for a moment. Further calls change nothing.
    pub fn simulate_with(&self, simulator: Arc<dyn Simulator>) {
        let _ = self.simulator.set(simulator);
    }

    fn simulator(&self) -> Option<&Arc<dyn Simulator>> {
        self.simulator.get()
    }

    /// Says what the live database was seeded with.
    pub fn tell_profile(&self, profile: Profile) {
        self.profile.send_replace(profile);
    }

    fn profile(&self) -> Profile {
        *self.profile.borrow()
    }

    /// The same, not opened.
    #[must_use]
    pub fn unopened(&self) -> Self {
        Self {
            profile: Arc::clone(&self.profile),
            boot: self.boot.clone(),
            open: Arc::default(),
            exports: self.exports.clone(),
            turned_away: self.turned_away.clone(),
            diagnosis: self.diagnosis.clone(),
            simulator: Arc::clone(&self.simulator),
        }
    }

    fn exports(&self) -> &export::Exports {
        &self.exports
    }

    /// The same with a doctor and a lab; without them their routes answer that there are none.
    #[must_use]
    pub fn with_diagnosis(self, diagnosis: Arc<dyn Diagnosis>) -> Self {
        Self { diagnosis: Some(diagnosis), ..self }
    }

    /// The doctor and the lab, where there are any.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Arc<dyn Diagnosis>> {
        self.diagnosis.as_ref()
    }

    /// What counts the requests that the loopback door turns away.
    #[must_use]
    pub fn turned_away(&self) -> &TurnedAway {
        &self.turned_away
    }

    /// Gives the router its store, who maintains the database behind it, and who records how it does. Further calls change nothing.
    pub fn open(&self, store: Store, maintenance: Arc<dyn Maintenance>, recorder: Arc<dyn Recorder>) {
        let _ = self.open.set(Open { store, maintenance, recorder });
    }
}

/// The router with every route, the error envelope and the request id.
pub fn router(state: ApiState) -> Router {
    // Made once: describing the operations takes milliseconds, and a boot makes the router twice.
    static ROUTES: OnceLock<Router<ApiState>> = OnceLock::new();
    let routes = ROUTES.get_or_init(|| routes::router().0).clone().with_state(state.clone());
    envelope::wrap(refusals::noted(routes, state))
}
