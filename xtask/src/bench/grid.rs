//! `cargo xtask bench grid`: how fluid the asset grid of a client account with 1,000,000 assets is in Chromium, against `drydock serve`. What
//! is done there is `tests/e2e/grid.bench.ts`.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::data::{Filled, grouped};
use super::table::Table;
use super::{Options, api, prepared};
use crate::node;
use crate::repo::Repo;
use crate::sample::Sample;
use crate::step::{run as command, step};

/// Samples by what was done, in that order.
type Samples = Vec<(String, Vec<f64>)>;

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    node::packages(repo, "ui")?;
    node::build(repo)?;
    node::packages(repo, "tests/e2e")?;
    let program = prepared(repo, options)?;
    let assets = options.assets.unwrap_or(1_000_000);
    let Filled { site, .. } = &Filled::open(repo, &program, assets)?;
    let report = repo.scratch().join("grid.json");
    step(&format!("scroll through {} assets", grouped(assets)), || {
        let serving = site.serve()?;
        let mut playwright = Command::new("npx");
        playwright
            .args(["playwright", "test"])
            .current_dir(repo.root.join("tests/e2e"))
            .env("NO_COLOR", "1")
            .env("MEASURE_GRID", &report)
            .env("DRYDOCK_URL", format!("http://127.0.0.1:{}", serving.port))
            .env("EMAIL", api::EMAIL)
            .env("PASSWORD", api::PASSWORD);
        command(
            repo,
            &mut playwright,
            "bench-grid",
            "the grid could not be measured: the log says where it stopped",
        )?;
        serving.stop()?;
        Ok(((), String::new()))
    })?;
    let told = fs::read(&report).context("the page's script told nothing")?;
    let told: Value = serde_json::from_slice(&told)?;
    let table = |mut table: Table, what: &str| -> Result<Table> {
        let rows: Samples = serde_json::from_value(told[what].clone())?;
        for (name, values) in rows {
            let mut sample = Sample::default();
            values.into_iter().for_each(|value| sample.add(value));
            table.row(name, &sample);
        }
        Ok(table)
    };
    let size = grouped(assets);
    let mut answers =
        table(Table::new(format!("grid of {size} assets, until it is shown"), "ms"), "answers")?;
    for note in told["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        answers.note(note);
    }
    Ok(vec![
        table(Table::new(format!("grid of {size} assets, frames in a second"), "frames"), "frames")?,
        table(Table::percentiles(format!("grid of {size} assets, from frame to frame"), "ms"), "intervals")?,
        answers,
    ])
}
