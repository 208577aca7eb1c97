//! What the monitoring routes give.

use std::time::SystemTime;

use drydock_domain::boot::Stage;
use drydock_store::{boot_history, history, monitoring as rows};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    monitoring as recorded,
    turned_away::{Caller, TurnedAway},
};

/// How the platform does now, and did in the last hours.
#[derive(Serialize, ToSchema)]
pub(crate) struct Monitoring {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) database: DatabaseFigures,
    pub(crate) connections: Connections,
    pub(crate) turned_away: TurnedAwayRequests,
    /// One a minute, oldest first, at most a day's.
    pub(crate) samples: Vec<Sample>,
}

/// The database in a few figures.
#[derive(Serialize, ToSchema)]
pub(crate) struct DatabaseFigures {
    bytes: i64,
    commits: i64,
    rollbacks: i64,
    deadlocks: i64,
    pages_hit: i64,
    pages_read: i64,
    /// Since when the server counts; null: since the cluster was made, or a recovery.
    #[serde(with = "time::serde::rfc3339::option")]
    since: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    server_started_at: Option<OffsetDateTime>,
}

impl From<rows::Figures> for DatabaseFigures {
    fn from(figures: rows::Figures) -> Self {
        Self {
            bytes: figures.database_bytes,
            commits: figures.commits,
            rollbacks: figures.rollbacks,
            deadlocks: figures.deadlocks,
            pages_hit: figures.pages_hit,
            pages_read: figures.pages_read,
            since: figures.since,
            server_started_at: figures.started_at,
        }
    }
}

/// Who is connected to the server, against how many may be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Connections {
    /// How many may be connected, those reserved for administrators among them.
    limit: i32,
    /// How many of them are reserved for administrators.
    reserved: i32,
    /// How many are connected.
    used: i64,
    /// By what they have in common, most first.
    groups: Vec<ConnectionGroup>,
}

/// Connections of one role, program and database in one state.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionGroup {
    role: String,
    /// What the program calls itself; empty where it says nothing.
    program: String,
    database: String,
    /// `active`, `idle`, `idle in transaction`, …
    state: String,
    count: i64,
    /// Seconds since the one that is in this state longest came into it.
    longest_seconds: f64,
    /// How many of them wait for a lock.
    waiting: i64,
}

impl From<rows::Connections> for Connections {
    fn from(connections: rows::Connections) -> Self {
        Self {
            limit: connections.limit,
            reserved: connections.reserved,
            used: connections.groups.iter().map(|group| group.count).sum(),
            groups: connections
                .groups
                .into_iter()
                .map(|group| ConnectionGroup {
                    role: group.role,
                    program: group.program,
                    database: group.database,
                    state: group.state,
                    count: group.count,
                    longest_seconds: group.longest_seconds,
                    waiting: group.waiting,
                })
                .collect(),
        }
    }
}

/// Requests that went no further than the loopback door since the program started.
#[derive(Serialize, ToSchema)]
pub(crate) struct TurnedAwayRequests {
    total: u64,
    /// By reason and what they named, the most frequent first; at most a hundred.
    callers: Vec<TurnedAwayCaller>,
}

/// Requests that were turned away for one reason.
#[derive(Serialize, ToSchema)]
pub(crate) struct TurnedAwayCaller {
    /// `origin`, `method` and `header` are CORS; `host` and `peer` are who may come in at all.
    reason: &'static str,
    /// What they named: the origin, method, header, host or peer.
    said: String,
    count: u64,
    #[serde(with = "time::serde::rfc3339")]
    last_at: OffsetDateTime,
}

impl From<&TurnedAway> for TurnedAwayRequests {
    fn from(turned_away: &TurnedAway) -> Self {
        let callers = turned_away.callers().into_iter().map(|Caller { reason, said, count, last_at }| {
            TurnedAwayCaller { reason: reason.as_str(), said, count, last_at: last_at.into() }
        });
        Self { total: turned_away.total(), callers: callers.collect() }
    }
}

