//! What /proc tells about processes: who belongs to a data directory, who listens, how much memory they use.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) pid: u32,
    /// Its name, at most 15 bytes as the kernel keeps it.
    pub(crate) name: String,
}

/// Every process id.
fn pids() -> Vec<u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

fn process(pid: u32) -> Process {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Process { pid, name: name.trim().to_owned() }
}

fn bytes(pid: u32, what: &str) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && haystack.windows(needle.len()).any(|window| window == needle)
}

/// Whether the process has ended and only waits to be collected by its parent.
fn is_zombie(pid: u32) -> bool {
    let stat = bytes(pid, "stat");
    let end = stat.iter().rposition(|byte| *byte == b')').unwrap_or(0);
    stat.get(end + 2).is_none_or(|state| *state == b'Z')
}

/// The processes whose environment or arguments name the data directory, with all their children: the app, its web
/// processes and PostgreSQL. Ourselves and the processes in `except` are left out.
pub(crate) fn of_data(data: &Path, except: &[u32]) -> Vec<Process> {
    let needle = data.as_os_str().as_encoded_bytes();
    let all = pids();
    let mut found: HashSet<u32> = all
        .iter()
        .copied()
        .filter(|pid| contains(&bytes(*pid, "environ"), needle) || contains(&bytes(*pid, "cmdline"), needle))
        .collect();
    loop {
        let more: Vec<u32> = all
            .iter()
            .copied()
            .filter(|pid| !found.contains(pid) && parent(*pid).is_some_and(|parent| found.contains(&parent)))
            .collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    let own = std::process::id();
    let mut list: Vec<_> = found
        .into_iter()
        .filter(|pid| *pid != own && !except.contains(pid) && !is_zombie(*pid))
        .map(process)
        .collect();
    list.sort_by_key(|process| process.pid);
    list
}

/// The process that started this one, or took it over.
pub(crate) fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

/// Names and ids in one line, for messages.
pub(crate) fn list(processes: &[Process]) -> String {
    processes.iter().map(|process| format!("{} {}", process.name, process.pid)).collect::<Vec<_>>().join(", ")
}

/// The TCP ports (IPv4 and IPv6) on which one of the processes listens.
pub(crate) fn listeners(processes: &[Process]) -> Vec<(Process, u16)> {
    let mut found = Vec::new();
    for process in processes {
        let sockets: HashSet<String> = fs::read_dir(format!("/proc/{}/fd", process.pid))
            .into_iter()
            .flatten()
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter_map(|link| {
                let link = link.to_str()?;
                Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
            })
            .collect();
        for table in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("/proc/{}/net/{table}", process.pid)).unwrap_or_default();
            for line in text.lines().skip(1) {
                let fields: Vec<_> = line.split_whitespace().collect();
                // 0A is LISTEN in the kernel's table; field 9 is the socket's inode.
                let (Some(local), Some(&"0A"), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9))
                else {
                    continue;
                };
                if sockets.contains(*inode) {
                    let port = local.rsplit(':').next().and_then(|hex| u16::from_str_radix(hex, 16).ok());
                    found.push((process.clone(), port.unwrap_or(0)));
                }
            }
        }
    }
    found
}

/// Proportional set size in bytes: shared pages are divided among their users, so that a sum over processes counts them once.
pub(crate) fn pss(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}

/// The processes that this one started.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    pids().into_iter().filter(|child| parent(*child) == Some(pid) && !is_zombie(*child)).collect()
}

/// Asks a process to end.
pub(crate) fn terminate(pid: u32) {
    signal(pid, Signal::SIGTERM);
}

/// Ends a process at once.
pub(crate) fn destroy(pid: u32) {
    signal(pid, Signal::SIGKILL);
}

/// Stops a process where it is; it stays until it is ended.
pub(crate) fn freeze(pid: u32) {
    signal(pid, Signal::SIGSTOP);
}

/// Ends all processes of a group at once.
pub(crate) fn destroy_group(leader: u32) {
    if let Ok(group) = i32::try_from(leader) {
        // Gone already is what we want.
        killpg(Pid::from_raw(group), Signal::SIGKILL).ok();
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // The process may be gone already, which is what we want.
        kill(Pid::from_raw(pid), signal).ok();
    }
}

/// Waits for our own child with a deadline.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let mut status = None;
    until(limit, || {
        status = child.try_wait()?;
        Ok(status.is_some())
    })?;
    match status {
        Some(status) => Ok(status),
        None => bail!("process {} did not end within {} s", child.id(), limit.as_secs()),
    }
}

/// Looks every 20 ms until the condition holds; false when the limit (then looked once more) passed first.
pub(crate) fn until(limit: Duration, mut condition: impl FnMut() -> Result<bool>) -> Result<bool> {
    let end = Instant::now() + limit;
    loop {
        if condition()? {
            return Ok(true);
        }
        if Instant::now() > end {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder under the system's temporary one that any account may enter (PostgreSQL runs as another one when we are root);
/// removed when dropped.
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Creates the folder.
    pub(crate) fn new() -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary folder of root's own may refuse the other account; /tmp never does.
        let base =
            if nix::unistd::geteuid().is_root() { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        for attempt in 0..1000 {
            let path = base.join(format!("drydock-xtask-{}-{attempt}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => {
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
                    return Ok(Self { path });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => bail!("cannot create a folder in {}: {error}", base.display()),
            }
        }
        bail!("cannot create a folder in {}: remove old drydock-xtask folders there", base.display());
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.path).ok();
    }
}
