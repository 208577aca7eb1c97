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

    // Whole, and as a server leaves it that is killed before it has shared memory, which line 7 names.
    for lines in [usize::MAX, 6] {
        for pid in [ended.id(), sleeper.id()] {
            let server = cluster.start(|_| ()).await.unwrap();
            let file = cluster.path().join("postmaster.pid");
            let text = fs::read_to_string(&file).unwrap();
            drop(server);
            let rest: String = text.split_inclusive('\n').take(lines).skip(1).collect();
            fs::write(&file, format!("{pid}\n{rest}")).unwrap();
            let server = cluster.start(|_| ()).await.unwrap();
            assert_eq!(query(&server, "select 1"), "1");
        }
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

#[tokio::test]
async fn a_pid_file_of_a_process_that_is_not_ours_to_stop_is_no_obstacle() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let server = start(&cluster).await;
    let file = cluster.path().join("postmaster.pid");
    let text = fs::read_to_string(&file).unwrap();
    drop(server);
    let (_, rest) = text.split_once('\n').unwrap();
    // This very program, alive, and as root of another account than the server.
    fs::write(&file, format!("{}\n{rest}", std::process::id())).unwrap();
    assert_eq!(query(&start(&cluster).await, "select 1"), "1");
}

#[tokio::test]
async fn a_server_of_another_cluster_is_left_alone() {
    let (folder, others) = (folder(), self::folder());
    let (cluster, _) = cluster(folder.path()).await;
    let (other, _) = self::cluster(others.path()).await;
    let theirs = start(&other).await;
    let file = cluster.path().join("postmaster.pid");
    fs::copy(other.path().join("postmaster.pid"), &file).unwrap();
    std::os::unix::fs::chown(&file, Some(account().uid()), None).unwrap();
    // Its memory is in use, so nobody can tell that ours is not: PostgreSQL itself refuses.
    let cause = cluster.start(|_| ()).await.unwrap_err();
    assert_eq!(cause.code(), "postgres.start_failed");
    assert_eq!(query(&theirs, "select 1"), "1");
    drop(theirs);
    assert_eq!(query(&start(&cluster).await, "select 1"), "1");
}

#[tokio::test]
async fn a_left_over_socket_is_no_obstacle() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = start(&cluster).await;
    let socket = server.socket_dir().to_owned();
    server.stop().await.unwrap();
    fs::create_dir(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(&socket, Some(account().uid()), None).unwrap();
    drop(std::os::unix::net::UnixListener::bind(socket.join(".s.PGSQL.5432")).unwrap());
    fs::write(socket.join(".s.PGSQL.5432.lock"), format!("{}\n", std::process::id())).unwrap();
    let mut server = start(&cluster).await;
    assert_eq!(server.socket_dir(), socket);
    assert_eq!(query(&server, "select 1"), "1");
    server.stop().await.unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_kill_of_everything_under_load_loses_nothing_that_was_acknowledged() {
    let folder = folder();
    let mut holder = child::holder(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let server = child::server_of(&mut holder);
    let socket = drydock_postgres::Holder::of(folder.path()).unwrap().unwrap().socket_dir.unwrap();
    let written = Command::new(tree().program("psql"))
        .args(["-X", "-q", "-d", "postgres", "-U", "postgres", "-h"])
        .arg(&socket)
        .args([
            "-c",
            "create table many as select n, repeat('x', 500) as text from generate_series(1, 20000) as n",
        ])
        .status()
        .unwrap();
    assert!(written.success());
    let cluster_path = folder.path().canonicalize().unwrap().join("cluster");
    // The postmaster first: it is to have no chance to end its children in order.
    kill(server.cast_unsigned(), Signal::SIGKILL);
    for process in servers_in(&cluster_path) {
        let pid = process.file_name().unwrap().to_str().unwrap().parse().unwrap();
        let _ = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    kill(holder.id(), Signal::SIGKILL);
    holder.wait().unwrap();

    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    let mut server = start(&cluster).await;
    assert_eq!(query(&server, "select count(*), sum(length(text)) from many"), "20000|10000000");
    assert!(server.log_tail(50).contains("redo done"), "{}", server.log_tail(50));
    assert!(server.stop().await.unwrap().clean);
}

/// Stands in for a long recovery: a server that says how far it is and goes on when the caller has heard of it.
#[tokio::test]
async fn a_start_that_takes_long_says_how_far_it_is() {
    let folder = folder();
    passable(folder.path());
    let data = folder.path().join("data");
    drop(cluster(&data).await);

    let copy = copy_of_tree(&folder.path().join("tree"));
    let slow = Tree::open(&copy).unwrap();
    let (program, go) = (slow.program("postgres"), data.join("go"));
    let length = fs::metadata(&program).unwrap().len();
    let script = format!(
        "#!/bin/sh\n\
         echo '2026-01-31 12:00:00.000 UTC [4711] LOG:  redo in progress, elapsed time: 1.00 s' >&2\n\
         while [ ! -e '{}' ]; do sleep 0.01; done\n\
         exec '{}' \"$@\"\n",
        go.display(),
        tree().reachable_by(&account()).unwrap().program("postgres").display(),
    );
    fs::write(&program, script).unwrap();
    // Of the size that the manifest says.
    fs::File::options().write(true).open(&program).unwrap().set_len(length).unwrap();

    let opened = DataDirectory::open(&data, &account(), "test").unwrap();
    let (cluster, _) = Cluster::initialise(&slow, opened, &account(), None).await.unwrap();
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = std::sync::Arc::clone(&heard);
    let server = cluster
        .start(move |waiting| {
            listener.lock().unwrap().push(waiting.clone());
            if listener.lock().unwrap().len() == 2 {
                fs::write(&go, "").unwrap();
            }
        })
        .await
        .unwrap();
    assert_eq!(query(&server, "show log_startup_progress_interval"), "1s");
    let heard = heard.lock().unwrap();
    assert!(heard.len() >= 2);
    assert!(heard[0].elapsed < heard[1].elapsed, "{heard:?}");
    assert_eq!(heard[0].last_line, "LOG:  redo in progress, elapsed time: 1.00 s");
}
