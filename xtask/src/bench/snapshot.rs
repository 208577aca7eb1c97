//! `cargo xtask bench snapshot`: create, restore, export and import, at the demo's size and at 100 MB, beside the same with
//! PostgreSQL's own tools.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::reset::tool;
use super::table::Table;
use super::{Options, prepared};
use crate::client::Client;
use crate::http::Body;
use crate::processes::Scratch;
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::{Serving, Site};
use crate::step::{megabytes, step};

/// What the demo's database is filled up to, in bytes.
const LARGE: u64 = 100_000_000;
/// A database for what a person would type.
const BY_HAND: &str = "by_hand";

#[derive(Default)]
struct Times {
    create: Sample,
    restore: Sample,
    export: Sample,
    import: Sample,
    dump: Sample,
    by_hand: Sample,
    database: u64,
    file: u64,
}

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let program = prepared(repo, options)?;
    let scratch = Scratch::new()?;
    let site = Site::new(&program, &scratch.path().join("site"))?;
    let downloads = scratch.path().join("downloads");
    fs::create_dir(&downloads)?;
    let serving = site.serve_with(&[("DRYDOCK_DOWNLOADS", downloads.as_os_str())])?;
    let client = Client::sign_in(serving.port)?;
    let mut tables = Vec::new();
    for (title, large) in [("demo", false), ("100 MB", true)] {
        if large {
            step("fill the database", || Ok((fill(&site, &serving.socket)?, String::new())))?;
        }
        let mut times = Times::default();
        step(&format!("rounds, {title}"), || {
            for round in 0..options.rounds {
                one(&site, &serving, &client, scratch.path(), &format!("{title} {round}"), &mut times)?;
            }
            Ok(((), format!("{} of each", options.rounds)))
        })?;
        let mut table = Table::new(
            format!(
                "snapshot, {title}: database {}, file {}",
                megabytes(times.database),
                megabytes(times.file)
            ),
            "ms",
        );
        table.row("create", &times.create);
        table.row("restore, until the application answers", &times.restore);
        table.row("export", &times.export);
        table.row("import, verified", &times.import);
        table.compared("by hand: pg_dump", &times.dump, &times.create);
        table.compared("by hand: create a database, pg_restore", &times.by_hand, &times.restore);
        tables.push(table);
    }
    serving.stop()?;
    Ok(tables)
}

fn one(
    site: &Site,
    serving: &Serving,
    client: &Client,
    folder: &Path,
    name: &str,
    times: &mut Times,
) -> Result<()> {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let new = json!({ "name": name, "note": "" });
    let (took, task) = client.task("POST", "/api/v1/snapshots", Body::Json(&new))?;
    times.create.add(milliseconds(took));
    let id = task["snapshot_id"].as_str().context("the task names no snapshot")?.to_owned();

    let begun = Instant::now();
    client.task("POST", &format!("/api/v1/snapshots/{id}/restore"), Body::None)?;
    client.first_answer()?;
    times.restore.add(milliseconds(begun.elapsed()));

    let (took, task) = client.task("POST", &format!("/api/v1/snapshots/{id}/export"), Body::None)?;
    times.export.add(milliseconds(took));
    let exported = task["path"].as_str().context("the export says not where")?.to_owned();
    let bytes = fs::read(&exported)?;
    client.call("DELETE", &format!("/api/v1/snapshots/{id}"), Body::None)?;
    let begun = Instant::now();
    let imported = client.call("POST", "/api/v1/snapshots/import", Body::Bytes(&bytes))?;
    times.import.add(milliseconds(begun.elapsed()));
    times.database = imported["database_bytes"].as_u64().unwrap_or(0);
    times.file = imported["file_bytes"].as_u64().unwrap_or(0);
    fs::remove_file(exported)?;
    if let Some(id) = imported["id"].as_str() {
        client.call("DELETE", &format!("/api/v1/snapshots/{id}"), Body::None)?;
    }

    let file = folder.join("by-hand.dump");
    let begun = Instant::now();
    tool(
        site,
        "pg_dump",
        &serving.socket,
        &["--format=custom", "--dbname=drydock"],
        Some(("--file=", &file)),
    )?;
    times.dump.add(milliseconds(begun.elapsed()));
    let begun = Instant::now();
    site.ask(&serving.socket, "postgres", &format!("CREATE DATABASE {BY_HAND} TEMPLATE template0"))?;
    tool(site, "pg_restore", &serving.socket, &[&format!("--dbname={BY_HAND}")], Some(("", &file)))?;
    times.by_hand.add(milliseconds(begun.elapsed()));
    site.ask(&serving.socket, "postgres", &format!("DROP DATABASE {BY_HAND}"))?;
    Ok(())
}

/// Fills the live database with rows that compress about as well as an inventory does.
fn fill(site: &Site, socket: &Path) -> Result<()> {
    let sql = format!(
        "SET ROLE drydock_owner; CREATE SCHEMA bench; CREATE TABLE bench.filling (id bigint PRIMARY KEY, words text);
         INSERT INTO bench.filling
         SELECT n, 'host-' || n || ' ' || md5(n::text) || ' ' || repeat('application server ', 10)
         FROM generate_series(1, {}) n; RESET ROLE; CHECKPOINT",
        // A row with its index entry takes about 300 bytes.
        LARGE / 300
    );
    site.ask(socket, "drydock", &sql).map(|_| ())
}
