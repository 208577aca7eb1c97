//! The lab's own words as they go over the wire.

use drydock_api::diagnosis::{
    Command, Finding, Incident, Proof, Run, RunBoot, RunPhase, RunStage, Scenario, SymptomLine,
};
use drydock_boot::boot::{BootSnapshot, BootState, Stage, StageStatus};
use drydock_domain::finding::{self, redact};

use crate::{Event, Fidelity, Phase, replay, run};

/// A phase's name and title.
const fn words(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Prepare => ("prepare", "Make a throw-away cluster"),
        Phase::Inject => ("inject", "Inject the fault"),
        Phase::Boot => ("boot", "Boot into it"),
        Phase::Symptom => ("symptom", "Use it"),
        Phase::Diagnose => ("diagnose", "Diagnose blind"),
        Phase::Remedy => ("remedy", "Apply the remedy"),
        Phase::BootAgain => ("boot-again", "Boot again"),
        Phase::SecondBoot => ("second-boot", "Boot once more"),
        Phase::Compare => ("compare", "Compare the rows"),
    }
}

/// Every phase, to come.
pub(super) fn phases() -> Vec<RunPhase> {
    let phases = Phase::ALL.into_iter().map(|phase| {
        let (name, title) = words(phase);
        RunPhase {
            name: name.to_owned(),
            title: title.to_owned(),
            status: status(StageStatus::Pending).to_owned(),
            elapsed_ms: None,
        }
    });
    phases.collect()
}

const fn status(status: StageStatus) -> &'static str {
    match status {
        StageStatus::Pending => "pending",
        StageStatus::Running => "running",
        StageStatus::Passed => "passed",
        StageStatus::Failed => "failed",
    }
}

/// Takes what is told into the run.
pub(super) fn apply(run: &mut Run, event: &Event) {
    match event {
        Event::Phase { phase, status: now, elapsed_ms } => {
            let (name, _) = words(*phase);
            if let Some(known) = run.phases.iter_mut().find(|known| known.name == name) {
                status(*now).clone_into(&mut known.status);
                known.elapsed_ms = *elapsed_ms;
            }
        }
        Event::Boot { boot, snapshot } => {
            let told = self::boot(*boot, snapshot);
            match run.boots.iter_mut().find(|known| known.phase == told.phase) {
                Some(known) => *known = told,
                None => run.boots.push(told),
            }
        }
        Event::Symptom { line } => run.symptoms.push(symptom(line)),
        Event::Diagnosis { findings } => run.findings = Some(findings.iter().map(finding).collect()),
        Event::Script { text } => run.script = Some(redact(text)),
        Event::Verdict { proofs } => run.proofs = proofs.iter().map(proof).collect(),
    }
}

fn boot(phase: Phase, snapshot: &BootSnapshot) -> RunBoot {
    let state = match snapshot.state {
        BootState::Booting => "booting",
        BootState::Ready => "ready",
        BootState::Failed => "failed",
    };
    let failure = snapshot.failure.as_ref();
    RunBoot {
        phase: words(phase).0.to_owned(),
        state: state.to_owned(),
        elapsed_ms: snapshot.elapsed_ms,
        stages: snapshot
            .stages
            .iter()
            .map(|report| RunStage {
                name: report.stage.name().to_owned(),
                title: report.stage.title().to_owned(),
                status: status(report.status).to_owned(),
                elapsed_ms: report.elapsed_ms,
                detail: report.detail.as_deref().map(redact),
            })
            .collect(),
        failure_code: failure.map(|failure| failure.code.clone()),
        failure: failure.map(|failure| redact(format!("{} {}", failure.what, failure.cause).trim())),
    }
}

fn symptom(line: &run::SymptomLine) -> SymptomLine {
    SymptomLine { source: line.source.clone(), text: redact(&line.text), transcript: line.transcript }
}

pub(super) fn proof(proof: &run::Proof) -> Proof {
    Proof {
        rule: proof.rule.to_owned(),
        title: proof.title.to_owned(),
        holds: proof.holds,
        what: redact(&proof.what),
    }
}

pub(super) fn finding(found: &finding::Finding) -> Finding {
    Finding {
        id: found.id.to_owned(),
        title: found.title.to_owned(),
        stage: found.stage.name().to_owned(),
        stage_title: found.stage.title().to_owned(),
        evidence: found.evidence.iter().map(|line| redact(line)).collect(),
        cause: found.cause.to_owned(),
        remedy: found.remedy.text.to_owned(),
        commands: commands(&found.remedy.commands),
        band_aid: found.band_aid.to_owned(),
        source: found.source.to_owned(),
    }
}

fn commands(commands: &[finding::Command]) -> Vec<Command> {
    commands
        .iter()
        .map(|command| Command { language: command.language.name().to_owned(), text: command.text.clone() })
        .collect()
}

pub(super) fn scenario(scenario: &crate::Scenario) -> Scenario {
    // What a finding of it would say, without anything seen.
    let told = finding(&scenario.found(Vec::new()));
    let (fidelity, note) = match scenario.fidelity {
        Fidelity::Live(note) => ("live", note),
        Fidelity::Transcript(note) => ("transcript", note),
    };
    let stage: Stage = scenario.stage;
    Scenario {
        id: told.id,
        title: told.title,
        stage: stage.name().to_owned(),
        stage_title: stage.title().to_owned(),
        fidelity: fidelity.to_owned(),
        fidelity_note: note.to_owned(),
        cause: told.cause,
        remedy: told.remedy,
        commands: told.commands,
        band_aid: told.band_aid,
        source: told.source,
    }
}

pub(super) fn incident(incident: &replay::Incident) -> Incident {
    Incident {
        at: incident.at.to_owned(),
        commit: incident.commit.to_owned(),
        what: incident.what.to_owned(),
        // A scenario that this build does not have cannot be played.
        scenarios: incident
            .scenarios
            .iter()
            .filter(|id| crate::scenario(id).is_some())
            .map(|id| (*id).to_owned())
            .collect(),
    }
}
