//! `cargo xtask bundle`: the release package, checked by unpacking it. `cargo xtask icons`: its pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::build::{Profile, Program, build};
use crate::processes::Scratch;
use crate::repo::{Repo, files, sha256};
use crate::run::prepare;
use crate::step::{megabytes, output, run, step};
use crate::system::Level;
use crate::{node, postgres, template};

/// The icon files of the bundle, of all that the tool makes.
const ICONS: [&str; 7] =
    ["32x32.png", "64x64.png", "128x128.png", "128x128@2x.png", "icon.png", "icon.icns", "icon.ico"];

/// Builds the .deb, prints its size and proves that the PostgreSQL inside runs.
pub(crate) fn deb(repo: &Repo) -> Result<()> {
    let tree = prepare(repo, Level::Window)?;
    node::packages(repo, "xtask")?;
    let staged = repo.scratch().join("bundle/postgres").join(postgres::HOST);
    step("PostgreSQL tree for the bundle", || {
        let bytes = postgres::trim(&tree, &staged)?;
        Ok(((), megabytes(bytes)))
    })?;
    let command = build(repo, Program::Command, Profile::Release)?;
    let template = template::ensure(repo, &command, &tree)?;
    let config = repo.scratch().join("bundle/tauri.json");
    // Only the bundle carries the tree: named in tauri.conf.json, it would be copied on every build and be missing in a fresh clone.
    let contents = json!({ "bundle": {
        "resources": {
            (format!("{}/", staged.display())): format!("postgres/{}/", postgres::HOST),
            (template.display().to_string()): format!("template/{}/cluster.template", postgres::HOST),
        },
        // The command beside the window, with the page where it looks for it.
        "linux": { "deb": { "files": {
            "/usr/bin/drydock": command,
            "/usr/lib/Drydock/ui": repo.root.join("ui/dist"),
        } } }
    } });
    fs::write(&config, contents.to_string())?;
    let folder = repo.target.join("release/bundle/deb");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    step("release build and .deb", || {
        run(
            repo,
            tauri(repo)
                .args(["build", "--ci", "--bundles", "deb", "--config"])
                .arg(&config)
                .env("SQLX_OFFLINE", "true")
                .current_dir(&repo.root),
            "bundle",
            "the bundle could not be built: put right what the log says and run `cargo xtask bundle` again",
        )?;
        Ok(((), String::new()))
    })?;
    let package = find(repo)?;
    step("the .deb unpacked", || {
        let note = verify(&package)?;
        Ok(((), note))
    })?;
    println!("{}: {}", repo.short(&package), megabytes(fs::metadata(&package)?.len()));
    Ok(())
}

/// The built package.
pub(crate) fn find(repo: &Repo) -> Result<PathBuf> {
    fs::read_dir(repo.target.join("release/bundle/deb"))
        .ok()
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "deb"))
        .context("there is no .deb: run `cargo xtask bundle`")
}

/// Unpacks the package, compares every file of the tree with its manifest and runs its programs.
fn verify(package: &Path) -> Result<String> {
    let scratch = Scratch::new()?;
    output(
        Command::new("dpkg-deb").arg("--extract").arg(package).arg(scratch.path()),
        "the .deb cannot be unpacked",
    )?;
    let Some(manifest) = files(scratch.path(), &[])?.into_iter().find(|path| path.ends_with("manifest.json"))
    else {
        bail!("the .deb carries no PostgreSQL tree");
    };
    let tree = manifest.parent().context("manifest.json lies nowhere")?;
    let listed: Value = serde_json::from_slice(&fs::read(&manifest)?)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut count = 0;
    for file in listed["files"].as_array().into_iter().flatten() {
        if sha256(&tree.join(text(&file["path"])))? != text(&file["sha256"]) {
            bail!("{} in the .deb is not the file that was put in", text(&file["path"]));
        }
        count += 1;
    }
    let version = postgres::try_programs(&tree.join(text(&listed["bin"])))?;
    let app = scratch.path().join("usr/bin/drydock-desktop");
    if !app.is_file() {
        bail!("the .deb has no usr/bin/drydock-desktop");
    }
    if !scratch.path().join("usr/lib/Drydock/ui/index.html").is_file() {
        bail!("the .deb has no page for `drydock serve`");
    }
    // Boots with the package's own tree, found from where the package puts the command.
    let said = output(
        Command::new(scratch.path().join("usr/bin/drydock"))
            .args(["check", "--data-dir"])
            .arg(scratch.path().join("data"))
            .env_remove("DRYDOCK_POSTGRES")
            .env_remove("DRYDOCK_TEMPLATE"),
        "the packaged `drydock check` failed",
    )?;
    if !said.contains("unpacked from the template") {
        bail!("the packaged `drydock check` made its cluster without the package's template");
    }
    Ok(format!("PostgreSQL {version} runs, {count} files as in the manifest, `drydock check` is green"))
}

/// Makes the icons of the bundle from the one drawing.
pub(crate) fn icons(repo: &Repo) -> Result<()> {
    node::packages(repo, "xtask")?;
    step("icons", || {
        let made = repo.scratch().join("icons");
        run(
            repo,
            tauri(repo)
                .arg("icon")
                .arg(repo.root.join("ui/src/assets/icon.svg"))
                .arg("--output")
                .arg(&made)
                .current_dir(&repo.root),
            "icons",
            "the icons could not be made: put right what the log says and run `cargo xtask icons` again",
        )?;
        let into = repo.root.join("src-tauri/icons");
        fs::create_dir_all(&into)?;
        for icon in ICONS {
            fs::copy(made.join(icon), into.join(icon))?;
        }
        Ok(((), format!("{} files", ICONS.len())))
    })
}

fn tauri(repo: &Repo) -> Command {
    Command::new(repo.root.join("xtask/node_modules/.bin/tauri"))
}
