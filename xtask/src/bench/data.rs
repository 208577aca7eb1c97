//! `cargo xtask bench data`: client accounts of many assets, seeded and kept, so that `bench api` and `bench grid` need not make them:
//! that takes minutes of a busy machine, while measuring takes a quiet one.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::table::Table;
use super::{Options, prepared};
use crate::processes::Scratch;
use crate::repo::Repo;
use crate::site::{Program, Site};
use crate::step::step;

/// Assets of each of the client accounts.
pub(super) const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Client accounts of as many assets, so that the policies have something to keep out.
const TENANTS: usize = 2;
/// Written beside a data directory once it is whole.
const WHOLE: &str = "whole";

/// A data directory with client accounts of many assets.
pub(super) struct Filled {
    pub(super) site: Site,
    /// Where it lies, if it goes with this.
    _scratch: Option<Scratch>,
}

impl Filled {
    /// The kept one of this size, or a new one that is not kept.
    pub(super) fn open(repo: &Repo, program: &Program, assets: usize) -> Result<Self> {
        let kept = folder(repo, assets);
        if kept.join(WHOLE).is_file() {
            return Ok(Self { site: Site::new(program, &kept)?, _scratch: None });
        }
        let scratch = Scratch::new()?;
        let site = Site::new(program, scratch.path())?;
        fill(&site, assets)?;
        Ok(Self { site, _scratch: Some(scratch) })
    }
}

/// Makes them and keeps them; how long that took.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let program = prepared(repo, options)?;
    let mut table = Table::new(format!("seed {TENANTS} client accounts"), "s");
    for assets in sizes(options) {
        let folder = folder(repo, assets);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", repo.short(&folder)))?;
        }
        let site = Site::new(&program, &folder)?;
        let begun = Instant::now();
        let rows = fill(&site, assets)?;
        table.number(
            format!("{} assets each, {} rows", grouped(assets), grouped(rows)),
            begun.elapsed().as_secs_f64(),
        );
        fs::write(folder.join(WHOLE), "")?;
        table.note(format!("Kept in {} until that is removed.", repo.short(&folder)));
    }
    Ok(vec![table])
}

/// The size that was asked for, or all.
pub(super) fn sizes(options: &Options) -> Vec<usize> {
    options.assets.map_or_else(|| SIZES.to_vec(), |assets| vec![assets])
}

fn folder(repo: &Repo, assets: usize) -> PathBuf {
    repo.scratch().join("bench").join(assets.to_string())
}

/// Seeds it and leaves it as autovacuum would in its time; how many rows that were.
fn fill(site: &Site, assets: usize) -> Result<usize> {
    step(&format!("seed {TENANTS} × {} assets", grouped(assets)), || {
        let output = site
            .command("seed")
            .args(["--profile", "scale", "--yes", "--json"])
            .args(["--tenants", &TENANTS.to_string(), "--assets", &assets.to_string()])
            .output()?;
        ensure!(
            output.status.success(),
            "the data could not be made: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let told: Value = serde_json::from_slice(&output.stdout).context("the seed tells no JSON")?;
        let rows = told["rows"].as_u64().and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0);
        let serving = site.serve()?;
        site.ask(&serving.socket, "drydock", "VACUUM ANALYZE")?;
        serving.stop()?;
        Ok((rows, format!("{} rows", grouped(rows))))
    })
}

/// 1000000 as 1,000,000.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
