//! Asking a person, and showing how something goes.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use drydock_boot::ErrorCode;
use tokio::sync::oneshot;

use crate::{fail_code, signals::Signals, size::size};

/// How often a line on the terminal changes at most.
const REDRAW: Duration = Duration::from_millis(100);

/// Whether there is somebody to ask, or it is confirmed already. Says on standard error that there is not.
pub(crate) fn can_be_confirmed(yes: bool) -> bool {
    let can = yes || io::stdin().is_terminal();
    if !can {
        fail_code("It is not confirmed, and there is no terminal to ask on.", ErrorCode::Unconfirmed);
    }
    can
}

/// Asks, unless it is confirmed already; only a clear yes is one. Says on standard error that it is none.
pub(crate) async fn confirmed(yes: bool, question: &str, signals: &mut Signals) -> bool {
    if yes {
        return true;
    }
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let (answer, answered) = oneshot::channel();
    // A thread that nobody waits for: reading from a terminal cannot be broken off.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = io::stdin().read_line(&mut line);
        let _ = answer.send(line);
    });
    let line = signals.or(answered).await.and_then(Result::ok).unwrap_or_default();
    let yes = ["y", "yes"].contains(&line.trim().to_lowercase().as_str());
    if !yes {
        fail_code("It was not confirmed.", ErrorCode::Unconfirmed);
    }
    yes
}

/// A line on the terminal that changes, and goes when this is dropped. Where standard error is no terminal there is none.
pub(crate) struct Line {
    drawn: Option<Instant>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { drawn: None }
    }

    /// Shows what is done of what there is to do, in bytes.
    pub(crate) fn show(&mut self, what: &str, done: u64, total: Option<u64>) {
        let soon = self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW);
        if soon || !io::stderr().is_terminal() {
            return;
        }
        self.drawn = Some(Instant::now());
        let much = match total.filter(|total| *total > 0) {
            // A total may be an estimate.
            Some(total) => {
                format!("{:3} %  {} of {}", (done.min(total)) * 100 / total, size(done), size(total))
            }
            None => size(done),
        };
        let _ = write!(io::stderr(), "\r\x1b[K{what}  {much}  Ctrl-C cancels");
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
