//! `cargo xtask test`: every check of the repository, with one count at the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::build::{Profile, Program, build, path, together};
use crate::native::{self, Count};
use crate::repo::Repo;
use crate::run::prepare;
use crate::step::{logged, run, seconds, show_tail, step};
use crate::system::Level;
use crate::{interrupt, node, schema, site, sqlx, template, torture, types};

/// The suites in the order they run: the quick ones first.
const SUITES: [&str; 12] = [
    "fmt", "clippy", "ui-types", "ui-lint", "ui", "rust", "schema", "sqlx", "types", "torture", "e2e",
    "native",
];

/// The suites that need the compiled workspace.
const COMPILED: [&str; 7] = ["rust", "schema", "sqlx", "types", "torture", "e2e", "native"];

/// One selection of packages and features for all of Cargo's work here, so that nothing is compiled twice.
const WORKSPACE: [&str; 4] = ["--locked", "--workspace", "--features", "drydock-desktop/custom-protocol"];

/// The suites that start Drydock.
const BOOTING: [&str; 3] = ["rust", "e2e", "native"];

/// One line of the closing table.
struct Row {
    name: &'static str,
    count: Count,
    time: Duration,
}

/// What the suites work with.
struct Bench<'a> {
    repo: &'a Repo,
    tree: &'a Path,
    /// Whether the whole workspace compiled.
    compiled: bool,
}

/// Prepares the machine and runs all suites, or the one named.
pub(crate) fn test(repo: &Repo, only: Option<&str>) -> Result<ExitCode> {
    if let Some(name) = only
        && !SUITES.contains(&name)
    {
        bail!("there is no suite {name}: choose one of {}", SUITES.join(", "));
    }
    let started = Instant::now();
    let tree = prepare(repo, Level::Test)?;
    node::packages(repo, "tests/e2e")?;
    let compiled = said(compile(repo, only)).is_some();
    if compiled && only.is_none_or(|only| BOOTING.contains(&only)) {
        // What a person's first run begins with, the tests' begin with as well.
        said(template::ensure(repo, &path(repo, Program::Command, Profile::Dev), &tree));
    }
    let bench = Bench { repo, tree: &tree, compiled };
    let mut rows = Vec::new();
    for name in SUITES {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let begun = Instant::now();
        // A suite that could not run at all counts as one failure; the others still tell what they know.
        let count = bench.suite(name).unwrap_or_else(|error| {
            println!("✗ {name}: {error:#}");
            Count { passed: 0, failed: 1 }
        });
        let time = begun.elapsed();
        let mark = if count.failed == 0 { '✓' } else { '✗' };
        println!("{mark} {name} … {} ({} passed, {} failed)", seconds(time), count.passed, count.failed);
        rows.push(Row { name, count, time });
    }
    Ok(close(&rows, started.elapsed()))
}

/// Compiles what the suites use: one program for a single suite, else all binaries, tests and examples at once.
fn compile(repo: &Repo, only: Option<&str>) -> Result<()> {
    let program = match only {
        Some("native") => return together(repo, &[Program::Desktop, Program::Command], Profile::Dev),
        Some("e2e" | "types" | "torture") => Program::Command,
        Some("schema" | "sqlx") => Program::Cluster,
        Some("rust") | None => return everything(repo),
        Some(_) => return Ok(()),
    };
    build(repo, program, Profile::Dev).map(|_| ())
}

fn everything(repo: &Repo) -> Result<()> {
    step("compile everything (debug)", || {
        run(
            repo,
            cargo(repo, &["build", "--all-targets"]).args(WORKSPACE),
            "test-build",
            "the workspace does not compile: put right what the compiler says and run the command again",
        )?;
        Ok(((), String::new()))
    })
}

/// Prints an error and drops it.
fn said<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            println!("✗ {error:#}");
            None
        }
    }
}

fn cargo(repo: &Repo, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .current_dir(&repo.root)
        // A database of the developer's must not decide how the store compiles.
        .env("SQLX_OFFLINE", "true")
        .env("CARGO_TERM_COLOR", "never");
    command
}

