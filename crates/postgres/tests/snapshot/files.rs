use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use drydock_postgres::PostgresError;
use drydock_postgres::snapshot::{Entry, Progress, Snapshot, SnapshotFolder};
use uuid::Uuid;

use crate::{Running, files_in};

async fn with_snapshot() -> (Running, Snapshot) {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(crate::OWNER, "source", "create table t (n integer); insert into t values (42)");
    let created = running.create("source", "  the first ").await.unwrap();
    (running, created)
}

fn file(running: &Running, id: Uuid) -> std::path::PathBuf {
    running.snapshots.path().join(format!("{id}.drydock"))
}

async fn import(folder: &SnapshotFolder, bytes: &[u8]) -> Result<Snapshot, PostgresError> {
    folder.import(bytes, Some(bytes.len() as u64), &Progress::new()).await
}

/// The bytes between header and footer.
fn payload(file: &[u8]) -> &[u8] {
    let from = b"drydock snapshot 1\n".len();
    let header = u32::from_be_bytes(file[from..from + 4].try_into().unwrap());
    &file[from + 4 + usize::try_from(header).unwrap()..file.len() - 48]
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_snapshot_says_what_it_is() {
    let (running, created) = with_snapshot().await;
    let facts = crate::facts("");
    assert_eq!(created.name, "the first");
    assert_eq!(created.note, facts.note);
    assert_eq!(created.postgres_version, crate::tree().version());
    assert_eq!(
        (&created.app_version, &created.schema_digest, created.database_bytes, &created.roles, created.rows),
        (&facts.app_version, &facts.schema_digest, facts.database_bytes, &facts.roles, facts.rows)
    );
    assert_eq!(created.file_bytes, fs::metadata(file(&running, created.id)).unwrap().len());
    assert_eq!(running.snapshots.get(created.id).await.unwrap(), created);
    let progress = Progress::new();
    assert_eq!(running.snapshots.verify(created.id, &progress).await.unwrap(), created);
    assert_eq!(progress.bytes().total, Some(progress.bytes().done));
    let json = serde_json::to_value(&created).unwrap();
    assert_eq!(json["id"], created.id.to_string());
    assert!(json["created_at"].as_str().unwrap().ends_with('Z'), "{json}");

    assert_eq!(mode(running.snapshots.path()), 0o700);
    assert_eq!(mode(&file(&running, created.id)), 0o600);
    let missing = running.snapshots.get(Uuid::from_u128(1)).await.unwrap_err();
    assert_eq!(missing.code(), "snapshot.not_found");
    let nameless = running.create("source", " ").await.unwrap_err();
    assert_eq!(nameless.code(), "snapshot.name_invalid");
}

#[tokio::test]
async fn an_empty_folder_lists_nothing_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = SnapshotFolder::of(folder.path());
    assert!(snapshots.list().await.unwrap().is_empty());
    snapshots.purge(None).await.unwrap();
    assert_eq!(snapshots.remove(Uuid::from_u128(1)).await.unwrap_err().code(), "snapshot.not_found");
    assert_eq!(snapshots.put_back(Uuid::from_u128(1)).await.unwrap_err().code(), "snapshot.not_found");
    assert!(files_in(folder.path()).is_empty());
}

#[tokio::test]
async fn the_list_has_the_newest_first_and_the_damaged_ones() {
    let (running, first) = with_snapshot().await;
    let second = running.create("source", "the second").await.unwrap();
    let third = running.create("source", "the third").await.unwrap();
    let cut_off = fs::read(file(&running, third.id)).unwrap();
    fs::write(file(&running, third.id), &cut_off[..cut_off.len() - 1]).unwrap();
    fs::write(running.snapshots.path().join("by hand.drydock"), &cut_off).unwrap();
    fs::copy(file(&running, first.id), file(&running, Uuid::from_u128(5))).unwrap();
    fs::create_dir(file(&running, Uuid::from_u128(6))).unwrap();
    fs::write(running.snapshots.path().join("notes.txt"), "not ours").unwrap();

    let entries = running.snapshots.list().await.unwrap();
    assert_eq!(entries[..2], [Entry::Snapshot(second), Entry::Snapshot(first)]);
    let mut damaged: Vec<_> = entries[2..]
        .iter()
        .map(|entry| match entry {
            Entry::Damaged { file, problem } => (file.clone(), problem.clone()),
            Entry::Snapshot(snapshot) => panic!("{snapshot:?}"),
        })
        .collect();
    damaged.sort();
    let named = |file: &str| damaged.iter().find(|(name, _)| name == file).unwrap().1.clone();
    assert_eq!(damaged.len(), 4);
    assert!(named(&format!("{}.drydock", third.id)).contains("cut off"));
    assert!(named("by hand.drydock").contains("its name is not its id"));
    assert!(named(&format!("{}.drydock", Uuid::from_u128(5))).contains("its name is not its id"));
    assert!(named(&format!("{}.drydock", Uuid::from_u128(6))).contains("not a file"));
    // It can be got rid of.
    running.snapshots.remove(third.id).await.unwrap();
    assert_eq!(running.snapshots.list().await.unwrap().len(), 5);
}

