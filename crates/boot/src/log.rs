//! The program's own log.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::private_file;

/// A log of the window's that has grown larger (bytes) is put aside; one old log is kept.
const LIMIT: u64 = 2 * 1024 * 1024;
/// What is kept in memory (bytes) as long as there is no folder for the log.
const WAITING: usize = 64 * 1024;

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

/// Keeps the log of a program whose standard error nobody reads in `log/drydock.log` of the data directory, as `DRYDOCK_LOG`
/// says, without it everything from `info` on; panics as well. Until the data directory is there, which this does not make,
/// what there is to log is kept in memory. Call it once, first.
pub fn log_to_file(data: &Path) {
    let filter = EnvFilter::try_from_env("DRYDOCK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(LogFile::new(data.join("log").join("drydock.log"), LIMIT))
        .with_ansi(false)
        .init();
    let said = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        said(panic);
    }));
}

/// A file of a bounded size, and the one before it.
struct LogFile {
    path: PathBuf,
    limit: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<File>,
    /// Bytes in the file.
    length: u64,
    /// What there is no file for yet.
    waiting: Vec<u8>,
}

impl LogFile {
    fn new(path: PathBuf, limit: u64) -> Self {
        Self { path, limit, state: Mutex::default() }
    }

    fn append(&self, text: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.file.is_some() && state.length + text.len() as u64 > self.limit {
            state.file = None;
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        if state.file.is_none() {
            match private_file::append(&self.path) {
                Ok(file) => {
                    state.length = file.metadata()?.len();
                    state.file = Some(file);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let room = WAITING.saturating_sub(state.waiting.len());
                    state.waiting.extend(&text[..text.len().min(room)]);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        let waiting = std::mem::take(&mut state.waiting);
        state.length += (waiting.len() + text.len()) as u64;
        match state.file.as_mut() {
            Some(file) => file.write_all(&[&waiting, text].concat()),
            None => Ok(()),
        }
    }
}

/// One event's way into the file: a line that fails is lost, as it would be on a closed standard error.
struct Line<'a>(&'a LogFile);

impl Write for Line<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.append(text).map(|()| text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_before_there_is_a_folder_is_not_lost() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("log/drydock.log");
        let log = LogFile::new(path.clone(), 100);
        log.append(b"one\n").unwrap();
        assert!(!path.exists());
        fs::create_dir(path.parent().unwrap()).unwrap();
        log.append(b"two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_log_and_the_one_before_stay_within_their_bounds() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("drydock.log");
        for start in 0..2 {
            let log = LogFile::new(path.clone(), 100);
            for line in 0..30 {
                log.append(format!("{start} {line:02} 34567\n").as_bytes()).unwrap();
            }
        }
        let [old, new] = [path.with_extension("log.1"), path].map(|path| fs::read_to_string(path).unwrap());
        assert!(old.len() <= 100 && new.len() <= 100, "{} {}", old.len(), new.len());
        assert!(new.ends_with("1 29 34567\n") && old.lines().all(|line| line.len() == 10), "{old}{new}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("drydock.log");
        LogFile::new(path.clone(), 100).append(b"one\n").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
