use super::*;

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let cause = DataDirectory::open(&file.join("data"), &account(), "test").unwrap_err();
    assert_eq!(cause.code(), "data.not_writable");
    assert!(cause.to_string().contains("file/data"), "{cause}");
    assert_eq!(DataDirectory::open(&file, &account(), "test").unwrap_err().code(), "data.not_writable");
    if !account().is_dropped() {
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(DataDirectory::open(&closed, &account(), "test").unwrap_err().code(), "data.not_writable");
        assert_eq!(
            DataDirectory::open(&closed.join("data"), &account(), "test").unwrap_err().code(),
            "data.not_writable"
        );
    }
}

#[test]
fn the_data_directory_is_private() {
    let folder = folder();
    let path = folder.path().join("some/where");
    if account().is_dropped() {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    }
    let data = DataDirectory::open(&path, &account(), "test").unwrap();
    let mode = fs::metadata(data.path()).unwrap().mode() & 0o7777;
    // The server's account has to pass; it can list nothing and write nothing there.
    assert_eq!(mode, if account().is_dropped() { 0o711 } else { 0o700 });
}

#[test]
fn a_folder_of_other_things_is_not_opened_to_anybody() {
    if !account().is_dropped() {
        return;
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let private = folder.path().join("private");
    fs::create_dir(&private).unwrap();
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(private.join("letters.txt"), "dear").unwrap();
    for _ in 0..2 {
        let cause = DataDirectory::open(&private, &account(), "test").unwrap_err();
        assert_eq!(cause.code(), "postgres.unreachable");
        assert!(cause.to_string().contains(private.canonicalize().unwrap().to_str().unwrap()), "{cause}");
        assert!(cause.next_step().contains("chmod o+x"), "{}", cause.next_step());
        assert_eq!(fs::metadata(&private).unwrap().mode() & 0o7777, 0o700);
        assert_eq!(fs::read_dir(&private).unwrap().count(), 1, "nothing was put there");
    }
    // Ours, by what it holds.
    fs::write(private.join("drydock.lock"), "").unwrap();
    DataDirectory::open(&private, &account(), "test").unwrap();
    assert_eq!(fs::metadata(&private).unwrap().mode() & 0o7777, 0o711);
}

#[test]
fn the_first_closed_folder_is_named() {
    if !account().is_dropped() {
        return;
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let cause = DataDirectory::open(&closed.join("deep/data"), &account(), "test").unwrap_err();
    assert_eq!(cause.code(), "postgres.unreachable");
    let PostgresError::Unreachable { folder: named, .. } = &cause else { panic!("{cause}") };
    assert_eq!(*named, closed.canonicalize().unwrap());
    assert!(cause.next_step().contains("chmod o+x"), "{}", cause.next_step());
    assert_eq!(fs::metadata(&closed).unwrap().mode() & 0o777, 0o700, "folders above are not changed");
}

#[tokio::test]
async fn any_path_will_do() {
    let template = template().await;
    for name in ["with space", "ümläut-日本語", "quote's %s; $HOME `id` \"x\" \\", &"long".repeat(40)] {
        let folder = folder();
        if account().is_dropped() {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        }
        let (cluster, _) = cluster(&folder.path().join(name)).await;
        let server = cluster.start(|_| ()).await.unwrap_or_else(|cause| panic!("{name}: {cause}"));
        assert_eq!(query(&server, "select 1"), "1", "{name}");

        let data = folder.path().join(name).join("unpacked");
        let data = DataDirectory::open(&data, &account(), "test").unwrap();
        let (cluster, initialised) =
            Cluster::initialise(&tree(), data, &account(), Some(&template)).await.unwrap();
        assert_eq!(initialised, Initialised::Unpacked, "{name}");
        assert_eq!(query(&start(&cluster).await, "select 1"), "1", "{name}");
    }
}

#[tokio::test]
async fn a_path_need_not_be_text() {
    for name in [&b"caf\xe9"[..], b"two\nlines"] {
        let name = OsStr::from_bytes(name);
        let folder = folder();
        if account().is_dropped() {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        }
        let (cluster, _) = cluster(&folder.path().join(name)).await;
        let start = || async {
            let started = tokio::time::timeout(Duration::from_secs(30), cluster.start(|_| ())).await;
            started.unwrap_or_else(|_| panic!("{} hangs", name.display())).unwrap()
        };
        let server = start().await;
        assert_eq!(query(&server, "select 1"), "1");
        drop(server);

        let socket = self::folder();
        let mut left_over = launch_by_hand(&cluster, socket.path());
        eventually("the left-over server is ready", || {
            fs::read(cluster.path().join("postmaster.pid"))
                .is_ok_and(|text| String::from_utf8_lossy(&text).contains("ready"))
        });
        let server = start().await;
        assert!(left_over.wait().unwrap().success(), "it was asked to shut down in order");
        assert_eq!(query(&server, "select 1"), "1");
    }
}

#[tokio::test]
async fn a_path_that_is_too_long_is_refused_at_once() {
    let folder = folder();
    if account().is_dropped() {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    }
    let of_length = |length: usize| {
        let mut path = folder.path().to_owned();
        while path.as_os_str().len() < length {
            path.push("l".repeat((length - path.as_os_str().len() - 1).clamp(1, 100)));
        }
        path
    };
    let cause = DataDirectory::open(&of_length(1100), &account(), "test").unwrap_err();
    assert_eq!(cause.code(), "data.path_too_long");
    assert!(cause.to_string().contains("bytes"), "{cause}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    // By way of a link too.
    let deep = of_length(1100);
    fs::create_dir_all(&deep).unwrap();
    let link = self::folder();
    symlink(&deep, link.path().join("link")).unwrap();
    let cause = DataDirectory::open(&link.path().join("link"), &account(), "test").unwrap_err();
    assert_eq!(cause.code(), "data.path_too_long");

    let (cluster, _) = cluster(&of_length(898)).await;
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
}

#[tokio::test]
async fn a_link_to_the_data_is_the_same_data() {
    let folder = folder();
    let other = self::folder();
    let link = other.path().join("link");
    symlink(folder.path(), &link).unwrap();
    let (cluster, _) = cluster(&link).await;
    assert_eq!(cluster.path().parent().unwrap(), folder.path().canonicalize().unwrap());
    assert_eq!(failure(folder.path()).await.code(), "data.in_use");
    let server = start(&cluster).await;
    query(&server, "create table kept as select 7 as n");
    drop((server, cluster));
    let (cluster, initialised) = self::cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    assert_eq!(query(&start(&cluster).await, "select n from kept"), "7");
}

#[tokio::test]
async fn another_file_system_will_do() {
    let Ok(folder) = tempfile::Builder::new().prefix("drydock-it-").tempdir_in("/dev/shm") else {
        println!("skipped: nothing can be written to /dev/shm");
        return;
    };
    let template = template().await;
    for (name, template) in [("initdb", None), ("template", Some(&template))] {
        passable(folder.path());
        let data = DataDirectory::open(&folder.path().join(name), &account(), "test").unwrap();
        let (cluster, _) = Cluster::initialise(&tree(), data, &account(), template).await.unwrap();
        let server = start(&cluster).await;
        cluster.durable().await.unwrap();
        assert_eq!(query(&server, "select 1"), "1", "{name}");
    }
}

/// Runs a test again with an empty file system of its own in a folder, which nobody else sees.
fn with_file_system(test: &str, options: &str) {
    let allowed = Command::new("unshare").args(["-m", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: this account may not mount a file system");
        return;
    }
    let folder = folder();
    let test = again(&std::env::current_exe().unwrap(), test);
    let output = Command::new("unshare")
        .args([
            "-m",
            "sh",
            "-c",
            "mount -t tmpfs -o \"$1\" tmpfs \"$DRYDOCK_IT_MOUNT\" && shift && exec \"$@\"",
            "sh",
        ])
        .arg(options)
        .arg(test.get_program())
        .args(test.get_args())
        .env("DRYDOCK_IT_MOUNT", folder.path())
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn mounted() -> Option<PathBuf> {
    std::env::var_os("DRYDOCK_IT_MOUNT").map(PathBuf::from)
}

#[test]
fn a_read_only_file_system_is_told() {
    let Some(folder) = mounted() else {
        return with_file_system("place::a_read_only_file_system_is_told", "ro,size=1m");
    };
    for data in [folder.clone(), folder.join("data")] {
        let cause = DataDirectory::open(&data, &account(), "test").unwrap_err();
        assert_eq!(cause.code(), "data.not_writable");
        assert!(cause.to_string().contains("Read-only file system"), "{cause}");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_works_again_when_there_is_room() {
    let Some(folder) = mounted() else {
        return with_file_system("place::a_full_disk_is_told_and_works_again_when_there_is_room", "size=8m");
    };
    let data = folder.join("data");
    let template = template().await;
    for template in [None, Some(&template)] {
        let opened = DataDirectory::open(&data, &account(), "test").unwrap();
        let cause = Cluster::initialise(&tree(), opened, &account(), template).await.unwrap_err();
        assert_eq!(cause.code(), "platform.disk_full");
        assert!(cause.to_string().contains("No space left on device"), "{cause}");
        assert!(!names_in(&data).iter().any(|name| name.starts_with("cluster.new") || name == "cluster"));
    }
    let remounted = Command::new("mount").args(["-o", "remount,size=100m"]).arg(&folder).status().unwrap();
    assert!(remounted.success());
    let (cluster, _) = cluster(&data).await;
    let mut server = start(&cluster).await;
    query(&server, "create table kept (n int); insert into kept values (1)");

    let ballast = folder.join("ballast");
    let filled = fs::write(&ballast, vec![1; 200 << 20]).unwrap_err();
    assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    let refused = psql(
        &server,
        "create table large as select repeat(md5(n::text), 100) from generate_series(1, 100000) n",
    );
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    fs::remove_file(&ballast).unwrap();
    assert!(
        said.contains("No space left on device") || said.contains("server closed the connection"),
        "{said}"
    );
    if said.contains("server closed") {
        // The write-ahead log could not grow.
        server = start(&cluster).await;
    }
    query(&server, "insert into kept values (2)");
    assert!(server.stop().await.unwrap().clean);
    assert_eq!(query(&start(&cluster).await, "select sum(n) from kept"), "3");
}

/// Only an ordinary user's server uses the runtime directory.
#[test]
fn a_runtime_directory_that_will_not_do_is_passed_over() {
    let (mut user, folder) = as_ordinary_user("place::say_whether_the_runtime_directory_is_used");
    let long = "l".repeat(100);
    for name in [&b"a,b"[..], b"a\"b", b"\"ab\"", b"a\nb", b"caf\xe9", long.as_bytes(), b"plain"] {
        let runtime = folder.path().join(OsStr::from_bytes(name));
        fs::create_dir(&runtime).unwrap();
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::chown(&runtime, Some(account().uid()), None).unwrap();
        let output = user.env("XDG_RUNTIME_DIR", &runtime).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let used = if name == b"plain" { "used: true" } else { "used: false" };
        assert!(output.status.success() && said.contains(used), "{}: {said}", runtime.display());
    }
}

#[tokio::test]
#[ignore = "started by a_runtime_directory_that_will_not_do_is_passed_over"]
async fn say_whether_the_runtime_directory_is_used() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let server = start(&cluster).await;
    assert_eq!(query(&server, "select 1"), "1");
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").unwrap();
    println!("used: {}", server.socket_dir().starts_with(runtime));
}

/// After kill -9 of everything nobody is left to remove it; the next start of whatever Drydock does.
#[tokio::test]
async fn empty_socket_folders_of_the_dead_are_swept() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = start(&cluster).await;
    let beside = server.socket_dir().to_owned();
    server.stop().await.unwrap();
    let make = |name: &str, old: bool, full: bool| {
        let path = beside.with_file_name(format!("{}{name}", beside.file_name().unwrap().to_str().unwrap()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::chown(&path, Some(account().uid()), Some(account().gid())).unwrap();
        if full {
            fs::write(path.join(".s.PGSQL.5432"), "").unwrap();
        }
        if old {
            let hours_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
            fs::File::open(&path).unwrap().set_modified(hours_ago).unwrap();
        }
        path
    };
    let [dead, young, used] =
        [make("dead", true, false), make("young", false, false), make("used", true, true)];
    let mut server = start(&cluster).await;
    eventually("the empty folder is gone", || !dead.exists());
    assert!(young.exists() && used.exists() && server.socket_dir().exists());
    server.stop().await.unwrap();
    fs::remove_dir(young).unwrap();
    fs::remove_dir_all(used).unwrap();
}

#[tokio::test]
async fn a_socket_folder_of_somebody_else_is_not_used() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start(|_| ()).await.unwrap();
    let socket = server.socket_dir().to_owned();
    server.stop().await.unwrap();

    // To anybody but the server's account a folder that others may enter is as good as somebody else's.
    fs::create_dir(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o755)).unwrap();
    let cause = cluster.start(|_| ()).await.unwrap_err();
    assert_eq!(cause.code(), "postgres.socket_folder");
    assert!(cause.to_string().contains(socket.to_str().unwrap()), "{cause}");
    fs::remove_dir(&socket).unwrap();

    let elsewhere = self::folder();
    symlink(elsewhere.path(), &socket).unwrap();
    assert_eq!(cluster.start(|_| ()).await.unwrap_err().code(), "postgres.socket_folder");
    fs::remove_file(&socket).unwrap();
    cluster.start(|_| ()).await.unwrap().stop().await.unwrap();
}
