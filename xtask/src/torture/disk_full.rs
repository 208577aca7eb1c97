//! A full disk, at several fill levels: in the first run, and under a writing load.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::load::Ledger;
use super::mount::{self, Mount};
use super::tally::{Round, Tally};
use super::{Options, fresh};
use crate::interrupt::until;
use crate::site::{Program, STOP, Serving, Site, Start};

/// The disk's size in MiB: room for a cluster and some growth.
const DISK: u64 = 256;
/// Space that is left for a first run, in KiB: from nothing to nearly enough.
const FIRST_RUN: [u64; 6] = [0, 64, 1024, 8 * 1024, 24 * 1024, 40 * 1024];
/// Space that is left for the load, in KiB.
const LOAD: [u64; 6] = [1024, 0, 64, 4 * 1024, 16 * 1024, 40 * 1024];

pub(super) fn play(options: &Options) -> Result<Tally> {
    if let Err(error) = mount::own_namespace() {
        return Ok(Tally::not_here(format!("{error:#}")));
    }
    let mut tally = Tally::default();
    let scratch = fresh()?;
    let deadline = options.deadline();
    let place = |name: &str, kib: u64| scratch.path().join(format!("{name}-{kib}"));
    let load = if options.short { &LOAD[..1] } else { &LOAD };
    for kib in load {
        if deadline.passed(&mut tally) {
            return Ok(tally);
        }
        tally.round(&format!("load, {kib} KiB left"), |round| {
            under_load(options, &place("load", *kib), *kib, round)
        })?;
    }
    if options.short {
        return Ok(tally);
    }
    let ways = [options.program.clone(), Program { template: None, ..options.program.clone() }];
    for (number, program) in ways.iter().enumerate().skip(usize::from(options.program.template.is_none())) {
        let way = if program.template.is_some() { "template" } else { "initdb" };
        for kib in FIRST_RUN {
            if deadline.passed(&mut tally) {
                return Ok(tally);
            }
            tally.round(&format!("first run with {way}, {kib} KiB left"), |round| {
                first_run(program, &place(&format!("first-{number}"), kib), kib, round)
            })?;
        }
    }
    Ok(tally)
}

fn first_run(program: &Program, at: &Path, kib: u64, round: &mut Round) -> Result<()> {
    let disk = Mount::memory(at, DISK)?;
    let site = Site::new(program, &disk.path().join("site"))?;
    let ballast = fill(disk.path(), kib)?;
    let checked = site.check()?.end;
    if !checked.status.success() {
        coded(checked.code(), &checked.said, round);
    }
    fs::remove_file(ballast)?;
    round.left(&site.deserted(STOP)?);
    if let Err(error) = site.green() {
        round.unrepaired(&format!("{error:#}"));
    }
    drop(site);
    disk.end()
}

fn under_load(options: &Options, at: &Path, kib: u64, round: &mut Round) -> Result<()> {
    let disk = Mount::memory(at, DISK)?;
    let site = Site::new(&options.program, &disk.path().join("site"))?;
    let mut ledger = Ledger::new(2);
    let mut serving = site.serve()?;
    Ledger::prepare(&site, &serving.socket)?;
    let ballast = fill(disk.path(), kib)?;
    let load = ledger.load(&site, &serving.socket)?;
    let full = until(Duration::from_secs(60), || Ok(load.has_ended()))?;
    ensure!(full, "the load never met the end of the disk");
    load.end();

    // The server may have given up, or not; what it said must be clear, and it must end when it is told to.
    if serving.runs()? {
        end(serving, round)?;
    } else {
        let end = serving.ended(STOP)?;
        coded(end.code(), &end.said, round);
    }
    round.left(&site.deserted(STOP)?);

    // Still full: it starts, or it says why not. The rows are not read yet: with checksums even reading may write.
    match site.start()? {
        Start::Ready(serving) => end(serving, round)?,
        Start::Refused(refusal) => coded(refusal.code(), &refusal.said, round),
    }
    round.left(&site.deserted(STOP)?);

    fs::remove_file(ballast)?;
    match site.start()? {
        Start::Ready(serving) => {
            round.recovered(serving.took);
            round.compared(ledger.compare(&site, &serving.socket)?);
            let load = ledger.load(&site, &serving.socket)?;
            let before = ledger.acknowledged();
            if !until(STOP, || Ok(ledger.acknowledged() > before + 10))? {
                round.fault("it takes no writes although there is space again");
            }
            serving.stop()?;
            load.end();
        }
        Start::Refused(refusal) => round.unrepaired(&refusal.said),
    }
    drop(site);
    disk.end()
}

/// Ends the application. An unclean end is said with a code; its server must be gone either way.
fn end(mut serving: Serving, round: &mut Round) -> Result<()> {
    crate::processes::terminate(serving.pid());
    let end = serving.ended(STOP)?;
    if !end.status.success() {
        coded(end.code(), &end.said, round);
    }
    Ok(())
}

/// A refusal must carry a code of ours, which has a dot.
fn coded(code: &str, said: &str, round: &mut Round) {
    if !code.contains('.') {
        round.fault(format!("a refusal without a code: {said:?}"));
    }
}

/// Fills the disk until `kib` are left; returns the file to remove.
fn fill(disk: &Path, kib: u64) -> Result<std::path::PathBuf> {
    let free = || -> Result<u64> {
        let found = nix::sys::statvfs::statvfs(disk).context("the disk's free space cannot be read")?;
        Ok(found.blocks_available() * found.fragment_size())
    };
    let path = disk.join("ballast");
    let mut file = File::create(&path)?;
    let zeros = vec![0; 64 * 1024];
    loop {
        let left = free()?.saturating_sub(kib * 1024);
        if left == 0 {
            return Ok(path);
        }
        let part = usize::try_from(left)?.min(zeros.len());
        match file.write_all(&zeros[..part]) {
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(path),
            done => done?,
        }
    }
}
