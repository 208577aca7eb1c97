//! `drydock url`: what each reader of a connection URL does with one, and the form each wants.

use std::{
    io::{IsTerminal as _, Read as _},
    process::ExitCode,
};

use drydock_domain::{
    ErrorCode,
    database_url::{Consumer, Outcome, Reading, Secrets, ServerTls, read, redact},
};
use serde::Serialize;

use crate::{arguments::UrlArguments, fail, fail_code, say};

/// More than any URL.
const LONGEST: u64 = 64 * 1024;

pub(crate) fn run(arguments: &UrlArguments) -> ExitCode {
    let text = match text(arguments.url.as_deref()) {
        Ok(text) => text,
        Err(error) => return fail(&format!("The URL cannot be read from standard input: {error}.")),
    };
    let reading = read(&text);
    let secrets = if arguments.show_secrets { Secrets::Shown } else { Secrets::Hidden };
    if let Some(consumer) = arguments.consumer {
        let Some(url) = &reading.url else { return refused(&reading) };
        say(&url.form_for(consumer, secrets).url);
        return ExitCode::SUCCESS;
    }
    let tls = if arguments.without_tls { ServerTls::Missing } else { ServerTls::Unknown };
    let report = Report::of(&text, &reading, tls, secrets);
    if arguments.json {
        match serde_json::to_string_pretty(&report) {
            Ok(json) => say(&json),
            Err(error) => return fail(&format!("The outcome cannot be printed: {error}.")),
        }
    } else {
        say(&report.lines().join("\n"));
    }
    if reading.url.is_some() && reading.flaws.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The argument, else `DATABASE_URL`, else what comes in on standard input where that is no terminal.
fn text(argument: Option<&str>) -> std::io::Result<String> {
    match argument {
        Some("-") => {}
        Some(text) => return Ok(text.to_owned()),
        None => match std::env::var("DATABASE_URL") {
            Ok(text) => return Ok(text),
            Err(_) if std::io::stdin().is_terminal() => return Ok(String::new()),
            Err(_) => {}
        },
    }
    let mut text = String::new();
    std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
    // The line end is the shell's, unless there is more than one.
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}

fn refused(reading: &Reading) -> ExitCode {
    let why: Vec<String> = reading.flaws.iter().map(ToString::to_string).collect();
    fail_code(&why.join(" "), ErrorCode::UrlUnreadable)
}

#[derive(Serialize)]
struct Report {
    /// The URL without its secrets, as far as it can be read.
    read_as: String,
    flaws: Vec<Sentence>,
    /// libpq's form, which all others follow from.
    canonical: Option<String>,
    consumers: Vec<Row>,
}

#[derive(Serialize)]
struct Sentence {
    code: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Row {
    consumer: &'static str,
    #[serde(skip)]
    title: &'static str,
    /// accepted, misread or refused.
    outcome: &'static str,
    /// Its own words, or what is to be known.
    says: Option<String>,
    form: Option<String>,
    notes: Vec<String>,
}

impl Report {
    fn of(text: &str, reading: &Reading, tls: ServerTls, secrets: Secrets) -> Self {
        let row = |consumer: Consumer| {
            let (outcome, says) = match consumer.reads(text, tls, secrets) {
                Outcome::Accepted { note } => ("accepted", note),
                Outcome::Misread { reads } => ("misread", Some(reads)),
                Outcome::Refused { error } => ("refused", Some(error)),
            };
            let form = reading.url.as_ref().map(|url| url.form_for(consumer, secrets));
            let (form, notes) = form.map_or((None, Vec::new()), |form| (Some(form.url), form.notes));
            Row { consumer: consumer.name(), title: consumer.title(), outcome, says, form, notes }
        };
        Self {
            read_as: redact(text),
            flaws: reading
                .flaws
                .iter()
                .map(|flaw| Sentence { code: flaw.code(), text: flaw.to_string() })
                .collect(),
            canonical: reading.url.as_ref().map(|url| url.canonical(secrets)),
            consumers: Consumer::ALL.into_iter().map(row).collect(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let read_as = if self.read_as.is_empty() { "nothing" } else { &self.read_as };
        let mut lines = vec![format!("read as    {read_as}")];
        lines.extend(self.flaws.iter().map(|flaw| format!("wrong      {}", flaw.text)));
        lines.extend(self.canonical.iter().map(|canonical| format!("canonical  {canonical}")));
        for row in &self.consumers {
            lines.push(String::new());
            lines.push(format!("{:<22} {}", row.title, row.outcome));
            lines.extend(row.says.iter().map(|says| format!("  says     {says}")));
            lines.extend(row.form.iter().map(|form| format!("  use      {form}")));
            lines.extend(row.notes.iter().map(|note| format!("  note     {note}")));
        }
        lines
    }
}
