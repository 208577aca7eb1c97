use super::*;

#[tokio::test]
async fn a_new_cluster_is_durable_private_and_knows_vectors() {
    let folder = folder();
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Created);
    let mut server = cluster.start(|_| ()).await.unwrap();

    assert_eq!(query(&server, "create extension vector; select '[1,2,3]'::vector"), "[1,2,3]");
    assert_eq!(
        query(&server, "select extversion from pg_extension where extname = 'vector'"),
        tree().pgvector()
    );
    for (setting, value) in [
        ("server_version", tree().version()),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", ""),
        ("lc_messages", "C.UTF-8"),
        ("timezone", "UTC"),
        ("jit", "off"),
    ] {
        assert_eq!(query(&server, &format!("show {setting}")), value, "{setting}");
    }
    let locale =
        query(&server, "select datcollate || ' ' || datctype from pg_database where datname = 'postgres'");
    assert_eq!(locale, "C C.UTF-8");

    let socket = fs::symlink_metadata(server.socket_dir()).unwrap();
    assert!(socket.is_dir());
    assert_eq!(socket.mode() & 0o7777, 0o700);
    assert_eq!(socket.uid(), account().uid());
    assert_eq!(fs::metadata(cluster.path()).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(fs::metadata(folder.path().join("log")).unwrap().mode() & 0o7777, 0o700);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn stop_leaves_nothing_and_what_was_written_is_there_again() {
    let folder = folder();
    let (first, _) = cluster(folder.path()).await;
    let mut server = first.start(|_| ()).await.unwrap();
    query(&server, "create table kept as select 42 as answer");
    let (pid, socket) = (server.pid(), server.socket_dir().to_owned());
    let exited = server.exited();

    let stopped = server.stop().await.unwrap();
    assert_eq!((stopped.mode, stopped.clean), (StopMode::Fast, true));
    assert!(exited.await.is_clean());
    assert_eq!(server.stop().await.unwrap().mode, StopMode::Fast, "a second stop answers like the first");
    assert!(!alive(pid));
    assert!(!socket.exists());
    assert!(!first.path().join("postmaster.pid").exists());
    assert_eq!(servers_in(&first.path()), Vec::<PathBuf>::new());
    assert!(server.log_tail(5).contains("database system is shut down"), "{}", server.log_tail(5));
    drop((first, server));

    let (again, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    let server = again.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select answer from kept"), "42");
    let pid = server.pid();
    drop(server);
    assert!(!alive(pid), "dropping the server stops it");
    drop(again);
    DataDirectory::open(folder.path(), &account(), "test").expect("the lock is given back");
}

#[tokio::test]
async fn one_server_per_cluster() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(cluster.start(|_| ()).await.unwrap_err().code(), "postgres.already_running");
    assert_eq!(query(&server, "select 1"), "1");
    server.stop().await.unwrap();
    cluster.start(|_| ()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn only_our_accounts_may_connect_and_only_through_the_socket() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let rules = fs::read_to_string(cluster.path().join("pg_hba.conf")).unwrap();
    let rules: Vec<_> = rules.lines().filter(|line| !line.starts_with('#')).collect();
    let (last, passwords) = rules.split_last().unwrap();
    assert_eq!(*last, "local all all peer map=drydock");
    assert!(passwords.iter().all(|rule| rule.starts_with("local all \"/^drydock_exec_")), "{passwords:?}");
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "create role someone login; set role someone; select current_user"), "someone");
    let ports = query(&server, "select count(*) from pg_hba_file_rules where type <> 'local'");
    assert_eq!(ports, "0");

    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(field("Uid:"), vec![account().uid().to_string(); 4]);
    assert_eq!(field("Gid:"), vec![account().gid().to_string(); 4]);
    if account().is_dropped() {
        assert_eq!(field("Groups:"), Vec::<String>::new(), "root's groups are not handed on");
        assert_eq!(field("CapEff:"), ["0000000000000000"]);
    }
    let listens = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().flatten().filter_map(|entry| {
        let link = fs::read_link(entry.path()).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
        let tcp = fs::read_to_string("/proc/net/tcp").ok()?
            + &fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
        tcp.split_whitespace().any(|field| field == inode).then_some(inode)
    });
    assert_eq!(listens.count(), 0, "the server holds a TCP socket");
}

