//! A quiet moment before each measurement.

use std::fs;
use std::hint::black_box;
use std::time::Duration;

use anyhow::Result;

use crate::interrupt::{pause, until};

/// The share of the processors' time above which the machine is busy.
const BUSY: f64 = 0.1;
/// Over which time that is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long a quiet moment is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much memory is touched, in bytes.
const MEMORY: usize = 256 * 1024 * 1024;

/// How many measurements had a quiet moment.
#[derive(Default)]
pub(super) struct Quiet {
    waited: u32,
    in_vain: u32,
}

impl Quiet {
    /// Waits until processors and disks are idle, or as long as is reasonable.
    pub(super) fn wait(&mut self) -> Result<()> {
        self.waited += 1;
        let found = until(PATIENCE, || {
            let before = ticks();
            pause(LOOK)?;
            let after = ticks();
            let busy = after.0.saturating_sub(before.0) as f64;
            Ok(busy <= BUSY * after.1.saturating_sub(before.1) as f64)
        })?;
        if !found {
            self.in_vain += 1;
        }
        // A virtual machine may have handed free memory back to its host; touching it then takes longer than anything measured.
        black_box(vec![1_u8; MEMORY]);
        Ok(())
    }

    /// What the reader of the figures should know.
    pub(super) fn note(&self) -> String {
        match self.in_vain {
            0 => format!("Each of the {} measurements had a quiet moment.", self.waited),
            busy => format!("The machine was busy at {busy} of {} measurements.", self.waited),
        }
    }
}

/// The processors' ticks since the start of the system: those spent on work or waiting for a disk, and all.
fn ticks() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> =
        line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).take(8).collect();
    let all: u64 = ticks.iter().sum();
    // user, nice, system, idle, iowait, …
    (all - ticks.get(3).copied().unwrap_or(0), all)
}
