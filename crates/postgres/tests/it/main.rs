//! The bundled cluster for real. Every test has its own data directory and server; they run in parallel.
//!
//! They hold for root, whose servers run as an unprivileged account, and for an ordinary user.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use drydock_postgres::{
    Account, Cluster, DataDirectory, Initialised, PostgresError, Server, StopMode, Template, Tree,
};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::sync::OnceCell;

mod account;
mod child;
mod first_start;
mod found;
mod life;
mod lock;
mod log;
mod owner_gone;
mod place;
mod proxy;
mod recovery;
mod template;
mod tree;

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
    let data = DataDirectory::open(data, &account(), "test").unwrap();
    Cluster::initialise(&tree(), data, &account(), None).await.unwrap()
}

async fn failure(data: &Path) -> PostgresError {
    match DataDirectory::open(data, &account(), "test") {
        Ok(data) => Cluster::initialise(&tree(), data, &account(), None).await.unwrap_err(),
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

/// What the template of the tests is packed under.
const KEY: &str = "tests";

/// A template of a cluster with a database `packed` that has a table `kept`.
async fn template() -> Template {
    static PATH: OnceCell<PathBuf> = OnceCell::const_new();
    let path = PATH
        .get_or_init(|| async {
            let folder = folder();
            let (cluster, _) = cluster(folder.path()).await;
            let mut server = start(&cluster).await;
            query(&server, "create database packed");
            query(&server, "create table kept as select 42 as answer");
            server.stop().await.unwrap();
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Template::file_name());
            cluster.pack(KEY, &[], &path).unwrap();
            path
        })
        .await;
    Template::open(path, KEY).unwrap()
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

/// A copy of the tree that may be spoilt.
fn copy_of_tree(to: &Path) -> PathBuf {
    let copied = Command::new("cp").arg("-a").arg(tree().root()).arg(to).status().unwrap();
    assert!(copied.success());
    to.to_owned()
}

fn is_ready(cluster: &Cluster) -> bool {
    fs::read_to_string(cluster.path().join("postmaster.pid")).is_ok_and(|text| text.contains("ready"))
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

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// This program again, for one test alone.
fn again(program: &Path, test: &str) -> Command {
    // With the signals of a program that was started at a terminal: what runs in a script's background ignores SIGINT.
    let mut command = Command::new("/usr/bin/env");
    command.arg("--default-signal").arg(program);
    command.args(["--exact", test, "--include-ignored", "--nocapture"]);
    command
}

/// This program again as an account that is not root, for one test alone, and a folder which that account can enter.
fn as_ordinary_user(test: &str) -> (Command, TempDir) {
    let folder = folder();
    passable(folder.path());
    if !account().is_dropped() {
        return (again(&std::env::current_exe().unwrap(), test), folder);
    }
    // Where this program and the tree lie, only root may have access.
    let copy = folder.path().join("it");
    copy_this_program(&copy);
    let mut command = again(&copy, test);
    command.uid(account().uid()).gid(account().gid()).current_dir("/");
    command.env("DRYDOCK_POSTGRES", tree().reachable_by(&account()).unwrap().root());
    (command, folder)
}

/// Copies this program, by another process: while this one had the copy open for writing, so would a child that another test has just
/// forked, and a program that somebody writes to cannot be run.
fn copy_this_program(to: &Path) {
    let program = std::env::current_exe().unwrap();
    assert!(Command::new("cp").arg(program).arg(to).status().unwrap().success());
}

/// As long as the folder is private, the server's account cannot get to what lies in it.
fn passable(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).unwrap();
}

async fn start(cluster: &Cluster) -> Server {
    cluster.start(|_| ()).await.unwrap()
}

fn kill(pid: u32, signal: Signal) {
    nix::sys::signal::kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
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
        DataDirectory::open(Path::new("/dev/null/data"), &account(), "test").unwrap_err(),
    ] {
        assert!(codes.contains(&cause.code()));
        assert!(!cause.next_step().is_empty());
    }
}
