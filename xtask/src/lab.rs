//! `cargo xtask lab`: every scenario from the fault to the proof that it is gone, and pairs of them at once.

use std::process::Command;

use anyhow::{Result, bail};

use crate::processes::Scratch;
use crate::site::{Program, Site};
use crate::step::step;

/// How many pairs are played where nothing else is said.
const PAIRS: usize = 50;

/// What to play.
pub(crate) struct Options {
    /// Which scenarios; all of them where none is named.
    pub(crate) ids: Vec<String>,
    /// How many pairs.
    pub(crate) pairs: Option<usize>,
    /// What the choice of pairs follows from.
    pub(crate) seed: u64,
}

/// Makes a data directory as a person has one, and plays: it must be as it was at the end.
pub(crate) fn run(program: &Program, options: &Options) -> Result<()> {
    let scratch = Scratch::new()?;
    let site = Site::new(program, &scratch.path().join("person"))?;
    step("a person's data directory", || {
        site.green()?;
        Ok(((), site.data().display().to_string()))
    })?;
    let pairs = options.pairs.unwrap_or(if options.ids.is_empty() { PAIRS } else { 0 });
    let mut command: Command = site.command("lab");
    command.args(&options.ids).args([
        "--judge",
        "--pairs",
        &pairs.to_string(),
        "--seed",
        &options.seed.to_string(),
    ]);
    if !command.status()?.success() {
        bail!("not every scenario holds: what is wrong is said above");
    }
    Ok(())
}