fn close(rows: &[Row], time: Duration) -> ExitCode {
    println!("\n{:<10} {:>7} {:>7} {:>9}", "suite", "passed", "failed", "time");
    for row in rows {
        println!("{:<10} {:>7} {:>7} {:>9}", row.name, row.count.passed, row.count.failed, seconds(row.time));
    }
    let passed: u32 = rows.iter().map(|row| row.count.passed).sum();
    let failed: u32 = rows.iter().map(|row| row.count.failed).sum();
    println!("{:<10} {:>7} {:>7} {:>9}\n", "all", passed, failed, seconds(time));
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Bench<'_> {
    fn suite(&self, name: &str) -> Result<Count> {
        if COMPILED.contains(&name) && !self.compiled {
            bail!("the workspace did not compile");
        }
        match name {
            "fmt" => self.one(&mut self.cargo(&["fmt", "--all", "--check"]), name),
            "clippy" => self.one(
                self.cargo(&["clippy", "--all-targets"]).args(WORKSPACE).args(["--", "--deny", "warnings"]),
                name,
            ),
            "ui-types" => self.one(&mut self.npm(&["run", "typecheck"]), name),
            "ui-lint" => self.one(&mut self.npm(&["run", "lint"]), name),
            "ui" => self.vitest(),
            "rust" => self.rust(),
            "schema" => {
                let cluster = self.binary("examples/with_cluster");
                schema::write(self.repo, self.tree, &cluster, schema::Purpose::Check)?;
                Ok(Count { passed: 1, failed: 0 })
            }
            "sqlx" => {
                sqlx::prepare(
                    self.repo,
                    self.tree,
                    &self.binary("examples/with_cluster"),
                    &WORKSPACE[1..],
                    sqlx::Purpose::Check,
                )?;
                Ok(Count { passed: 1, failed: 0 })
            }
            "types" => {
                types::write(self.repo, &self.binary("drydock"), true)?;
                Ok(Count { passed: 1, failed: 0 })
            }
            "torture" => self.torture(),
            "e2e" => self.playwright(),
            "native" => native::suite(self.repo, &self.binary("drydock-desktop"), self.tree),
            other => bail!("there is no suite {other}"),
        }
    }

    fn binary(&self, name: &str) -> PathBuf {
        self.repo.target.join("debug").join(name)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(self.repo, arguments);
        command.env("DRYDOCK_POSTGRES", self.tree);
        command
    }

    fn npm(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("npm");
        command.args(arguments).current_dir(self.repo.root.join("ui")).env("NO_COLOR", "1");
        command
    }

    /// A check that either holds or doesn't.
    fn one(&self, command: &mut Command, name: &str) -> Result<Count> {
        let log = format!("test-{name}");
        let held = logged(self.repo, command, &log)?.success();
        if !held {
            show_tail(self.repo, &log);
        }
        Ok(Count { passed: u32::from(held), failed: u32::from(!held) })
    }

    fn rust(&self) -> Result<Count> {
        let mut command = self.cargo(&["test", "--no-fail-fast"]);
        let status = logged(self.repo, command.args(WORKSPACE), "test-rust")?;
        let log = fs::read_to_string(self.repo.log("test-rust"))?;
        let mut count = cargo_results(&log);
        if !status.success() {
            // A compile error or a crash prints no result line of its own.
            count.failed = count.failed.max(1);
            for line in log.lines().filter(|line| line.ends_with("... FAILED")) {
                println!("  {line}");
            }
            show_tail(self.repo, "test-rust");
        }
        Ok(count)
    }

    fn torture(&self) -> Result<Count> {
        let program = site::Program::new(self.repo, self.binary("drydock"), self.tree.to_owned())?;
        let options = torture::Options::new(program, None, None, None, true)?;
        interrupt::guarded(|| torture::run(&options))
    }

    fn vitest(&self) -> Result<Count> {
        let report = self.repo.scratch().join("vitest.json");
        remove(&report)?;
        let mut command = self.npm(&["run", "test", "--", "--reporter=default", "--reporter=json"]);
        command.arg(format!("--outputFile.json={}", report.display()));
        let status = logged(self.repo, &mut command, "test-ui")?;
        let found = json(&report);
        let number = |name: &str| small(&found[name]);
        let mut count = Count { passed: number("numPassedTests"), failed: number("numFailedTests") };
        if !status.success() {
            count.failed = count.failed.max(1);
            show_tail(self.repo, "test-ui");
        }
        Ok(count)
    }

    fn playwright(&self) -> Result<Count> {
        let report = self.repo.scratch().join("playwright.json");
        remove(&report)?;
        let mut command = Command::new("npx");
        command
            .args(["playwright", "test", "--reporter=list,json"])
            .current_dir(self.repo.root.join("tests/e2e"))
            .env("NO_COLOR", "1")
            .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
            .env("DRYDOCK_BIN", self.binary("drydock"))
            .env("DRYDOCK_POSTGRES", self.tree);
        let status = logged(self.repo, &mut command, "test-e2e")?;
        let found = json(&report);
        let number = |name: &str| small(&found["stats"][name]);
        // A test that passed only when repeated has not passed.
        let mut count = Count { passed: number("expected"), failed: number("unexpected") + number("flaky") };
        if !status.success() {
            count.failed = count.failed.max(1);
            show_tail(self.repo, "test-e2e");
        }
        Ok(count)
    }
}

/// Makes sure that an old report isn't taken for the new one.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn json(path: &Path) -> Value {
    fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn small(value: &Value) -> u32 {
    value.as_u64().and_then(|number| number.try_into().ok()).unwrap_or(0)
}

/// Sums the "test result" lines of all test binaries.
fn cargo_results(log: &str) -> Count {
    let mut count = Count::default();
    for line in log.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        for part in line.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|word| word.parse::<u32>().ok());
            match (number, words.next()) {
                (Some(number), Some("passed")) => count.passed += number,
                (Some(number), Some("failed")) => count.failed += number,
                _ => {}
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::cargo_results;

    #[test]
    fn results_of_all_binaries_are_summed() {
        let log = "running 2 tests\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        let count = cargo_results(log);
        assert_eq!((count.passed, count.failed), (15, 2));
    }
}
