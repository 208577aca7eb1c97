//! `drydock check`.

use std::{
    process::ExitCode,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use drydock_boot::{
    Platform, Settings,
    boot::{BootSnapshot, BootState, StageStatus},
};
use serde_json::json;

use crate::{fail, fail_with, say};

/// `started` is the begin of the process: the figures include everything a user waits for.
pub(crate) async fn run(settings: Settings, as_json: bool, started: Instant) -> ExitCode {
    let platform = Platform::new(settings);
    let outcome = platform.boot().await;
    let ready_ms = milliseconds(started);
    let ready_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let snapshot = platform.watch().borrow().clone();
    let stopping = Instant::now();
    let stopped = platform.shutdown().await;
    let stop_ms = milliseconds(stopping);

    if as_json {
        say(&document(&snapshot, ready_ms, ready_at, stop_ms, milliseconds(started)).to_string());
    } else {
        say(table(&snapshot, ready_ms, stop_ms).trim_end());
    }
    if let Err(failure) = outcome {
        return fail_with(&failure);
    }
    match stopped {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error}. {} [{}]", error.next_step(), error.code())),
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn document(
    snapshot: &BootSnapshot,
    ready_ms: f64,
    ready_at: f64,
    stop_ms: f64,
    total_ms: f64,
) -> serde_json::Value {
    let stages: Vec<_> = snapshot
        .stages
        .iter()
        .map(|report| {
            json!({
                "name": report.stage.name(),
                "status": report.status,
                "ms": report.elapsed_ms,
                "detail": report.detail,
            })
        })
        .collect();
    json!({
        "state": snapshot.state,
        "ready_ms": (snapshot.state == BootState::Ready).then_some(ready_ms),
        // Seconds since 1970, for whoever has launched this process and knows when.
        "ready_at": (snapshot.state == BootState::Ready).then_some(ready_at),
        "stages": stages,
        "stop_ms": stop_ms,
        "total_ms": total_ms,
        "failure": snapshot.failure,
    })
}

fn table(snapshot: &BootSnapshot, ready_ms: f64, stop_ms: f64) -> String {
    use std::fmt::Write as _;

    let mut text = String::new();
    for report in &snapshot.stages {
        let mark = match report.status {
            StageStatus::Passed => "✓",
            StageStatus::Failed => "✗",
            StageStatus::Running => "…",
            StageStatus::Pending => "·",
        };
        let time = report.elapsed_ms.map_or_else(String::new, |ms| format!("{ms:.1} ms"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{mark} {:<14} {time:>10}  {}",
            report.stage.name(),
            report.detail.as_deref().unwrap_or_default()
        );
    }
    if snapshot.state == BootState::Ready {
        let _ = writeln!(text, "  {:<14} {:>10}", "ready", format!("{ready_ms:.1} ms"));
    }
    let _ = writeln!(text, "  {:<14} {:>10}", "stop", format!("{stop_ms:.1} ms"));
    text
}
