//! Writing assets out, a piece at a time, so that memory stays bounded whatever their number.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Bytes;
use drydock_domain::{ClientAccountId, EngagementId, ErrorCode, Permission, UserId};
use drydock_store::{
    Store, StoreError, VerifiedSession,
    assets::{
        Filter, Key, Order,
        csv::{self, Format},
    },
    engagements,
};
use tokio::{
    fs::{File, OpenOptions},
    io::AsyncWriteExt as _,
    sync::mpsc,
};
use uuid::Uuid;

use crate::{dto::assets::AssetExport, envelope::ApiError};

/// Assets in a piece.
const PIECE: u16 = 2_000;
/// Exports that are remembered after their end.
const REMEMBERED: usize = 50;

/// Where the assets are.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) client_account: ClientAccountId,
    pub(crate) engagement: EngagementId,
}

/// What is written out, for whom.
pub(crate) struct Export {
    pub(crate) store: Store,
    pub(crate) session: VerifiedSession,
    pub(crate) place: Place,
    pub(crate) filter: Filter,
    pub(crate) order: Order,
    pub(crate) format: Format,
}

impl Export {
    /// The next piece of the file, and how far it goes; `None` behind the last. Between two pieces nothing is held open, and each looks
    /// anew at what the user may do.
    pub(crate) async fn next(&mut self, progress: &mut Progress) -> Result<Option<Vec<u8>>, StoreError> {
        let after = match std::mem::replace(&mut progress.at, At::End) {
            At::Head => {
                progress.at = At::Behind(None);
                return csv::head(&self.format).map(Some);
            }
            At::Behind(after) => after,
            At::End => return Ok(None),
        };
        let mut tx = self.store.tenant(&self.session, self.place.client_account).await?;
        let engagement = engagements::open(&mut tx, self.place.engagement).await?;
        tx.require(Permission::AssetExport).await?;
        if after.is_none() {
            progress.total = drydock_store::assets::count(&mut tx, engagement.id, &self.filter).await?;
        }
        let piece =
            csv::piece(&mut tx, engagement.id, &self.filter, self.order, &self.format, after, PIECE).await?;
        tx.commit().await?;
        progress.written += i64::try_from(piece.assets).unwrap_or(i64::MAX);
        // Assets may have been added since they were counted.
        progress.total = progress.total.max(progress.written);
        if piece.next.is_some() {
            progress.at = At::Behind(piece.next);
        }
        Ok(Some(piece.text))
    }
}

/// How far an export is.
#[derive(Default)]
pub(crate) struct Progress {
    at: At,
    written: i64,
    total: i64,
}

#[derive(Default)]
enum At {
    #[default]
    Head,
    Behind(Option<Key>),
    End,
}

/// Pieces as the body of an answer.
pub(crate) struct Pieces(pub(crate) mpsc::Receiver<Result<http_body::Frame<Bytes>, std::io::Error>>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        self.0.poll_recv(context)
    }
}

/// The exports that write files. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Exports {
    known: Arc<Mutex<HashMap<Uuid, Known>>>,
}

struct Known {
    owner: UserId,
    status: AssetExport,
    cancelled: Arc<AtomicBool>,
    begun: std::time::Instant,
}

