//! `drydock lab`.

use std::{process::ExitCode, sync::Arc};

use drydock_boot::Settings;
use drydock_lab::{Event, Fidelity, Order, in_order, scenario};

use crate::{fail, say};

pub(crate) async fn run(ids: &[String], settings: &Settings) -> ExitCode {
    if ids.is_empty() {
        for scenario in in_order() {
            let kind = match scenario.fidelity {
                Fidelity::Live(_) => "live",
                Fidelity::Transcript(_) => "transcript",
            };
            say(&format!("{:<14} {:<36} {kind:<10} {}", scenario.stage.name(), scenario.id, scenario.title));
        }
        return ExitCode::SUCCESS;
    }
    let mut scenarios = Vec::new();
    for id in ids {
        match scenario(id) {
            Some(scenario) => scenarios.push(scenario),
            None => return fail(&format!("There is no scenario {id:?}. `drydock lab` lists them.")),
        }
    }
    let order = Order { scenarios, person: None };
    match drydock_lab::run(order, settings, Arc::new(tell)).await {
        Ok(report) if report.holds() => ExitCode::SUCCESS,
        Ok(_) => fail("Not everything that must hold of the scenario holds."),
        Err(error) => fail(&format!("The scenario was not played to its end: {error}.")),
    }
}

fn tell(event: &Event) {
    match event {
        Event::Symptom { line } => {
            let quoted = if line.transcript { " (quoted)" } else { "" };
            say(&format!("symptom  {}{quoted}: {}", line.source, line.text));
        }
        Event::Diagnosis { findings } => {
            for finding in findings {
                say(&format!("found    {} at {}: {}", finding.id, finding.stage.name(), finding.title));
                for line in &finding.evidence {
                    say(&format!("         {line}"));
                }
            }
        }
        Event::Script { text } => {
            for line in text.lines() {
                say(&format!("remedy   {line}"));
            }
        }
        Event::Verdict { proofs } => {
            for proof in proofs {
                say(&format!(
                    "{} {}  {}: {}",
                    if proof.holds { "✓" } else { "✗" },
                    proof.rule,
                    proof.title,
                    proof.what
                ));
            }
        }
        Event::Phase { .. } | Event::Boot { .. } => {}
    }
}
