//! What can have happened to a history, each with its code and a sentence that says precisely what.

use drydock_domain::ErrorCode;

use super::LineEnds;
use crate::StoreError;

/// Alembic's id of the platform's first revision, which our 001 is. It stays: the platform knows no later one of ours.
pub const REVISION: &str = "001_comprehensive_initial_schema";
/// How many characters an Alembic revision may have here. Alembic's own 32 are what [`REVISION`] has, and too few for what
/// follows it in the platform.
pub const REVISION_WIDTH: i32 = 255;

/// Something that happened to a history, so that no migration may be applied to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accident {
    /// A history table lies in another schema instead of in `migration`.
    Elsewhere {
        /// Which table.
        table: &'static str,
        /// The schemas it lies in.
        schemas: Vec<String>,
    },
    /// A history table lies in `migration` and in another schema as well.
    Doubled {
        /// Which table.
        table: &'static str,
        /// The other schemas.
        schemas: Vec<String>,
    },
    /// The history is no table, or not as the migrator makes it.
    Malformed(String),
    /// Versions that are recorded more than once.
    Duplicate(Vec<i64>),
    /// There are tables and no history.
    Missing {
        /// How many.
        tables: usize,
    },
    /// There is a history and no table.
    TablesMissing {
        /// What is recorded as applied.
        recorded: String,
    },
    /// Versions recorded as begun and not finished.
    Dirty(Vec<i64>),
    /// Everything shipped is applied, and then versions that a newer build has.
    Ahead {
        /// What this build does not have: version and description.
        newer: Vec<(i64, String)>,
        /// The last version that this build has.
        last: i64,
        /// The Drydock that wrote to the database first once all of them were applied, where that is known: it has them.
        by: Option<String>,
    },
    /// Applied versions that this build does not have, though not all that it has are applied.
    Unknown(Vec<(i64, String)>),
    /// Versions applied with another content.
    Changed(Vec<i64>),
    /// Shipped versions that are not applied, though later ones are.
    OutOfOrder {
        /// What is missing.
        missing: Vec<i64>,
        /// The last that is applied.
        last: i64,
    },
    /// Versions applied with the same statements and other line ends.
    LineEnds(Vec<(i64, LineEnds)>),
    /// Alembic's table, or its row, is not there.
    AlembicMissing(String),
    /// Alembic's table takes no more than so many characters.
    AlembicNarrow(i32),
    /// Alembic's table has more than one row.
    AlembicHeads(Vec<String>),
    /// Alembic's table names another revision.
    AlembicForeign(String),
}

impl Accident {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Elsewhere { .. } => ErrorCode::HistoryElsewhere,
            Self::Doubled { .. } => ErrorCode::HistoryDoubled,
            Self::Malformed(_) => ErrorCode::HistoryMalformed,
            Self::Duplicate(_) => ErrorCode::HistoryDuplicate,
            Self::Missing { .. } => ErrorCode::HistoryMissing,
            Self::TablesMissing { .. } => ErrorCode::HistoryTablesMissing,
            Self::Dirty(_) => ErrorCode::HistoryDirty,
            Self::Ahead { .. } => ErrorCode::HistoryAhead,
            Self::Unknown(_) => ErrorCode::HistoryUnknown,
            Self::Changed(_) => ErrorCode::HistoryChanged,
            Self::OutOfOrder { .. } => ErrorCode::HistoryOutOfOrder,
            Self::LineEnds(_) => ErrorCode::HistoryLineEndings,
            Self::AlembicMissing(_) => ErrorCode::HistoryAlembicMissing,
            Self::AlembicNarrow(_) => ErrorCode::HistoryAlembicNarrow,
            Self::AlembicHeads(_) => ErrorCode::HistoryAlembicHeads,
            Self::AlembicForeign(_) => ErrorCode::HistoryAlembicForeign,
        }
    }
}

impl std::fmt::Display for Accident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Elsewhere { table, schemas } => {
                write!(f, "Table {table} is in schema {}, and not in migration.", schemas.join(", "))
            }
            Self::Doubled { table, schemas } => {
                write!(f, "Table {table} is in schema migration, and in {} as well.", schemas.join(", "))
            }
            Self::Malformed(what) => write!(f, "Table migration._sqlx_migrations {what}."),
            Self::Duplicate(versions) => {
                write!(f, "{} recorded more than once.", is_or_are(versions))
            }
            Self::Missing { tables } => {
                write!(f, "Schema migration has {tables} tables, and no migration is recorded as applied.")
            }
            Self::TablesMissing { recorded } => {
                write!(f, "{recorded} recorded as applied, and schema migration has no table.")
            }
            Self::Dirty(versions) => {
                write!(f, "{} recorded as begun and not finished.", is_or_are(versions))
            }
            Self::Ahead { newer, last, by } => write!(
                f,
                "The database has {}, which this build does not have: it ends at {last:03}. Nothing was changed. Open it with {}.",
                named(newer),
                by.as_ref().map_or_else(
                    || "the newer build".to_owned(),
                    |version| format!(
                        "Drydock {version} or a newer one; this is {}",
                        env!("CARGO_PKG_VERSION")
                    )
                )
            ),
            Self::Unknown(unknown) => write!(
                f,
                "The database has {}, which this build does not have, and it is no newer build's: not every migration before it agrees.",
                named(unknown)
            ),
            Self::Changed(versions) => {
                write!(f, "{} applied with another content than this build has.", was_or_were(versions))
            }
            Self::OutOfOrder { missing, last } => {
                write!(f, "{} not applied, though {last:03} is.", is_or_are(missing))
            }
            Self::LineEnds(versions) => {
                let told: Vec<String> = versions
                    .iter()
                    .map(|(version, ends)| format!("{version:03} with {}", ends.words()))
                    .collect();
                write!(
                    f,
                    "Applied with the same text but for white space at the ends of lines: {}.",
                    told.join("; ")
                )
            }
            Self::AlembicMissing(what) => {
                write!(f, "001 is applied, and migration.alembic_version {what}: it must hold {REVISION}.")
            }
            Self::AlembicNarrow(width) => write!(
                f,
                "migration.alembic_version.version_num takes {width} characters, and must take {REVISION_WIDTH}."
            ),
            Self::AlembicHeads(revisions) => write!(
                f,
                "migration.alembic_version has {} rows ({}), and must have one: {REVISION}.",
                revisions.len(),
                revisions.join(", ")
            ),
            Self::AlembicForeign(revision) => {
                write!(f, "migration.alembic_version holds {revision:?}, and must hold {REVISION}.")
            }
        }
    }
}

impl From<Accident> for StoreError {
    fn from(accident: Accident) -> Self {
        Self::gate(accident.code(), accident.to_string())
    }
}

/// `001, 002`.
pub(super) fn numbers(versions: &[i64]) -> String {
    versions.iter().map(|version| format!("{version:03}")).collect::<Vec<_>>().join(", ")
}

/// `Migration 001 is`.
pub(super) fn is_or_are(versions: &[i64]) -> String {
    match versions {
        [one] => format!("Migration {one:03} is"),
        more => format!("Migrations {} are", numbers(more)),
    }
}

fn was_or_were(versions: &[i64]) -> String {
    match versions {
        [one] => format!("Migration {one:03} was"),
        more => format!("Migrations {} were", numbers(more)),
    }
}

fn named(versions: &[(i64, String)]) -> String {
    let told: Vec<String> =
        versions.iter().map(|(version, description)| format!("{version:03} ({description})")).collect();
    told.join(", ")
}
