//! Two starts on one data directory at once: one of them owns it, the other is told so.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::random::Random;
use super::tally::{Round, Tally};
use super::{Options, fresh};
use crate::processes::{Process, parent};
use crate::site::{STOP, Site, Start};

/// What the two find.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// Nothing: both want to make the cluster.
    Nothing,
    /// A cluster that was stopped in order.
    Stopped,
    /// A cluster whose processes were all killed.
    Killed,
}

pub(super) fn play(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let scratch = fresh()?;
    let deadline = options.deadline();
    let mut kept: Option<Site> = None;
    for number in 0..options.rounds(10, 100) {
        if deadline.passed(&mut tally) {
            break;
        }
        let mut random = Random::new(options.seed, "two-starts", number);
        let before = match number % 10 {
            0 => Before::Nothing,
            1 | 4 | 7 => Before::Killed,
            _ => Before::Stopped,
        };
        let name = format!("round {number}, {before:?}");
        tally.round(&name, |round| {
            let site = match (before, kept.take()) {
                (Before::Nothing, _) | (_, None) => {
                    Site::new(&options.program, &scratch.path().join(number.to_string()))?
                }
                (_, Some(site)) => site,
            };
            if matches!(before, Before::Killed) {
                let serving = site.serve()?;
                site.destroy();
                drop(serving);
                round.left(&site.deserted(STOP)?);
            }
            both(&site, random.millis(0, 30), round)?;
            kept = Some(site);
            Ok(())
        })?;
    }
    Ok(tally)
}

fn both(site: &Site, apart: Duration, round: &mut Round) -> Result<()> {
    let one = site.launch()?;
    // Not always the first of them wins: now and then they are a little apart.
    crate::interrupt::pause(apart)?;
    let two = site.launch()?;
    let limit = Duration::from_secs(60);
    let outcomes = [one.outcome(limit)?, two.outcome(limit)?];
    let (mut owners, mut refusals) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Start::Ready(serving) => owners.push(serving),
            Start::Refused(refusal) => refusals.push(refusal),
        }
    }
    ensure!(
        owners.len() == 1,
        "{} of the two are ready; the others said {:?}",
        owners.len(),
        refusals.iter().map(|refusal| &refusal.said).collect::<Vec<_>>()
    );
    for refusal in &refusals {
        if refusal.code() != "data.in_use" || refusal.status.success() {
            round.fault(format!("the second was refused with {}: {}", refusal.status, refusal.said));
        }
    }
    let servers = postmasters(&site.processes());
    if servers != 1 {
        round.fault(format!("{servers} servers run on the data directory"));
    }
    for owner in owners {
        owner.stop()?;
    }
    round.left(&site.deserted(STOP)?);
    match site.start()? {
        Start::Ready(serving) => serving.stop().map(|_| ()),
        Start::Refused(refusal) => {
            round.unrepaired(&refusal.said);
            Ok(())
        }
    }
}

/// How many of the processes are servers and not children of one.
fn postmasters(processes: &[Process]) -> usize {
    let servers: Vec<u32> =
        processes.iter().filter(|process| process.name == "postgres").map(|process| process.pid).collect();
    servers.iter().filter(|pid| !parent(**pid).is_some_and(|parent| servers.contains(&parent))).count()
}
