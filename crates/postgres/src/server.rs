use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::error::without_prefix;
use crate::os::{self, Child, Guard, Request};
use crate::pid_file::Note;
use crate::{Cluster, Listener, PostgresError, log, recover};

/// How often a server that is to stop is looked at.
const GLANCE: Duration = Duration::from_millis(250);

/// How many looks at a server without processes make it one that does not stop.
const ALONE: u32 = 6;

/// How often `postmaster.pid` is looked at while the server starts.
const LOOK: Duration = Duration::from_micros(500);

/// How long a start may take without being reported.
const QUIET: Duration = Duration::from_millis(500);

/// How often it is reported from then on.
const REPORT: Duration = Duration::from_millis(250);

/// How often the size of its log is looked at.
const LOG_LOOK: Duration = Duration::from_secs(2);

/// How long each rung of the stop ladder waits.
const LADDER: [(Request, StopMode, Duration); 3] = [
    // A fast shutdown writes everything out, which on a busy disk takes seconds.
    (Request::Fast, StopMode::Fast, Duration::from_secs(20)),
    (Request::Immediate, StopMode::Immediate, Duration::from_secs(2)),
    (Request::Kill, StopMode::Killed, Duration::from_secs(5)),
];

/// From how many milliseconds on the server writes a statement into its log.
pub const SLOW_STATEMENT_MS: u32 = 250;

/// What goes into every command line. Given there, it wins over the cluster's configuration files.
const SETTINGS: &[(&str, &str)] = &[
    #[cfg(unix)]
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("cluster_name", "drydock"),
    // Durability. There is no speed reason to go without: it costs 2 ms of a start.
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    // Small and quick to start: one user, no replicas.
    ("shared_buffers", "16MB"),
    ("max_connections", "30"),
    ("max_wal_senders", "0"),
    // Without replication slots a checkpoint, and so a stop, spares the four fsyncs of a file about their origins.
    ("max_replication_slots", "0"),
    ("wal_level", "minimal"),
    ("min_wal_size", "32MB"),
    ("max_wal_size", "128MB"),
    ("max_worker_processes", "4"),
    ("max_logical_replication_workers", "0"),
    ("max_files_per_process", "200"),
    ("jit", "off"),
    #[cfg(target_os = "linux")]
    ("recovery_init_sync_method", "syncfs"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_startup_progress_interval", "1s"),
    ("log_checkpoints", "off"),
    ("log_line_prefix", "%m [%p] "),
    // No values: the log goes into failure reports, and a row may hold a credential.
    ("log_error_verbosity", "terse"),
    ("log_statement", "none"),
    ("log_min_error_statement", "panic"),
    // Prepared statements stand in the log without their parameters; what was typed by hand stands there as it was typed. Nothing of it
    // goes into a report, and what is shown has its literals taken out.
    ("log_min_duration_statement", "250"),
    ("log_min_duration_sample", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
];

/// Which request ended the server. Windows has no signals: PostgreSQL takes the first two by a named pipe there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// SIGINT.
    Fast,
    /// SIGQUIT: the next start recovers. Nothing committed is lost.
    Immediate,
    /// SIGKILL, or the end of its process by Windows: as immediate.
    Killed,
    /// None: it had ended by itself.
    Gone,
}

/// How a stop went.
#[derive(Clone, Copy, Debug)]
pub struct Stopped {
    /// What it took.
    pub mode: StopMode,
    /// Whether everything was written: an orderly shutdown that the server itself calls a success. If not, its log says
    /// why, and the next start recovers; nothing committed is lost.
    pub clean: bool,
    /// From the first request to the end of the process.
    pub elapsed: Duration,
}

/// How far a start has come that takes long.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Since the server was launched.
    pub elapsed: Duration,
    /// The last thing it said: while it recovers, how far that is. Empty if it said nothing yet.
    pub last_line: String,
}

/// How the server process ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit(ExitStatus);

