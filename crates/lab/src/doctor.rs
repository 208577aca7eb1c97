//! The doctor: every detector over one set of evidence, none of which is told what to look for.

use drydock_domain::finding::Finding;

use crate::{Evidence, in_order};

/// What is wrong, in the order of the stages that it breaks. Nothing is looked at but `evidence`.
#[must_use]
pub fn doctor(evidence: &Evidence) -> Vec<Finding> {
    in_order().into_iter().filter_map(|scenario| Some(scenario.found((scenario.detect)(evidence)?))).collect()
}
