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
    for name in ["with space", "ümläut-日本語", "quote's %s; $HOME `id` \"x\" \\", &"long".repeat(40)] {
        let folder = folder();
        if account().is_dropped() {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        }
        let (cluster, _) = cluster(&folder.path().join(name)).await;
        let server = cluster.start(|_| ()).await.unwrap_or_else(|cause| panic!("{name}: {cause}"));
        assert_eq!(query(&server, "select 1"), "1", "{name}");
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
}

/// Only an ordinary user's server uses the runtime directory.
#[tokio::test]
async fn a_runtime_directory_that_is_no_list_item_is_passed_over() {
    if std::env::var_os("DRYDOCK_IT_RUNTIME").is_none() {
        for name in ["a,b", "a\"b", "\"ab\"", "a\nb", "plain"] {
            let folder = folder();
            let runtime = folder.path().join(name);
            fs::create_dir(&runtime).unwrap();
            fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
            let again = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "place::a_runtime_directory_that_is_no_list_item_is_passed_over"])
                .env("XDG_RUNTIME_DIR", &runtime)
                .env("DRYDOCK_IT_RUNTIME", name)
                .output()
                .unwrap();
            assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
        }
        return;
    }
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
    let plain = std::env::var("DRYDOCK_IT_RUNTIME").unwrap() == "plain";
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").unwrap();
    assert_eq!(server.socket_dir().starts_with(runtime), plain && !account().is_dropped());
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
