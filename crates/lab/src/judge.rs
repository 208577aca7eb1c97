//! Every scenario by itself, and some two at a time: does the doctor name what is there, and nothing else.

use std::sync::Arc;

use drydock_boot::Settings;
use serde::Serialize;

use crate::{LabError, Order, Person, Report, Run, Scenario, Told, run};

/// One scenario or pair that was played.
#[derive(Debug, Serialize)]
pub struct Judged {
    /// What was played.
    pub played: Vec<&'static str>,
    /// What the doctor named.
    pub named: Vec<&'static str>,
    /// The rules that do not hold, with what was found.
    pub broken: Vec<String>,
    /// Milliseconds.
    pub elapsed_ms: f64,
}

impl Judged {
    fn of(played: Vec<&'static str>, outcome: Result<Report, LabError>) -> Self {
        match outcome {
            Ok(report) => Self {
                named: report.findings.iter().map(|finding| finding.id).collect(),
                broken: report
                    .proofs
                    .iter()
                    .filter(|proof| !proof.holds)
                    .map(|proof| format!("{} {}: {}", proof.rule, proof.title, proof.what))
                    .collect(),
                elapsed_ms: report.elapsed_ms,
                played,
            },
            Err(error) => {
                Self { named: Vec::new(), broken: vec![error.to_string()], elapsed_ms: 0.0, played }
            }
        }
    }

    /// Whether everything holds that was asked.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// Plays one scenario from the fault to the proof.
pub async fn one(scenario: &'static Scenario, person: Option<Person>, settings: &Settings) -> Judged {
    let order = Order { scenarios: vec![scenario], person };
    Judged::of(vec![scenario.id], run(order, settings, silent()).await)
}

/// Puts two faults in at once and has the doctor look: both must be named. What cures them is asked of each alone.
pub async fn pair(pair: [&'static Scenario; 2], settings: &Settings) -> Judged {
    let ids = pair.iter().map(|scenario| scenario.id).collect();
    let order = Order { scenarios: pair.to_vec(), person: None };
    let outcome = async { Run::begin(order, settings, silent()).await?.end().await }.await;
    let mut judged = Judged::of(ids, outcome);
    // A boot ends at the first of two red gates, so that not all of both symptoms is seen.
    judged.broken.retain(|broken| !broken.starts_with("R1"));
    judged
}

fn silent() -> Told {
    Arc::new(|_| ())
}

/// Pairs of scenarios that can be there at the same time, by chance that `seed` decides; no pair twice.
#[must_use]
pub fn pairs(scenarios: &[&'static Scenario], count: usize, seed: u64) -> Vec<[&'static Scenario; 2]> {
    let mut all: Vec<[&'static Scenario; 2]> = scenarios
        .iter()
        .enumerate()
        .flat_map(|(at, one)| scenarios[at + 1..].iter().map(move |other| [*one, *other]))
        .filter(|[one, other]| one.goes_with(other))
        .collect();
    let mut state = seed;
    // The first `count` of a shuffle.
    for at in 0..count.min(all.len()) {
        let left = u64::try_from(all.len() - at).unwrap_or(1);
        let step = usize::try_from(next(&mut state) % left).unwrap_or_default();
        all.swap(at, at + step);
    }
    all.truncate(count);
    all
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pairs_are_the_same_for_the_same_seed_and_none_comes_twice() {
        let ids = |seed| -> Vec<[&str; 2]> {
            pairs(crate::SCENARIOS, 30, seed).into_iter().map(|[one, other]| [one.id, other.id]).collect()
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        let seven = ids(7);
        assert_eq!(seven.iter().collect::<BTreeSet<_>>().len(), seven.len());
    }
}
