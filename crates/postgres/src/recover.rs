//! What a crash leaves: a server that still runs, shared memory still in use, a `postmaster.pid` whose process id now
//! belongs to somebody else. Runs with the data directory's lock held.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::PostgresError;
use crate::os::{self, Request};
use crate::pid_file::Note;

/// How long a left-over server gets for each request, and its children for letting go of the shared memory.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes way for a new server on the cluster in `data`.
///
/// A `postmaster.pid` is removed only if its process is provably not a server of this cluster and nobody is attached to
/// the shared memory it names; where that can't be told, it is left to PostgreSQL, which then refuses to start. One that
/// names no memory yet is of a server that ended before it made any, and so before it had children.
pub(crate) fn clear(data: &Path) -> Result<(), PostgresError> {
    let file = data.join("postmaster.pid");
    let Some(note) = Note::read(data) else { return Ok(()) };
    let Some(pid) = note.pid().map(i32::abs) else { return Ok(()) };
    let memory = note.memory();

    let suspect = Suspect::of(pid, data);
    if suspect == Suspect::Server {
        tracing::warn!(pid, "stopping a left-over PostgreSQL");
        stop(pid, data)?;
    }
    let deadline = Instant::now() + PATIENCE;
    while attached(memory) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    // On Windows the shared memory goes by the cluster's path: a server that finds some refuses to start.
    let alone = cfg!(windows) || !attached(memory);
    if suspect == Suspect::Other && alone {
        tracing::warn!(pid, "postmaster.pid names a process that is not our server; removing it");
        fs::remove_file(&file).map_err(PostgresError::io("remove", &file))?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspect {
    /// No such process: PostgreSQL sorts that out itself.
    Gone,
    /// The server of this cluster.
    Server,
    /// Provably something else, or a process that has ended and waits to be reaped.
    Other,
    /// Not to be told.
    Unknown,
}

impl Suspect {
    /// A server is known by its name and by its working directory, which is its cluster.
    #[cfg(target_os = "linux")]
    fn of(pid: i32, data: &Path) -> Self {
        let proc = Path::new("/proc").join(pid.to_string());
        let Ok(status) = fs::read(proc.join("status")) else {
            return if proc.exists() { Self::Unknown } else { Self::Gone };
        };
        let status = String::from_utf8_lossy(&status);
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if field("State:").is_some_and(|state| state.starts_with(['Z', 'X'])) {
            return Self::Other;
        }
        match (field("Name:"), os::same_file(&proc.join("cwd"), data)) {
            (Some("postgres"), Ok(true)) => Self::Server,
            (_, Ok(_)) => Self::Other,
            _ => Self::Unknown,
        }
    }

    /// A server is known by its program, and by having been there when it began: no other process had its id then, or has
    /// got it since without being younger than that.
    #[cfg(windows)]
    fn of(pid: i32, data: &Path) -> Self {
        let process = match os::Process::of(pid) {
            Ok(None) => return Self::Gone,
            Ok(Some(process)) => process,
            Err(_) => return Self::Unknown,
        };
        let Some(began) = Note::read(data).and_then(|note| note.started()).map(f64::from) else {
            return Self::Unknown;
        };
        Self::by_age(&process, began)
    }

    /// Of a server that noted when it began.
    #[cfg(windows)]
    fn by_age(process: &os::Process, began: f64) -> Self {
        /// A server notes whole seconds.
        const SECOND: f64 = 1.0;
        /// What it takes at most from its creation to its note, in seconds. Who is older has another clock.
        const SLOWEST: f64 = 120.0;
        let is_server =
            process.image.file_name().is_some_and(|name| name.eq_ignore_ascii_case("postgres.exe"));
        if !is_server || process.created >= began + SECOND {
            Self::Other
        } else if process.created < began - SLOWEST {
            Self::Unknown
        } else {
            Self::Server
        }
    }

    /// A server is known by its command line, which names its cluster.
    #[cfg(all(unix, not(target_os = "linux")))]
    fn of(pid: i32, data: &Path) -> Self {
        let ps = std::process::Command::new("/bin/ps")
            .args(["-ww", "-o", "stat=", "-o", "command=", "-p", &pid.to_string()])
            .output();
        match ps {
            Ok(output) if output.stdout.is_empty() && output.status.code() == Some(1) => Self::Gone,
            Ok(output) if output.status.success() => {
                Self::by_command_line(&String::from_utf8_lossy(&output.stdout), data)
            }
            _ => Self::Unknown,
        }
    }

    /// Out of `ps -o stat= -o command=`.
    #[cfg(any(all(unix, not(target_os = "linux")), test))]
    fn by_command_line(line: &str, data: &Path) -> Self {
        let (state, command) = line.trim().split_once(char::is_whitespace).unwrap_or((line, ""));
        if state.starts_with('Z') {
            return Self::Other;
        }
        if !command.contains("postgres") {
            return Self::Other;
        }
        if command.contains(&format!(" -D {} ", data.display())) { Self::Server } else { Self::Unknown }
    }
}

/// Whether a process is attached to the System V shared memory block of this id.
fn attached(memory: Option<i32>) -> bool {
    let Some(memory) = memory else { return false };
    let Ok(table) = fs::read_to_string("/proc/sysvipc/shm") else { return cfg!(target_os = "linux") };
    table.lines().skip(1).any(|line| {
        // key shmid perms size cpid lpid nattch ...
        let field: Vec<_> = line.split_whitespace().collect();
        field.get(1).is_some_and(|id| id.parse() == Ok(memory))
            && field.get(6).is_some_and(|count| *count != "0")
    })
}

fn stop(pid: i32, data: &Path) -> Result<(), PostgresError> {
    let stuck = |what: String| PostgresError::LeftOver { path: data.to_owned(), pid, what };
    for request in [Request::Fast, Request::Immediate, Request::Kill] {
        os::ask(pid, request).map_err(|cause| stuck(cause.to_string()))?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if Suspect::of(pid, data) != Suspect::Server {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Err(stuck("it reacts to no signal".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(windows)]
    #[test]
    fn a_server_is_known_by_its_program_and_its_age() {
        for (image, created, suspect) in [
            (r"C:\tree\bin\postgres.exe", 1000.5, Suspect::Server),
            (r"C:\tree\bin\POSTGRES.EXE", 970.0, Suspect::Server),
            (r"C:\tree\bin\postgres.exe", 1001.1, Suspect::Other),
            (r"C:\tree\bin\postgres.exe", 10.0, Suspect::Unknown),
            (r"C:\tools\notes.exe", 1000.5, Suspect::Other),
        ] {
            let process = os::Process { image: image.into(), created };
            assert_eq!(Suspect::by_age(&process, 1000.0), suspect, "{process:?}");
        }
    }

    #[test]
    fn a_server_is_known_by_its_command_line() {
        let data = Path::new("/data dir/cluster");
        for (line, suspect) in [
            ("Ss   /tree/bin/postgres -D /data dir/cluster -c fsync=on\n", Suspect::Server),
            ("Ss   /tree/bin/postgres -D /data dir/cluster2 -c fsync=on\n", Suspect::Unknown),
            ("Ss   postgres: checkpointer\n", Suspect::Unknown),
            ("S+   vim notes about -D /data dir/cluster \n", Suspect::Other),
            ("Z    (postgres)\n", Suspect::Other),
            ("Z\n", Suspect::Other),
        ] {
            assert_eq!(Suspect::by_command_line(line, data), suspect, "{line}");
        }
    }
}
