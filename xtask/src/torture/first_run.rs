//! Kill -9 at every step of the very first run, and at random times in it: the next start must be green by itself.
//!
//! The steps are the lines that the program logs while it starts and stops (`DRYDOCK_LOG=debug`).

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::mount::{self, Mount};
use super::random::Random;
use super::tally::{Round, Tally};
use super::{Options, fresh};
use crate::interrupt::until;
use crate::processes::{destroy, destroy_group, of_data};
use crate::site::{Program, START, Site};

/// The log that has the steps: what our own crates say.
const LOG: &str = "drydock_postgres=debug,drydock_store=debug,drydock_boot=debug";

/// How many steps of the first run with initdb a short run plays.
const FEW: usize = 5;
/// Room in memory for two clusters, in MiB.
const MEMORY: u64 = 256;

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Reach {
    /// The process group of the application, as a terminal or a supervisor would.
    Group,
    /// Everything that runs on the data directory.
    All,
}

/// When it is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When the step with this number is logged.
    Step(usize),
    /// So long after the launch.
    After(Duration),
}

pub(super) fn play(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let deadline = options.deadline();
    let mut ways = vec![("initdb", Program { template: None, ..options.program.clone() })];
    if options.program.template.is_some() {
        ways.push(("template", options.program.clone()));
    } else {
        tally.notes.push("no template: only the first run with initdb was played".to_owned());
    }
    for (way, program) in ways {
        // One folder for each way, removed in the end: ext4 is slow at creating files just after as many were deleted.
        let scratch = fresh()?;
        let folder = scratch.path().join("sites");
        // A kill loses nothing that was written, synced or not. So a short run does without a disk, where it may.
        let memory = match options.short && mount::own_namespace().is_ok() {
            true => Some(Mount::memory(&folder, MEMORY)?),
            false => None,
        };
        let (steps, whole, usual) = undisturbed(&program, &folder.join("undisturbed"))?;
        ensure!(steps >= 10, "a first run logs only {steps} steps");
        let mut moments: Vec<_> = (0..steps).map(Moment::Step).collect();
        if options.short && way == "initdb" && options.program.template.is_some() {
            // The slow way, and not the one that users get: a few of its steps will do.
            let mut random = Random::new(options.seed, way, 0);
            moments = (0..FEW).map(|_| Moment::Step(random.below(steps))).collect();
        }
        if !options.short {
            let whole = u64::try_from(whole.as_millis())?;
            let mut random = Random::new(options.seed, way, 0);
            moments.extend((0..options.rounds(0, 50)).map(|_| Moment::After(random.millis(0, whole))));
        }
        tally.notes.push(format!("{way}: {steps} steps, {} kills", moments.len() * reaches(options).len()));
        for (number, moment) in moments.into_iter().enumerate() {
            let mut random = Random::new(options.seed, way, 1 + number as u64);
            for reach in reaches(options) {
                if deadline.passed(&mut tally) {
                    return Ok(tally);
                }
                let reach = reach.unwrap_or_else(|| *random.one(&[Reach::Group, Reach::All]));
                let name = format!("{way}, {moment:?}, {reach:?}");
                let place = folder.join(format!("{number}-{reach:?}"));
                tally.round(&name, |round| one(&program, &place, moment, reach, &usual, round))?;
                if memory.is_some() {
                    fs::remove_dir_all(place)?;
                }
            }
        }
    }
    Ok(tally)
}

/// Both, or one by chance in a short run.
fn reaches(options: &Options) -> Vec<Option<Reach>> {
    if options.short { vec![None] } else { vec![Some(Reach::Group), Some(Reach::All)] }
}

/// A first run that nobody disturbs: how many steps it logs, how long it takes, and what it leaves in the data directory.
fn undisturbed(program: &Program, folder: &Path) -> Result<(usize, Duration, BTreeSet<String>)> {
    let site = Site::new(program, folder)?;
    let begun = std::time::Instant::now();
    let mut child = spawn(&site)?;
    let stderr = child.stderr.take().context("there is no stderr")?;
    let steps = BufReader::new(stderr).lines().map_while(Result::ok).filter(|line| is_step(line)).count();
    let took = begun.elapsed();
    ensure!(child.wait()?.success(), "an undisturbed first run is not green");
    Ok((steps, took, entries(site.data())?))
}

fn one(
    program: &Program,
    folder: &Path,
    moment: Moment,
    reach: Reach,
    usual: &BTreeSet<String>,
    round: &mut Round,
) -> Result<()> {
    let site = Site::new(program, folder)?;
    let mut child = spawn(&site)?;
    let pid = child.id();
    let stderr = child.stderr.take().context("there is no stderr")?;
    let data = site.data().to_owned();
    let end = move || match reach {
        Reach::Group => destroy_group(pid),
        Reach::All => {
            for process in of_data(&data, &[]) {
                destroy(process.pid);
            }
            // Also when it was too young to be found by its arguments.
            destroy(pid);
        }
    };
    // On a thread of its own, so that nothing lies between the step and the kill.
    let killer = std::thread::spawn(move || {
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok).filter(|line| is_step(line));
        match moment {
            // Fewer steps than last time are no fault: the run has ended by then.
            Moment::Step(wanted) => drop(lines.nth(wanted)),
            Moment::After(time) => std::thread::sleep(time),
        }
        end();
    });
    if !until(START, || Ok(child.try_wait()?.is_some()))? {
        bail!("the first run did not get to this step within {} s", START.as_secs());
    }
    killer.join().ok();
    round.left(&site.deserted(Duration::from_secs(10))?);
    let checked = site.check()?;
    if !checked.end.status.success() {
        round.unrepaired(&checked.end.said);
        // Whether a second try would have done tells a delay from damage.
        site.green().context("and the one after it")?;
    }
    if checked.ready_ms.is_finite() {
        round.recovered(Duration::from_secs_f64(checked.ready_ms / 1e3));
    }
    let left: Vec<_> = entries(site.data())?.difference(usual).cloned().collect();
    if !left.is_empty() {
        round.fault(format!("left in the data directory: {}", left.join(", ")));
    }
    Ok(())
}

fn spawn(site: &Site) -> Result<Child> {
    let mut command: Command = site.command("check");
    command.arg("--json").env("DRYDOCK_LOG", LOG).stdout(Stdio::null()).stderr(Stdio::piped());
    // A group of its own, which can be killed without us.
    command.process_group(0).spawn().context("cannot start drydock")
}

/// Whether a line of the log tells that something has been done: a step, a stage, anything of ours.
fn is_step(line: &str) -> bool {
    line.contains(" drydock_") || line.contains("step=") || line.contains("stage passed")
}

fn entries(folder: &Path) -> Result<BTreeSet<String>> {
    let list = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    list.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
