//! The rules that a scenario is judged by.

use drydock_boot::boot::Failure;
use drydock_domain::finding::Finding;
use serde::Serialize;

use crate::{
    Report, Scenario,
    scenario::{Expect, Fidelity, says},
};

/// Whether a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// `R1` to `R6`.
    pub rule: &'static str,
    /// What it asks.
    pub title: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// What was found.
    pub what: String,
}

fn proof(rule: &'static str, title: &'static str, wrong: &[String], right: impl Into<String>) -> Proof {
    Proof {
        rule,
        title,
        holds: wrong.is_empty(),
        what: if wrong.is_empty() { right.into() } else { wrong.join("; ") },
    }
}

/// R1: every line of the symptom was seen. R2: exactly the scenarios played were found.
pub(super) fn of_diagnosis(scenarios: &[&'static Scenario], report: &Report) -> Vec<Proof> {
    let mut unseen = Vec::new();
    let mut seen = 0;
    for scenario in scenarios {
        let quoted_counts = matches!(scenario.fidelity, Fidelity::Transcript(_));
        for pattern in scenario.says {
            let said = report
                .symptoms
                .iter()
                .any(|line| (quoted_counts || !line.transcript) && says(&line.text, pattern));
            if said {
                seen += 1;
            } else {
                unseen.push(format!("{}: nobody said {pattern:?}", scenario.id));
            }
        }
    }
    // Of several faults at once a boot tells the first alone.
    if let [scenario] = scenarios {
        let gate = match (&scenario.boot, &report.failure) {
            (Expect::Red(stage, code), Some(failure))
                if (failure.stage, failure.code.as_str()) == (*stage, code) =>
            {
                None
            }
            (Expect::Red(stage, code), Some(other)) => Some(format!(
                "the gate {} was red with {}, not {} with {code}",
                other.stage.name(),
                other.code,
                stage.name()
            )),
            (Expect::Red(stage, code), None) => {
                Some(format!("the gate {} was not red with {code}", stage.name()))
            }
            (_, Some(failure)) => Some(format!(
                "the gate {} was red with {}: {}",
                failure.stage.name(),
                failure.code,
                failure.what
            )),
            (_, None) => None,
        };
        unseen.extend(gate);
    }
    if scenarios.iter().any(|scenario| scenario.says.is_empty()) {
        unseen.push("a scenario says nothing of what is seen".to_owned());
    }
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.id).collect();
    let mut wrong = Vec::new();
    for scenario in scenarios.iter().filter(|scenario| !found.contains(&scenario.id)) {
        wrong.push(format!("{} was not found", scenario.id));
    }
    for id in found.iter().filter(|id| !scenarios.iter().any(|scenario| scenario.id == **id)) {
        wrong.push(format!("{id} was found as well"));
    }
    vec![
        proof(
            "R1",
            "What is seen is what the deployment shows",
            &unseen,
            format!("{seen} lines as expected"),
        ),
        proof("R2", "The doctor names exactly this", &wrong, found.join(", ")),
    ]
}

fn still_wrong(outcome: &Result<(), Failure>, findings: &[Finding]) -> Vec<String> {
    let red =
        outcome.as_ref().err().map(|failure| format!("the gate {} is red: {failure}", failure.stage.name()));
    let found = findings
        .iter()
        .map(|finding| format!("the doctor still finds {}: {}", finding.id, finding.evidence.join(", ")));
    red.into_iter().chain(found).collect()
}

pub(super) fn green(
    rule: &'static str,
    title: &'static str,
    outcome: &Result<(), Failure>,
    findings: &[Finding],
) -> Proof {
    proof(rule, title, &still_wrong(outcome, findings), "every gate is green, the doctor finds nothing")
}

pub(super) fn second(outcome: &Result<(), Failure>, findings: &[Finding], changes: &[String]) -> Proof {
    let mut wrong = still_wrong(outcome, findings);
    wrong.extend_from_slice(changes);
    proof("R4", "A second boot is green and changes no row", &wrong, "0 rows changed")
}

pub(super) fn intact(changes: &[String], rows: usize) -> Proof {
    proof(
        "R5",
        "Rows that are none of the remedy's business are as they were",
        changes,
        format!("{rows} rows looked at"),
    )
}

pub(super) fn untouched(before: &str, after: &str) -> Proof {
    let wrong =
        if before == after { Vec::new() } else { vec![format!("SHA-256 was {before} and is {after}")] };
    proof(
        "R6",
        "The person's own data are as they were",
        &wrong,
        format!("SHA-256 {}…", &before[..16.min(before.len())]),
    )
}
