//! Kill -9 while the live database is being replaced or saved: a reset, an undo, a snapshot, a restore. Afterwards the application is
//! either in the old state or in the new one, whole, and what was replaced can be had back.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::random::Random;
use super::tally::{Round, Tally};
use super::{Options, fresh};
use crate::client::Client;
use crate::http::Body;
use crate::interrupt::{pause, until};
use crate::site::{STOP, Serving, Site, Start};

/// What is under way when everything is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Reset,
    Restore,
    Undo,
    Create,
}

/// In turn, so that a short run has each.
const WORKS: [Work; 4] = [Work::Reset, Work::Restore, Work::Undo, Work::Create];

/// What tells the state that a person made from the seeded one.
const MARK: &str = "CREATE SCHEMA IF NOT EXISTS marked; CREATE TABLE IF NOT EXISTS marked.lines AS SELECT generate_series(1, 1000)";
const IS_MARKED: &str = "SELECT to_regclass('marked.lines') IS NOT NULL";
const LINES: &str = "SELECT count(*) FROM marked.lines";
/// Databases that are neither kept for the application nor the server's own.
const LEFT_OVER: &str = r"SELECT count(*) FROM pg_database WHERE datname LIKE 'drydock\_trash%' OR datname LIKE 'drydock\_restoring%'";

pub(super) fn play(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let scratch = fresh()?;
    let deadline = options.deadline();
    let site = Site::new(&options.program, &scratch.path().join("swap"))?;
    let mut serving = Some(site.serve()?);
    let mut seeded = None;
    for number in 0..options.rounds(WORKS.len() as u64, 60) {
        if deadline.passed(&mut tally) {
            break;
        }
        let mut random = Random::new(options.seed, "swap", number);
        let work = WORKS[usize::try_from(number)? % WORKS.len()];
        let goes_on = tally.round(&format!("round {number}, {work:?}"), |round| {
            let Some(running) = serving.take() else { bail!("nothing runs") };
            let snapshot = match &seeded {
                Some(id) => String::clone(id),
                None => {
                    let new = json!({ "name": "seeded" });
                    let (_, task) =
                        Client::sign_in(running.port)?.task("POST", "/api/v1/snapshots", Body::Json(&new))?;
                    let id = task["snapshot_id"].as_str().context("the task names no snapshot")?;
                    seeded = Some(id.to_owned());
                    id.to_owned()
                }
            };
            serving = Some(one(&site, running, &snapshot, work, &mut random, round)?);
            Ok(())
        })?;
        if !goes_on {
            tally.skipped = Some(format!("the rest: round {number} left nothing to go on with"));
            break;
        }
    }
    if let Some(serving) = serving {
        tally.round("the end", |round| {
            serving.stop()?;
            round.left(&site.deserted(STOP)?);
            Ok(())
        })?;
    }
    Ok(tally)
}

fn one(
    site: &Site,
    mut serving: Serving,
    snapshot: &str,
    work: Work,
    random: &mut Random,
    round: &mut Round,
) -> Result<Serving> {
    let client = Client::sign_in(serving.port)?;
    site.ask(&serving.socket, "drydock", MARK)?;
    // Half of the resets find a clone ready.
    if random.between(0, 1) == 0 {
        client.spare()?;
    }
    if work == Work::Undo {
        client.call("POST", "/api/v1/maintenance/reset", Body::None)?;
    }
    let snapshot = snapshot.to_owned();
    let asked = std::thread::spawn(move || {
        let done = match work {
            Work::Reset => client.call("POST", "/api/v1/maintenance/reset", Body::None).map(|_| ()),
            Work::Undo => client.call("POST", "/api/v1/maintenance/undo", Body::None).map(|_| ()),
            Work::Restore => {
                let path = format!("/api/v1/snapshots/{snapshot}/restore");
                client.task("POST", &path, Body::None).map(|_| ())
            }
            Work::Create => {
                let new = json!({ "name": "another" });
                client.task("POST", "/api/v1/snapshots", Body::Json(&new)).map(|_| ())
            }
        };
        done.is_ok()
    });
    pause(random.millis(0, if matches!(work, Work::Reset | Work::Undo) { 120 } else { 1000 }))?;
    site.destroy();
    serving.ended(STOP)?;
    let told = asked.join().unwrap_or(false);
    round.left(&site.deserted(Duration::from_secs(10))?);

    let serving = match site.start()? {
        Start::Ready(serving) => serving,
        Start::Refused(refusal) => {
            round.unrepaired(&refusal.said);
            site.serve()?
        }
    };
    round.recovered(serving.took);
    examine(site, &serving, work, told, round)?;
    Ok(serving)
}

/// Whether what is there now follows from what was asked and told.
fn examine(site: &Site, serving: &Serving, work: Work, told: bool, round: &mut Round) -> Result<()> {
    let client = Client::sign_in(serving.port)?;
    let marked = || -> Result<bool> {
        let marked = site.ask(&serving.socket, "drydock", IS_MARKED)? == "t";
        if marked {
            let lines = site.ask(&serving.socket, "drydock", LINES)?;
            ensure!(lines == "1000", "{lines} of 1000 lines are there");
        }
        Ok(marked)
    };
    let is_marked = marked()?;
    // An undo brings the mark back, a reset and the seeded snapshot take it away, and saving changes nothing.
    let wanted = matches!(work, Work::Undo | Work::Create);
    if (told || work == Work::Create) && is_marked != wanted {
        round.fault(format!("{work:?}, told {told}: the database is the other one"));
    }
    if !is_marked {
        // The marked state was replaced, so it must be kept.
        client.call("POST", "/api/v1/maintenance/undo", Body::None)?;
        if !marked()? {
            round.fault("the state that was replaced is gone");
        }
    }
    let listed = client.call("GET", "/api/v1/snapshots", Body::None)?;
    if listed["damaged"].as_array().is_none_or(|damaged| !damaged.is_empty()) {
        round.fault(format!("damaged snapshots are listed: {}", listed["damaged"]));
    }
    let snapshots = listed["snapshots"].as_array().map(Vec::as_slice).unwrap_or_default();
    let another: Vec<&Value> = snapshots.iter().filter(|found| found["name"] == "another").collect();
    if work == Work::Create && told && another.is_empty() {
        round.fault("a finished snapshot is not listed");
    }
    for snapshot in another {
        client.call(
            "DELETE",
            &format!("/api/v1/snapshots/{}", snapshot["id"].as_str().unwrap_or_default()),
            Body::None,
        )?;
    }
    let tidy = until(STOP, || Ok(site.ask(&serving.socket, "postgres", LEFT_OVER)? == "0"))?;
    if !tidy {
        round.fault("databases of the broken-off work are left");
    }
    client.spare()
}
