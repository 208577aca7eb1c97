use std::path::PathBuf;

use drydock_postgres::PostgresError;
use drydock_postgres::snapshot::{Progress, ServerAddress, SnapshotFolder};
use tokio::io::AsyncWriteExt;

use crate::{OWNER, Running, Session, eventually, facts, tree};

const SETS_OUT_TO_WAIT: &str = "select count(*) > 0 from pg_stat_activity where application_name = 'drydock snapshot' and wait_event_type = 'Lock'";

const CONNECTED: &str = "select count(*) from pg_stat_activity where application_name = 'drydock snapshot'";

fn is_cancelled<T>(done: Result<T, PostgresError>) -> bool {
    matches!(done, Err(PostgresError::SnapshotCancelled))
}

/// A database with a table somebody else has locked, so that pg_dump waits.
async fn locked() -> (Running, Session) {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(OWNER, "source", "create table t (n integer)");
    let session = Session::open(&running, "source", "begin; lock table t");
    (running, session)
}

async fn nothing_is_left(running: &Running) {
    eventually("the end of its programs", || running.programs().is_empty()).await;
    eventually("the end of its sessions", || running.sql("postgres", CONNECTED) == "0").await;
    eventually("the removal of its files", || running.leftovers().is_empty()).await;
}

#[tokio::test]
async fn a_dump_that_waits_can_be_cancelled() {
    let (running, _session) = locked().await;
    let progress = Progress::new();
    let (done, ()) = tokio::join!(
        running.snapshots.create(&running.address, "source", &[], facts("s"), &progress),
        async {
            eventually("the dump", || running.sql("postgres", SETS_OUT_TO_WAIT) == "t").await;
            assert_eq!(running.programs().len(), 1);
            progress.cancel();
        }
    );
    assert!(is_cancelled(done));
    // By then, not some time later.
    assert!(running.programs().is_empty());
    assert!(running.leftovers().is_empty());
    nothing_is_left(&running).await;
    assert!(running.snapshots.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dump_in_full_flow_can_be_cancelled() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        OWNER,
        "source",
        "create table t as select md5(n::text) as noise, n from generate_series(1, 1000000) n",
    );
    let progress = Progress::new();
    let mut news = progress.watch();
    let (done, ()) = tokio::join!(
        running.snapshots.create(&running.address, "source", &[], facts("s"), &progress),
        async {
            news.wait_for(|bytes| bytes.done > 100_000).await.unwrap();
            progress.cancel();
        }
    );
    assert!(is_cancelled(done));
    assert!(running.leftovers().is_empty());
    nothing_is_left(&running).await;
    // What is cancelled before it begins does not begin.
    let done = running.snapshots.create(&running.address, "source", &[], facts("s"), &progress).await;
    assert!(is_cancelled(done));
    assert!(running.snapshots.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dump_nobody_waits_for_ends() {
    let (running, session) = locked().await;
    let progress = Progress::new();
    let mut abandoned =
        Box::pin(running.snapshots.create(&running.address, "source", &[], facts("s"), &progress));
    tokio::select! {
        done = &mut abandoned => panic!("{done:?}"),
        () = eventually("the dump", || running.sql("postgres", SETS_OUT_TO_WAIT) == "t") => {}
    }
    drop(abandoned);
    eventually("the end of its programs", || running.programs().is_empty()).await;
    eventually("the removal of its files", || running.leftovers().is_empty()).await;
    drop(session);
    nothing_is_left(&running).await;
}

/// A snapshot whose restore waits for a lock in the middle of its rows, and the database it is restored to.
async fn waiting_restore() -> (Running, uuid::Uuid, Session) {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        OWNER,
        "source",
        "create function public.waits() returns boolean language plpgsql as
         'begin perform pg_advisory_xact_lock_shared(4711); return true; end';
         create table t (n integer check (public.waits())); insert into t values (1);",
    );
    let created = running.create("source", "s").await.unwrap();
    running.create_database("target");
    let session = Session::open(&running, "target", "do $$ begin perform pg_advisory_lock(4711); end $$");
    (running, created.id, session)
}

#[tokio::test]
async fn a_restore_can_be_cancelled() {
    let (running, id, session) = waiting_restore().await;
    let nothing = running.relations("target");
    let progress = Progress::new();
    let (done, ()) = tokio::join!(
        running.snapshots.restore_into(id, &running.address, "target", OWNER, &progress),
        async {
            eventually("the restore", || running.sql("postgres", SETS_OUT_TO_WAIT) == "t").await;
            progress.cancel();
        }
    );
    assert!(is_cancelled(done));
    assert!(running.programs().is_empty());
    assert!(running.leftovers().is_empty());
    nothing_is_left(&running).await;
    assert_eq!(running.relations("target"), nothing);
    drop(session);
    eventually("the end of the session", || {
        running.sql("postgres", "select count(*) from pg_stat_activity where datname = 'target'") == "0"
    })
    .await;
    running.sql("postgres", "drop database target");
}

#[tokio::test]
async fn a_restore_nobody_waits_for_ends_and_its_database_can_be_dropped() {
    let (running, id, _session) = waiting_restore().await;
    let progress = Progress::new();
    let mut abandoned =
        Box::pin(running.snapshots.restore_into(id, &running.address, "target", OWNER, &progress));
    tokio::select! {
        done = &mut abandoned => panic!("{done:?}"),
        () = eventually("the restore", || running.sql("postgres", SETS_OUT_TO_WAIT) == "t") => {}
    }
    drop(abandoned);
    eventually("the end of its programs", || running.programs().is_empty()).await;
    running.sql("postgres", "drop database target with (force)");
    nothing_is_left(&running).await;
}

#[tokio::test]
async fn an_import_that_gets_nothing_more_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = SnapshotFolder::of(folder.path());
    let progress = Progress::new();
    let (mut ours, theirs) = tokio::io::duplex(64);
    let mut news = progress.watch();
    let (done, ()) = tokio::join!(snapshots.import(theirs, Some(1000), &progress), async {
        ours.write_all(b"drydock").await.unwrap();
        news.wait_for(|bytes| bytes.done == 7 && bytes.total == Some(1000)).await.unwrap();
        progress.cancel();
    });
    assert!(is_cancelled(done));
    assert_eq!(crate::files_in(snapshots.path()), [snapshots.path().join("lock")]);
}

