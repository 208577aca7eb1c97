//! What the API asks of whoever runs the platform about what is recorded beside its database: samples over time and the
//! server's log.

use time::OffsetDateTime;

use crate::maintenance::Answer;

/// The one who samples the running platform and can read the server's log.
pub trait Recorder: Send + Sync {
    /// The samples that are kept, oldest first.
    fn samples(&self) -> Vec<Sample>;

    /// Statements that took long, as the server's log tells of them, the one that took most time in all first.
    fn slow_statements(&self) -> Answer<'_, SlowStatements>;

    /// The lines that the server wrote between two moments, both included; nothing of rows or parameters.
    fn server_log(&self, from: OffsetDateTime, until: OffsetDateTime) -> Answer<'_, LogLines>;
}

/// The platform at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Size of the database in bytes.
    pub database_bytes: i64,
    /// Connections to the database.
    pub connections: i32,
    /// Transactions that were committed since the server began to count.
    pub commits: i64,
    /// Transactions that were rolled back since then.
    pub rollbacks: i64,
    /// Requests that the loopback door turned away since the program started.
    pub turned_away: u64,
}

/// What the server's log holds of statements that took long.
#[derive(Clone, Debug, Default)]
pub struct SlowStatements {
    /// From how many milliseconds on the server writes a statement down.
    pub threshold_ms: u32,
    /// Bytes of log that were read.
    pub read_bytes: u64,
    /// The statements, each once.
    pub statements: Vec<SlowStatement>,
}

/// A statement that took long.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowStatement {
    /// Its text, with a question mark in the place of every literal.
    pub text: String,
    /// How often it was written down.
    pub count: u32,
    /// Milliseconds of all together.
    pub total_ms: f64,
    /// Milliseconds of the longest.
    pub longest_ms: f64,
    /// When it was last written down, as the server writes it in UTC.
    pub last_at: String,
}

/// A stretch of the server's log.
#[derive(Clone, Debug, Default)]
pub struct LogLines {
    /// The lines, oldest first.
    pub lines: Vec<String>,
    /// Whether there were more of them than are given.
    pub cut: bool,
}
