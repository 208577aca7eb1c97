//! `cargo xtask types`: the OpenAPI document and the TypeScript types made of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::repo::Repo;
use crate::step::{output, run, step};

const DOCUMENT: &str = "ui/src/api/openapi.json";
const TYPES: &str = "ui/src/api/schema.ts";

/// Writes document and types anew; with `check` compares them to the stored ones instead and changes nothing.
pub(crate) fn write(repo: &Repo, drydock: &Path, check: bool) -> Result<()> {
    step("API types", || {
        let mut document =
            output(Command::new(drydock).arg("openapi"), "`drydock openapi` printed no document")?;
        if !document.ends_with('\n') {
            document.push('\n');
        }
        let stored = repo.root.join(DOCUMENT);
        let same = fs::read_to_string(&stored).is_ok_and(|found| found == document);
        if check {
            if !same {
                bail!("{DOCUMENT} is out of date: run `cargo xtask types` and commit it");
            }
            let made = repo.scratch().join("schema.ts");
            make(repo, &made)?;
            if fs::read(&made)? != fs::read(repo.root.join(TYPES))? {
                bail!("{TYPES} is out of date: run `cargo xtask types` and commit it");
            }
            return Ok(((), "unchanged".to_owned()));
        }
        if !same {
            fs::write(&stored, document)?;
        }
        make(repo, &repo.root.join(TYPES))?;
        Ok(((), if same { "unchanged" } else { "written" }.to_owned()))
    })
}

fn make(repo: &Repo, into: &Path) -> Result<()> {
    run(
        repo,
        Command::new("node_modules/.bin/openapi-typescript")
            .args(["src/api/openapi.json", "--output"])
            .arg(into)
            .current_dir(repo.root.join("ui")),
        "types",
        "the TypeScript types could not be made: put right what openapi-typescript says and run `cargo xtask types` again",
    )
}