impl Exit {
    /// Whether it was an orderly shutdown.
    pub fn is_clean(&self) -> bool {
        self.0.success()
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A running server. It ends with [`Server::stop`], when this value is dropped, and when this process ends in whatever way.
#[derive(Debug)]
pub struct Server {
    process: Arc<Process>,
    #[cfg(unix)]
    socket: PathBuf,
    #[cfg(windows)]
    loopback: Listener,
    log: PathBuf,
    stopped: Option<Stopped>,
}

impl Cluster {
    /// Starts the server and waits until it accepts connections. There is no time limit: a recovering server takes as long
    /// as it takes. `waiting` is called every 250 ms from 500 ms on, on a thread of its own. Dropping the future stops the
    /// server.
    ///
    /// # Errors
    /// `postgres.start_failed` with the end of the log, `postgres.already_running`, `postgres.left_over`,
    /// `postgres.socket_folder`, `postgres.io`.
    pub async fn start(&self, waiting: impl Fn(&Waiting) + Send + 'static) -> Result<Server, PostgresError> {
        if self.inner.running.swap(true, Ordering::AcqRel) {
            return Err(PostgresError::AlreadyRunning { path: self.path() });
        }
        let (ready, started) = oneshot::channel();
        let cluster = self.clone();
        // A thread of its own that lives as long as the server: on Linux the server is told to end when the thread that
        // spawned it ends, which for a thread of an async runtime can be any time.
        let keeper = std::thread::Builder::new()
            .name("postgres-keeper".into())
            .spawn(move || keep(cluster, ready, waiting));
        if let Err(cause) = keeper {
            self.inner.running.store(false, Ordering::Release);
            return Err(PostgresError::io("start a thread for", &self.path())(cause));
        }
        let server = started.await.unwrap_or_else(|_| {
            Err(PostgresError::StartFailed { status: "its keeper thread ended".into(), log: String::new() })
        })?;
        self.inner.sync_aside()?;
        Ok(server)
    }
}

impl Server {
    /// The folder of its socket: what libpq and sqlx call host.
    #[cfg(unix)]
    pub fn socket_dir(&self) -> &Path {
        &self.socket
    }

    /// The number in the socket's name. No TCP port is open.
    #[cfg(unix)]
    pub fn port(&self) -> u16 {
        crate::PORT
    }

    /// The port on 127.0.0.1, another at each start.
    #[cfg(windows)]
    pub fn port(&self) -> u16 {
        self.loopback.port()
    }

    /// What the port asks the superuser for.
    #[cfg(windows)]
    pub fn password(&self) -> &crate::Password {
        self.loopback.password()
    }

    /// Process id.
    pub fn pid(&self) -> i32 {
        self.process.pid
    }

    /// The last lines of its log, without those that may hold values.
    pub fn log_tail(&self, lines: usize) -> String {
        log::tail(&self.log, 0, lines)
    }

    /// Resolves when the server process has ended, for whatever reason.
    pub fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        let mut news = self.process.news.subscribe();
        async move {
            // The sender lives until the news is out: the keeper thread owns it.
            match news.wait_for(Option::is_some).await.map(|exit| *exit) {
                Ok(Some(status)) => Exit(status),
                _ => std::future::pending().await,
            }
        }
    }

    /// Stops the server: SIGINT, after 20 s SIGQUIT, after 2 s more SIGKILL. Stopping again answers as the first time.
    ///
    /// # Errors
    /// `postgres.stop_failed` if it cannot be signalled or survives SIGKILL (a hanging disk).
    pub async fn stop(&mut self) -> Result<Stopped, PostgresError> {
        if let Some(stopped) = self.stopped {
            return Ok(stopped);
        }
        let process = Arc::clone(&self.process);
        let pid = process.pid;
        let stopped = tokio::task::spawn_blocking(move || process.stop())
            .await
            .map_err(|cause| PostgresError::StopFailed { pid, what: cause.to_string() })??;
        self.stopped = Some(stopped);
        Ok(stopped)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stopped.is_none()
            && let Err(cause) = self.process.stop()
        {
            tracing::error!("{cause}");
        }
    }
}

/// The server's process as its keeper thread and its [`Server`] see it.
#[derive(Debug)]
struct Process {
    pid: i32,
    /// Guards the process id: while this is `None` under the lock, the id is ours to signal.
    exit: Mutex<Option<ExitStatus>>,
    ended: Condvar,
    news: watch::Sender<Option<ExitStatus>>,
}

impl Process {
    fn new(pid: i32) -> Self {
        Self { pid, exit: Mutex::new(None), ended: Condvar::new(), news: watch::Sender::new(None) }
    }