#[tokio::test]
async fn an_edit_changes_the_header_and_nothing_else() {
    let (running, created) = with_snapshot().await;
    let before = fs::read(file(&running, created.id)).unwrap();
    let edited = running.snapshots.edit(created.id, " renamed ", "").await.unwrap();
    assert_eq!((edited.name.as_str(), edited.note.as_str()), ("renamed", ""));
    assert_ne!(edited.sha256, created.sha256);
    let expected = Snapshot {
        name: "renamed".into(),
        note: String::new(),
        sha256: edited.sha256.clone(),
        file_bytes: edited.file_bytes,
        ..created.clone()
    };
    assert_eq!(edited, expected);
    assert_eq!(running.snapshots.verify(created.id, &Progress::new()).await.unwrap(), edited);
    assert_eq!(payload(&fs::read(file(&running, created.id)).unwrap()), payload(&before));
    let refused = running.snapshots.edit(created.id, "a\u{7}", "").await.unwrap_err();
    assert_eq!(refused.code(), "snapshot.name_invalid");

    // A new checksum must not make a damaged payload a right one.
    let mut damaged = fs::read(file(&running, created.id)).unwrap();
    let middle = damaged.len() - 60;
    damaged[middle] ^= 1;
    fs::write(file(&running, created.id), &damaged).unwrap();
    let refused = running.snapshots.edit(created.id, "again", "").await.unwrap_err();
    assert_eq!(refused.code(), "snapshot.damaged");
    assert_eq!(fs::read(file(&running, created.id)).unwrap(), damaged);
    assert!(running.leftovers().is_empty());
}

#[tokio::test]
async fn what_is_removed_comes_back_until_it_is_purged() {
    let (running, first) = with_snapshot().await;
    let second = running.create("source", "the second").await.unwrap();
    for snapshot in [&first, &second] {
        running.snapshots.remove(snapshot.id).await.unwrap();
        assert_eq!(running.snapshots.get(snapshot.id).await.unwrap_err().code(), "snapshot.not_found");
        assert_eq!(running.snapshots.remove(snapshot.id).await.unwrap_err().code(), "snapshot.not_found");
    }
    assert!(running.snapshots.list().await.unwrap().is_empty());
    running.snapshots.purge(Some(first.id)).await.unwrap();
    assert_eq!(running.snapshots.put_back(first.id).await.unwrap(), first);
    assert_eq!(running.snapshots.put_back(first.id).await.unwrap(), first);
    assert_eq!(running.snapshots.put_back(second.id).await.unwrap_err().code(), "snapshot.not_found");
    assert_eq!(running.snapshots.list().await.unwrap(), [Entry::Snapshot(first)]);
}

#[tokio::test]
async fn an_export_replaces_nothing_by_accident() {
    let (running, created) = with_snapshot().await;
    let to = running.folder.path().join("an export.drydock");
    let progress = Progress::new();
    running.snapshots.export(created.id, &to, false, &progress).await.unwrap();
    assert_eq!(progress.bytes().done, created.file_bytes);
    assert_eq!(fs::read(&to).unwrap(), fs::read(file(&running, created.id)).unwrap());
    assert_eq!(mode(&to), 0o600);

    fs::write(&to, "precious").unwrap();
    let export = |replace| {
        let (snapshots, to) = (running.snapshots.clone(), to.clone());
        async move { snapshots.export(created.id, &to, replace, &Progress::new()).await }
    };
    assert_eq!(export(false).await.unwrap_err().code(), "snapshot.file_exists");
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    let mut damaged = fs::read(file(&running, created.id)).unwrap();
    let last = damaged.len() - 1;
    damaged[last - 100] ^= 1;
    fs::write(file(&running, created.id), &damaged).unwrap();
    assert_eq!(export(true).await.unwrap_err().code(), "snapshot.damaged");
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    damaged[last - 100] ^= 1;
    fs::write(file(&running, created.id), &damaged).unwrap();
    export(true).await.unwrap();
    assert_eq!(fs::read(&to).unwrap(), damaged);
    // A bare name: in the working directory.
    let bare = format!("{}.exported", created.id);
    running.snapshots.export(created.id, Path::new(&bare), false, &Progress::new()).await.unwrap();
    assert_eq!(fs::read(&bare).unwrap(), damaged);
    fs::remove_file(&bare).unwrap();
    let beside = files_in(running.folder.path());
    assert!(!beside.iter().any(|path| path.extension() == Some("partial".as_ref())), "{beside:?}");
}