/// Not a test of its own: what [`a_killed_process_leaves_no_program_and_no_lasting_file`] starts as another process.
#[tokio::test]
#[ignore = "started by another test"]
async fn another_process() {
    let path = |name| PathBuf::from(std::env::var_os(name).expect("started by another test"));
    let address = ServerAddress { tree: tree(), socket_dir: path("TEST_SOCKET"), port: 5432 };
    let snapshots = SnapshotFolder::of(&path("TEST_DATA"));
    let _ = snapshots.create(&address, "source", &[], facts("s"), &Progress::new()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_process_leaves_no_program_and_no_lasting_file() {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    let (running, session) = locked().await;
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cancel::another_process", "--ignored"])
        .env("TEST_SOCKET", &running.address.socket_dir)
        .env("TEST_DATA", running.folder.path())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    eventually("the dump", || running.sql("postgres", SETS_OUT_TO_WAIT) == "t").await;
    assert_eq!(running.leftovers().len(), 1);
    running.snapshots.purge(None).await.unwrap();
    assert_eq!(running.leftovers().len(), 1, "it is still being written");
    other.kill().unwrap();
    other.wait().unwrap();
    eventually("the end of its programs", || running.programs().is_empty()).await;
    drop(session);
    assert_eq!(running.leftovers().len(), 1);
    running.snapshots.purge(None).await.unwrap();
    nothing_is_left(&running).await;
}