#[tokio::test]
async fn the_users_environment_does_not_matter() {
    if std::env::var_os("PGDATA").is_none() {
        let hostile = [
            ("PGDATA", "/nonexistent"),
            ("PGHOST", "nowhere.invalid"),
            ("PGPORT", "1"),
            ("PGOPTIONS", "-c fsync=off"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("LANG", "nonsense"),
            ("TZ", "Mars/Phobos"),
            ("LD_LIBRARY_PATH", "/nonexistent"),
        ];
        let again = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "life::the_users_environment_does_not_matter"])
            .envs(hostile)
            .output()
            .unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
        return;
    }
    let names = |environment: &[u8]| {
        let entries = environment.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        let mut names: Vec<_> = entries
            .map(|entry| String::from_utf8_lossy(entry).split('=').next().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let folder = folder();
    let path = folder.path().canonicalize().unwrap();
    // What initdb and the servers it runs are given.
    let seen = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while fs::metadata(path.join("cluster")).is_err() {
            for proc in fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()) {
                let program = fs::read_link(proc.join("exe")).unwrap_or_default();
                let ours = fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&path));
                if ours && matches!(program.file_name().and_then(OsStr::to_str), Some("initdb" | "postgres"))
                {
                    seen.extend(fs::read(proc.join("environ")).unwrap_or_default());
                }
            }
        }
        seen
    });
    let (cluster, _) = cluster(folder.path()).await;
    let seen = names(&seen.join().unwrap());
    for name in ["PGHOST", "PGPORT", "PGOPTIONS", "LANG", "LD_LIBRARY_PATH"] {
        assert!(!seen.contains(&name.to_owned()), "{name}");
    }
    assert!(seen.contains(&"LC_ALL".to_owned()), "nothing was seen");
    let server = cluster.start(|_| ()).await.unwrap();
    let environment = fs::read(format!("/proc/{}/environ", server.pid())).unwrap();
    assert_eq!(names(&environment), ["LC_ALL", "PATH", "TZ"]);
}

#[tokio::test]
async fn a_server_that_hangs_is_stopped_all_the_same() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start(|_| ()).await.unwrap();
    query(&server, "create table kept as select 7 as n");
    let frozen = Command::new("kill").args(["-STOP", &server.pid().to_string()]).status().unwrap();
    assert!(frozen.success());
    let stopped = server.stop().await.unwrap();
    assert_eq!(stopped.mode, StopMode::Killed);
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select n from kept"), "7");
}

/// What a script starts in the background ignores SIGINT, and so would a server that has no handlers of its own yet.
#[test]
fn a_start_nobody_waits_for_is_undone_in_the_background_as_well() {
    let mut command = Command::new("/usr/bin/env");
    command.args(["--ignore-signal=INT"]).arg(std::env::current_exe().unwrap());
    let output = command.args(["--exact", "life::a_start_nobody_waits_for_is_undone"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn a_start_nobody_waits_for_is_undone() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let path = cluster.path();
    drop(tokio::time::timeout(Duration::from_millis(3), cluster.start(|_| ())).await);
    drop(cluster);
    eventually("the data directory is free", || {
        DataDirectory::open(folder.path(), &account(), "test").is_ok()
    });
    assert_eq!(servers_in(&path), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_shutdown_that_failed_is_not_called_a_success() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start(|_| ()).await.unwrap();
    query(&server, "create table kept as select 3 as n");
    // The shutdown checkpoint ends with writing this file.
    let control = cluster.path().join("global/pg_control");
    fs::set_permissions(&control, fs::Permissions::from_mode(0o400)).unwrap();
    let exited = server.exited();
    let stopped = server.stop().await.unwrap();
    assert!(!stopped.clean, "{stopped:?}");
    assert!(!exited.await.is_clean());
    fs::set_permissions(&control, fs::Permissions::from_mode(0o600)).unwrap();
    let mut server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select n from kept"), "3");
    assert!(server.stop().await.unwrap().clean);
}

#[tokio::test]
async fn no_network_is_needed() {
    if !Command::new("unshare").args(["-n", "true"]).output().is_ok_and(|output| output.status.success()) {
        return;
    }
    let folder = folder();
    let holder = child::holder(folder.path());
    let mut inside = Command::new("unshare")
        .arg("-n")
        .arg(holder.get_program())
        .args(holder.get_args())
        .env("DRYDOCK_IT_DATA", folder.path())
        .env("HOME", "/nonexistent")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(inside.stdout.take().unwrap()).lines();
    let came_up = lines.map_while(Result::ok).any(|line| line.starts_with("server "));
    inside.kill().unwrap();
    inside.wait().unwrap();
    assert!(came_up);
    // The next start cleans up what a killed app leaves in /tmp.
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    cluster.start(|_| ()).await.unwrap().stop().await.unwrap();
}
