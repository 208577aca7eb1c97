//! `drydock history`.

use std::{collections::BTreeSet, fmt::Write as _, process::ExitCode};

use drydock_boot::{
    Access, Settings,
    history::{Applied, Report, Shipped, Verdict},
};
use serde_json::{Value, json};

use crate::{fail, fail_access, fail_code, say, signals::Signals};

pub(crate) async fn run(
    settings: Settings,
    accept_line_endings: bool,
    as_json: bool,
    signals: &mut Signals,
) -> ExitCode {
    // What a red gate is about, this command says itself.
    let access = match signals.or(Access::open_for_repair(settings)).await {
        Some(Ok((access, _))) => access,
        Some(Err(error)) => return fail_access(&error),
        None => return fail("Drydock was told to end before it was done."),
    };
    let code = if accept_line_endings { accept(&access).await } else { tell(&access, as_json).await };
    match access.close().await {
        Ok(()) => code,
        Err(error) => fail_access(&error.into()),
    }
}

async fn tell(access: &Access, as_json: bool) -> ExitCode {
    let report = match access.history().await {
        Ok(report) => report,
        Err(error) => return fail_access(&error),
    };
    if as_json {
        say(&document(&report).to_string());
    } else {
        say(table(&report).trim_end());
    }
    match report.verdict {
        Verdict::Agrees(_) => ExitCode::SUCCESS,
        Verdict::Refused { code, what } => fail_code(&what, code),
    }
}

async fn accept(access: &Access) -> ExitCode {
    match access.accept_line_endings().await {
        Ok(versions) if versions.is_empty() => {
            say("There is nothing to accept: the history agrees.");
            ExitCode::SUCCESS
        }
        Ok(versions) => {
            let versions: Vec<String> = versions.iter().map(|version| format!("{version:03}")).collect();
            say(&format!("Recorded as this build has it: {}.", versions.join(", ")));
            ExitCode::SUCCESS
        }
        Err(error) => fail_access(&error),
    }
}

fn document(report: &Report) -> Value {
    let shipped: Vec<Value> = report
        .shipped
        .iter()
        .map(|migration| {
            json!({
                "version": migration.version,
                "description": migration.description,
                "checksum": hexadecimal(&migration.checksum),
            })
        })
        .collect();
    let applied: Vec<Value> = report
        .applied
        .iter()
        .map(|migration| {
            json!({
                "version": migration.version,
                "description": migration.description,
                "checksum": hexadecimal(&migration.checksum),
                "success": migration.success,
                "at": migration.at,
            })
        })
        .collect();
    let difference = match &report.verdict {
        Verdict::Agrees(_) => Value::Null,
        Verdict::Refused { code, what } => json!({ "code": code.as_str(), "what": what }),
    };
    json!({ "shipped": shipped, "applied": applied, "alembic": report.alembic, "difference": difference })
}

fn table(report: &Report) -> String {
    let shipped = |version| report.shipped.iter().find(|migration| migration.version == version);
    let versions: BTreeSet<i64> = report
        .shipped
        .iter()
        .map(|migration| migration.version)
        .chain(report.applied.iter().map(|migration| migration.version))
        .collect();
    let mut text = String::new();
    for version in versions {
        let recorded: Vec<&Applied> =
            report.applied.iter().filter(|migration| migration.version == version).collect();
        if recorded.is_empty() {
            // Writing to a String cannot fail.
            let name = shipped(version).map_or("", |migration| migration.description.as_str());
            let _ = writeln!(text, "· {version:03}  {name:<40}  pending");
        }
        for applied in recorded {
            let (mark, how) = standing(shipped(version), applied);
            let _ = writeln!(
                text,
                "{mark} {version:03}  {:<40}  applied {}{how}",
                applied.description, applied.at
            );
        }
    }
    let _ = writeln!(
        text,
        "  Alembic finds {}",
        match report.alembic.as_slice() {
            [] => "nothing".to_owned(),
            found => found.join(", "),
        }
    );
    text
}

fn standing(shipped: Option<&Shipped>, applied: &Applied) -> (&'static str, &'static str) {
    match shipped {
        _ if !applied.success => ("✗", ", not finished"),
        None => ("✗", ", not of this build"),
        Some(shipped) if shipped.checksum != applied.checksum => ("✗", ", with another content"),
        Some(_) => ("✓", ""),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
