//! `cargo xtask sqlx`: the query descriptions under `crates/store/.sqlx`, from which the store compiles without a database.
//!
//! They are made by compiling the store against a throw-away cluster that holds the migrated schema, so no other tool has to be
//! installed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::repo::Repo;
use crate::step::{run, step};

const STORED: &str = "crates/store/.sqlx";
/// What the descriptions follow from.
const INPUTS: [&str; 4] = ["migrations", "crates/store", "crates/domain/src", "Cargo.lock"];

/// The history table of sqlx's migrator, which is there before the first migration runs.
const HISTORY: &str = "CREATE TABLE IF NOT EXISTS migration._sqlx_migrations (
    version bigint PRIMARY KEY,
    description text NOT NULL,
    installed_on timestamptz NOT NULL DEFAULT now(),
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);";

/// What a caller of [`prepare`] wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Write them.
    Write,
    /// Compare them to the stored ones and change nothing.
    Check,
}

/// Makes the descriptions anew. `cluster` is the program that starts a throw-away cluster; `selection` tells Cargo what to check,
/// so that the tests can share what they compiled.
pub(crate) fn prepare(
    repo: &Repo,
    tree: &Path,
    cluster: &Path,
    selection: &[&str],
    purpose: Purpose,
) -> Result<()> {
    let digest = repo.digest(&INPUTS, &["target"])?;
    step("query descriptions", || {
        if repo.fresh("sqlx", &digest) {
            return Ok(((), "unchanged".to_owned()));
        }
        let made = repo.scratch().join("sqlx");
        if made.exists() {
            fs::remove_dir_all(&made)?;
        }
        fs::create_dir_all(&made)?;
        run(
            repo,
            Command::new(cluster)
                .arg("--tree")
                .arg(tree)
                .arg(repo.xtask())
                .arg("sqlx-inside")
                .arg(&made)
                .args(selection)
                .current_dir(&repo.root),
            "sqlx",
            "the query descriptions could not be made: put right what the log says and run `cargo xtask sqlx` again",
        )?;
        let (stored, new) = (repo.root.join(STORED), read(&made)?);
        if new.is_empty() {
            bail!("compiling the store described no query: run `cargo xtask sqlx --verbose`");
        }
        let same = read(&stored)? == new;
        if purpose == Purpose::Check && !same {
            bail!("{STORED} is out of date: run `cargo xtask sqlx` and commit it");
        }
        if !same {
            replace(&stored, &new)?;
        }
        // Writing changed one of the inputs.
        repo.record("sqlx", &repo.digest(&INPUTS, &["target"])?)?;
        let verb = if same { "unchanged" } else { "written" };
        Ok(((), format!("{} queries, {verb}", new.len())))
    })
}

fn read(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    if !dir.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") && name.ends_with(".json") {
            found.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(found)
}

fn replace(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    for old in read(dir)?.keys() {
        fs::remove_file(dir.join(old))?;
    }
    fs::create_dir_all(dir)?;
    for (name, content) in files {
        fs::write(dir.join(name), content)?;
    }
    Ok(())
}

/// Runs beside the throw-away cluster: builds the schema as boot does, then compiles the store against it.
pub(crate) fn inside(repo: &Repo, made: &Path, selection: &[String]) -> Result<()> {
    let database = Fresh::create(repo)?;
    for migration in database.migrations()? {
        database.apply(&migration)?;
    }
    // Cargo compiles the store again only when a source is newer than the last build.
    File::options()
        .append(true)
        .open(repo.root.join("crates/store/src/lib.rs"))?
        .set_modified(SystemTime::now())?;
    let status = Command::new("cargo")
        .args(["check", "--locked", "--all-targets"])
        .args(selection)
        .current_dir(&repo.root)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", made)
        .env(
            "DATABASE_URL",
            format!("postgres://drydock_owner@localhost/drydock?host={}", encoded(&database.socket)),
        )
        .status()?;
    if !status.success() {
        bail!("the store does not compile against the migrated schema");
    }
    Ok(())
}

/// The database `drydock` of the throw-away cluster, prepared as boot does and not migrated yet.
pub(crate) struct Fresh<'a> {
    repo: &'a Repo,
    psql: PathBuf,
    socket: String,
}

impl<'a> Fresh<'a> {
    /// Makes it. To be called beside the cluster.
    pub(crate) fn create(repo: &'a Repo) -> Result<Self> {
        let variable = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is not set: this runs beside a throw-away cluster"))
        };
        let socket = variable("DRYDOCK_SOCKET_DIR")?;
        let this = Self { repo, psql: PathBuf::from(variable("DRYDOCK_PSQL")?), socket };
        let bootstrap = repo.root.join("crates/store/src/bootstrap");
        this.run("postgres", "postgres", &["--single-transaction", &file(&bootstrap.join("roles.sql"))])?;
        let create =
            "--command=CREATE DATABASE drydock OWNER drydock_owner TEMPLATE template0 ENCODING 'UTF8'";
        this.run("postgres", "postgres", &[create])?;
        this.run("postgres", "drydock", &["--single-transaction", &file(&bootstrap.join("database.sql"))])?;
        this.run("drydock_owner", "drydock", &["--command", HISTORY])?;
        Ok(this)
    }

    /// The migrations' files in order.
    pub(crate) fn migrations(&self) -> Result<Vec<PathBuf>> {
        let mut migrations: Vec<_> = fs::read_dir(self.repo.root.join("migrations"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|end| end == "sql"))
            .collect();
        migrations.sort();
        Ok(migrations)
    }

    /// Applies one of them as the owner, in a transaction.
    pub(crate) fn apply(&self, migration: &Path) -> Result<()> {
        self.run("drydock_owner", "drydock", &["--single-transaction", &file(migration)])
    }

    /// The answer to the query in a file, a line per row, with names looked for in `path`.
    pub(crate) fn ask(&self, path: &str, query: &Path) -> Result<String> {
        let set = format!("SET search_path = {path}");
        let output = self
            .psql(
                "drydock_owner",
                "drydock",
                &["--tuples-only", "--no-align", "--command", &set, &file(query)],
            )
            .output()?;
        if !output.status.success() {
            bail!("{} failed: {}", query.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn run(&self, role: &str, database: &str, what: &[&str]) -> Result<()> {
        if !self.psql(role, database, what).status()?.success() {
            bail!("psql failed on {what:?}");
        }
        Ok(())
    }

    fn psql(&self, role: &str, database: &str, what: &[&str]) -> Command {
        let mut command = Command::new(&self.psql);
        command
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--host", &self.socket, "--username", role, "--dbname", database])
            .args(what)
            .env_remove("PGOPTIONS");
        command
    }
}

/// The argument that has psql read a file.
fn file(path: &Path) -> String {
    format!("--file={}", path.display())
}

/// A path as part of a URL's query.
fn encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
