//! The program's own log.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Sends the log to standard error as the variable `DRYDOCK_LOG` says (`info`, `drydock_api=debug`, …); without it there
/// is none: what a person must know is said otherwise. Call it once, first.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("DRYDOCK_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}
