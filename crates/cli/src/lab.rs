//! `drydock lab`.

mod judge;

use std::{path::Path, process::ExitCode, sync::Arc};

use drydock_boot::{Holder, Settings, data_path};
use drydock_lab::{Event, Fidelity, Order, Person, Scenario, in_order, replay, scenario};

use crate::{arguments::Judging, fail, say};

pub(crate) async fn run(ids: &[String], judging: &Judging, settings: Settings) -> ExitCode {
    if ids == ["replay"] {
        return replay_all(&settings).await;
    }
    let mut scenarios = Vec::new();
    for id in ids {
        match scenario(id) {
            Some(scenario) => scenarios.push(scenario),
            None => return fail(&format!("There is no scenario {id:?}. `drydock lab` lists them.")),
        }
    }
    if judging.judge {
        let scenarios = if scenarios.is_empty() { in_order() } else { scenarios };
        return judge::run(&scenarios, judging, &settings, person(&settings)).await;
    }
    if scenarios.is_empty() {
        list();
        return ExitCode::SUCCESS;
    }
    play(scenarios, &settings).await
}

fn list() {
    for scenario in in_order() {
        let kind = match scenario.fidelity {
            Fidelity::Live(_) => "live",
            Fidelity::Transcript(_) => "transcript",
        };
        say(&format!("{:<14} {:<36} {kind:<10} {}", scenario.stage.name(), scenario.id, scenario.title));
    }
}

/// Whose data must be as they were afterwards: those of the data directory, where nobody uses it.
fn person(settings: &Settings) -> Option<Person> {
    let folder = data_path(settings).ok()?;
    let free = Path::new(&folder).is_dir() && matches!(Holder::of(&folder), Ok(None));
    free.then_some(Person::Folder(folder))
}

async fn play(scenarios: Vec<&'static Scenario>, settings: &Settings) -> ExitCode {
    let order = Order { scenarios, person: person(settings) };
    match drydock_lab::run(order, settings, Arc::new(tell)).await {
        Ok(report) if report.holds() => ExitCode::SUCCESS,
        Ok(_) => fail("Not everything that must hold of the scenario holds."),
        Err(error) => fail(&format!("The scenario was not played to its end: {error}.")),
    }
}

/// Every incident in its order, each with its scenarios.
async fn replay_all(settings: &Settings) -> ExitCode {
    let mut all_hold = true;
    for incident in replay::incidents() {
        say(&format!("── {}  {}", incident.at, incident.commit));
        say(&format!("   {}", incident.what));
        for scenario in incident.scenarios.iter().filter_map(|id| scenario(id)) {
            say(&format!("   {}: {}", scenario.id, scenario.title));
            all_hold &= play(vec![scenario], settings).await == ExitCode::SUCCESS;
        }
        say("");
    }
    if all_hold { ExitCode::SUCCESS } else { fail("Not everything that must hold of the incidents holds.") }
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
                let mark = if proof.holds { "✓" } else { "✗" };
                say(&format!("{mark} {}  {}: {}", proof.rule, proof.title, proof.what));
            }
        }
        Event::Phase { .. } | Event::Boot { .. } => {}
    }
}
