//! A power cut: what a disk holds at one moment, without anything that was written but not yet synced.
//!
//! The data directory lies on an ext4 of its own in an image. Every process is frozen and the image is copied: what the inner file
//! system still keeps in memory is not in the copy, as it would not be on a disk without power. The copy takes the original's place.
//! The control is the same server without fsync, which must lose something: otherwise this part would prove nothing.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::load::Ledger;
use super::mount::{self, Mount};
use super::random::Random;
use super::tally::{Round, Tally};
use super::{Options, fresh};
use crate::interrupt::{check, pause, until};
use crate::processes::{Scratch, destroy, freeze};
use crate::site::{STOP, Site, Start};

/// The disk's size in MiB.
const DISK: u64 = 512;

pub(super) fn play(options: &Options) -> Result<Tally> {
    if let Err(error) = mount::own_namespace() {
        return Ok(Tally::not_here(format!("{error:#}")));
    }
    let mut tally = Tally::default();
    let deadline = options.deadline();
    let rounds = options.rounds(1, 10);
    for number in 0..rounds {
        if deadline.passed(&mut tally) {
            return Ok(tally);
        }
        let mut random = Random::new(options.seed, "power-cut", number);
        tally
            .round(&format!("under load, round {number}"), |round| under_load(options, &mut random, round))?;
    }
    for number in 0..rounds {
        if deadline.passed(&mut tally) {
            return Ok(tally);
        }
        let mut random = Random::new(options.seed, "power-cut in the first run", number);
        tally.round(&format!("in the first run, round {number}"), |round| {
            in_first_run(options, &mut random, round)
        })?;
    }
    let controls = rounds.min(3);
    for number in 0..controls {
        if deadline.passed(&mut tally) {
            return Ok(tally);
        }
        let mut told = String::new();
        tally.round(&format!("control without fsync, round {number}"), |_| {
            told = without_fsync(options)?;
            Ok(())
        })?;
        tally.notes.push(format!("control without fsync: {told}"));
    }
    Ok(tally)
}

/// The disk under a data directory.
struct Disk {
    at: PathBuf,
    image: PathBuf,
    mount: Option<Mount>,
    // Last, so that the folder is removed after the file system in it is unmounted.
    scratch: Scratch,
}

impl Disk {
    fn new() -> Result<Self> {
        let scratch = fresh()?;
        let (image, at) = (scratch.path().join("disk"), scratch.path().join("mounted"));
        mount::format(&image, DISK)?;
        let mount = Some(Mount::image(&image, &at)?);
        Ok(Self { at, image, mount, scratch })
    }

    /// Cuts the power: freezes the processes, takes what the disk holds, ends the processes, and puts a disk with just that in
    /// the old one's place.
    fn cut(&mut self, processes: impl Fn() -> Vec<u32>, ends: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut frozen = Vec::new();
        // A process may start another one while it is being frozen.
        loop {
            let now = processes();
            if now == frozen {
                break;
            }
            now.iter().copied().for_each(freeze);
            frozen = now;
        }
        let copy = self.stable_copy()?;
        frozen.iter().copied().for_each(destroy);
        ends()?;
        if let Some(mount) = self.mount.take() {
            mount.end()?;
        }
        fs::rename(copy, &self.image)?;
        self.mount = Some(Mount::image(&self.image, &self.at)?);
        Ok(())
    }

    /// Copies the image until two copies in a row are the same: the kernel may be writing something out by itself.
    fn stable_copy(&self) -> Result<PathBuf> {
        let copy = |number: u32| -> Result<PathBuf> {
            let path = self.scratch.path().join(format!("copy-{number}"));
            let status = Command::new("cp").arg("--sparse=always").arg(&self.image).arg(&path).status()?;
            ensure!(status.success(), "the image cannot be copied");
            Ok(path)
        };
        let mut before = copy(0)?;
        for attempt in 1..20 {
            check()?;
            let next = copy(attempt % 2)?;
            if Command::new("cmp").arg("--silent").arg(&before).arg(&next).status()?.success() {
                return Ok(next);
            }
            before = next;
        }
        bail!("the disk never came to rest")
    }
}

fn under_load(options: &Options, random: &mut Random, round: &mut Round) -> Result<()> {
    let mut disk = Disk::new()?;
    let site = Site::new(&options.program, &disk.at.join("site"))?;
    let mut ledger = Ledger::new(2);
    let mut serving = site.serve()?;
    Ledger::prepare(&site, &serving.socket)?;
    let load = ledger.load(&site, &serving.socket)?;
    pause(if options.short { random.millis(300, 1000) } else { random.millis(500, 8000) })?;
    let pids = || site.processes().iter().map(|process| process.pid).collect();
    disk.cut(pids, || {
        serving.ended(STOP)?;
        load.end();
        Ok(())
    })?;
    ensure!(ledger.acknowledged() > 0, "the load wrote nothing before the cut");
    let serving = match site.start()? {
        Start::Ready(serving) => serving,
        Start::Refused(refusal) => {
            round.unrepaired(&refusal.said);
            return Ok(());
        }
    };
    round.recovered(serving.took);
    round.compared(ledger.compare(&site, &serving.socket)?);
    serving.stop().map(|_| ())
}

