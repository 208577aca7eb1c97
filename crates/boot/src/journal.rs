//! What was done with snapshots while no database could be told: kept beside them until the next Drydock that stays takes it in.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use drydock_postgres::{Holder, PORT, snapshot::Snapshot, snapshot::SnapshotFolder};
use drydock_store::{
    Store, Target,
    snapshot_history::{self, Action, Entry, Subject},
};

use crate::{Settings, access::data_path, private_file, sequence::DATABASE};

/// What is known of a snapshot that something was done with.
pub(crate) fn subject(snapshot: &Snapshot) -> Subject {
    Subject {
        id: snapshot.id,
        name: snapshot.name.clone(),
        size_bytes: snapshot.file_bytes,
        schema_digest: snapshot.schema_digest.clone(),
    }
}

/// Keeps what a command without a platform of its own did with a snapshot: in the database of the Drydock that runs, else in the
/// journal. That it was done stays so when this fails.
pub async fn record_snapshot(settings: &Settings, action: Action, snapshot: &Snapshot) {
    let Ok(data) = data_path(settings) else { return };
    match Holder::of(&data) {
        Ok(Some(Holder { socket_dir: Some(socket_dir), .. })) => {
            record(&Target::new(socket_dir, PORT, DATABASE), &data, action, snapshot).await;
        }
        _ => keep(&data, &Entry::new(action, Some(subject(snapshot)), None, drydock_api::VERSION)),
    }
}

/// The same in the database `target` of the data directory `data`.
pub(crate) async fn record(target: &Target, data: &Path, action: Action, snapshot: &Snapshot) {
    let entry = Entry::new(action, Some(subject(snapshot)), None, drydock_api::VERSION);
    let store = Store::open(target);
    let recorded = snapshot_history::record(&store, &entry).await;
    store.close().await;
    if recorded.is_err() {
        keep(data, &entry);
    }
}

fn keep(data: &Path, entry: &Entry) {
    if let Err(error) = append(data, entry) {
        tracing::warn!(%error, action = ?entry.action, "the snapshot history lacks an entry");
    }
}

/// Moves what the journal holds into the database that is live now.
///
/// # Errors
/// Whatever failed; what could not be moved stays where it is.
pub(crate) async fn take_in(
    store: &Store,
    snapshots: &SnapshotFolder,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let journal = of(snapshots.path());
    let taken = journal.with_extension("taken");
    // One whose entries were being moved when Drydock was killed: moved once more, each is kept once.
    for from in [&taken, &journal] {
        match fs::rename(from, &taken) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        }
        for line in fs::read_to_string(&taken)?.lines() {
            match serde_json::from_str::<Entry>(line) {
                Ok(entry) => snapshot_history::record(store, &entry).await?,
                // A disk that was full, or a newer build's.
                Err(error) => tracing::warn!(%error, "a line of the snapshots' journal is not understood"),
            }
        }
        fs::remove_file(&taken)?;
    }
    Ok(())
}

fn of(snapshots: &Path) -> PathBuf {
    snapshots.join("history.journal")
}

fn append(data: &Path, entry: &Entry) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    // The folder is there: a snapshot is, or was a moment ago.
    let mut file = private_file::append(&of(SnapshotFolder::of(data).path()))?;
    file.write_all(&line)?;
    file.sync_all()
}
