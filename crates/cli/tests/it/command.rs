//! What the tests share: the command, and what they look at it with.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use drydock_testkit::resources;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

pub(crate) fn tree() -> PathBuf {
    let target = resources()[0].join("postgres");
    std::env::var_os("DRYDOCK_POSTGRES").map_or_else(
        || fs::read_dir(&target).expect("run `cargo xtask postgres`").next().unwrap().unwrap().path(),
        PathBuf::from,
    )
}

pub(crate) fn drydock(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .env("DRYDOCK_POSTGRES", tree())
        .env_remove("DRYDOCK_LOG");
    command
}

/// Processes whose command line names the data directory: the server and its children.
pub(crate) fn servers(data: &Path) -> Vec<u32> {
    let needle = data.join("cluster");
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            line.contains("postgres") && line.contains(needle.to_str().unwrap())
        })
        .collect()
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn failed_with(output: &Output, code: &str) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr.contains(&format!("[{code}]")), "no {code} in {stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "one sentence, please: {stderr}");
    stderr
}

pub(crate) struct Serving {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    pub(crate) welcome: String,
}

impl Serving {
    pub(crate) fn start(data: &Path) -> Self {
        let page = data.parent().unwrap().join("page");
        fs::create_dir_all(&page).unwrap();
        fs::write(page.join("index.html"), "the page").unwrap();
        let mut child = drydock(&["serve"], data)
            .arg("--ui")
            .arg(&page)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut welcome = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "it ended: {:?}", child.wait());
            welcome.push_str(&line);
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        let address =
            welcome.lines().find_map(|line| line.strip_prefix("Drydock is ready at http://")).unwrap();
        Self { address: address.parse().unwrap(), child, stdout, welcome }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Politely, so that it removes what is temporary; a test that failed may leave one that does not listen.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            let deadline = Instant::now() + Duration::from_secs(10);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.stdout.read_to_string(&mut self.welcome);
    }
}

/// The command with its data directory in the environment, for what must not come after other arguments.
pub(crate) fn at(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command
        .args(arguments)
        .env("DRYDOCK_DATA_DIR", data)
        .env("DRYDOCK_POSTGRES", tree())
        .env_remove("DRYDOCK_LOG")
        .stdin(Stdio::null());
    command
}

/// Runs it to its end, which must be a good one; returns what it printed.
pub(crate) fn printed(data: &Path, arguments: &[&str]) -> String {
    let output = at(data, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// What a statement answers through `drydock psql`, as the owner.
pub(crate) fn sql(data: &Path, statement: &str) -> String {
    printed(data, &["psql", "--", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement])
}

/// The tree's psql.
pub(crate) fn psql() -> PathBuf {
    let manifest: Value = serde_json::from_slice(&fs::read(tree().join("manifest.json")).unwrap()).unwrap();
    tree().join(manifest["bin"].as_str().unwrap()).join("psql")
}

/// Whether the process is there and not just waiting to be reaped.
pub(crate) fn alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X']))
    })
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}