/// At a random moment of the first run, or right after it said that it is ready.
fn in_first_run(options: &Options, random: &mut Random, round: &mut Round) -> Result<()> {
    let mut disk = Disk::new()?;
    let site = Site::new(&options.program, &disk.at.join("site"))?;
    let pids = || -> Vec<u32> { site.processes().iter().map(|process| process.pid).collect() };
    let mut ready = false;
    let mut ledger = Ledger::new(2);
    if random.between(0, 1) == 0 {
        let mut launched = site.launch()?;
        pause(random.millis(0, 1500))?;
        let pid = launched.pid();
        // Also when it is too young to be found by its arguments.
        let pids = || pids().into_iter().filter(|found| *found != pid).chain([pid]).collect();
        disk.cut(pids, || until(STOP, || launched.has_ended()).map(|_| ()))?;
    } else {
        let mut serving = site.serve()?;
        ready = true;
        Ledger::prepare(&site, &serving.socket)?;
        let load = ledger.load(&site, &serving.socket)?;
        pause(random.millis(0, 20))?;
        disk.cut(pids, || {
            serving.ended(STOP)?;
            load.end();
            Ok(())
        })?;
    }
    let serving = match site.start()? {
        Start::Ready(serving) => serving,
        Start::Refused(refusal) => {
            round.unrepaired(&refusal.said);
            return Ok(());
        }
    };
    round.recovered(serving.took);
    if ready {
        round.compared(ledger.compare(&site, &serving.socket)?);
    }
    serving.stop().map(|_| ())
}

/// The same cut with a server that does not sync. Returns what was lost.
///
/// # Errors
/// When nothing was lost.
fn without_fsync(options: &Options) -> Result<String> {
    let mut disk = Disk::new()?;
    let site = Site::new(&options.program, &disk.at.join("site"))?;
    let serving = site.serve()?;
    // The program that was really started: as root it may be a copy that the server's account can read.
    let postgres = fs::read_link(format!("/proc/{}/exe", site.postmaster()?))?;
    serving.stop()?;
    let (uid, gid) = site.owner()?;
    let socket = disk.scratch.path().join("socket");
    fs::create_dir(&socket)?;
    chown(&socket, Some(uid), Some(gid))?;

    let mut server = Unsynced::start(&postgres, &site, &socket, (uid, gid))?;
    let mut ledger = Ledger::new(2);
    Ledger::prepare(&site, &socket)?;
    let load = ledger.load(&site, &socket)?;
    pause(Duration::from_secs(3))?;
    let pids = || site.processes().iter().map(|process| process.pid).collect();
    disk.cut(pids, || {
        server.child.wait()?;
        load.end();
        Ok(())
    })?;
    let acknowledged = ledger.acknowledged();
    ensure!(acknowledged > 0, "the load wrote nothing before the cut");
    let told = match Unsynced::start(&postgres, &site, &socket, (uid, gid)) {
        Err(error) => {
            let reason = format!("{error:#}");
            // Any other reason would prove nothing.
            ensure!(
                reason.contains("PANIC") || reason.contains("could not"),
                "the server does not start: {reason}"
            );
            format!("all of {acknowledged} lost, the server does not start: {reason}")
        }
        Ok(_server) => match ledger.compare(&site, &socket) {
            Err(_) => format!("all of {acknowledged} lost, their tables too"),
            Ok(found) if found.lost > 0 => format!("{} of {acknowledged} lost", found.lost),
            Ok(_) => bail!("nothing was lost although nothing was synced: the cut does not cut"),
        },
    };
    Ok(told)
}

/// A server with fsync off on the site's cluster. Ours cannot be told to go without.
struct Unsynced {
    child: Child,
}

impl Unsynced {
    fn start(postgres: &Path, site: &Site, socket: &Path, (uid, gid): (u32, u32)) -> Result<Self> {
        let mut command = if nix::unistd::geteuid().as_raw() == uid {
            Command::new(postgres)
        } else {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups", "--"]);
            command.arg(postgres);
            command
        };
        let log = socket.join("log");
        let child = command
            .arg("-F")
            .arg("-D")
            .arg(site.cluster())
            .args(["-c", "listen_addresses=", "-c", "max_wal_senders=0", "-c", "wal_level=minimal"])
            .args(["-c", "shared_buffers=32MB", "-c", "autovacuum=off", "-p", "5432"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", socket.display()))
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .context("cannot start postgres")?;
        let mut server = Self { child };
        let up = until(Duration::from_secs(30), || {
            if server.child.try_wait()?.is_some() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let marked = |mark| said.lines().rfind(|line| line.contains(mark));
                let reason = marked("PANIC:").or_else(|| marked("FATAL:"));
                bail!("{}", reason.and_then(|line| line.split("] ").last()).unwrap_or("it said nothing"));
            }
            Ok(site.ask(socket, "postgres", "SELECT 1").is_ok())
        })?;
        ensure!(up, "it does not answer");
        Ok(server)
    }
}

impl Drop for Unsynced {
    fn drop(&mut self) {
        destroy(self.child.id());
        self.child.wait().ok();
    }
}
