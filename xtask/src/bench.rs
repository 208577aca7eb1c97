//! `cargo xtask bench boot`: how long a start takes, stage by stage, beside pg-embed's own way on the same tree.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::build::{Profile, Program, build, path, together};
use crate::processes::{Scratch, destroy, of_data, pss, terminate, wait};
use crate::repo::Repo;
use crate::run::prepare;
use crate::step::{megabytes, output, step};
use crate::system::Level;
use crate::{bundle, native};

/// Fewer rounds make no median worth printing.
const ROUNDS: usize = 7;

/// The measurements of one kind, in milliseconds.
#[derive(Default)]
struct Sample(Vec<f64>);

impl Sample {
    fn add(&mut self, value: &Value) {
        self.0.extend(value.as_f64());
    }

    fn sorted(&self) -> Vec<f64> {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        values
    }

    fn median(&self) -> f64 {
        let values = self.sorted();
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        }
    }

    fn line(&self, name: &str) -> String {
        let values = self.sorted();
        let (Some(least), Some(most)) = (values.first(), values.last()) else {
            return format!("{name:<44} (not measured)");
        };
        format!("{name:<44} {:>9.1} {least:>9.1} {most:>9.1}", self.median())
    }
}

/// One kind of start: whole times and the share of each stage.
#[derive(Default)]
struct Start {
    ready: Sample,
    stop: Sample,
    total: Sample,
    stages: Vec<(String, Sample)>,
}

impl Start {
    fn add(&mut self, report: &Value) {
        self.ready.add(&report["ready_ms"]);
        self.stop.add(&report["stop_ms"]);
        self.total.add(&report["total_ms"]);
        for stage in report["stages"].as_array().into_iter().flatten() {
            let name = stage["name"].as_str().unwrap_or_default();
            let at = match self.stages.iter().position(|(known, _)| known == name) {
                Some(at) => at,
                None => {
                    self.stages.push((name.to_owned(), Sample::default()));
                    self.stages.len() - 1
                }
            };
            self.stages[at].1.add(&stage["ms"]);
        }
    }

    fn print(&self, title: &str) {
        println!("{}", self.ready.line(&format!("{title}: process start to ready")));
        let whole = self.ready.median();
        for (name, sample) in &self.stages {
            let share = 100.0 * sample.median() / whole;
            println!("{} {share:>6.1} %", sample.line(&format!("  {name}")));
        }
        println!("{}", self.stop.line(&format!("{title}: stop")));
        println!("{}", self.total.line(&format!("{title}: whole process")));
    }
}

