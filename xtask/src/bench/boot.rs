//! `cargo xtask bench boot`: how long starts and stops take, stage by stage, what stays in memory, and beside the peers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::quiet::Quiet;
use super::table::Table;
use super::{Options, peers, prepared};
use crate::build::{Profile, Program, build};
use crate::interrupt::pause;
use crate::processes::{Scratch, of_data, pss};
use crate::repo::Repo;
use crate::run::prepare;
use crate::sample::Sample;
use crate::site::{self, Checked, STOP, Site};
use crate::step::step;
use crate::system::Level;
use crate::{bundle, native};

/// One kind of start: whole times and those of each stage, in milliseconds.
#[derive(Default)]
struct Start {
    ready: Sample,
    stop: Sample,
    stages: Vec<(String, Sample)>,
}

impl Start {
    fn add(&mut self, checked: &Checked) {
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let report = &checked.report;
        self.ready.add(checked.ready_ms);
        self.stop.add(number(&report["stop_ms"]));
        for stage in report["stages"].as_array().into_iter().flatten() {
            let name = stage["name"].as_str().unwrap_or_default();
            let at = match self.stages.iter().position(|(known, _)| known == name) {
                Some(at) => at,
                None => {
                    self.stages.push((name.to_owned(), Sample::default()));
                    self.stages.len() - 1
                }
            };
            self.stages[at].1.add(number(&stage["ms"]));
        }
    }

    fn stages(&self, title: &str) -> Table {
        let mut table = Table::new(format!("{title}, by stage"), "ms");
        for (name, sample) in &self.stages {
            table.row(name, sample);
        }
        table.row("all, from the launch of the process", &self.ready);
        table
    }
}

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let program = prepared(repo, options)?;
    if options.peers {
        return peers::tables(repo, &program, options.rounds);
    }
    let desktop = match options.drydock {
        // Of another program the window is not known.
        Some(_) => None,
        None => {
            // The window's pages are compiled in.
            prepare(repo, Level::Test)?;
            Some(build(repo, Program::Desktop, Profile::Release)?)
        }
    };

    let plain = site::Program { template: None, ..program.clone() };
    let (mut first, mut made, mut warm) = (Start::default(), Start::default(), Start::default());
    let (mut killed, mut idle) = (Sample::default(), Sample::default());
    let mut quiet = Quiet::default();
    // Kept to the end: ext4 is several times slower at creating a cluster's files just after as many were deleted.
    let scratch = Scratch::new()?;
    step("rounds", || {
        for round in 0..options.rounds {
            // Interleaved, so that a busy minute of the machine hits all alike.
            let site = Site::new(&program, &scratch.path().join(format!("template-{round}")))?;
            for start in [&mut first, &mut warm] {
                quiet.wait()?;
                start.add(&site.green()?);
            }
            let mut serving = site.serve()?;
            // A moment in which it writes nothing: what is measured is a start after a kill, not a replay.
            pause(Duration::from_millis(200))?;
            site.destroy();
            serving.ended(STOP)?;
            site.deserted(STOP)?;
            quiet.wait()?;
            killed.add(site.green()?.ready_ms);
            let serving = site.serve()?;
            // The clone for the next reset is made in this time, so the server has something to write when it stops.
            quiet.wait()?;
            idle.add(serving.stop()?.as_secs_f64() * 1e3);
            let site = Site::new(&plain, &scratch.path().join(format!("initdb-{round}")))?;
            quiet.wait()?;
            made.add(&site.green()?);
        }
        Ok(((), format!("{} of each", options.rounds)))
    })?;

    let mut starts = Table::new("launch of the process to every gate green", "ms");
    starts.row("first run, from the template", &first.ready);
    starts.row("first run, with initdb", &made.ready);
    starts.row("warm start", &warm.ready);
    starts.row("after kill -9 of every process", &killed);
    starts.note(quiet.note());
    let mut stops = Table::new("stop", "ms");
    stops.row("after a first run from the template", &first.stop);
    stops.row("after a first run with initdb", &made.stop);
    stops.row("after a warm start", &warm.stop);
    stops.row("of an idle `drydock serve`, whole process", &idle);
    let mut tables =
        vec![starts, stops, first.stages("first run, from the template"), warm.stages("warm start")];

    let mut memory = Table::new("idle memory, proportional set size", "MB");
    let served = step("idle memory of `drydock serve`", || Ok((served(&program)?, String::new())))?;
    list(&mut memory, "drydock serve", &served);
    if let Some(desktop) = &desktop {
        let window =
            step("idle memory of the window", || Ok((native::idle(desktop, &program.tree)?, String::new())))?;
        list(&mut memory, "the window", &window);
    }
    tables.push(memory);

    let mut sizes = Table::new("size", "MB");
    let manifest: Value = serde_json::from_slice(&fs::read(program.tree.join("manifest.json"))?)?;
    sizes.number("PostgreSQL tree", manifest["bytes"].as_f64().unwrap_or(f64::NAN) / 1e6);
    let files = [
        ("drydock (release)", Some(program.drydock.as_path())),
        ("drydock-desktop (release)", desktop.as_deref()),
    ]
    .into_iter()
    .chain([("template", program.template.as_deref())]);
    for (name, path) in files {
        sizes.number(name, size(path));
    }
    sizes.number(".deb", bundle::find(repo).map_or(f64::NAN, |path| size(Some(&path))));
    tables.push(sizes);
    Ok(tables)
}

/// A file's size in megabytes; not a number when there is none.
fn size(path: Option<&Path>) -> f64 {
    path.and_then(|path| fs::metadata(path).ok()).map_or(f64::NAN, |data| data.len() as f64 / 1e6)
}

/// Memory of an idle server with its PostgreSQL, by process name.
fn served(program: &site::Program) -> Result<Vec<(String, u64)>> {
    let scratch = Scratch::new()?;
    let site = Site::new(program, &scratch.path().join("idle"))?;
    let serving = site.serve()?;
    // The allocators settle, and the clone for the next reset is made.
    pause(Duration::from_secs(5))?;
    let sizes =
        of_data(site.data(), &[]).into_iter().map(|process| (process.name, pss(process.pid))).collect();
    serving.stop()?;
    Ok(sizes)
}

fn list(table: &mut Table, title: &str, processes: &[(String, u64)]) {
    let mut by_name: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
    for (name, bytes) in processes {
        let entry = by_name.entry(name).or_default();
        entry.0 += 1;
        entry.1 += bytes;
    }
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    table.number(title, megabytes(processes.iter().map(|(_, bytes)| bytes).sum()));
    for (name, (count, bytes)) in by_name {
        table.number(format!("– {name} × {count}"), megabytes(bytes));
    }
}
