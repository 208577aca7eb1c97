use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::data::SYSTEM_DIR;
use crate::{Account, PostgresError, os};

/// The target whose tree this build runs, as in the tree's folder name and manifest.
pub const TARGET: &str = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    "x86_64-unknown-linux-gnu"
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    "aarch64-unknown-linux-gnu"
} else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
    "aarch64-apple-darwin"
} else if cfg!(all(target_os = "macos", target_arch = "x86_64")) {
    "x86_64-apple-darwin"
} else if cfg!(all(target_os = "windows", target_arch = "x86_64")) {
    "x86_64-pc-windows-msvc"
} else {
    "unknown"
};

const MANIFEST: &str = "manifest.json";

#[derive(Deserialize)]
struct Manifest {
    version: String,
    pgvector: String,
    target: String,
    /// Folder of the programs, relative to the tree. Only the manifest knows it: libraries are found relative to it.
    bin: PathBuf,
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    path: PathBuf,
    /// Bytes.
    size: u64,
}

/// The bundled PostgreSQL with pgvector: programs, libraries, and the manifest that lists them.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    version: String,
    pgvector: String,
    bin: PathBuf,
    digest: String,
    /// Shared lock of a staged copy's manifest: who cleans up leaves a copy in use alone.
    _in_use: Option<Arc<File>>,
}

impl Tree {
    /// Opens the tree at `root` and checks that every file of its manifest is there with its size. Nothing is hashed.
    ///
    /// # Errors
    /// `postgres.tree_missing` if there is no such folder, `postgres.tree_damaged` (naming the file) otherwise.
    pub fn open(root: &Path) -> Result<Self, PostgresError> {
        let damaged = |path: PathBuf, what: String| PostgresError::TreeDamaged { path, what };
        let root = match os::canonicalize(root) {
            Ok(root) if root.is_dir() => root,
            _ => return Err(PostgresError::TreeMissing { looked: vec![root.to_owned()] }),
        };
        let path = root.join(MANIFEST);
        let text =
            fs::read(&path).map_err(|cause| damaged(path.clone(), format!("cannot be read: {cause}")))?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|cause| damaged(path.clone(), format!("is not a manifest: {cause}")))?;
        if manifest.target != TARGET {
            return Err(damaged(path, format!("is for {}, this program needs {TARGET}", manifest.target)));
        }
        // Two at a time: it is what a start waits for first.
        let (one, other) = manifest.files.split_at(manifest.files.len() / 2);
        let digest = std::thread::scope(|scope| {
            let digest = scope.spawn(|| crate::digest(&text, 16));
            let other = scope.spawn(|| check_sizes(&root, other));
            let sizes = check_sizes(&root, one);
            // A panic there would be one here as well.
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let digest = digest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sizes.and(other).map(|()| digest)
        })?;
        let tree = Self {
            bin: root.join(&manifest.bin),
            root,
            version: manifest.version,
            pgvector: manifest.pgvector,
            digest,
            _in_use: None,
        };
        for name in ["postgres", "initdb"] {
            let path = tree.program(name);
            match fs::metadata(&path) {
                Ok(meta) if os::is_executable(&meta) => {}
                Ok(_) => return Err(damaged(path, "is not executable".into())),
                Err(cause) => return Err(damaged(path, format!("cannot be read: {cause}"))),
            }
        }
        if tree.root.to_string_lossy().contains(os::NOT_IN_A_TREE) {
            let characters = os::NOT_IN_A_TREE.iter().map(char::to_string).collect::<Vec<_>>().join(" ");
            let what = format!("has a character in its path ({characters}) that initdb cannot cope with");
            return Err(damaged(tree.root, what));
        }
        Ok(tree)
    }

    /// Opens `explicit` if given, else what `DRYDOCK_POSTGRES` names, else the first `<dir>/postgres/<target>` there is.
    ///
    /// # Errors
    /// `postgres.tree_missing` (naming every place looked at) and `postgres.tree_damaged`.
    pub fn locate(explicit: Option<&Path>, beside: &[PathBuf]) -> Result<Self, PostgresError> {
        let named =
            || std::env::var_os("DRYDOCK_POSTGRES").filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(root) = explicit.map(Path::to_owned).or_else(named) {
            return Self::open(&root);
        }
        let looked: Vec<_> = beside.iter().map(|dir| dir.join("postgres").join(TARGET)).collect();
        match looked.iter().find(|root| root.is_dir()) {
            Some(root) => Self::open(root),
            None => Err(PostgresError::TreeMissing { looked }),
        }
    }

    /// The tree's folder, without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// PostgreSQL's version, like `16.14`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// PostgreSQL's major version, like `16`.
    pub fn major(&self) -> &str {
        self.version.split('.').next().unwrap_or_default()
    }

    /// pgvector's version, like `0.8.5`.
    pub fn pgvector(&self) -> &str {
        &self.pgvector
    }

    /// Path of one of the tree's programs, like `psql`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// This tree, or a copy of it that `account` can read, made at need in `/var/lib/drydock/postgres`.
    ///
    /// # Errors
    /// `postgres.stage_failed`, `postgres.unreachable`.
    pub fn reachable_by(&self, account: &Account) -> Result<Self, PostgresError> {
        self.staged_below(&Path::new(SYSTEM_DIR).join("postgres"), account)
    }

    /// As [`Self::reachable_by`], with the copy below `base`: in a folder named after the manifest's digest, owned by root.
    /// Copies of other trees are removed, unless in use.
    ///
    /// # Errors
    /// `postgres.stage_failed`, and `postgres.unreachable` if the account cannot enter `base` either.
    pub fn staged_below(&self, base: &Path, account: &Account) -> Result<Self, PostgresError> {
        if self.is_open_to(account) {
            return Ok(self.clone());
        }
        let place = base.join(&self.digest);
        let failed =
            |source| PostgresError::StageFailed { from: self.root.clone(), to: place.clone(), source };
        make_passable(base).map_err(failed)?;
        if let Some(folder) = os::closed_folder(base, account) {
            return Err(PostgresError::Unreachable {
                account: account.name.clone(),
                folder,
                path: base.to_owned(),
            });
        }
        let staged = match open_staged(&place) {
            Ok(tree) => tree,
            Err(_) => {
                self.copy_to(&place).map_err(failed)?;
                open_staged(&place)?
            }
        };
        remove_others(base, &self.digest);
        tracing::info!(from = %self.root.display(), to = %staged.root.display(), "the tree was staged for {}", account.name);
        Ok(staged)
    }

    fn is_open_to(&self, account: &Account) -> bool {
        !account.dropped
            || (os::closed_folder(&self.bin, account).is_none()
                && matches!(os::allows(&self.program("postgres"), account, 5), Ok(true)))
    }

    /// Copies the tree beside `place` and renames it there, so that a half copy is never taken for a whole one.
    fn copy_to(&self, place: &Path) -> io::Result<()> {
        let tmp = place.with_extension(format!("new-{}", std::process::id()));
        let _ = fs::remove_dir_all(&tmp);
        let copied = copy_dir(&self.root, &tmp).and_then(|()| os::sync(&tmp));
        let moved = copied.and_then(|()| {
            // What is there failed its check; a copy that another process has just finished passes the one after this.
            if place.exists() && Tree::open(place).is_err() {
                fs::remove_dir_all(place)?;
            }
            fs::rename(&tmp, place)
        });
        let _ = fs::remove_dir_all(&tmp);
        match moved {
            Err(cause) if cause.kind() != io::ErrorKind::DirectoryNotEmpty => Err(cause),
            _ => Ok(()),
        }
    }
}