/// The platform at one moment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sample {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    database_bytes: i64,
    connections: i32,
    /// Transactions that were committed since the server began to count.
    commits: i64,
    rollbacks: i64,
    /// Requests turned away since the program started.
    turned_away: u64,
}

impl From<recorded::Sample> for Sample {
    fn from(sample: recorded::Sample) -> Self {
        Self {
            at: OffsetDateTime::from_unix_timestamp(sample.at).unwrap_or(SystemTime::UNIX_EPOCH.into()),
            database_bytes: sample.database_bytes,
            connections: sample.connections,
            commits: sample.commits,
            rollbacks: sample.rollbacks,
            turned_away: sample.turned_away,
        }
    }
}

/// The boots with this database that are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct BootHistory {
    /// Newest first, at most two hundred.
    boots: Vec<RecordedBoot>,
    /// Over all of them, every stage in order.
    stages: Vec<StageHistory>,
}

/// A boot that has ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordedBoot {
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    elapsed_ms: f64,
    /// The stage of the red gate; null for a boot that came to its end.
    failure_stage: Option<String>,
    failure_code: Option<String>,
    /// What booted: the window or a command.
    program: String,
    app_version: String,
    postgres_version: String,
    stages: Vec<RecordedStage>,
}

/// A stage of such a boot.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordedStage {
    name: String,
    title: String,
    /// `passed` or `failed`.
    status: String,
    elapsed_ms: Option<f64>,
    detail: Option<String>,
}

/// How a stage went in all boots that are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct StageHistory {
    name: &'static str,
    title: &'static str,
    passed: usize,
    failed: usize,
    /// Milliseconds of the one in the middle; null where the stage never passed.
    median_ms: Option<f64>,
    slowest_ms: Option<f64>,
}

/// The stages as they were recorded.
#[derive(Deserialize)]
struct Written {
    stage: String,
    status: String,
    elapsed_ms: Option<f64>,
    detail: Option<String>,
}

impl From<boot_history::Boot> for RecordedBoot {
    fn from(boot: boot_history::Boot) -> Self {
        // Another build may have written them in another form: then there is nothing to show of them.
        let written: Vec<Written> = serde_json::from_value(boot.stages).unwrap_or_default();
        let stages = written.into_iter().map(|stage| RecordedStage {
            title: Stage::ALL
                .iter()
                .find(|known| known.name() == stage.stage)
                .map_or_else(|| stage.stage.clone(), |known| known.title().to_owned()),
            name: stage.stage,
            status: stage.status,
            elapsed_ms: stage.elapsed_ms,
            detail: stage.detail,
        });
        Self {
            id: boot.id,
            started_at: boot.started_at,
            elapsed_ms: boot.elapsed_ms,
            failure_stage: boot.failure_stage,
            failure_code: boot.failure_code,
            program: boot.program,
            app_version: boot.app_version,
            postgres_version: boot.postgres_version,
            stages: stages.collect(),
        }
    }
}

impl From<Vec<boot_history::Boot>> for BootHistory {
    fn from(boots: Vec<boot_history::Boot>) -> Self {
        let boots: Vec<RecordedBoot> = boots.into_iter().map(Into::into).collect();
        let stages = Stage::ALL.into_iter().map(|stage| {
            let ran = || boots.iter().flat_map(|boot| &boot.stages).filter(|ran| ran.name == stage.name());
            let mut took: Vec<f64> =
                ran().filter(|ran| ran.status == "passed").filter_map(|ran| ran.elapsed_ms).collect();
            took.sort_by(f64::total_cmp);
            StageHistory {
                name: stage.name(),
                title: stage.title(),
                passed: ran().filter(|ran| ran.status == "passed").count(),
                failed: ran().filter(|ran| ran.status == "failed").count(),
                median_ms: took.get(took.len() / 2).copied(),
                slowest_ms: took.last().copied(),
            }
        });
        Self { stages: stages.collect(), boots }
    }
}

/// A stretch of the server's log.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServerLog {
    /// Oldest first; nothing of rows or parameters.
    lines: Vec<String>,
    /// Whether there were more of them than are given.
    cut: bool,
}

