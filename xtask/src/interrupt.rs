//! Ctrl-C and the other requests to end: the round at hand is given up and what it made is removed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::libc;
use nix::sys::signal::{SigHandler, Signal, signal};

const REQUESTS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

static TOLD: AtomicBool = AtomicBool::new(false);

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Runs `work` under a watch for signals that ask for the end: the first makes every wait of `work` fail, so that it cleans up and
/// returns; the second ends the program at once.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // A handler and no blocked signals: those would be passed on to every program we start.
    handle(SigHandler::Handler(told))?;
    let done = work();
    handle(SigHandler::SigDfl)?;
    done
}

#[allow(unsafe_code)]
fn handle(handler: SigHandler) -> Result<()> {
    for request in REQUESTS {
        // SAFETY: the handler calls nothing but what a handler may call.
        unsafe { signal(request, handler) }?;
    }
    Ok(())
}

extern "C" fn told(signal: libc::c_int) {
    if TOLD.swap(true, Ordering::AcqRel) {
        // SAFETY: a handler may call it; it does not return.
        #[allow(unsafe_code)]
        unsafe {
            libc::_exit(128 + signal)
        }
    }
}

/// Fails when the program was told to end.
pub(crate) fn check() -> Result<()> {
    if TOLD.load(Ordering::Acquire) {
        bail!("told to end: everything of this run is being removed");
    }
    Ok(())
}

/// Looks every millisecond until the condition holds; false when the limit passed first.
pub(crate) fn until(limit: Duration, mut condition: impl FnMut() -> Result<bool>) -> Result<bool> {
    let end = Instant::now() + limit;
    loop {
        check()?;
        if condition()? {
            return Ok(true);
        }
        if Instant::now() > end {
            return Ok(false);
        }
        std::thread::sleep(LOOK);
    }
}

/// Waits.
pub(crate) fn pause(time: Duration) -> Result<()> {
    until(time, || Ok(false)).map(|_| ())
}
