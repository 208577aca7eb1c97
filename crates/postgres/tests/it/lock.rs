use std::sync::atomic::{AtomicBool, Ordering};

use drydock_postgres::Holder;

use super::*;

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_data() {
    let folder = folder();
    let (_cluster, _) = cluster(folder.path()).await;
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.in_use");
    let PostgresError::InUse { holder: Some(holder), .. } = &cause else { panic!("{cause}") };
    assert_eq!((holder.pid, holder.program.as_str()), (std::process::id(), "test"));
    assert!(holder.since.ends_with('Z'), "{holder:?}");
    let text = cause.to_string();
    assert!(text.contains(&format!("test (process {})", std::process::id())), "{text}");
    assert!(text.contains(&holder.since), "{text}");
}

#[tokio::test]
async fn the_holder_says_where_its_server_listens() {
    let folder = folder();
    assert_eq!(Holder::of(folder.path()).unwrap(), None);
    assert_eq!(Holder::of(&folder.path().join("nothing")).unwrap(), None);
    let (cluster, _) = cluster(folder.path()).await;
    let holder = || Holder::of(folder.path()).unwrap().unwrap();
    assert_eq!(holder().socket_dir, None);
    let mut server = start(&cluster).await;
    assert_eq!(holder().socket_dir.as_deref(), Some(server.socket_dir()));
    assert_eq!((holder().pid, holder().program.as_str()), (std::process::id(), "test"));
    server.stop().await.unwrap();
    assert_eq!(holder().socket_dir, None);
    drop((cluster, server));
    assert_eq!(Holder::of(folder.path()).unwrap(), None);
}

#[tokio::test]
async fn what_a_killed_holder_wrote_counts_for_nothing() {
    let folder = folder();
    let mut holder = child::holder(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    child::server_of(&mut holder);
    assert_eq!(Holder::of(folder.path()).unwrap().unwrap().pid, holder.id());
    kill(holder.id(), Signal::SIGKILL);
    holder.wait().unwrap();
    assert!(fs::read_to_string(folder.path().join("drydock.lock")).unwrap().contains("holder"));
    assert_eq!(Holder::of(folder.path()).unwrap(), None);
    DataDirectory::open(folder.path(), &account(), "test").unwrap();
}

#[test]
fn asking_who_holds_the_data_keeps_nobody_out() {
    let folder = folder();
    DataDirectory::open(folder.path(), &account(), "test").unwrap();
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    if let Some(holder) = Holder::of(folder.path()).unwrap() {
                        assert_eq!(holder.program, "test");
                    }
                    std::thread::yield_now();
                }
            });
        }
        let opened =
            (0..200).try_for_each(|_| DataDirectory::open(folder.path(), &account(), "test").map(drop));
        enough.store(true, Ordering::Relaxed);
        opened.unwrap();
    });
}

#[test]
fn a_holder_that_does_not_say_who_it_is_still_holds() {
    let folder = folder();
    let file = fs::File::create(folder.path().join("drydock.lock")).unwrap();
    file.lock().unwrap();
    for _ in 0..2 {
        let cause = DataDirectory::open(folder.path(), &account(), "test").unwrap_err();
        assert!(matches!(cause, PostgresError::InUse { holder: None, .. }), "{cause}");
        assert_eq!(Holder::of(folder.path()).unwrap_err().code(), "data.in_use");
        // As an earlier version wrote it.
        fs::write(folder.path().join("drydock.lock"), "4711\n2026-01-31T12:00:00Z\n").unwrap();
    }
}
