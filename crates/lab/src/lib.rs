//! Fault scenarios on a throw-away cluster: inject, boot into the symptom, remedy, boot green.
//!
//! A scenario adds no knowledge of what is wrong: the diagnosis is whatever gate of the boot sequence turns
//! red. It only says which one must.

mod reproduce;
mod scenario;

pub use reproduce::{LabError, Reproduction, reproduce};
pub use scenario::{SCENARIOS, Scenario};