impl From<recorded::LogLines> for ServerLog {
    fn from(log: recorded::LogLines) -> Self {
        Self { lines: log.lines, cut: log.cut }
    }
}

/// What this build ships, what the database records, and how the one stands against the other.
#[derive(Serialize, ToSchema)]
pub(crate) struct MigrationHistory {
    migrations: Vec<Migration>,
    /// Revisions in Alembic's table.
    alembic: Vec<String>,
    /// Why a boot would refuse the history; null where it agrees.
    refusal: Option<HistoryRefusal>,
}

/// A migration, shipped, applied or both.
#[derive(Serialize, ToSchema)]
pub(crate) struct Migration {
    version: i64,
    description: String,
    /// When it was applied, in UTC; null where it is not.
    applied_at: Option<String>,
    /// Milliseconds that applying it took; null where the migrator did not come to say.
    elapsed_ms: Option<f64>,
    /// `applied`, `pending`, `failed`, `changed` (another text than this build's) or `unknown` (not this build's).
    status: &'static str,
    /// The first digits of the SHA-384 of its text.
    checksum: String,
}

/// Why a boot would refuse the history.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryRefusal {
    code: &'static str,
    what: String,
}

impl From<history::Report> for MigrationHistory {
    fn from(report: history::Report) -> Self {
        let digits = |checksum: &[u8]| checksum.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let mut migrations: Vec<Migration> = report
            .applied
            .iter()
            .map(|applied| {
                let shipped = report.shipped.iter().find(|shipped| shipped.version == applied.version);
                Migration {
                    version: applied.version,
                    description: applied.description.clone(),
                    applied_at: Some(applied.at.clone()),
                    elapsed_ms: u32::try_from(applied.execution_ns / 1_000)
                        .ok()
                        .filter(|_| applied.execution_ns >= 0)
                        .map(|microseconds| f64::from(microseconds) / 1e3),
                    status: match shipped {
                        _ if !applied.success => "failed",
                        None => "unknown",
                        Some(shipped) if shipped.checksum != applied.checksum => "changed",
                        Some(_) => "applied",
                    },
                    checksum: digits(&applied.checksum),
                }
            })
            .collect();
        for shipped in &report.shipped {
            if report.applied.iter().all(|applied| applied.version != shipped.version) {
                migrations.push(Migration {
                    version: shipped.version,
                    description: shipped.description.clone(),
                    applied_at: None,
                    elapsed_ms: None,
                    status: "pending",
                    checksum: digits(&shipped.checksum),
                });
            }
        }
        migrations.sort_by_key(|migration| migration.version);
        let refusal = match report.verdict {
            history::Verdict::Agrees(_) => None,
            history::Verdict::Refused { code, what } => Some(HistoryRefusal { code: code.as_str(), what }),
        };
        Self { migrations, alembic: report.alembic, refusal }
    }
}

/// Over which stretch of time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursQuery {
    /// The last hours that count, 1 to 8760; 24 when not given.
    pub(crate) hours: Option<u16>,
}

/// How sign-ins ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignIns {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) since: OffsetDateTime,
    pub(crate) succeeded: i64,
    /// By reason, the most frequent first.
    pub(crate) failed: Vec<FailedSignIns>,
    /// Waits that were imposed after failures.
    pub(crate) throttled: i64,
    /// Oldest first; hours without any are left out.
    pub(crate) hours: Vec<SignInHour>,
}

/// Sign-ins that failed for one reason.
#[derive(Serialize, ToSchema)]
pub(crate) struct FailedSignIns {
    #[schema(example = "wrong_password")]
    reason: String,
    count: i64,
}

/// The sign-ins of one hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignInHour {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    succeeded: i64,
    failed: i64,
}

impl SignIns {
    pub(crate) fn new(since: OffsetDateTime, counted: rows::SignIns) -> Self {
        let failed = counted.failed.into_iter();
        let hours = counted.hours.into_iter();
        Self {
            since,
            succeeded: counted.succeeded,
            failed: failed.map(|one| FailedSignIns { reason: one.reason, count: one.count }).collect(),
            throttled: counted.throttled,
            hours: hours
                .map(|hour| SignInHour { at: hour.at, succeeded: hour.succeeded, failed: hour.failed })
                .collect(),
        }
    }
}

