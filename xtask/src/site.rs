//! One data directory and the `drydock` that is started on it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::interrupt::{check, until};
use crate::postgres::program;
use crate::processes::{Process, destroy, of_data, terminate};
use crate::repo::Repo;
use crate::template;

/// What a start may take on a busy machine, with a recovery.
pub(crate) const START: Duration = Duration::from_secs(90);
/// What an end may take: the stop ladder has 27 s.
pub(crate) const STOP: Duration = Duration::from_secs(40);

/// What is started.
#[derive(Clone)]
pub(crate) struct Program {
    /// The `drydock` command.
    pub(crate) drydock: PathBuf,
    /// The PostgreSQL tree.
    pub(crate) tree: PathBuf,
    /// The packed cluster a first run unpacks; without one it runs initdb.
    pub(crate) template: Option<PathBuf>,
}

impl Program {
    /// A compiled `drydock` with the template it makes.
    pub(crate) fn new(repo: &Repo, drydock: PathBuf, tree: PathBuf) -> Result<Self> {
        let file = repo.scratch().join("cluster.template");
        template::at(&file, &drydock, &tree)?;
        Ok(Self { drydock, tree, template: Some(file) })
    }
}

/// A data directory of our own. What still runs on it ends when this is dropped.
pub(crate) struct Site {
    program: Program,
    data: PathBuf,
}

/// How a start went.
pub(crate) enum Start {
    /// It is ready.
    Ready(Serving),
    /// It ended by itself.
    Refused(Refusal),
}

/// A `drydock` that ended instead of serving.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it said.
    pub(crate) said: String,
}

/// What `drydock check --json` told.
pub(crate) struct Checked {
    /// How it ended; a success says nothing.
    pub(crate) end: Refusal,
    /// What it printed; null when that was no JSON.
    pub(crate) report: Value,
    /// From the launch of the process to every gate green, in milliseconds; not a number when one was red.
    pub(crate) ready_ms: f64,
}

/// A running `drydock serve`, ready for work.
pub(crate) struct Serving {
    child: Child,
    /// From the launch of the process to the line that says it is ready.
    pub(crate) took: Duration,
    /// Its HTTP port on 127.0.0.1.
    pub(crate) port: u16,
    /// The folder of PostgreSQL's socket.
    pub(crate) socket: PathBuf,
    said: Said,
}

/// A `drydock serve` that has been launched and may not be ready yet.
pub(crate) struct Launched {
    child: Child,
    begun: Instant,
    lines: Receiver<String>,
    said: Said,
    cluster: PathBuf,
}

/// What a program writes, as far as it has been read.
struct Said {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Said {
    fn by(stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&text);
        // Not a file: there may be no space for one.
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut text = into.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self { text, reader }
    }

    /// All of it, when the program has ended.
    fn whole(&self) -> String {
        // A process that outlives the program may hold the pipe open, so there is a limit.
        let end = Instant::now() + Duration::from_secs(1);
        while !self.reader.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).trim().to_owned()
    }
}

