//! The packed cluster that first runs begin with, under `resources/template/<target>`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::postgres;
use crate::repo::Repo;
use crate::step::{output, step};

/// Where a checkout's programs look for it.
pub(crate) fn path(repo: &Repo) -> PathBuf {
    repo.root.join("resources/template").join(postgres::HOST).join("cluster.template")
}

/// Has `drydock` make the template by a boot of its own, unless the one that is there is of the same PostgreSQL, migrations
/// and seeds.
pub(crate) fn ensure(repo: &Repo, drydock: &Path, tree: &Path) -> Result<PathBuf> {
    let file = path(repo);
    at(&file, drydock, tree)?;
    Ok(file)
}

/// The same at a place of one's own: for a program that is not this checkout's.
pub(crate) fn at(file: &Path, drydock: &Path, tree: &Path) -> Result<()> {
    step("template of a first run", || {
        let said = output(
            Command::new(drydock).arg("template").arg(file).env("DRYDOCK_POSTGRES", tree),
            "the template could not be made",
        )?;
        Ok(((), said.trim().to_owned()))
    })
}
