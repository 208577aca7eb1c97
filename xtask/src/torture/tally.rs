//! What a part of the torture found.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::load::Found;
use crate::interrupt;
use crate::sample::Sample;

/// The count of one part.
#[derive(Default)]
pub(crate) struct Tally {
    /// Rounds in which everything held.
    pub(crate) held: u32,
    /// Rounds in which something did not.
    pub(crate) failed: u32,
    /// Transactions that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Acknowledged transactions that were not there afterwards.
    pub(crate) lost: u64,
    /// Processes that ran on without their owner.
    pub(crate) orphans: u32,
    /// Starts that were not green: somebody would have had to repair something.
    pub(crate) repairs: u32,
    /// Milliseconds from the launch of the process to ready, where something had to be repaired.
    pub(crate) recovery: Sample,
    /// What else there is to say.
    pub(crate) notes: Vec<String>,
    /// Why the part, or the rest of it, was not played.
    pub(crate) skipped: Option<String>,
}

/// What one round noted.
#[derive(Default)]
pub(crate) struct Round {
    acknowledged: u64,
    lost: u64,
    orphans: u32,
    repairs: u32,
    faults: Vec<String>,
    recovery: Vec<Duration>,
}

impl Round {
    /// Something that must not be.
    pub(crate) fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    /// The outcome of a comparison.
    pub(crate) fn compared(&mut self, found: Found) {
        self.acknowledged += found.acknowledged;
        self.lost += found.lost;
        for (number, what) in
            [(found.lost, "lost"), (found.torn, "only half there"), (found.invented, "never sent")]
        {
            if number > 0 {
                self.faults.push(format!("of {} acknowledged: {number} {what}", found.acknowledged));
            }
        }
    }

    /// Processes that were left over.
    pub(crate) fn left(&mut self, processes: &[crate::processes::Process]) {
        self.orphans += u32::try_from(processes.len()).unwrap_or(u32::MAX);
        if !processes.is_empty() {
            self.faults.push(format!("still running: {}", crate::processes::list(processes)));
        }
    }

    /// A start that had something to repair and got ready.
    pub(crate) fn recovered(&mut self, took: Duration) {
        self.recovery.push(took);
    }

    /// A start that was not green.
    pub(crate) fn unrepaired(&mut self, said: &str) {
        self.repairs += 1;
        self.faults.push(format!("the next start is not green: {said}"));
    }
}

impl Tally {
    /// Plays one round and counts it. False when no further round should follow: what the rounds share may be broken.
    ///
    /// # Errors
    /// When the whole program was told to end.
    pub(crate) fn round(&mut self, name: &str, play: impl FnOnce(&mut Round) -> Result<()>) -> Result<bool> {
        let mut round = Round::default();
        let played = play(&mut round);
        interrupt::check()?;
        let broken = played.is_err();
        if let Err(error) = played {
            round.faults.push(format!("{error:#}"));
        }
        self.acknowledged += round.acknowledged;
        self.lost += round.lost;
        self.orphans += round.orphans;
        self.repairs += round.repairs;
        for took in round.recovery {
            self.recovery.add(took.as_secs_f64() * 1e3);
        }
        if round.faults.is_empty() {
            self.held += 1;
        } else {
            self.failed += 1;
            println!("  ✗ {name}: {}", round.faults.join("; "));
        }
        Ok(!broken)
    }

    /// A part that cannot be played here.
    pub(crate) fn not_here(why: impl Into<String>) -> Self {
        Self { skipped: Some(why.into()), ..Self::default() }
    }
}

/// When a part starts no further round.
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// From now on.
    pub(crate) fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Whether it has passed; then the tally says that not all rounds were played.
    pub(crate) fn passed(&self, tally: &mut Tally) -> bool {
        let passed = Instant::now() > self.0;
        if passed {
            tally.skipped = Some("the rest: out of time".to_owned());
        }
        passed
    }
}