impl Site {
    /// The data directory `data` in `folder`, which is created; the data directory is not.
    pub(crate) fn new(program: &Program, folder: &Path) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        Ok(Self { program: program.clone(), data: folder.join("data") })
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// PGDATA.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.data.join("cluster")
    }

    /// A command of `drydock` on the data directory.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program.drydock);
        command
            .arg(name)
            .arg("--data-dir")
            .arg(&self.data)
            .env("DRYDOCK_POSTGRES", &self.program.tree)
            // Empty means that there is none.
            .env("DRYDOCK_TEMPLATE", self.program.template.as_deref().unwrap_or(Path::new("")))
            .env_remove("DRYDOCK_LOG")
            .env_remove("DRYDOCK_DATA_DIR")
            .stdin(Stdio::null());
        command
    }

    /// Everything that runs on the data directory.
    pub(crate) fn processes(&self) -> Vec<Process> {
        of_data(&self.data, &[])
    }

    /// Waits until nothing runs on the data directory any more. What still does after `limit` is ended and returned.
    pub(crate) fn deserted(&self, limit: Duration) -> Result<Vec<Process>> {
        let mut left = Vec::new();
        let gone = until(limit, || {
            left = self.processes();
            Ok(left.is_empty())
        })?;
        if !gone {
            for process in &left {
                destroy(process.pid);
            }
        }
        Ok(left)
    }

    /// Ends everything that runs on the data directory at once.
    pub(crate) fn destroy(&self) {
        for process in self.processes() {
            destroy(process.pid);
        }
    }

    /// The postmaster's process id, from its own note.
    pub(crate) fn postmaster(&self) -> Result<u32> {
        let note = fs::read_to_string(self.cluster().join("postmaster.pid"))
            .context("there is no postmaster.pid: PostgreSQL does not run")?;
        let pid = note.lines().next().and_then(|line| line.trim().parse().ok());
        pid.context("postmaster.pid names no process")
    }

    /// User and group that the cluster belongs to: who the server runs as.
    pub(crate) fn owner(&self) -> Result<(u32, u32)> {
        let found = fs::metadata(self.cluster())?;
        Ok((found.uid(), found.gid()))
    }

    /// Launches `drydock serve`.
    pub(crate) fn launch(&self) -> Result<Launched> {
        self.launch_with(&[])
    }

    fn launch_with(&self, variables: &[(&str, &OsStr)]) -> Result<Launched> {
        let begun = Instant::now();
        let mut child = self
            .command("serve")
            .args(["--port", "0"])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.drydock.display()))?;
        let (stdout, stderr) =
            child.stdout.take().zip(child.stderr.take()).context("there is no stdout or stderr")?;
        let said = Said::by(stderr);
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Read to the end even when nobody listens: a full pipe would stop the program.
                send.send(line).ok();
            }
        });
        Ok(Launched { child, begun, lines, said, cluster: self.cluster() })
    }

    /// Starts `drydock serve` and waits until it is ready or has ended.
    pub(crate) fn start(&self) -> Result<Start> {
        self.launch()?.outcome(START)
    }

    /// Starts `drydock serve`, which must get ready.
    pub(crate) fn serve(&self) -> Result<Serving> {
        self.serve_with(&[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn serve_with(&self, variables: &[(&str, &OsStr)]) -> Result<Serving> {
        match self.launch_with(variables)?.outcome(START)? {
            Start::Ready(serving) => Ok(serving),
            Start::Refused(refusal) => bail!("it did not start ({}): {}", refusal.status, refusal.said),
        }
    }

    /// Runs `drydock check --json`.
    pub(crate) fn check(&self) -> Result<Checked> {
        self.check_with(&[])
    }

    fn check_with(&self, variables: &[(&str, &OsStr)]) -> Result<Checked> {
        let launched = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let mut child = self
            .command("check")
            .arg("--json")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.drydock.display()))?;
        let (stdout, stderr) =
            child.stdout.take().zip(child.stderr.take()).context("there is no stdout or stderr")?;
        let (report, said) = (Said::by(stdout), Said::by(stderr));
        let status = match ended(&mut child, START) {
            Ok(status) => status,
            Err(error) => {
                destroy(child.id());
                child.wait()?;
                return Err(error);
            }
        };
        let report: Value = serde_json::from_str(&report.whole()).unwrap_or_default();
        let ready_ms = report["ready_at"].as_f64().map_or(f64::NAN, |ready| (ready - launched) * 1e3);
        Ok(Checked { end: Refusal { status, said: said.whole() }, report, ready_ms })
    }

    /// `drydock check --json` must be green.
    pub(crate) fn green(&self) -> Result<Checked> {
        self.green_with(&[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn green_with(&self, variables: &[(&str, &OsStr)]) -> Result<Checked> {
        let checked = self.check_with(variables)?;
        let end = &checked.end;
        ensure!(end.status.success() && checked.report["state"] == "ready", "{}: {}", end.status, end.said);
        Ok(checked)
    }

    /// Asks the server behind a socket with psql; the answer has one row a line, its columns divided by `|`.
    pub(crate) fn ask(&self, socket: &Path, database: &str, sql: &str) -> Result<String> {
        let output = psql(&self.program.tree, socket, database)
            .arg("--command")
            .arg(sql)
            .stdin(Stdio::null())
            .output()
            .context("cannot start psql")?;
        ensure!(
            output.status.success(),
            "psql failed: {}",
            String::from_utf8_lossy(&output.stderr).trim().lines().next().unwrap_or("it said nothing")
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The tree everything here runs from.
    pub(crate) fn tree(&self) -> &Path {
        &self.program.tree
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let note = fs::read_to_string(self.cluster().join("postmaster.pid")).unwrap_or_default();
        self.destroy();
        // Gone before the folder is removed: a dying server still writes.
        let end = Instant::now() + Duration::from_secs(5);
        while !self.processes().is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        // A killed server leaves its socket for the next start, which there won't be.
        if let Some(socket) = note.lines().nth(4).map(Path::new)
            && socket.file_name().is_some_and(|name| name.to_string_lossy().starts_with("drydock-"))
        {
            fs::remove_dir_all(socket).ok();
        }
    }
}

/// psql as the superuser, in the tree's own build.
pub(crate) fn psql(tree: &Path, socket: &Path, database: &str) -> Command {
    let mut command = Command::new(program(tree, "psql"));
    command
        .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"])
        .arg("--host")
        .arg(socket)
        .args(["--username=postgres", "--dbname"])
        .arg(database);
    for name in ["PGOPTIONS", "PGPORT", "PGUSER", "PGDATABASE", "PGHOST", "PGSERVICE", "PGSSLMODE"] {
        command.env_remove(name);
    }
    command
}

fn ended(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let mut status = None;
    until(limit, || {
        status = child.try_wait()?;
        Ok(status.is_some())
    })?;
    status.with_context(|| format!("process {} did not end within {} s", child.id(), limit.as_secs()))
}

impl Checked {
    /// Milliseconds that a stage took; not a number when it did not run.
    pub(crate) fn stage_ms(&self, name: &str) -> f64 {
        let stages = self.report["stages"].as_array();
        let stage = stages.into_iter().flatten().find(|stage| stage["name"] == name);
        stage.and_then(|stage| stage["ms"].as_f64()).unwrap_or(f64::NAN)
    }
}

impl Refusal {
    /// The error's code: what stands in the last pair of brackets.
    pub(crate) fn code(&self) -> &str {
        let end = self.said.rfind(']').unwrap_or(0);
        let begin = self.said[..end].rfind('[').map_or(end, |at| at + 1);
        &self.said[begin..end]
    }
}

impl Launched {
    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits until it is ready or has ended.
    pub(crate) fn outcome(mut self, limit: Duration) -> Result<Start> {
        let deadline = self.begun + limit;
        loop {
            check()?;
            ensure!(Instant::now() < deadline, "`drydock serve` was not ready within {} s", limit.as_secs());
            let line = match self.lines.recv_timeout(Duration::from_millis(20)) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    let status = ended(&mut self.child, STOP)?;
                    let said = self.said.whole();
                    return Ok(Start::Refused(Refusal { status, said }));
                }
            };
            if let Some(address) = line.strip_prefix("Drydock is ready at ") {
                let took = self.begun.elapsed();
                let port = address.rsplit(':').next().and_then(|port| port.trim_matches('/').parse().ok());
                let note = fs::read_to_string(self.cluster.join("postmaster.pid"))
                    .context("it is ready without a postmaster.pid")?;
                let socket = note.lines().nth(4).context("postmaster.pid names no socket")?;
                return Ok(Start::Ready(Serving {
                    port: port.with_context(|| format!("{address} has no port"))?,
                    socket: socket.into(),
                    took,
                    said: self.said,
                    child: self.child,
                }));
            }
        }
    }
}

impl Serving {
    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until it has ended; what it said in the end.
    pub(crate) fn ended(&mut self, limit: Duration) -> Result<Refusal> {
        let status = ended(&mut self.child, limit)?;
        let said = self.said.whole();
        Ok(Refusal { status, said })
    }

    /// Asks it to end and waits; returns how long that took.
    ///
    /// # Errors
    /// When it ends with anything but success, or leaves its socket behind.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        let begun = Instant::now();
        terminate(self.child.id());
        let end = self.ended(STOP)?;
        let took = begun.elapsed();
        ensure!(end.status.success(), "it ended with {}: {}", end.status, end.said);
        ensure!(!self.socket.exists(), "the socket folder {} is left", self.socket.display());
        Ok(took)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::Refusal;

    #[test]
    fn a_refusal_ends_with_its_code() {
        let code = |said: &str| {
            Refusal { status: ExitStatus::from_raw(256), said: said.to_owned() }.code().to_owned()
        };
        assert_eq!(code("It is held [1]. End it. [data.in_use]"), "data.in_use");
        assert_eq!(code("thread panicked"), "");
    }
}
