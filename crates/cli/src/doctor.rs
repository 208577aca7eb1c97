//! `drydock doctor`.

use std::{collections::BTreeMap, fs, process::ExitCode};

use drydock_boot::{Access, Settings};
use drydock_lab::{Api, Evidence, Shipped, Sources, doctor, environment, finding, gather, observe::Source};
use serde_json::json;

use crate::{arguments::Ailing, fail_access, say};

/// Nothing is wrong with what was looked at.
const HEALTHY: u8 = 0;
/// Something is.
const FINDINGS: u8 = 1;
/// Something could not be looked at.
const BLIND: u8 = 2;

pub(crate) async fn run(settings: Settings, ailing: Ailing, as_json: bool) -> ExitCode {
    let variables = match ailing.env_file.as_ref().map(fs::read_to_string).transpose() {
        Ok(text) => text.map(|text| environment::variables(&text)),
        Err(error) => {
            let file = ailing.env_file.unwrap_or_default();
            say(&format!("{} cannot be read: {error}.", file.display()));
            return ExitCode::from(BLIND);
        }
    };
    let url = ailing.url.clone().or_else(|| database_url(variables.as_ref()));
    let mut sources = Sources {
        database: url.clone().map(Source::Url),
        database_url: url,
        migrations: ailing.migrations,
        environment: variables,
        api: ailing.api.map(|url| Api { url, origin: ailing.origin }),
        ..Sources::default()
    };
    let nothing_named = sources.database.is_none()
        && sources.migrations.is_none()
        && sources.environment.is_none()
        && sources.api.is_none();
    if !nothing_named {
        return tell(&sources, &gather(&sources).await, as_json);
    }
    let (access, red) = match Access::open_for_repair(settings).await {
        Ok(opened) => opened,
        Err(error) => {
            fail_access(&error);
            return ExitCode::from(BLIND);
        }
    };
    sources.database = Some(Source::own(access.target().clone()));
    sources.shipped = Some(Shipped::of(drydock_boot::history::Migrations::shipped()));
    sources.failure = red;
    let told = tell(&sources, &gather(&sources).await, as_json);
    match access.close().await {
        Ok(()) => told,
        Err(error) => {
            say(&format!("The server could not be stopped: {error}."));
            ExitCode::from(BLIND)
        }
    }
}

/// The URL that the deployment's variables have, if it is one for a server: templates and empty ones are the detectors' business.
fn database_url(variables: Option<&BTreeMap<String, String>>) -> Option<String> {
    variables?.get("DATABASE_URL").filter(|url| url.contains("://")).cloned()
}

fn tell(sources: &Sources, evidence: &Evidence, as_json: bool) -> ExitCode {
    let findings = doctor(evidence);
    let mut unseen: Vec<String> = evidence.notes.iter().map(|note| finding::redact(note)).collect();
    if let Some(refusal) = &evidence.refusal {
        unseen.push(finding::redact(&format!(
            "The database cannot be looked at: {refusal}. {}",
            refusal.next_step()
        )));
    }
    // A refusal that is itself the finding has been looked at.
    let blind = !unseen.is_empty() && findings.is_empty();
    let code = if !findings.is_empty() {
        FINDINGS
    } else if blind {
        BLIND
    } else {
        HEALTHY
    };
    if as_json {
        let document = json!({
            "healthy": code == HEALTHY,
            "findings": findings,
            "not_looked_at": unseen,
            "failure": evidence.failure,
        });
        say(&document.to_string());
        return ExitCode::from(code);
    }
    if let Some(failure) = &evidence.failure {
        say(&format!("The gate {} is red: {failure}", failure.stage.name()));
        say("");
    }
    for finding in &findings {
        say(&finding.to_string());
    }
    for line in &unseen {
        say(line);
    }
    match code {
        HEALTHY => say(&format!("Nothing is wrong with {}.", looked_at(sources))),
        FINDINGS if findings.len() == 1 => say("1 finding."),
        FINDINGS => say(&format!("{} findings.", findings.len())),
        _ => {}
    }
    ExitCode::from(code)
}

fn looked_at(sources: &Sources) -> String {
    let parts = [
        sources.database.as_ref().map(|_| "the database"),
        sources.migrations.as_ref().map(|_| "the migrations"),
        sources.environment.as_ref().map(|_| "the variables"),
        sources.api.as_ref().map(|_| "the API"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
