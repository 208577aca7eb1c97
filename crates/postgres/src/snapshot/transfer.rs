//! Snapshots on their way out of the folder and into it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use super::draft::{Draft, Turn, relocate};
use super::folder::{open_as, refused, verify, wrong};
use super::format::{Container, Header};
use super::run::run;
use super::{Progress, Snapshot, SnapshotFolder};
use crate::{PostgresError, os};

impl SnapshotFolder {
    /// Copies a snapshot to a file of its own, which only this account can read. A file that is there is an error, unless it
    /// is to be replaced; then it is until the new one is complete. The progress counts the bytes.
    ///
    /// # Errors
    /// `snapshot.file_exists`, `snapshot.not_found`, `snapshot.damaged`, `snapshot.unsupported`, `snapshot.cancelled`.
    pub async fn export(
        &self,
        id: Uuid,
        to: &Path,
        replace: bool,
        progress: &Progress,
    ) -> Result<(), PostgresError> {
        let folder = self.clone();
        let to = std::path::absolute(to).map_err(PostgresError::io("find", to))?;
        progress.begin(None);
        run(progress, move |run| {
            let exists = || PostgresError::SnapshotFileExists { path: to.clone() };
            // A device or a pipe is never what a person means to replace.
            if to.symlink_metadata().is_ok_and(|meta| !(replace && meta.is_file())) {
                return Err(exists());
            }
            let mut container = folder.open(id)?;
            run.progress().begin(Some(container.length));
            // Beside it: a rename works only within a file system.
            let mut draft = Draft::in_folder(to.parent().unwrap_or(&to))?;
            let wrong = wrong(&folder.file(id), draft.path());
            container.copy(&mut draft, |bytes| run.tick(bytes)).map_err(wrong)?;
            draft.sync()?;
            run.go_on().map_err(PostgresError::io("write", &to))?;
            if !replace {
                // Takes the name, so that the rename can't hit a file that came meanwhile.
                os::create_private(&to).map_err(|cause| match cause.kind() {
                    io::ErrorKind::AlreadyExists => exists(),
                    _ => PostgresError::io("create", &to)(cause),
                })?;
            }
            draft.put_at(&to).inspect_err(|_| {
                if !replace {
                    let _ = fs::remove_file(&to);
                }
            })
        })
        .await
    }

    /// Takes in a snapshot that was exported, whole or not at all. It keeps its id, unless there is another snapshot with it;
    /// the very same one is not taken in twice. The progress counts what is read and expects `bytes`; how much may come is
    /// for the caller to limit.
    ///
    /// # Errors
    /// `snapshot.damaged`, `snapshot.unsupported`, `snapshot.cancelled`; `postgres.io` also if `from` cannot be read.
    pub async fn import(
        &self,
        mut from: impl AsyncRead + Unpin + Send,
        bytes: Option<u64>,
        progress: &Progress,
    ) -> Result<Snapshot, PostgresError> {
        progress.begin(bytes);
        let draft = self.blocking(|folder| folder.draft()).await?;
        let path = draft.path().to_owned();
        let written = |cause| PostgresError::io("write", &path)(cause);
        let mut to = tokio::fs::File::from_std(draft.file.try_clone().map_err(written)?);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let count = tokio::select! {
                count = from.read(&mut buffer) => count.map_err(PostgresError::io("receive", &path))?,
                () = progress.cancelled() => return Err(PostgresError::SnapshotCancelled),
            };
            if count == 0 {
                break;
            }
            to.write_all(&buffer[..count]).await.map_err(written)?;
            progress.add(count as u64);
        }
        to.flush().await.map_err(written)?;
        drop(to);
        let folder = self.clone();
        run(progress, move |run| {
            let mut container = draft.container().map_err(refused(Path::new("that was sent")))?;
            verify(run, &mut container, false).map_err(refused(Path::new("that was sent")))?;
            draft.sync()?;
            run.go_on().map_err(PostgresError::io("write", draft.path()))?;
            let id = folder.adopt(draft, &mut container)?;
            run.progress().complete();
            Ok(folder.open(id)?.snapshot())
        })
        .await
    }

    /// Puts an imported file in place and says under which id.
    fn adopt(&self, mut draft: Draft, container: &mut Container<File>) -> Result<Uuid, PostgresError> {
        let id = container.header.id;
        let (place, removed) = (self.file(id), self.removed_file(id));
        let mut other = self.draft()?;
        let _turn = Turn::take(self.path())?;
        for there in [&place, &removed] {
            let Ok(file) = File::open(there) else { continue };
            // What cannot be read in full is worth less than what has just been, and gives way to it.
            let Some(sha256) = open_as(file, id).ok().and_then(|mut there| {
                there.unpack(&mut io::sink(), |_| Ok(())).ok()?;
                Some(there.snapshot().sha256)
            }) else {
                continue;
            };
            if sha256 == container.snapshot().sha256 {
                if *there == removed {
                    relocate(&removed, &place).map_err(PostgresError::io("put in place", &place))?;
                }
                return Ok(id);
            }
            let header = Header { id: Uuid::new_v4(), ..container.header.clone() };
            let place = self.file(header.id);
            self.rewrite(container, &header, &mut other, draft.path())?;
            other.put_at(&place)?;
            return Ok(header.id);
        }
        draft.put_at(&place)?;
        Ok(id)
    }
}