    fn exit(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end until `patience` is over, or until there is nothing to wait for: a server that is about to begin anew
    /// after a crash forgets that it was asked to stop, and shows it by having no process of its own for a while.
    fn await_exit<'a>(
        &'a self,
        mut exit: MutexGuard<'a, Option<ExitStatus>>,
        patience: Duration,
    ) -> MutexGuard<'a, Option<ExitStatus>> {
        let begun = Instant::now();
        let mut alone = 0;
        while exit.is_none() && alone < ALONE && begun.elapsed() < patience {
            let (guard, _) = self
                .ended
                .wait_timeout_while(exit, GLANCE, |exit| exit.is_none())
                .unwrap_or_else(PoisonError::into_inner);
            exit = guard;
            alone = if os::has_children(self.pid) { 0 } else { alone + 1 };
        }
        exit
    }

    fn stop(&self) -> Result<Stopped, PostgresError> {
        let begun = Instant::now();
        let failed = |what: String| PostgresError::StopFailed { pid: self.pid, what };
        let mut exit = self.exit();
        if let Some(status) = *exit {
            return Ok(Stopped { mode: StopMode::Gone, clean: status.success(), elapsed: Duration::ZERO });
        }
        for (request, mode, patience) in LADDER {
            os::ask(self.pid, request).map_err(|cause| failed(cause.to_string()))?;
            exit = self.await_exit(exit, patience);
            if let Some(status) = *exit {
                // To an immediate shutdown, too, the server answers with success.
                let clean = mode == StopMode::Fast && status.success();
                if !clean {
                    tracing::warn!(pid = self.pid, ?mode, %status, "PostgreSQL did not shut down in order");
                }
                return Ok(Stopped { mode, clean, elapsed: begun.elapsed() });
            }
            tracing::warn!(pid = self.pid, ?mode, "PostgreSQL did not stop in time");
        }
        Err(failed("it survived SIGKILL".into()))
    }
}

/// What happens on the keeper thread, from before the launch until after the end of the server.
fn keep(cluster: Cluster, ready: oneshot::Sender<Result<Server, PostgresError>>, waiting: impl Fn(&Waiting)) {
    let launched = launch(&cluster);
    let Launched { mut child, guard, listener, log_from } = match launched {
        Ok(launched) => launched,
        Err(cause) => {
            cluster.inner.running.store(false, Ordering::Release);
            drop(cluster);
            let _ = ready.send(Err(cause));
            return;
        }
    };
    let process = Arc::new(Process::new(child.id().cast_signed()));
    let log = cluster.inner.data.log_file();
    tracing::debug!(step = "launched");
    let came_up = await_ready(&cluster.path(), &mut child, &ready, |elapsed| {
        let last_line = without_prefix(&log::tail(&log, log_from, 1)).to_owned();
        tracing::info!(?elapsed, last_line, "PostgreSQL is still starting");
        waiting(&Waiting { elapsed, last_line });
    });

    let mut ready = Some(ready);
    if came_up && let Some(ready) = ready.take() {
        tracing::debug!(step = "started");
        if let Err(cause) = cluster.inner.data.lock.tell(Some(&listener)) {
            tracing::warn!("could not say where the server listens: {cause}");
        }
        let server = Server {
            process: Arc::clone(&process),
            #[cfg(unix)]
            socket: listener.path().to_owned(),
            #[cfg(windows)]
            loopback: listener.clone(),
            log: log.clone(),
            stopped: None,
        };
        if let Err(unwanted) = ready.send(Ok(server)) {
            abandon(unwanted.ok(), &process);
        }
        bound_log(&process, &log);
        #[cfg(unix)]
        crate::socket::sweep(listener.path(), &cluster.inner.account);
    } else if ready.as_ref().is_some_and(oneshot::Sender::is_closed) {
        abandon(None, &process);
    }

    os::await_exit(&mut child);
    // Reaped under the lock: until then nobody else can get this process id.
    let mut exit = process.exit();
    if let Some(guard) = guard {
        guard.release();
    }
    let status = child.wait();
    drop(listener);
    let _ = cluster.inner.data.lock.tell(None);
    cluster.inner.running.store(false, Ordering::Release);
    drop(cluster);
    let status = status.unwrap_or_default();
    *exit = Some(status);
    process.ended.notify_all();
    drop(exit);
    process.news.send_replace(Some(status));
    if let Some(ready) = ready {
        let failed =
            PostgresError::StartFailed { status: status.to_string(), log: log::tail(&log, log_from, 40) };
        let _ = ready.send(Err(failed));
    }
}

