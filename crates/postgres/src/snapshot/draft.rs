use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::format::{Container, Refusal};
use crate::{PostgresError, os};

/// What a file is called after its id until it is complete.
pub(super) const UNFINISHED: &str = "partial";

/// Until it is dropped nobody else renames or removes files in the folder.
pub(super) struct Turn(File);

impl Turn {
    pub(super) fn take(folder: &Path) -> Result<Self, PostgresError> {
        let path = folder.join("lock");
        let file = os::open_private(&path).map_err(PostgresError::io("open", &path))?;
        os::lock(&file).map_err(PostgresError::io("lock", &path))?;
        Ok(Self(file))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Not left to close(): a child between fork and exec shares the descriptor.
        let _ = os::unlock(&self.0);
    }
}

/// A file that is being written. Removed when dropped, unless it was put somewhere.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) file: File,
    path: PathBuf,
}

impl Draft {
    pub(super) fn in_folder(folder: &Path) -> Result<Self, PostgresError> {
        let path = folder.join(format!("{}.{UNFINISHED}", Uuid::new_v4()));
        let file = os::create_private(&path).map_err(PostgresError::io("create", &path))?;
        Ok(Self { file, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn container(&self) -> Result<Container<File>, Refusal> {
        Container::open(File::open(&self.path)?)
    }

    pub(super) fn sync(&self) -> Result<(), PostgresError> {
        self.file.sync_all().map_err(PostgresError::io("sync", &self.path))
    }

    /// Gives what has been synced its name.
    pub(super) fn put_at(&mut self, place: &Path) -> Result<(), PostgresError> {
        let path = std::mem::take(&mut self.path);
        if let Err(cause) = relocate(&path, place) {
            self.path = path;
            return Err(PostgresError::io("put in place", place)(cause));
        }
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty()
            && let Err(cause) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), "could not remove an unfinished file: {cause}");
        }
    }
}

pub(super) fn make_folder(path: &Path) -> Result<(), PostgresError> {
    match os::make_dir(path, 0o700, None) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
            Err(PostgresError::io("create", path)(cause))
        }
        _ => Ok(()),
    }
}

/// Renames a file durably.
pub(super) fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    for folder in [to.parent(), from.parent()].into_iter().flatten() {
        os::sync_entries(folder)?;
    }
    Ok(())
}
