//! Somebody else's program on our terminal.

use std::{io, os::unix::process::ExitStatusExt as _, process::ExitStatus};

use nix::{sys::signal::kill, unistd::Pid};
use tokio::process::Command;

use crate::signals::Forwarded;

/// Exit codes with which shells and `env` say that a program could not be started.
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;

/// Runs a program with our terminal, input and output until it ends, and hands it the signals that it does not get by
/// itself; returns its exit code, which after a signal is 128 and the signal's number. It does not outlive us.
///
/// To be called on the main thread: on Linux a program is tied to the thread that starts it.
///
/// # Errors
/// When it cannot be started.
pub(crate) async fn run(command: &mut Command) -> io::Result<u8> {
    let mut signals = Forwarded::install()?;
    #[cfg(target_os = "linux")]
    die_with_us(command);
    let mut child = command.spawn()?;
    loop {
        tokio::select! {
            ended = child.wait() => return Ok(code(ended?)),
            signal = signals.next() => {
                // Not reaped before its id is forgotten, so the id is its own.
                if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
                    let _ = kill(Pid::from_raw(pid), signal);
                }
            }
        }
    }
}

/// The exit code that tells why a program could not be started.
pub(crate) fn refused(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUNNABLE }
}

fn code(ended: ExitStatus) -> u8 {
    let code = ended.code().or_else(|| ended.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// Has the kernel kill the program when we are gone, however that came.
#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command) {
    use nix::{errno::Errno, sys::prctl, sys::signal::Signal, unistd};

    let parent = unistd::getpid();
    let arm = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // We may have died between fork and the line above.
        if unistd::getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: runs between fork and exec; makes two system calls, allocates nothing and takes no lock.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(arm);
    }
}
