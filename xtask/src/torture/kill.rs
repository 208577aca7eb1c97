//! Kill -9 under a writing load: the application, the postmaster, one process of the server, all of them, and all of them again
//! while they recover.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::load::Ledger;
use super::random::Random;
use super::tally::{Round, Tally};
use super::{Options, fresh};
use crate::http::{self, Body};
use crate::interrupt::{pause, until};
use crate::postgres::program;
use crate::processes::{children, destroy};
use crate::site::{STOP, Serving, Site, Start};

/// Who is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Application,
    Postmaster,
    Backend,
    All,
    AllTwice,
}

/// In turn, so that a short run has each.
const VICTIMS: [Victim; 5] =
    [Victim::Application, Victim::Postmaster, Victim::Backend, Victim::All, Victim::AllTwice];

pub(super) fn play(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let scratch = fresh()?;
    let site = Site::new(&options.program, &scratch.path().join("kill"))?;
    let deadline = options.deadline();
    let mut ledger = Ledger::new(2);
    let mut serving = Some(site.serve()?);
    if let Some(serving) = &serving {
        Ledger::prepare(&site, &serving.socket)?;
    }
    for number in 0..options.rounds(VICTIMS.len() as u64, 100) {
        if deadline.passed(&mut tally) {
            break;
        }
        let mut random = Random::new(options.seed, "kill", number);
        let victim = VICTIMS[usize::try_from(number)? % VICTIMS.len()];
        let name = format!("round {number}, {victim:?}");
        let goes_on = tally.round(&name, |round| {
            let Some(running) = serving.take() else { bail!("nothing runs") };
            serving = Some(one(&site, running, &mut ledger, victim, options, &mut random, round)?);
            Ok(())
        })?;
        if !goes_on {
            tally.skipped = Some(format!("the rest: round {number} left nothing to go on with"));
            break;
        }
    }
    tally.round("the end", |round| {
        if let Some(serving) = serving.take() {
            serving.stop()?;
        }
        round.left(&site.deserted(STOP)?);
        ensure!(!site.cluster().join("postmaster.pid").exists(), "postmaster.pid is left");
        checksums(&site)
    })?;
    Ok(tally)
}

/// One kill, the start after it and the comparison; hands on what runs then.
fn one(
    site: &Site,
    mut serving: Serving,
    ledger: &mut Ledger,
    victim: Victim,
    options: &Options,
    random: &mut Random,
    round: &mut Round,
) -> Result<Serving> {
    let load = ledger.load(site, &serving.socket)?;
    pause(if options.short { random.millis(50, 300) } else { random.millis(50, 1500) })?;
    if load.has_ended() {
        round.fault("the load ended before anything was killed");
    }
    let postmaster = site.postmaster()?;
    match victim {
        Victim::Application => destroy(serving.pid()),
        Victim::Postmaster => destroy(postmaster),
        Victim::Backend => {
            let pids = children(postmaster);
            ensure!(!pids.is_empty(), "the postmaster has no children");
            destroy(*random.one(&pids));
        }
        Victim::All | Victim::AllTwice => site.destroy(),
    }
    let killed = Instant::now();

    if matches!(victim, Victim::Backend) {
        load.end();
        let answers = until(STOP, || Ok(answers(site, &serving)))?;
        if !answers || !serving.runs()? {
            round.unrepaired("the application did not get over the loss of a backend");
            bail!("the application serves no more");
        }
        round.recovered(killed.elapsed());
        round.compared(ledger.compare(site, &serving.socket)?);
        return Ok(serving);
    }

    let end = serving.ended(STOP)?;
    if matches!(victim, Victim::Postmaster) && end.code() != "database.lost" {
        round.fault(format!("the loss of the server was told as {:?} ({})", end.code(), end.said));
    }
    load.end();
    round.left(&site.deserted(Duration::from_secs(10))?);

    if matches!(victim, Victim::AllTwice) {
        let mut launched = site.launch()?;
        pause(random.millis(0, 250))?;
        site.destroy();
        destroy(launched.pid());
        until(STOP, || launched.has_ended())?;
        round.left(&site.deserted(Duration::from_secs(10))?);
    }

    let serving = match site.start()? {
        Start::Ready(serving) => serving,
        Start::Refused(refusal) => {
            round.unrepaired(&refusal.said);
            // Whether a second try would have done is worth knowing: it tells a delay from damage.
            site.serve()?
        }
    };
    round.recovered(serving.took);
    round.compared(ledger.compare(site, &serving.socket)?);
    Ok(serving)
}

/// Whether both the server and the application over it answer.
fn answers(site: &Site, serving: &Serving) -> bool {
    site.ask(&serving.socket, "postgres", "SELECT 1").is_ok_and(|answer| answer == "1")
        && http::request(serving.port, "GET", "/readyz", &[], Body::None, Duration::from_secs(5))
            .is_ok_and(|answer| answer.status == 200)
}

/// Every page of the stopped cluster must carry its checksum.
fn checksums(site: &Site) -> Result<()> {
    let output =
        Command::new(program(site.tree(), "pg_checksums")).arg("--check").arg(site.cluster()).output()?;
    ensure!(output.status.success(), "pg_checksums: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