/// Statements that took long, from the server's log.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlowStatements {
    /// From how many milliseconds on the server writes a statement down.
    threshold_ms: u32,
    /// Bytes of log that were read; the log is bounded.
    read_bytes: u64,
    /// The one that took most time in all first.
    statements: Vec<SlowStatement>,
}

/// A statement that took long.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlowStatement {
    /// Its text, with a question mark in the place of every literal.
    text: String,
    count: u32,
    total_ms: f64,
    longest_ms: f64,
    last_at: String,
}

impl From<recorded::SlowStatements> for SlowStatements {
    fn from(slow: recorded::SlowStatements) -> Self {
        let statements = slow.statements.into_iter().map(|one| SlowStatement {
            text: one.text,
            count: one.count,
            total_ms: one.total_ms,
            longest_ms: one.longest_ms,
            last_at: one.last_at,
        });
        Self {
            threshold_ms: slow.threshold_ms,
            read_bytes: slow.read_bytes,
            statements: statements.collect(),
        }
    }
}

/// What lies on the disk.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableSizes {
    /// The largest with its indexes first.
    pub(crate) tables: Vec<TableSize>,
}

/// A table.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableSize {
    name: String,
    /// As the server last estimated them.
    rows: i64,
    dead_rows: i64,
    table_bytes: i64,
    index_bytes: i64,
    /// How often it was read from one end to the other.
    full_reads: i64,
    /// How often one of its indexes was used.
    index_reads: i64,
    /// The largest first.
    indexes: Vec<IndexSize>,
}

/// An index.
#[derive(Serialize, ToSchema)]
pub(crate) struct IndexSize {
    name: String,
    bytes: i64,
    reads: i64,
    /// Whether it is whole; one that is not enforces and finds nothing.
    is_valid: bool,
}

impl From<rows::TableSize> for TableSize {
    fn from(table: rows::TableSize) -> Self {
        let indexes = table.indexes.into_iter().map(|index| IndexSize {
            name: index.name,
            bytes: index.bytes,
            reads: index.reads,
            is_valid: index.is_valid,
        });
        Self {
            name: table.name,
            rows: table.rows,
            dead_rows: table.dead_rows,
            table_bytes: table.table_bytes,
            index_bytes: table.index_bytes,
            full_reads: table.full_reads,
            index_reads: table.index_reads,
            indexes: indexes.collect(),
        }
    }
}

/// Columns of vectors and the indexes over them.
#[derive(Serialize, ToSchema)]
pub(crate) struct VectorColumns {
    pub(crate) columns: Vec<VectorColumn>,
}

/// A column of vectors.
#[derive(Serialize, ToSchema)]
pub(crate) struct VectorColumn {
    pub(crate) table: String,
    pub(crate) column: String,
    /// Its type with the number of dimensions.
    #[schema(example = "vector(384)")]
    pub(crate) kind: String,
    /// Vectors in all client accounts.
    pub(crate) vectors: i64,
    /// Those that search approximately; without any, every search is exact.
    pub(crate) indexes: Vec<VectorIndex>,
}

/// An index of pgvector's.
#[derive(Serialize, ToSchema)]
pub(crate) struct VectorIndex {
    pub(crate) name: String,
    /// `hnsw` or `ivfflat`.
    pub(crate) method: String,
    pub(crate) operators: String,
    pub(crate) bytes: i64,
    pub(crate) is_valid: bool,
    pub(crate) reads: i64,
    /// What a search through it finds of what an exact one does, in each client account that has vectors; null where its operators are
    /// not known or it is not whole.
    pub(crate) recall: Option<Vec<Recall>>,
}

/// What a search through an index finds in one client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recall {
    pub(crate) client_account: String,
    /// Vectors whose ten nearest neighbours were looked for.
    pub(crate) sample: i64,
    /// Neighbours that an exact search found.
    pub(crate) exact: i64,
    /// How many of them the search through the index found.
    pub(crate) found: i64,
}
