//! The bundled cluster on Windows: what is not the same there as where there are sockets and signals.
//!
//! The tree is the one in `resources/postgres`, or the one `DRYDOCK_POSTGRES` names.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drydock_postgres::snapshot::{Facts, Progress, ServerAddress, SnapshotFolder};
use drydock_postgres::{
    Account, Cluster, DataDirectory, Holder, Initialised, Password, Proxy, Server, StopMode, Tree,
};
use tempfile::TempDir;

const CREATE_NO_WINDOW: u32 = 0x0800_0000;

fn tree() -> Tree {
    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    Tree::locate(None, &[resources]).expect("run `cargo xtask postgres` first")
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("drydock it ").tempdir().unwrap()
}

async fn cluster(data: &Path) -> (Cluster, Initialised) {
    let account = Account::resolve().unwrap();
    let data = DataDirectory::open(data, &account, "test").unwrap();
    Cluster::initialise(&tree(), data, &account, None).await.unwrap()
}

fn psql(port: u16, password: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(tree().program("psql"))
        .args(["-X", "-A", "-t", "-w", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-c", sql])
        .args(["-p", &port.to_string()])
        .env("PGPASSWORD", password)
        .creation_flags(CREATE_NO_WINDOW)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn query(server: &Server, sql: &str) -> String {
    psql(server.port(), server.password().expose(), sql)
        .unwrap_or_else(|cause| panic!("{sql}: {cause}\n{}", server.log_tail(20)))
}

/// Whether the server lets go of its port within some seconds.
fn is_gone(port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[tokio::test]
async fn a_server_starts_answers_stops_and_starts_again() {
    let folder = folder();
    let (first, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Created);
    let mut server = first.start(|_| ()).await.unwrap();
    // The tree's pgvector is compiled for processors with these instructions, and ends its server on others.
    if std::arch::is_x86_feature_detected!("avx512dq") && std::arch::is_x86_feature_detected!("avx512vl") {
        query(&server, "create extension vector");
        assert_eq!(query(&server, "select '[1,2,3]'::vector"), "[1,2,3]");
    }
    query(&server, "create table kept as select 42 as answer");
    for (setting, value) in [
        ("server_version", tree().version()),
        ("fsync", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ] {
        assert_eq!(query(&server, &format!("show {setting}")), value, "{setting}");
    }
    assert_eq!(Holder::of(folder.path()).unwrap().unwrap().port, Some(server.port()));
    assert_eq!(Password::of(folder.path()).unwrap().expose(), server.password().expose());

    let refused = psql(server.port(), "not the password", "select 1").unwrap_err();
    assert!(refused.contains("password authentication failed"), "{refused}");

    let stopped = server.stop().await.unwrap();
    assert_eq!((stopped.mode, stopped.clean), (StopMode::Fast, true));
    assert!(is_gone(server.port()));
    assert!(!first.path().join("postmaster.pid").exists());
    assert_eq!(Holder::of(folder.path()).unwrap().unwrap().port, None);
    drop((server, first));
    assert_eq!(Holder::of(folder.path()).unwrap(), None);

    let (again, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    let mut server = again.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select answer from kept"), "42");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_data() {
    let folder = folder();
    let account = Account::resolve().unwrap();
    let _data = DataDirectory::open(folder.path(), &account, "test").unwrap();
    let cause = DataDirectory::open(folder.path(), &account, "other").unwrap_err();
    assert_eq!(cause.code(), "data.in_use");
    assert!(cause.to_string().contains("test (process"), "{cause}");
}

#[tokio::test]
async fn a_snapshot_is_made_and_a_running_command_has_its_port() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = cluster.start(|_| ()).await.unwrap();
    query(&server, "create table kept as select 42 as answer");
    let address = ServerAddress { tree: tree(), port: server.port(), password: server.password().clone() };
    let facts = Facts {
        name: "first".into(),
        note: String::new(),
        app_version: "0".into(),
        schema_digest: String::new(),
        database_bytes: 1,
        roles: Vec::new(),
        rows: None,
    };
    let snapshots = SnapshotFolder::of(folder.path());
    let progress = Progress::new();
    let made = snapshots.create(&address, "postgres", &[], facts, &progress).await.unwrap();
    assert_eq!(snapshots.verify(made.id, &Progress::new()).await.unwrap(), made);

    query(&server, "create role drydock_exec_0123456789abcdef login password 'secret'");
    let proxy = Proxy::open(server.port(), "drydock_exec_0123456789abcdef").await.unwrap();
    let port = proxy.address().port();
    let refused = tokio::task::spawn_blocking(move || psql(port, "secret", "select 1")).await.unwrap();
    assert!(refused.unwrap_err().contains("for one role only"));
    proxy.close().await;
    server.stop().await.unwrap();
}

/// Started by the test below, which kills it.
#[tokio::test]
#[ignore = "started by another test"]
async fn hold_a_server() {
    let data = std::env::var_os("DRYDOCK_IT_DATA").unwrap();
    let (cluster, _) = cluster(Path::new(&data)).await;
    let server = cluster.start(|_| ()).await.unwrap();
    println!("\nserver {}", server.port());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_ends_with_its_owner_and_recovers() {
    let folder = folder();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "hold_a_server", "--ignored", "--nocapture"])
        .env("DRYDOCK_IT_DATA", folder.path())
        .stdout(Stdio::piped())
        .creation_flags(CREATE_NO_WINDOW)
        .spawn()
        .unwrap();
    let port: u16 = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("server ").map(|port| port.trim().parse().unwrap()))
        .unwrap();
    let password = Password::of(folder.path()).unwrap();
    psql(port, password.expose(), "create table kept as select 42 as answer").unwrap();

    // As hard as it goes: nothing of the owner runs any more.
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(is_gone(port), "the server outlived its owner");
    assert!(fs::exists(folder.path().join("cluster").join("postmaster.pid")).unwrap());

    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    let mut server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select answer from kept"), "42");
    assert_eq!(server.stop().await.unwrap().mode, StopMode::Fast);
}
