//! Work that blocks, with its child process if it has one, on a thread of its own.

use std::io::{self, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Progress, ServerAddress};
use crate::PostgresError;
use crate::os::{self, Request};

/// How long a program that is asked to end may take for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of a program's messages that are kept: its first, which have the cause.
const MESSAGES: u64 = 16 * 1024;

/// Bytes a program may answer with.
const ANSWER: u64 = 64 * 1024 * 1024;

/// One piece of work as its thread sees it.
#[derive(Debug)]
pub(super) struct Run {
    progress: Progress,
    stopped: AtomicBool,
    /// The process id in it is ours to signal: it is reaped under the lock.
    child: Mutex<Option<Child>>,
}

/// Does `work` on a blocking thread, until it is done or `progress` is cancelled. When the future is dropped its child is
/// killed, and the work ends at its next step.
pub(super) async fn run<T: Send + 'static>(
    progress: &Progress,
    work: impl FnOnce(&Run) -> Result<T, PostgresError> + Send + 'static,
) -> Result<T, PostgresError> {
    let run = Arc::new(Run {
        progress: progress.clone(),
        stopped: AtomicBool::new(progress.is_cancelled()),
        child: Mutex::new(None),
    });
    let abandoned = StopWhenDropped(&run);
    let mut done = tokio::task::spawn_blocking({
        let run = Arc::clone(&run);
        move || work(&run)
    });
    let done = tokio::select! {
        done = &mut done => done,
        () = progress.cancelled() => {
            run.stop(Request::Fast);
            match tokio::time::timeout(PATIENCE, &mut done).await {
                Ok(done) => done,
                Err(_) => {
                    run.stop(Request::Kill);
                    done.await
                }
            }
        }
    };
    std::mem::forget(abandoned);
    match done {
        // Whatever it is that failed when it was to stop.
        Ok(Err(_)) if run.is_stopped() => Err(PostgresError::SnapshotCancelled),
        Ok(done) => done,
        Err(cause) => match cause.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(PostgresError::SnapshotCancelled),
        },
    }
}

struct StopWhenDropped<'a>(&'a Run);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.stop(Request::Kill);
    }
}

impl Run {
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Counts bytes, and is an error when the work is to stop.
    pub(super) fn tick(&self, bytes: u64) -> io::Result<()> {
        self.progress.add(bytes);
        self.go_on()
    }

    /// An error when the work is to stop.
    pub(super) fn go_on(&self) -> io::Result<()> {
        if self.is_stopped() { Err(io::Error::other("it was cancelled")) } else { Ok(()) }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, request: Request) {
        let child = self.child();
        self.stopped.store(true, Ordering::Release);
        if let Some(child) = &*child
            && let Err(cause) = os::end(child.id().cast_signed(), request)
        {
            tracing::warn!(pid = child.id(), "could not end a program: {cause}");
        }
    }

    /// Starts one of the tree's programs, which finds the server by itself. It ends when the work is stopped and when this process ends
    /// in whatever way.
    pub(super) fn start(
        &self,
        server: &ServerAddress,
        program: &str,
        arguments: &[String],
    ) -> io::Result<Tool<'_>> {
        let mut command = Command::new(server.tree.program(program));
        command.args(arguments).env_clear();
        command.envs(os::environment()).env("PGPORT", server.port.to_string());
        #[cfg(unix)]
        command.env("PGHOST", &server.socket_dir);
        // Only this account, and whoever may look into its processes, can read the environment of one.
        #[cfg(windows)]
        command.env("PGHOST", "127.0.0.1").env("PGPASSWORD", server.password.expose());
        self.spawn(command)
    }

    /// As [`Run::start`], for a program that is told where to find its server.
    pub(super) fn spawn(&self, mut command: Command) -> io::Result<Tool<'_>> {
        command.env("PGAPPNAME", "drydock snapshot");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());

        let mut slot = self.child();
        self.go_on()?;
        let mut child = os::spawn(&mut command)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let messages = child.stderr.take();
        *slot = Some(child);
        drop(slot);
        let mut tool = Tool { run: self, input, output, messages: None };
        if let Some(messages) = messages {
            tool.messages = Some(keep(messages, MESSAGES)?);
        }
        Ok(tool)
    }
}

/// A program that runs. Killed when dropped before its end.
pub(super) struct Tool<'a> {
    run: &'a Run,
    pub(super) input: Option<ChildStdin>,
    pub(super) output: Option<ChildStdout>,
    messages: Option<JoinHandle<Vec<u8>>>,
}

impl Tool<'_> {
    /// Collects what it answers while it is being fed.
    pub(super) fn answer(&mut self) -> io::Result<Answer> {
        let output = self.output.take().ok_or_else(|| io::Error::other("its output is taken"))?;
        Ok(Answer(keep(output, ANSWER)?))
    }

    /// Waits for its end, and says how it ended with what it told.
    pub(super) fn end(mut self) -> io::Result<(ExitStatus, String)> {
        self.input = None;
        self.output = None;
        // It has closed them all when it is gone, or nearly.
        let messages = self.messages.take().map(JoinHandle::join).and_then(Result::ok).unwrap_or_default();
        let mut slot = self.run.child();
        let status = match slot.as_mut() {
            Some(child) => child.wait()?,
            None => return Err(io::Error::other("it is gone")),
        };
        *slot = None;
        drop(slot);
        Ok((status, without_values(&String::from_utf8_lossy(&messages))))
    }
}

impl Drop for Tool<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.run.child().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a program answers.
pub(super) struct Answer(JoinHandle<Vec<u8>>);

impl Answer {
    pub(super) fn text(self) -> String {
        String::from_utf8_lossy(&self.0.join().unwrap_or_default()).into_owned()
    }
}

/// Reads a pipe to its end on a thread of its own, and keeps its first `limit` bytes.
fn keep(mut pipe: impl Read + Send + 'static, limit: u64) -> io::Result<JoinHandle<Vec<u8>>> {
    std::thread::Builder::new().name("snapshot-pipe".into()).spawn(move || {
        let mut kept = Vec::new();
        // An error is as good as the end: the program's exit status is what counts.
        let _ = pipe.by_ref().take(limit).read_to_end(&mut kept);
        let _ = io::copy(&mut pipe, &mut io::sink());
        kept
    })
}

/// The lines that a program of PostgreSQL begins with its name, without those that quote a statement. All others go on with
/// one of these, or are details of the server's: both can hold a row's values.
pub(super) fn without_values(messages: &str) -> String {
    let told = |line: &&str| {
        (line.starts_with("pg_dump: ") || line.starts_with("pg_restore: "))
            && !line.contains("detail: Command was:")
            || line.starts_with("psql:") && !line.contains(" NOTICE: ")
    };
    messages.lines().filter(told).collect::<Vec<_>>().join("\n")
}

/// A connection string for a database of whatever name.
pub(super) fn database(name: &str) -> String {
    format!("--dbname=dbname='{}'", name.replace('\\', r"\\").replace('\'', r"\'"))
}
