//! What goes wrong with a deployment.
//!
//! A [`Scenario`] is one way in which deployments break: how to bring it about on a throw-away cluster, what a person sees of it then,
//! how to tell it from all others by what can be observed, and what cures it. The [`doctor`] knows the same scenarios and looks at
//! any database, environment and endpoint for them; it is not told what to look for. [`Run`] plays scenarios from the fault to the
//! proof that it is gone.

mod deployed;
mod desk;
mod doctor;
pub mod environment;
pub mod evidence;
pub mod intake;
pub mod judge;
pub mod listener;
mod platform;
pub mod probe;
pub mod replay;
mod run;
pub mod scenario;
mod scenarios;
pub mod shipped;
pub mod simulator;
mod stand;

pub use desk::Desk;
pub use doctor::doctor;
pub use drydock_domain::finding;
pub use drydock_store::observe;
pub use evidence::{Api, Evidence, Sources, gather};
pub use run::{Event, Order, Person, Phase, Proof, Report, Run, SymptomLine, Told, run};
pub use scenario::{
    As, Command, Detector, Expect, Fidelity, Quote, Scenario, Step, StepFn, StepFuture, World,
};
pub use scenarios::SCENARIOS;
pub use shipped::Shipped;
pub use stand::{LabError, Stand};

/// The scenario with this id.
#[must_use]
pub fn scenario(id: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().copied().find(|scenario| scenario.id == id)
}

/// Every scenario in the order of the stages they break, and by id within one.
#[must_use]
pub fn in_order() -> Vec<&'static Scenario> {
    let mut all = SCENARIOS.to_vec();
    all.sort_by_key(|scenario| (scenario.stage, scenario.id));
    all
}
