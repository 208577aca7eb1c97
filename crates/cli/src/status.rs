//! `drydock status`.

use std::{fmt::Write as _, process::ExitCode};

use drydock_boot::{LastStop, Settings, Status};
use serde_json::{Value, json};

use crate::{fail_access, say, size::size};

/// As `systemctl status` says that something does not run.
const NOT_RUNNING: u8 = 3;

pub(crate) async fn run(settings: &Settings, as_json: bool) -> ExitCode {
    let status = match Status::of(settings).await {
        Ok(status) => status,
        Err(error) => return fail_access(&error.into()),
    };
    if as_json {
        say(&document(&status).to_string());
    } else {
        say(table(&status).trim_end());
    }
    if status.holder.is_some() { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUNNING) }
}

fn document(status: &Status) -> Value {
    let holder = status.holder.as_ref();
    let database = match &status.database {
        Some(Ok(database)) => json!({
            "answers": true,
            "postgres": database.postgres,
            "pgvector": database.pgvector,
            "migrations_applied": database.applied,
            "migrations_pending": database.pending,
            "bytes": database.bytes,
        }),
        Some(Err(problem)) => json!({ "answers": false, "problem": problem }),
        None => Value::Null,
    };
    json!({
        "running": holder.is_some(),
        "program": holder.map(|holder| &holder.program),
        "pid": holder.map(|holder| holder.pid),
        "since": holder.map(|holder| &holder.since),
        "version": holder.map_or(drydock_api::VERSION, |holder| &holder.version),
        "data_dir": status.data,
        "socket_dir": holder.and_then(|holder| holder.socket_dir.as_ref()),
        "database": database,
        "last_stop": status.last_stop.map(|stop| match stop {
            LastStop::Clean => "clean",
            LastStop::Unclean => "unclean",
        }),
        "snapshots": {
            "count": status.snapshots.count,
            "bytes": status.snapshots.bytes,
            "damaged": status.damaged_snapshots,
        },
        "log_bytes": status.logs.bytes,
        "template": status.template,
    })
}

fn table(status: &Status) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<16} {value}");
    };
    let head = match &status.holder {
        Some(holder) => {
            line("version", holder.version.clone());
            format!("Drydock runs: {}, process {}, since {}", holder.program, holder.pid, holder.since)
        }
        None => {
            line("version", drydock_api::VERSION.to_owned());
            "Drydock does not run".to_owned()
        }
    };
    line("data directory", status.data.display().to_string());
    if let Some(socket) = status.holder.as_ref().and_then(|holder| holder.socket_dir.as_ref()) {
        line("socket in", socket.display().to_string());
    }
    match &status.database {
        Some(Ok(database)) => {
            line("PostgreSQL", format!("{}, pgvector {}", database.postgres, database.pgvector));
            line("migrations", format!("{} applied, {} pending", database.applied, database.pending));
            line("database", size(database.bytes));
        }
        Some(Err(problem)) => line("database", format!("does not answer: {problem}")),
        None if status.holder.is_some() => line("database", "is starting".to_owned()),
        None => {}
    }
    match status.last_stop {
        Some(LastStop::Clean) => line("last stop", "in order".to_owned()),
        Some(LastStop::Unclean) => {
            line("last stop", "not in order; the next start recovers what was committed".to_owned());
        }
        None => {}
    }
    let damaged = match status.damaged_snapshots {
        0 => String::new(),
        damaged => format!(", and {damaged} damaged"),
    };
    line("snapshots", format!("{}, {}{damaged}", status.snapshots.count, size(status.snapshots.bytes)));
    line("server log", size(status.logs.bytes));
    line("first run", if status.template { "from the template" } else { "by initdb" }.to_owned());
    format!("{head}\n{text}")
}
