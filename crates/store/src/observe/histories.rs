//! The tables in which migration tools write down what they have applied.

use sqlx::{PgConnection, Row as _};

use super::{Table, attempt};
use crate::{clone::quoted, content::hexadecimal};

/// How many rows of a history are read.
const ROWS: usize = 5_000;

/// A migration tool, known by its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// `alembic_version`: the heads alone.
    Alembic,
    /// `_sqlx_migrations`.
    Sqlx,
    /// `flyway_schema_history`.
    Flyway,
    /// `django_migrations`.
    Django,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Alembic, Self::Sqlx, Self::Flyway, Self::Django];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alembic => "Alembic",
            Self::Sqlx => "sqlx",
            Self::Flyway => "Flyway",
            Self::Django => "Django",
        }
    }

    /// Its table.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Alembic => "alembic_version",
            Self::Sqlx => "_sqlx_migrations",
            Self::Flyway => "flyway_schema_history",
            Self::Django => "django_migrations",
        }
    }

    /// The tool whose table is called so.
    #[must_use]
    pub fn of_table(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.table() == name)
    }
}

/// A history as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryTable {
    /// Whose.
    pub tool: Tool,
    /// In which schema.
    pub schema: String,
    /// How many characters a revision may have; `None` for any number.
    pub width: Option<i32>,
    /// What is recorded, in the tool's order; `None` where it may not be read.
    pub rows: Option<Vec<HistoryRow>>,
}

impl HistoryTable {
    /// Schema and name, as a person writes them.
    #[must_use]
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.tool.table())
    }

    /// What is recorded; nothing where it may not be read.
    #[must_use]
    pub fn recorded(&self) -> &[HistoryRow] {
        self.rows.as_deref().unwrap_or_default()
    }
}

/// A migration that is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryRow {
    /// Its revision or version; for Django application and name.
    pub id: String,
    /// What else the tool calls it.
    pub description: String,
    /// Checksum as the tool writes it: sqlx hexadecimal, Flyway a number.
    pub checksum: Option<String>,
    /// Whether it came to its end.
    pub success: bool,
}

/// Reads `table` if it is a history.
pub(super) async fn read(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Option<HistoryTable>, sqlx::Error> {
    let Some(tool) = Tool::of_table(&table.name) else { return Ok(None) };
    let needed: &[&str] = match tool {
        Tool::Alembic => &["version_num"],
        Tool::Sqlx => &["version", "description", "checksum", "success"],
        Tool::Flyway => &["version", "description", "checksum", "success", "installed_rank"],
        Tool::Django => &["id", "app", "name"],
    };
    let rows = if needed.iter().all(|column| table.has(column)) {
        rows(connection, tool, table).await?
    } else {
        None
    };
    Ok(Some(HistoryTable { tool, schema: table.schema.clone(), width: table.version_width, rows }))
}

async fn rows(
    connection: &mut PgConnection,
    tool: Tool,
    table: &Table,
) -> Result<Option<Vec<HistoryRow>>, sqlx::Error> {
    let from = format!("{}.{}", quoted(&table.schema), quoted(&table.name));
    let statement = match tool {
        Tool::Alembic => {
            format!("select version_num::text, '', null::text, true from {from} order by 1 limit {ROWS}")
        }
        Tool::Sqlx => format!(
            "select version::text, description::text, encode(checksum::bytea, 'hex'), success::bool from {from} order by version limit {ROWS}"
        ),
        Tool::Flyway => format!(
            "select coalesce(version::text, ''), description::text, checksum::text, success::bool from {from} order by installed_rank limit {ROWS}"
        ),
        Tool::Django => format!(
            "select app::text || '.' || name::text, '', null::text, true from {from} order by id limit {ROWS}"
        ),
    };
    let Some(rows) = attempt(connection, statement).await? else { return Ok(None) };
    let rows: Result<Vec<HistoryRow>, sqlx::Error> = rows
        .iter()
        .map(|row| {
            Ok(HistoryRow {
                id: row.try_get::<Option<String>, _>(0)?.unwrap_or_default(),
                description: row.try_get::<Option<String>, _>(1)?.unwrap_or_default(),
                checksum: row.try_get(2)?,
                success: row.try_get::<Option<bool>, _>(3)?.unwrap_or(false),
            })
        })
        .collect();
    Ok(Some(rows?))
}

/// A checksum as sqlx's table holds it, in hexadecimal.
#[must_use]
pub fn sqlx_checksum(bytes: &[u8]) -> String {
    hexadecimal(bytes)
}
