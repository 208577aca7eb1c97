//! `cargo xtask bench doctor`: from the launch of `drydock doctor` to its verdict on a healthy database that runs.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::quiet::Quiet;
use super::table::Table;
use super::{Options, prepared};
use crate::processes::Scratch;
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::Site;
use crate::step::step;

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let program = prepared(repo, options)?;
    let scratch = Scratch::new()?;
    let site = Site::new(&program, &scratch.path().join("site"))?;
    let serving = site.serve()?;
    let (mut text, mut document, mut quiet) = (Sample::default(), Sample::default(), Quiet::default());
    step("rounds", || {
        for _ in 0..options.rounds {
            for (sample, arguments) in [(&mut text, &[][..]), (&mut document, &["--json"][..])] {
                quiet.wait()?;
                let begun = Instant::now();
                let output = site.command("doctor").args(arguments).output()?;
                sample.add(begun.elapsed().as_secs_f64() * 1e3);
                let told = String::from_utf8_lossy(&output.stdout);
                ensure!(output.status.success(), "a healthy database is not found healthy: {told}");
            }
        }
        Ok(((), format!("{} of each", options.rounds)))
    })?;
    serving.stop()?;
    let mut table = Table::new("`drydock doctor` on a healthy database that runs, whole process", "ms");
    table.row("as text", &text);
    table.row("as JSON", &document);
    table.note(quiet.note());
    Ok(vec![table])
}
