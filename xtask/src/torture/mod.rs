//! `cargo xtask torture`: the cluster under kills, full disks and power cuts. What counts is what a client was told: a transaction
//! that was acknowledged must be there afterwards, whatever happened, without anybody repairing anything.

mod disk_full;
mod first_run;
mod kill;
mod load;
mod mount;
mod power_cut;
mod random;
mod swap;
mod tally;
mod two_starts;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::random::Random;
use self::tally::{Deadline, Tally};
use crate::interrupt;
use crate::native::Count;
use crate::processes::Scratch;
use crate::site::Program;
use crate::step::seconds;

/// One part of the torture.
type Part = fn(&Options) -> Result<Tally>;

/// The parts in the order they are played.
const PARTS: [(&str, Part); 6] = [
    ("kill", kill::play),
    ("swap", swap::play),
    ("first-run", first_run::play),
    ("two-starts", two_starts::play),
    ("disk-full", disk_full::play),
    ("power-cut", power_cut::play),
];

/// What a short run leaves out: it takes longer than everything else together.
const LONG_ONLY: &str = "power-cut";

/// What to play.
#[derive(Clone)]
pub(crate) struct Options {
    program: Program,
    seed: u64,
    rounds: Option<u64>,
    only: Option<String>,
    short: bool,
}

impl Options {
    /// A short run plays every part that fits into a minute; `rounds` replaces each part's own number of rounds.
    ///
    /// # Errors
    /// When no part is called `only`.
    pub(crate) fn new(
        program: Program,
        seed: Option<u64>,
        rounds: Option<u64>,
        only: Option<String>,
        short: bool,
    ) -> Result<Self> {
        if let Some(name) = &only
            && !PARTS.iter().any(|(part, _)| part == name)
        {
            let parts: Vec<_> = PARTS.iter().map(|(part, _)| *part).collect();
            bail!("there is no part {name}: choose one of {}", parts.join(", "));
        }
        Ok(Self { program, seed: seed.unwrap_or_else(Random::seed), rounds, only, short })
    }

    /// How many rounds a part plays.
    fn rounds(&self, short: u64, long: u64) -> u64 {
        self.rounds.unwrap_or(if self.short { short } else { long })
    }

    /// When a part starts no further round.
    fn deadline(&self) -> Deadline {
        Deadline::within(Duration::from_secs(if self.short { 60 } else { 30 * 60 }))
    }
}

/// A folder for one part or round.
fn fresh() -> Result<Scratch> {
    Scratch::new()
}

/// Plays the parts, prints the table, and counts the rounds.
pub(crate) fn run(options: &Options) -> Result<Count> {
    println!("seed {}: `cargo xtask torture --seed {0}` repeats this run", options.seed);
    let mut rows = Vec::new();
    for (name, play) in PARTS {
        let wanted = match &options.only {
            Some(only) => only == name,
            None => !options.short || name != LONG_ONLY,
        };
        if !wanted {
            continue;
        }
        let begun = Instant::now();
        let part = options.clone();
        // A thread of its own: what a part mounts is seen by this thread and its children alone.
        let tally = std::thread::spawn(move || play(&part))
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        interrupt::check()?;
        let tally = tally.unwrap_or_else(|error| {
            println!("  ✗ {name}: {error:#}");
            Tally { failed: 1, ..Tally::default() }
        });
        rows.push((name, tally, begun.elapsed()));
    }
    print(&rows);
    Ok(rows.iter().fold(Count::default(), |sum, (_, tally, _)| Count {
        passed: sum.passed + tally.held,
        failed: sum.failed + tally.failed,
    }))
}

fn print(rows: &[(&str, Tally, Duration)]) {
    println!(
        "\n| part | rounds held | failed | acknowledged | lost | orphans | manual repairs | ready after, p50 / max ms | time |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, tally, time) in rows {
        let recovery = match tally.recovery.len() {
            0 => "–".to_owned(),
            _ => format!("{:.0} / {:.0}", tally.recovery.median(), tally.recovery.max()),
        };
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {recovery} | {} |",
            tally.held,
            tally.failed,
            tally.acknowledged,
            tally.lost,
            tally.orphans,
            tally.repairs,
            seconds(*time)
        );
    }
    println!();
    for (name, tally, _) in rows {
        for note in &tally.notes {
            println!("{name}: {note}");
        }
        if let Some(reason) = &tally.skipped {
            println!("{name}: skipped: {reason}");
        }
    }
}
