//! Recording how the platform does: a sample every minute, kept in a bounded file beside the log, and the server's log read when somebody
//! asks.
//!
//! The samples lie outside the database, so that a reset or a restore does not replace them with those of another time, and a snapshot
//! does not carry them along.

use std::{
    collections::VecDeque,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use drydock_api::{
    maintenance::{Answer, Problem},
    monitoring::{LogLines, Recorder, Sample, SlowStatement, SlowStatements},
    turned_away::TurnedAway,
};
use drydock_domain::ErrorCode;
use drydock_postgres::{SLOW_STATEMENT_MS, ServerLog};
use drydock_store::{Store, monitoring};
use time::{OffsetDateTime, UtcOffset, macros::format_description};

/// Samples that are kept: a day's, one a minute.
const KEPT: usize = 1_440;
/// How long whoever has started the platform has it to themselves before the first one.
const FIRST: Duration = Duration::from_secs(2);
/// From one sample to the next.
const EVERY: Duration = Duration::from_secs(60);
/// Lines of the server's log that are given at once.
const LINES: usize = 400;

/// The recorder of one platform. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PlatformRecorder {
    inner: Arc<Inner>,
}

struct Inner {
    log: ServerLog,
    journal: PathBuf,
    turned_away: TurnedAway,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    samples: VecDeque<Sample>,
    /// Lines in the file.
    written: usize,
}

impl PlatformRecorder {
    /// The recorder of the data directory `data`. Reads nothing yet.
    pub(crate) fn new(data: &Path, turned_away: TurnedAway) -> Self {
        let inner = Inner {
            log: ServerLog::of(data),
            journal: data.join("log/samples.journal"),
            turned_away,
            kept: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left whole samples behind.
        self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Samples the database until it is aborted. Failing costs a sample, so it is logged.
    pub(crate) async fn run(self, store: Store) {
        if let Err(error) = self.load() {
            tracing::warn!(%error, "the samples from before cannot be read");
        }
        tokio::time::sleep(FIRST).await;
        loop {
            match monitoring::figures(&store).await {
                Ok(figures) => {
                    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                    let sample = Sample {
                        at: i64::try_from(at.as_secs()).unwrap_or_default(),
                        database_bytes: figures.database_bytes,
                        connections: figures.connections,
                        commits: figures.commits,
                        rollbacks: figures.rollbacks,
                        turned_away: self.inner.turned_away.total(),
                    };
                    if let Err(error) = self.keep(sample) {
                        tracing::warn!(%error, "a sample is not written down");
                    }
                }
                Err(error) => tracing::warn!(%error, "there is no sample of this minute"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    fn load(&self) -> io::Result<()> {
        let text = match fs::read_to_string(&self.inner.journal) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            text => text?,
        };
        let mut kept = self.kept();
        kept.written = text.lines().count();
        // A line that is no sample was being written when the disk was full or the machine stopped.
        kept.samples = text.lines().filter_map(read).collect();
        let surplus = kept.samples.len().saturating_sub(KEPT);
        kept.samples.drain(..surplus);
        Ok(())
    }

    fn keep(&self, sample: Sample) -> io::Result<()> {
        let mut kept = self.kept();
        if kept.samples.len() == KEPT {
            kept.samples.pop_front();
        }
        kept.samples.push_back(sample);
        let journal = &self.inner.journal;
        if kept.written < 2 * KEPT {
            open(journal, false)?.write_all(line(&sample).as_bytes())?;
            kept.written += 1;
            return Ok(());
        }
        let aside = journal.with_extension("new");
        let text: String = kept.samples.iter().map(line).collect();
        open(&aside, true)?.write_all(text.as_bytes())?;
        fs::rename(&aside, journal)?;
        kept.written = kept.samples.len();
        Ok(())
    }

    /// Reads the log elsewhere than on the threads that answer requests.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ServerLog) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let log = self.inner.log.clone();
        match tokio::task::spawn_blocking(move || read(&log)).await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(Problem {
                cause: format!("The server's log cannot be read: {error}."),
                ..ErrorCode::Internal.into()
            }),
            Err(_) => Err(ErrorCode::Internal.into()),
        }
    }
}

impl Recorder for PlatformRecorder {
    fn samples(&self) -> Vec<Sample> {
        self.kept().samples.iter().copied().collect()
    }

    fn slow_statements(&self) -> Answer<'_, SlowStatements> {
        Box::pin(async {
            let (read_bytes, found) = self.reading(ServerLog::slow_statements).await?;
            let statements = found
                .into_iter()
                .map(|slow| SlowStatement {
                    text: slow.text,
                    count: slow.count,
                    total_ms: slow.total_ms,
                    longest_ms: slow.longest_ms,
                    last_at: format!("{}Z", slow.last_at.replacen(' ', "T", 1)),
                })
                .collect();
            Ok(SlowStatements { threshold_ms: SLOW_STATEMENT_MS, read_bytes, statements })
        })
    }

    fn server_log(&self, from: OffsetDateTime, until: OffsetDateTime) -> Answer<'_, LogLines> {
        Box::pin(async move {
            let (from, until) = (as_logged(from), as_logged(until));
            let (lines, cut) = self.reading(move |log| log.between(&from, &until, LINES)).await?;
            Ok(LogLines { lines, cut })
        })
    }
}

/// A moment as the server's log writes it.
fn as_logged(at: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]");
    // A year of more than four digits is the only moment that has no such form; nothing was logged then.
    at.to_offset(UtcOffset::UTC).format(form).unwrap_or_default()
}

fn line(sample: &Sample) -> String {
    let Sample { at, database_bytes, connections, commits, rollbacks, turned_away } = sample;
    format!("{at} {database_bytes} {connections} {commits} {rollbacks} {turned_away}\n")
}

fn read(line: &str) -> Option<Sample> {
    let mut words = line.split(' ');
    let mut next = || words.next();
    let sample = Sample {
        at: next()?.parse().ok()?,
        database_bytes: next()?.parse().ok()?,
        connections: next()?.parse().ok()?,
        commits: next()?.parse().ok()?,
        rollbacks: next()?.parse().ok()?,
        turned_away: next()?.parse().ok()?,
    };
    next().is_none().then_some(sample)
}

/// Opens a file for its owner alone, and not through a link.
fn open(path: &Path, anew: bool) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    if anew {
        options.write(true).create(true).truncate(true);
    } else {
        options.append(true).create(true);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    }
    options.open(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
mod tests {
    use super::*;

    fn sample(at: i64) -> Sample {
        Sample { at, database_bytes: 10, connections: 2, commits: at, rollbacks: 0, turned_away: 1 }
    }

    #[test]
    fn samples_are_there_after_a_restart_and_stay_within_their_bounds() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("log")).unwrap();
        let recorder = PlatformRecorder::new(data.path(), TurnedAway::default());
        recorder.load().unwrap();
        for at in 0..4_000 {
            recorder.keep(sample(at)).unwrap();
        }
        fs::OpenOptions::new()
            .append(true)
            .open(&recorder.inner.journal)
            .unwrap()
            .write_all(b"12 half")
            .unwrap();
        let text = fs::read_to_string(&recorder.inner.journal).unwrap();
        assert!(text.lines().count() <= 2 * KEPT, "{}", text.lines().count());

        let again = PlatformRecorder::new(data.path(), TurnedAway::default());
        again.load().unwrap();
        assert_eq!(again.samples(), recorder.samples());
        assert_eq!(again.samples().len(), KEPT);
        assert_eq!(again.samples().last(), Some(&sample(3_999)));
    }
}
