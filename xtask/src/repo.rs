//! Where things are, and the stamps that keep a second run from doing work twice.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

/// The checkout this program works on.
pub(crate) struct Repo {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    /// Stream the output of commands instead of only logging it.
    pub(crate) verbose: bool,
}

impl Repo {
    /// The checkout `cargo xtask` was called in.
    pub(crate) fn open(verbose: bool) -> Result<Self> {
        // Cargo sets the variable when it runs us; the compiled-in path serves a direct call of the binary.
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .filter(|path| path.ends_with("xtask"))
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let Some(root) = package.parent().map(Path::to_path_buf) else {
            bail!("cannot find the repository: run `cargo xtask` inside the checkout");
        };
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        let repo = Self { root, target, verbose };
        fs::create_dir_all(repo.scratch()).with_context(|| {
            format!("cannot write to {}: check its owner and the free space", repo.target.display())
        })?;
        Ok(repo)
    }

    /// Logs, stamps and downloads of this program.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// This program's file. Not the running one: compiling the workspace may have put another in its place.
    pub(crate) fn xtask(&self) -> PathBuf {
        self.target.join("debug").join("xtask")
    }

    /// The log file of the named step.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.scratch().join(format!("{name}.log"))
    }

    /// The bundled PostgreSQL tree of one target triple.
    pub(crate) fn tree(&self, target: &str) -> PathBuf {
        self.root.join("resources/postgres").join(target)
    }

    /// A path relative to the root where possible, for messages.
    pub(crate) fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Whether the step's inputs are those of its last success.
    pub(crate) fn fresh(&self, stamp: &str, digest: &str) -> bool {
        fs::read_to_string(self.stamp(stamp)).is_ok_and(|found| found == digest)
    }

    /// Records the inputs of a step that succeeded.
    pub(crate) fn record(&self, stamp: &str, digest: &str) -> Result<()> {
        let path = self.stamp(stamp);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, digest).with_context(|| format!("cannot write {}", self.short(&path)))
    }

    fn stamp(&self, name: &str) -> PathBuf {
        self.scratch().join("stamps").join(name)
    }

    /// One digest over the named files and folders (relative to the root): paths and contents. What is missing counts as
    /// missing; `skip` leaves out folders by name.
    pub(crate) fn digest(&self, inputs: &[&str], skip: &[&str]) -> Result<String> {
        let mut hasher = Sha256::new();
        for input in inputs {
            let path = self.root.join(input);
            if path.is_dir() {
                for file in files(&path, skip)? {
                    feed(&mut hasher, &self.short(&file), &file)?;
                }
            } else {
                feed(&mut hasher, input, &path)?;
            }
        }
        Ok(hex(&hasher.finalize()))
    }
}

fn feed(hasher: &mut Sha256, name: &str, path: &Path) -> Result<()> {
    hasher.update(name.as_bytes());
    match fs::read(path) {
        Ok(content) => {
            hasher.update((content.len() as u64).to_le_bytes());
            hasher.update(&content);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            hasher.update(u64::MAX.to_le_bytes());
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
    }
    Ok(())
}

/// Every regular file below a folder, sorted by path.
pub(crate) fn files(dir: &Path, skip: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        let entries = fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !skip.iter().any(|name| entry.file_name() == *name) {
                    open.push(entry.path());
                }
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// SHA-256 of a file, in hexadecimal.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex(&Sha256::digest(&content)))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