/// Keeps the log from growing without end while the server runs.
fn bound_log(process: &Arc<Process>, log: &Path) {
    let (process, log) = (Arc::clone(process), log.to_owned());
    let watch = move || {
        let mut exit = process.exit();
        while exit.is_none() {
            let (guard, _) =
                process.ended.wait_timeout(exit, LOG_LOOK).unwrap_or_else(PoisonError::into_inner);
            drop(guard);
            if let Err(cause) = log::bound(&log) {
                tracing::warn!(path = %log.display(), "could not put the server's log aside: {cause}");
            }
            exit = process.exit();
        }
    };
    if let Err(cause) = std::thread::Builder::new().name("postgres-log".into()).spawn(watch) {
        tracing::warn!("the server's log is not bounded while it runs: {cause}");
    }
}

/// Asks a server nobody waits for to end; the keeper waits for it.
fn abandon(server: Option<Server>, process: &Process) {
    if let Some(mut server) = server {
        // Its Drop would wait for this very thread.
        server.stopped = Some(Stopped { mode: StopMode::Fast, clean: false, elapsed: Duration::ZERO });
    }
    if let Err(cause) = os::ask(process.pid, Request::Fast) {
        tracing::error!(pid = process.pid, "could not stop PostgreSQL: {cause}");
    }
}

/// A server that need not be ready.
struct Launched {
    child: Child,
    guard: Option<Guard>,
    listener: Listener,
    /// Where its lines begin in the log.
    log_from: u64,
}

fn launch(cluster: &Cluster) -> Result<Launched, PostgresError> {
    let inner = &cluster.inner;
    recover::clear(&cluster.path())?;
    let listener = Listener::create(inner.data.path(), &inner.account)?;
    let path = inner.data.log_file();
    let (log, log_from) = log::open(&path).map_err(PostgresError::io("open", &path))?;
    let errors = log.try_clone().map_err(PostgresError::io("open", &path))?;

    let program = inner.tree.program("postgres");
    let (mut command, guard) = os::server(&program).map_err(PostgresError::io("prepare to run", &program))?;
    command.arg("-D").arg(cluster.path());
    for (name, value) in SETTINGS {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command.args(listener.arguments());
    command.env_clear().envs(os::environment());
    command.current_dir(cluster.path()).stdout(log).stderr(errors);
    os::confine(&mut command, &inner.account);
    let child = command.spawn().map_err(PostgresError::io("run", &program))?;
    Ok(Launched { child, guard, listener, log_from })
}

/// Whether the server came up; if not, it has ended or nobody waits for it any more.
fn await_ready<T>(
    data: &Path,
    child: &mut Child,
    ready: &oneshot::Sender<T>,
    waiting: impl Fn(Duration),
) -> bool {
    let begun = Instant::now();
    let pid = child.id().cast_signed();
    let mut next = QUIET;
    loop {
        // Looking there disturbs nothing, while an attempt to connect makes the server fork and log.
        if Note::read(data).is_some_and(|note| note.pid() == Some(pid) && note.is_ready()) {
            return true;
        }
        if os::has_exited(child) || ready.is_closed() {
            return false;
        }
        let elapsed = begun.elapsed();
        if elapsed >= next {
            waiting(elapsed);
            next = begun.elapsed() + REPORT;
        }
        std::thread::sleep(LOOK);
    }
}