#[tokio::test]
async fn an_import_keeps_its_id_unless_another_has_it() {
    let (running, created) = with_snapshot().await;
    let snapshots = &running.snapshots;
    let exported = fs::read(file(&running, created.id)).unwrap();

    // The very same: there it is.
    assert_eq!(import(snapshots, &exported).await.unwrap(), created);
    assert_eq!(running.snapshot_count().await, 1);

    // Removed: it comes back.
    snapshots.remove(created.id).await.unwrap();
    assert_eq!(import(snapshots, &exported).await.unwrap(), created);
    assert!(files_in(&snapshots.path().join("removed")).is_empty());

    // Another with its id: both are kept.
    let edited = snapshots.edit(created.id, "edited", "").await.unwrap();
    let copy = import(snapshots, &exported).await.unwrap();
    assert_ne!(copy.id, created.id);
    assert_eq!((&copy.name, copy.created_at), (&created.name, created.created_at));
    assert_eq!(payload(&fs::read(file(&running, copy.id)).unwrap()), payload(&exported));
    snapshots.verify(copy.id, &Progress::new()).await.unwrap();
    assert_eq!(snapshots.get(created.id).await.unwrap(), edited);

    // A damaged one with its id: the whole one takes its place.
    snapshots.remove(copy.id).await.unwrap();
    let mut damaged = exported.clone();
    let middle = damaged.len() - 60;
    damaged[middle] ^= 1;
    fs::write(file(&running, created.id), &damaged).unwrap();
    assert_eq!(import(snapshots, &exported).await.unwrap(), created);
    assert_eq!(snapshots.verify(created.id, &Progress::new()).await.unwrap(), created);
    assert!(running.leftovers().is_empty());

    // On another machine.
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(import(&SnapshotFolder::of(elsewhere.path()), &exported).await.unwrap(), created);
}

#[tokio::test]
async fn two_at_once_do_not_disturb_each_other() {
    let (running, first) = with_snapshot().await;
    let snapshots = &running.snapshots;
    let exported = fs::read(file(&running, first.id)).unwrap();
    snapshots.remove(first.id).await.unwrap();
    let (one, other, imported, again, purged) = tokio::join!(
        running.create("source", "one"),
        running.create("source", "other"),
        import(snapshots, &exported),
        import(snapshots, &exported),
        snapshots.purge(None),
    );
    purged.unwrap();
    assert_eq!(imported.unwrap(), first);
    assert_eq!(again.unwrap(), first);
    let entries = snapshots.list().await.unwrap();
    for snapshot in [one.unwrap(), other.unwrap(), first] {
        assert_eq!(snapshots.verify(snapshot.id, &Progress::new()).await.unwrap(), snapshot);
        assert!(entries.contains(&Entry::Snapshot(snapshot)));
    }
    assert_eq!(entries.len(), 3);
    assert!(running.leftovers().is_empty());
}

/// Whether somebody waits for a lock on the file.
#[cfg(target_os = "linux")]
fn is_waited_for(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = format!(":{} ", fs::metadata(path).unwrap().ino());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| line.contains(" -> ") && line.contains(&inode))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_renames_or_removes_files_waits_for_its_turn() {
    type Work = std::pin::Pin<Box<dyn Future<Output = Result<(), PostgresError>> + Send>>;
    let (running, first) = with_snapshot().await;
    let id = first.id;
    let exported = fs::read(file(&running, id)).unwrap();
    let lock = running.snapshots.path().join("lock");
    let (on, address) = (running.snapshots.clone(), running.address.clone());
    let create: Work = Box::pin(async move {
        on.create(&address, "source", &[], crate::facts("s"), &Progress::new()).await.map(drop)
    });
    let on = running.snapshots.clone();
    let edit: Work = Box::pin(async move { on.edit(id, "edited", "").await.map(drop) });
    let on = running.snapshots.clone();
    let import: Work = Box::pin(async move { import(&on, &exported).await.map(drop) });
    let on = running.snapshots.clone();
    let remove: Work = Box::pin(async move { on.remove(id).await });
    let on = running.snapshots.clone();
    let put_back: Work = Box::pin(async move { on.put_back(id).await.map(drop) });
    let on = running.snapshots.clone();
    let purge: Work = Box::pin(async move { on.purge(None).await });
    for (name, work) in [
        ("create", create),
        ("edit", edit),
        ("import", import),
        ("remove", remove),
        ("put_back", put_back),
        ("purge", purge),
    ] {
        let held = fs::File::open(&lock).unwrap();
        held.lock().unwrap();
        let before = files_in(running.snapshots.path());
        let work = tokio::spawn(work);
        crate::eventually(name, || is_waited_for(&lock)).await;
        assert_eq!(files_in(running.snapshots.path()), before, "{name}");
        held.unlock().unwrap();
        work.await.unwrap().unwrap();
    }
}
