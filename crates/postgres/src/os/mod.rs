//! Everything that differs between operating systems.

#[cfg(unix)]
mod guard;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use guard::Guard;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(not(any(unix, windows)))]
compile_error!("there is no bundled PostgreSQL for this system");

/// An entry of the user database.
#[cfg(unix)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Whether a file is synced when it has been written, or later with all the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durable {
    Yes,
    No,
}

/// What the server is asked to do, in rising order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Roll back, write everything, end: SIGINT.
    Fast,
    /// End at once, recover at the next start: SIGQUIT.
    Immediate,
    /// SIGKILL.
    Kill,
}
