//! Everything that differs between operating systems.

#[cfg(not(unix))]
compile_error!(
    "Windows needs its own half: loopback with scram instead of the socket, a job object, a restricted token"
);
#[cfg(unix)]
mod guard;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub(crate) use guard::Guard;
#[cfg(unix)]
pub(crate) use unix::*;

/// An entry of the user database.
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