impl Exports {
    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, Known>> {
        // Whoever panicked left a status behind, nothing that could be half written.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to write `export` into `folder`, under `name` or what is free of it.
    pub(crate) fn begin(
        &self,
        owner: UserId,
        mut export: Export,
        name: &str,
        folder: PathBuf,
    ) -> AssetExport {
        let id = Uuid::new_v4();
        let status =
            AssetExport { id, state: "running", written: 0, total: 0, path: None, code: None, detail: None };
        let cancelled = Arc::new(AtomicBool::new(false));
        {
            let mut known = self.known();
            while known.len() >= REMEMBERED {
                let oldest = known
                    .iter()
                    .filter(|(_, one)| one.status.state != "running")
                    .min_by_key(|(_, one)| one.begun)
                    .map(|(id, _)| *id);
                let Some(oldest) = oldest else { break };
                known.remove(&oldest);
            }
            let begun = std::time::Instant::now();
            known.insert(
                id,
                Known { owner, status: status.clone(), cancelled: Arc::clone(&cancelled), begun },
            );
        }
        let (exports, stem) = (self.clone(), file_stem(name));
        tokio::spawn(async move {
            let outcome = exports.write(id, &mut export, &folder, &stem, &cancelled).await;
            exports.change(id, |status| match outcome {
                Ok(Some(path)) => {
                    status.state = "done";
                    status.path = Some(path.display().to_string());
                }
                Ok(None) => status.state = "cancelled",
                Err(error) => {
                    let (code, detail) = error.code_and_detail();
                    status.state = "failed";
                    (status.code, status.detail) = (Some(code), Some(detail));
                }
            });
        });
        status
    }

    fn change(&self, id: Uuid, change: impl FnOnce(&mut AssetExport)) {
        if let Some(known) = self.known().get_mut(&id) {
            change(&mut known.status);
        }
    }

    async fn write(
        &self,
        id: Uuid,
        export: &mut Export,
        folder: &Path,
        stem: &str,
        cancelled: &AtomicBool,
    ) -> Result<Option<PathBuf>, ApiError> {
        let (path, mut file) =
            create(folder, stem, "csv").await.map_err(|error| unwritable(folder, &error))?;
        let outcome = self
            .fill(id, export, folder, &mut file, cancelled)
            .await
            .map(|whole| whole.then(|| path.clone()));
        if !matches!(outcome, Ok(Some(_))) {
            drop(file);
            if let Err(error) = tokio::fs::remove_file(&path).await {
                tracing::warn!(%error, path = %path.display(), "an unfinished export stays behind");
            }
        }
        outcome
    }

    /// Writes until the file is whole; `false` when it was cancelled before.
    async fn fill(
        &self,
        id: Uuid,
        export: &mut Export,
        folder: &Path,
        file: &mut File,
        cancelled: &AtomicBool,
    ) -> Result<bool, ApiError> {
        let mut progress = Progress::default();
        while let Some(piece) = export.next(&mut progress).await? {
            if cancelled.load(Ordering::Relaxed) {
                return Ok(false);
            }
            file.write_all(&piece).await.map_err(|error| unwritable(folder, &error))?;
            self.change(id, |status| (status.written, status.total) = (progress.written, progress.total));
        }
        file.sync_all().await.map_err(|error| unwritable(folder, &error))?;
        Ok(!cancelled.load(Ordering::Relaxed))
    }

    pub(crate) fn status(&self, owner: UserId, id: Uuid) -> Result<AssetExport, ApiError> {
        let known = self.known();
        let one = known.get(&id).filter(|one| one.owner == owner).ok_or_else(not_found)?;
        Ok(one.status.clone())
    }

    pub(crate) fn cancel(&self, owner: UserId, id: Uuid) -> Result<(), ApiError> {
        let known = self.known();
        let one = known.get(&id).filter(|one| one.owner == owner).ok_or_else(not_found)?;
        one.cancelled.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::ExportNotFound, "You have begun no such export since Drydock was started.")
}

fn unwritable(folder: &Path, error: &std::io::Error) -> ApiError {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::ExportUnwritable,
    };
    ApiError::new(code, format!("{} cannot be written to: {error}.", folder.display()))
}

/// Writes a whole file into `folder`, under a name that is free, and returns where.
pub(crate) async fn write_file(
    folder: &Path,
    stem: &str,
    ending: &str,
    bytes: &[u8],
) -> Result<PathBuf, ApiError> {
    let (path, mut file) = create(folder, stem, ending).await.map_err(|error| unwritable(folder, &error))?;
    let written = async {
        file.write_all(bytes).await?;
        file.sync_all().await
    };
    if let Err(error) = written.await {
        drop(file);
        if let Err(left) = tokio::fs::remove_file(&path).await {
            tracing::warn!(%left, path = %path.display(), "an unfinished file stays behind");
        }
        return Err(unwritable(folder, &error));
    }
    Ok(path)
}

/// A new file, under a name that is free.
async fn create(folder: &Path, stem: &str, ending: &str) -> std::io::Result<(PathBuf, File)> {
    let mut number = 1;
    loop {
        let name =
            if number == 1 { format!("{stem}.{ending}") } else { format!("{stem} ({number}).{ending}") };
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path).await {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 10_000 => number += 1,
            other => return other.map(|file| (path, file)),
        }
    }
}

/// What of a name a file can be called everywhere.
pub(crate) fn file_stem(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || " -_.,()".contains(letter) { letter } else { '_' })
        .take(100)
        .collect();
    let kept = kept.trim().trim_matches('.');
    if kept.is_empty() { "assets".to_owned() } else { kept.to_owned() }
}
