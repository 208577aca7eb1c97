//! `drydock lab --judge`.

use std::process::ExitCode;

use drydock_boot::Settings;
use drydock_lab::{
    Fidelity, Person, Scenario,
    judge::{self, Judged},
};
use serde_json::json;

use crate::{arguments::Judging, fail, say};

pub(crate) async fn run(
    scenarios: &[&'static Scenario],
    judging: &Judging,
    settings: &Settings,
    person: Option<Person>,
) -> ExitCode {
    let told = |line: String| {
        if !judging.json {
            say(&line);
        }
    };
    let mut single = Vec::new();
    for scenario in scenarios {
        let judged = judge::one(scenario, person.clone(), settings).await;
        told(line(&judged));
        single.push(judged);
    }
    let mut double = Vec::new();
    for pair in judge::pairs(scenarios, judging.pairs, judging.seed) {
        let judged = judge::pair(pair, settings).await;
        told(line(&judged));
        double.push(judged);
    }
    if judging.json {
        let transcripts: Vec<_> =
            transcripts(scenarios).map(|(id, why)| json!({ "id": id, "why": why })).collect();
        say(&json!({ "scenarios": single, "pairs": double, "transcripts": transcripts }).to_string());
    } else {
        closing(scenarios, &single, &double, judging.seed);
    }
    if single.iter().chain(&double).all(Judged::holds) {
        ExitCode::SUCCESS
    } else {
        fail("Not everything that must hold holds.")
    }
}

fn line(judged: &Judged) -> String {
    let mark = if judged.holds() { "✓" } else { "✗" };
    let mut line = format!("{mark} {:<60} {:>7.0} ms", judged.played.join(" + "), judged.elapsed_ms);
    for broken in &judged.broken {
        line.push_str("\n    ");
        line.push_str(broken);
    }
    line
}

fn transcripts(scenarios: &[&'static Scenario]) -> impl Iterator<Item = (&'static str, &'static str)> {
    scenarios.iter().filter_map(|scenario| match scenario.fidelity {
        Fidelity::Transcript(why) => Some((scenario.id, why)),
        Fidelity::Live(_) => None,
    })
}

fn closing(scenarios: &[&'static Scenario], single: &[Judged], double: &[Judged], seed: u64) {
    say("");
    say("Played down, named across:");
    for judged in single {
        let row: String = scenarios
            .iter()
            .map(|column| match (judged.named.contains(&column.id), judged.played.contains(&column.id)) {
                (true, true) => '■',
                (true, false) => '×',
                (false, true) => '○',
                (false, false) => '·',
            })
            .collect();
        say(&format!("{:<36} {row}", judged.played.join(" + ")));
    }
    let holding = |judged: &[Judged]| judged.iter().filter(|one| one.holds()).count();
    say("");
    say(&format!("{} of {} scenarios hold by every rule.", holding(single), single.len()));
    if !double.is_empty() {
        say(&format!(
            "Of {} pairs (seed {seed}) the doctor named both, and nothing else, in {}.",
            double.len(),
            holding(double)
        ));
    }
    for (id, why) in transcripts(scenarios) {
        say(&format!("Quoted: {id}: {why}"));
    }
}