/// Measures and prints.
pub(crate) fn boot(repo: &Repo, rounds: usize) -> Result<()> {
    if rounds < ROUNDS {
        bail!("{rounds} rounds are too few for a median: ask for {ROUNDS} or more");
    }
    let tree = prepare(repo, Level::Test)?;
    together(repo, &[Program::Command, Program::Baseline], Profile::Release)?;
    let drydock = path(repo, Program::Command, Profile::Release);
    let baseline = path(repo, Program::Baseline, Profile::Release);
    let desktop = build(repo, Program::Desktop, Profile::Release)?;

    let (mut first, mut warm) = (Start::default(), Start::default());
    let mut embedded: BTreeMap<String, Sample> = BTreeMap::new();
    // Kept to the end: ext4 is several times slower at creating a cluster's files just after as many were deleted.
    let mut used = Vec::new();
    step("rounds", || {
        for _ in 0..rounds {
            // Interleaved, so that a busy minute of the machine hits all alike.
            let scratch = Scratch::new()?;
            first.add(&check(&drydock, &tree, &scratch)?);
            warm.add(&check(&drydock, &tree, &scratch)?);
            used.push(scratch);
            let said = output(
                Command::new(&baseline).arg("--tree").arg(&tree).env("DRYDOCK_POSTGRES", &tree),
                "the baseline failed",
            )?;
            flatten(
                "",
                &serde_json::from_str(said.trim()).context("the baseline printed no JSON")?,
                &mut embedded,
            );
        }
        Ok(((), format!("{rounds} of each")))
    })?;

    drop(used);

    println!("\n{:<44} {:>9} {:>9} {:>9} {:>8}", "milliseconds", "median", "min", "max", "share");
    first.print("first run");
    warm.print("warm start");
    println!("pg-embed's own path on the same tree");
    for (name, sample) in &embedded {
        println!("{}", sample.line(&format!("  {name}")));
    }

    let server =
        step("idle memory of `drydock serve`", || Ok((served(repo, &drydock, &tree)?, String::new())))?;
    let window = step("idle memory of the window", || Ok((native::idle(&desktop, &tree)?, String::new())))?;
    println!("\nidle memory, proportional set size");
    memory("drydock serve", &server);
    memory("the window", &window);

    println!("\nsizes");
    let bytes = fs::read(tree.join("manifest.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<Value>(&text).ok())
        .and_then(|manifest| manifest["bytes"].as_u64())
        .unwrap_or(0);
    println!("  {:<42} {:>10}", "PostgreSQL tree", megabytes(bytes));
    for (name, path) in [("drydock (release)", &drydock), ("drydock-desktop (release)", &desktop)] {
        println!("  {name:<42} {:>10}", megabytes(fs::metadata(path)?.len()));
    }
    match bundle::find(repo) {
        Ok(package) => println!("  {:<42} {:>10}", ".deb", megabytes(fs::metadata(package)?.len())),
        Err(_) => println!("  {:<42} {:>10}", ".deb", "not built"),
    }
    Ok(())
}

/// One start and stop of the whole boot sequence in the scratch folder's data directory.
fn check(drydock: &Path, tree: &Path, scratch: &Scratch) -> Result<Value> {
    let said = output(
        Command::new(drydock)
            .args(["check", "--json", "--data-dir"])
            .arg(scratch.path().join("data"))
            .env("DRYDOCK_POSTGRES", tree),
        "`drydock check` failed",
    )?;
    serde_json::from_str(said.trim()).context("`drydock check --json` printed no JSON")
}

/// Takes every number of the baseline's report, whatever its nesting.
fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, Sample>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix} {name}") };
        if value.is_object() {
            flatten(&name, value, into);
        } else if name.ends_with("_ms") {
            into.entry(name).or_default().add(value);
        }
    }
}

/// Memory of an idle server with its PostgreSQL, by process name.
fn served(repo: &Repo, drydock: &Path, tree: &Path) -> Result<Vec<(String, u64)>> {
    let scratch = Scratch::new()?;
    let data: PathBuf = scratch.path().join("data");
    let mut child = Command::new(drydock)
        .args(["serve", "--port", "0", "--data-dir"])
        .arg(&data)
        .arg("--ui")
        .arg(repo.root.join("ui/dist"))
        .env("DRYDOCK_POSTGRES", tree)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let measured = (|| {
        let stdout = child.stdout.take().context("there is no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        if !lines.any(|line| line.is_ok_and(|line| line.starts_with("Drydock is ready"))) {
            bail!("`drydock serve` ended before it was ready");
        }
        std::thread::sleep(Duration::from_secs(5));
        Ok(of_data(&data, &[]).into_iter().map(|process| (process.name, pss(process.pid))).collect())
    })();
    terminate(child.id());
    if wait(&mut child, Duration::from_secs(15)).is_err() {
        for process in of_data(&data, &[]) {
            destroy(process.pid);
        }
        child.wait()?;
    }
    measured
}

fn memory(title: &str, processes: &[(String, u64)]) {
    let mut by_name: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
    for (name, bytes) in processes {
        let entry = by_name.entry(name).or_default();
        entry.0 += 1;
        entry.1 += bytes;
    }
    let whole: u64 = processes.iter().map(|(_, bytes)| bytes).sum();
    println!("  {title:<42} {:>10}", megabytes(whole));
    for (name, (count, bytes)) in by_name {
        println!("    {:<40} {:>10}", format!("{name} × {count}"), megabytes(bytes));
    }
}
