//! `cargo xtask schema`: what the migrations leave, as listings to compare databases with and as pages to read.
//!
//! Both are asked of a throw-away cluster to which the migrations were applied one after the other.

mod diagram;
mod layout;
mod pages;
mod sections;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::repo::Repo;
use crate::sqlx::Fresh;
use crate::step::{run, step};
use table::Table;

/// Where the listings lie, and the queries that make them.
const CATALOGUE: &str = "crates/store/src/catalogue";
const DOCS: &str = "docs";
/// What the generated files follow from, and they themselves.
const INPUTS: [&str; 6] = [
    "migrations",
    CATALOGUE,
    "crates/store/src/bootstrap",
    "docs/schema.md",
    "docs/schema",
    "xtask/src/schema",
];

/// What a caller of [`write`] wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Write what is out of date.
    Write,
    /// Say what is out of date and change nothing.
    Check,
}

/// Makes listings, pages and diagram anew. `cluster` is the program that starts a throw-away cluster.
pub(crate) fn write(repo: &Repo, tree: &Path, cluster: &Path, purpose: Purpose) -> Result<()> {
    step("schema", || {
        if repo.fresh("schema", &repo.digest(&INPUTS, &[])?) {
            return Ok(((), "unchanged".to_owned()));
        }
        let made = repo.scratch().join("schema");
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
                .arg("schema-inside")
                .arg(&made)
                .current_dir(&repo.root),
            "schema",
            "the schema could not be read: put right what the log says and run `cargo xtask schema` again",
        )?;
        let files = files(repo, &made)?;
        let stale: Vec<_> = files
            .iter()
            .filter(|(path, text)| !fs::read_to_string(path).is_ok_and(|found| found == **text))
            .collect();
        let left_over = left_over(repo, &files)?;
        let named = |path: &Path| path.strip_prefix(&repo.root).unwrap_or(path).display().to_string();
        let names: Vec<_> = stale
            .iter()
            .map(|(path, _)| named(path))
            .chain(left_over.iter().map(|path| named(path)))
            .collect();
        if purpose == Purpose::Check && !names.is_empty() {
            bail!("out of date: {}; run `cargo xtask schema` and commit what it writes", names.join(", "));
        }
        for (path, text) in stale {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        for path in left_over {
            fs::remove_file(path)?;
        }
        // Writing changed some of the inputs.
        repo.record("schema", &repo.digest(&INPUTS, &[])?)?;
        let note =
            if names.is_empty() { "unchanged".to_owned() } else { format!("{} files written", names.len()) };
        Ok(((), note))
    })
}

/// Every generated file with its text.
fn files(repo: &Repo, made: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(made)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "txt")
            && let Some(name) = path.file_name()
        {
            files.insert(repo.root.join(CATALOGUE).join(name), fs::read_to_string(&path)?);
        }
    }
    let described = fs::read_to_string(made.join("schema.json"))?;
    let tables = Table::all(&described)?;
    let sections = sections::of(&tables)?;
    let docs = repo.root.join(DOCS);
    for section in &sections {
        files.insert(docs.join("schema").join(section.file()), pages::section(section));
    }
    files.insert(docs.join("schema/diagram.svg"), diagram::svg(&sections)?);
    let introduction = docs.join("schema.md");
    let text = fs::read_to_string(&introduction)
        .with_context(|| format!("{} is missing", introduction.display()))?;
    files.insert(introduction, pages::with_overview(&text, &sections)?);
    Ok(files)
}

/// Generated files that nothing generates any more.
fn left_over(repo: &Repo, files: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for folder in [repo.root.join(CATALOGUE), repo.root.join(DOCS).join("schema")] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            let generated =
                path.extension().is_some_and(|end| ["txt", "md", "svg"].iter().any(|of| end == *of));
            if generated && !files.contains_key(&path) {
                left.push(path);
            }
        }
    }
    Ok(left)
}

/// Runs beside the throw-away cluster: applies the migrations one by one and writes what each leaves into `made`.
pub(crate) fn inside(repo: &Repo, made: &Path) -> Result<()> {
    let database = Fresh::create(repo)?;
    let query = |file: &str| repo.root.join(CATALOGUE).join(file);
    for migration in database.migrations()? {
        let name = migration.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((number, _)) = name.split_once('_') else { bail!("{name} is no name of a migration") };
        database.apply(&migration)?;
        let listing = database.ask("pg_catalog", &query("listing.sql"))?;
        fs::write(made.join(format!("{number}.txt")), listing)?;
    }
    fs::write(made.join("schema.json"), database.ask("migration, public", &query("describe.sql"))?)?;
    Ok(())
}
