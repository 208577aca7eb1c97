//! The writing load, and the record of what was acknowledged to it.
//!
//! Each writer is a psql that gets one transaction at a time: the same row into two tables. A number is acknowledged when psql has
//! printed it, which it does when the server has told the commit. One more may have been committed without a word.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::processes::{destroy, wait};
use crate::site::{Site, psql};

/// A database beside the application's own: the boot looks at what is in that one.
const DATABASE: &str = "torture";

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS a (w int, n bigint, payload text, PRIMARY KEY (w, n));
    CREATE TABLE IF NOT EXISTS b (w int, n bigint, payload text, PRIMARY KEY (w, n));";

/// How many rows are kept: comparing them must stay quick.
const KEPT: u64 = 60_000;

/// What one writer sent and was told.
#[derive(Clone, Default)]
struct Record {
    /// Rows up to here are no longer in the tables.
    dropped: u64,
    /// Rows up to here were there at the last look.
    seen: u64,
    acknowledged: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
}

/// What was acknowledged, over all starts of one cluster.
pub(crate) struct Ledger {
    records: Vec<Record>,
}

/// A running load.
pub(crate) struct Load {
    writers: Vec<Writer>,
}

struct Writer {
    child: Child,
    thread: JoinHandle<()>,
}

/// What a look at the tables said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Rows that were acknowledged since the last look.
    pub(crate) acknowledged: u64,
    /// Acknowledged rows that are not there.
    pub(crate) lost: u64,
    /// Transactions of which a part is there.
    pub(crate) torn: u64,
    /// Rows nobody sent.
    pub(crate) invented: u64,
}

impl Ledger {
    /// For a load of `writers`.
    pub(crate) fn new(writers: usize) -> Self {
        Self { records: (0..writers).map(|_| Record::default()).collect() }
    }

    /// Makes the database and its tables where they are missing.
    pub(crate) fn prepare(site: &Site, socket: &Path) -> Result<()> {
        let there = format!("SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'");
        if site.ask(socket, "postgres", &there)? == "0" {
            site.ask(socket, "postgres", &format!("CREATE DATABASE {DATABASE} TEMPLATE template0"))?;
        }
        site.ask(socket, DATABASE, SCHEMA).map(|_| ())
    }

    /// Starts the load where it ended last.
    pub(crate) fn load(&self, site: &Site, socket: &Path) -> Result<Load> {
        let writers = self.records.iter().enumerate().map(|(number, record)| {
            let mut child = psql(site.tree(), socket, DATABASE)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                // The server's last words to it are of no use: the load is meant to be broken off.
                .stderr(Stdio::null())
                .spawn()
                .context("cannot start psql")?;
            let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).context("psql has no pipes")?;
            let record = record.clone();
            let thread = std::thread::spawn(move || write(number, &record, stdin, stdout));
            Ok(Writer { child, thread })
        });
        Ok(Load { writers: writers.collect::<Result<_>>()? })
    }

    /// How many rows were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.records.iter().map(|record| record.acknowledged.load(Ordering::Acquire)).sum()
    }

    /// Compares the tables with what was acknowledged. What is there counts as acknowledged from now on.
    ///
    /// No load may be running.
    pub(crate) fn compare(&mut self, site: &Site, socket: &Path) -> Result<Found> {
        let rows = self.records.iter().enumerate().map(|(writer, record)| {
            let (acknowledged, sent) =
                (record.acknowledged.load(Ordering::Acquire), record.sent.load(Ordering::Acquire));
            format!("({writer}, {}, {acknowledged}, {sent})", record.dropped)
        });
        let sql = format!(
            "WITH ledger (w, dropped, acknowledged, sent) AS (VALUES {}),
                  found AS (SELECT w, n, a.payload IS NOT DISTINCT FROM b.payload AS whole FROM a FULL JOIN b USING (w, n))
             SELECT l.w, count(*) FILTER (WHERE whole AND n BETWEEN dropped + 1 AND acknowledged),
                    count(*) FILTER (WHERE NOT whole), count(*) FILTER (WHERE n > sent OR n <= dropped),
                    coalesce(max(n), dropped)
             FROM ledger l LEFT JOIN found f USING (w) GROUP BY l.w, dropped ORDER BY l.w",
            rows.collect::<Vec<_>>().join(", ")
        );
        let answer = site.ask(socket, DATABASE, &sql)?;
        let mut found = Found::default();
        let mut kept = 0;
        ensure!(answer.lines().count() == self.records.len(), "the comparison answered {answer:?}");
        for (record, line) in self.records.iter_mut().zip(answer.lines()) {
            let columns: Vec<u64> = line.split('|').filter_map(|column| column.parse().ok()).collect();
            let &[_, present, torn, invented, last] = columns.as_slice() else {
                bail!("the comparison answered {answer:?}");
            };
            let acknowledged = record.acknowledged.load(Ordering::Acquire);
            found.acknowledged += acknowledged - record.seen;
            found.lost += (acknowledged - record.dropped).saturating_sub(present);
            found.torn += torn;
            found.invented += invented;
            record.seen = last;
            record.acknowledged.store(last, Ordering::Release);
            record.sent.store(last, Ordering::Release);
            kept += last - record.dropped;
        }
        if kept > KEPT {
            site.ask(socket, DATABASE, "TRUNCATE a, b")?;
            for record in &mut self.records {
                record.dropped = record.acknowledged.load(Ordering::Acquire);
            }
        }
        Ok(found)
    }
}

/// Sends one transaction after the other until psql ends.
fn write(writer: usize, record: &Record, mut stdin: ChildStdin, stdout: ChildStdout) {
    let mut answers = BufReader::new(stdout).lines();
    loop {
        let number = record.acknowledged.load(Ordering::Acquire) + 1;
        record.sent.store(number, Ordering::Release);
        // Up to 2 kB, so that some rows are compressed or stored apart, and now and then a checkpoint amid the writing.
        let row = format!("({writer}, {number}, repeat(md5('{number}'), {}))", 1 + number % 61);
        let checkpoint = if number.is_multiple_of(499) { "CHECKPOINT;\n" } else { "" };
        // One message, so one transaction: psql prints what the second statement returns when both are committed.
        let statement =
            format!("{checkpoint}INSERT INTO a VALUES {row} \\; INSERT INTO b VALUES {row} RETURNING n;\n");
        if stdin.write_all(statement.as_bytes()).is_err() {
            return;
        }
        match answers.next() {
            Some(Ok(line)) if line.trim() == number.to_string() => {
                record.acknowledged.store(number, Ordering::Release);
            }
            _ => return,
        }
    }
}

impl Load {
    /// Waits until every writer was broken off by the server's end, or ends those that were not.
    pub(crate) fn end(mut self) {
        for writer in &mut self.writers {
            if wait(&mut writer.child, Duration::from_millis(500)).is_err() {
                destroy(writer.child.id());
                writer.child.wait().ok();
            }
        }
        for writer in self.writers.drain(..) {
            writer.thread.join().ok();
        }
    }

    /// Whether no writer gets on any more: the server refuses its transactions.
    pub(crate) fn has_ended(&self) -> bool {
        self.writers.iter().all(|writer| writer.thread.is_finished())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for writer in &mut self.writers {
            destroy(writer.child.id());
            writer.child.wait().ok();
        }
    }
}
