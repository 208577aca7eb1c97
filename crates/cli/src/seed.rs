//! `drydock seed`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use drydock_boot::{
    Settings,
    seed::{Plan, Wanted},
};
use serde_json::json;

use crate::{
    arguments::SeedPlan,
    fail_problem,
    reset::maintaining,
    say,
    signals::Signals,
    terminal::{can_be_confirmed, confirmed},
};

/// How often the line on the terminal changes at most.
const REDRAW: Duration = Duration::from_millis(100);

pub(crate) async fn run(
    settings: Settings,
    wanted: &SeedPlan,
    yes: bool,
    as_json: bool,
    signals: &mut Signals,
) -> ExitCode {
    let scale = wanted.scale().unwrap_or_else(|error| error.exit());
    if !can_be_confirmed(yes) {
        return ExitCode::FAILURE;
    }
    let plan = Plan {
        scale,
        ..Wanted { profile: wanted.profile, number: wanted.seed, anchor: wanted.anchor }.plan()
    };
    maintaining(settings, signals, async |maintenance, signals| {
        let question =
            format!("The database is replaced by one newly seeded with the profile {}. Is that meant?", plan.profile);
        if !confirmed(yes, &question, signals).await {
            return ExitCode::FAILURE;
        }
        let line = Line::new();
        let told = |rows| line.show(rows);
        let done = signals.or(maintenance.seed(&plan, &told)).await;
        let (rows, elapsed) = line.end();
        match done {
            // What was begun goes with the next start.
            None => crate::fail("Drydock was told to end before it was done. The database is as it was."),
            Some(Err(problem)) => fail_problem(&problem),
            Some(Ok(_)) if as_json => {
                say(&document(&plan, rows, elapsed).to_string());
                ExitCode::SUCCESS
            }
            Some(Ok(_)) => {
                say(&format!(
                    "Seeded: profile {}, number {}, as of {}: {rows} {} in {:.1} s. `drydock reset --undo` brings back what \
                     that replaced.",
                    plan.profile,
                    plan.number,
                    plan.anchor,
                    if rows == 1 { "row" } else { "rows" },
                    elapsed.as_secs_f64()
                ));
                ExitCode::SUCCESS
            }
        }
    })
    .await
}

fn document(plan: &Plan, rows: u64, elapsed: Duration) -> serde_json::Value {
    json!({
        "profile": plan.profile,
        "seed": plan.number,
        "anchor": plan.anchor.to_string(),
        "tenants": plan.scale.map(|scale| scale.tenants),
        "assets": plan.scale.map(|scale| scale.assets),
        "rows": rows,
        "elapsed_ms": elapsed.as_secs_f64() * 1e3,
    })
}

/// Rows and their rate, on a terminal as they come.
struct Line {
    begun: Instant,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    rows: u64,
    drawn: Option<Instant>,
}

impl Line {
    fn new() -> Self {
        Self { begun: Instant::now(), seen: Mutex::default() }
    }

    fn show(&self, rows: u64) {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.rows = rows;
        if seen.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) || !io::stderr().is_terminal() {
            return;
        }
        seen.drawn = Some(Instant::now());
        // A rate for people needs no more digits than an f64 has.
        #[allow(clippy::cast_precision_loss)]
        let rate = rows as f64 / self.begun.elapsed().as_secs_f64();
        let _ = write!(io::stderr(), "\r\x1b[KSeeding  {rows} rows, {rate:.0} a second  Ctrl-C cancels");
    }

    /// How many rows were written, and in what time.
    fn end(&self) -> (u64, Duration) {
        let seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.drawn.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        (seen.rows, self.begun.elapsed())
    }
}
