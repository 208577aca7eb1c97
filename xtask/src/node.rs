//! npm packages and the built user interface.

use std::process::Command;

use anyhow::Result;

use crate::repo::Repo;
use crate::step::{run, step};

/// The folders of `ui/` that are results, not inputs.
const RESULTS: [&str; 5] = ["node_modules", "dist", ".vite", "test-results", "coverage"];

/// Installs the packages of one folder exactly as its lock file says, unless that was done already.
pub(crate) fn packages(repo: &Repo, dir: &str) -> Result<()> {
    let stamp = format!("npm-{}", dir.replace('/', "-"));
    let digest = repo.digest(&[&format!("{dir}/package.json"), &format!("{dir}/package-lock.json")], &[])?;
    step(&format!("npm packages of {dir}"), || {
        let there = repo.root.join(dir).join("node_modules/.package-lock.json").is_file();
        if there && repo.fresh(&stamp, &digest) {
            return Ok(((), "present".to_owned()));
        }
        run(
            repo,
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(repo.root.join(dir))
                // No package of ours needs its own browser, and their download would fail without a network.
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
            &stamp,
            &format!(
                "npm could not install the packages of {dir}: check the network and run the command again"
            ),
        )?;
        repo.record(&stamp, &digest)?;
        Ok(((), String::new()))
    })
}

/// Builds `ui/dist`, unless nothing it is made of changed.
pub(crate) fn build(repo: &Repo) -> Result<()> {
    let digest = repo.digest(&["ui"], &RESULTS)?;
    step("user interface", || {
        if repo.root.join("ui/dist/index.html").is_file() && repo.fresh("ui-build", &digest) {
            return Ok(((), "unchanged".to_owned()));
        }
        run(
            repo,
            Command::new("npm").args(["run", "build"]).current_dir(repo.root.join("ui")),
            "ui-build",
            "the user interface could not be built: put right what the compiler says and run the command again",
        )?;
        repo.record("ui-build", &digest)?;
        Ok(((), String::new()))
    })
}