/// Opens a staged copy and marks it as in use, in this order: lock, then check that it is still there.
/// Whether every file is there and as long as it must be.
fn check_sizes(root: &Path, files: &[Entry]) -> Result<(), PostgresError> {
    let damaged = |path: PathBuf, what: String| PostgresError::TreeDamaged { path, what };
    for entry in files {
        let path = root.join(&entry.path);
        match fs::metadata(&path) {
            Ok(meta) if meta.len() == entry.size => {}
            Ok(meta) => {
                return Err(damaged(path, format!("has {} bytes instead of {}", meta.len(), entry.size)));
            }
            Err(cause) => return Err(damaged(path, format!("cannot be read: {cause}"))),
        }
    }
    Ok(())
}

fn open_staged(place: &Path) -> Result<Tree, PostgresError> {
    let path = place.join(MANIFEST);
    let manifest = File::open(&path).map_err(PostgresError::io("open", &path))?;
    manifest.lock_shared().map_err(PostgresError::io("lock", &path))?;
    let tree = Tree::open(place)?;
    Ok(Tree { _in_use: Some(Arc::new(manifest)), ..tree })
}

fn make_passable(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        match os::make_dir(folder, 0o755, None) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
            _ => {}
        }
    }
    Ok(())
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    os::make_dir(to, 0o755, None)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let meta = fs::metadata(entry.path())?;
        if meta.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            os::set_mode(&target, if os::is_executable(&meta) { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

/// Removes the copies of other trees. Best effort: what stays costs only disk space.
fn remove_others(base: &Path, keep: &str) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(".old") {
            let _ = fs::remove_dir_all(entry.path());
        }
        let is_copy = name.len() == keep.len() && name.chars().all(|c| c.is_ascii_hexdigit());
        if name == keep || !is_copy {
            continue;
        }
        let free = File::open(entry.path().join(MANIFEST)).is_ok_and(|manifest| manifest.try_lock().is_ok());
        let aside = entry.path().with_extension("old");
        if free && fs::rename(entry.path(), &aside).is_ok() {
            let _ = fs::remove_dir_all(&aside);
        }
    }
}
