use super::*;

#[tokio::test]
async fn a_left_over_pid_file_is_no_obstacle() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut sleeper = Command::new("sleep");
    sleeper.arg("60");
    if account().is_dropped() {
        // PostgreSQL takes a process of another user for proof that the file is stale.
        sleeper.uid(account().uid());
    }
    let mut sleeper = sleeper.spawn().unwrap();
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();

    for pid in [ended.id(), sleeper.id()] {
        let server = cluster.start(|_| ()).await.unwrap();
        let file = cluster.path().join("postmaster.pid");
        let text = fs::read_to_string(&file).unwrap();
        drop(server);
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(&file, format!("{pid}\n{rest}")).unwrap();
        let server = cluster.start(|_| ()).await.unwrap();
        assert_eq!(query(&server, "select 1"), "1");
    }
    assert!(alive(sleeper.id().cast_signed()), "a stranger is left alone");
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[tokio::test]
async fn a_left_over_server_is_stopped_first() {
    let folder = folder();
    let socket = self::folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut left_over = launch_by_hand(&cluster, socket.path());
    eventually("the left-over server is ready", || is_ready(&cluster));
    let server = cluster.start(|_| ()).await.unwrap();
    assert_ne!(server.pid(), left_over.id().cast_signed());
    assert!(left_over.wait().unwrap().success(), "it was asked to shut down in order");
    assert_eq!(query(&server, "select 1"), "1");
}

#[tokio::test]
async fn a_crash_loses_nothing_and_is_noticed() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start(|_| ()).await.unwrap();
    query(&server, "create table kept as select generate_series(1, 1000) as n");
    let exited = server.exited();
    let killed = Command::new("kill").args(["-9", &server.pid().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(!exited.await.is_clean());
    assert_eq!(server.stop().await.unwrap().mode, StopMode::Gone);
    // At once: the killed server's children may still be there.
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select count(*) from kept"), "1000");
}
