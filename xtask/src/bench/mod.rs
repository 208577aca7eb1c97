//! `cargo xtask bench`: how long things take, as medians with least and greatest.

mod api;
mod boot;
mod data;
mod doctor;
mod grid;
mod peers;
mod quiet;
mod reset;
mod schema;
mod sign_in;
mod snapshot;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::build::{Profile, Program, build};
use crate::interrupt::guarded;
use crate::postgres;
use crate::repo::Repo;
use crate::site;
use crate::system::{self, Level};

/// Fewer rounds make no median worth printing.
const ROUNDS: usize = 7;

/// What to measure, and how to print it.
pub(crate) struct Options {
    /// How often.
    pub(crate) rounds: usize,
    /// Beside the other embedded servers.
    pub(crate) peers: bool,
    /// Assets that `api`, `data`, `grid` and `schema` look at; each has sizes of its own without.
    pub(crate) assets: Option<usize>,
    /// As tables for a Markdown file.
    pub(crate) markdown: bool,
    /// Another program than this checkout's release build.
    pub(crate) drydock: Option<PathBuf>,
}

/// Measures one subject: `api`, `boot`, `data`, `doctor`, `grid`, `reset`, `schema`, `sign-in` or `snapshot`.
pub(crate) fn run(repo: &Repo, subject: &str, options: &Options) -> Result<()> {
    if options.rounds < ROUNDS {
        bail!("{} rounds are too few for a median: ask for {ROUNDS} or more", options.rounds);
    }
    let measure = match subject {
        "api" => api::run,
        "boot" => boot::run,
        "data" => data::run,
        "doctor" => doctor::run,
        "grid" => grid::run,
        "reset" => reset::run,
        "schema" => schema::run,
        "sign-in" => sign_in::run,
        "snapshot" => snapshot::run,
        other => bail!(
            "{other} cannot be measured: choose api, boot, data, doctor, grid, reset, schema, sign-in or snapshot"
        ),
    };
    if options.peers && subject == "snapshot" {
        bail!("no peer has snapshots: `bench snapshot` compares with pg_dump and pg_restore instead");
    }
    if options.peers && subject == "doctor" {
        bail!("no peer has a doctor");
    }
    if options.peers && ["api", "data", "grid"].contains(&subject) {
        bail!("no peer has an API or a page: `bench api` compares its two doors");
    }
    if options.peers && subject == "sign-in" {
        bail!("no peer has a sign-in: `bench sign-in` compares the ways in which one fails");
    }
    if options.peers && subject == "schema" {
        bail!("no peer has our schema: `bench schema` compares with the same tables without policies");
    }
    guarded(|| {
        let tables = measure(repo, options)?;
        println!("\n{}\n", machine());
        for table in tables {
            println!("{}", table.print(options.markdown));
        }
        Ok(())
    })
}

/// The program that is measured: the one named, or the release build.
fn prepared(repo: &Repo, options: &Options) -> Result<site::Program> {
    system::ensure(repo, Level::Base)?;
    let tree = postgres::ensure(repo, postgres::HOST, false)?;
    let drydock = match &options.drydock {
        Some(path) => path.clone(),
        None => build(repo, Program::Command, Profile::Release)?,
    };
    site::Program::new(repo, drydock, tree)
}

/// The machine in one line.
fn machine() -> String {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = field(&text("/proc/meminfo"), "MemTotal");
    let kib: u64 = memory.trim_end_matches(" kB").trim().parse().unwrap_or(0);
    let load = text("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{cores} cores ({}), {} GiB, Linux {}, {}; load at the end {load}",
        field(&text("/proc/cpuinfo"), "model name"),
        kib / 1024 / 1024,
        text("/proc/sys/kernel/osrelease").trim(),
        file_system(&std::env::temp_dir())
    )
}

/// The kind of file system that a folder is on.
fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((PathBuf::from(words.next()?), words.next()?.to_owned()))
        })
        .filter(|(at, _)| folder.starts_with(at))
        // A later mount covers an earlier one at the same place.
        .max_by_key(|(at, _)| at.components().count())
        .map_or_else(|| "an unknown file system".to_owned(), |(_, kind)| kind)
}
