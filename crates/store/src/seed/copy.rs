//! Rows on their way into the database.
//!
//! PostgreSQL refuses `COPY` into a table whose row-level security binds the role, as ours does the owner. So each table's rows are
//! copied into a temporary table of text columns first, and one `INSERT … SELECT` takes them from there, through the policies like
//! every other statement (`docs/decisions/seeds.md`).

use std::{collections::BTreeMap, fmt::Write as _};

use drydock_domain::ClientAccountId;
use sqlx::{AssertSqlSafe, PgConnection};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::StoreError;

/// More columns than any table of ours is given.
const STAGED_COLUMNS: usize = 80;

/// Staged rows that are left where they are: each later table's `INSERT` reads past them, which takes less than emptying a table, whose
/// file the system has to cut.
const STAGED_ROWS: u64 = 10_000;

/// Tables that many rows refer to. Of a table that it knows nothing about, PostgreSQL may look for a row in any index that begins with
/// the client account, and reads all of the client account's rows for each that refers to one: half of the time.
const REFERRED_TO: [&str; 2] = ["assets", "application_components"];

/// A value in the text format of `COPY`.
pub(super) trait Cell {
    fn write(&self, line: &mut String);
}

impl Cell for str {
    fn write(&self, line: &mut String) {
        for character in self.chars() {
            match character {
                '\\' => line.push_str("\\\\"),
                '\t' => line.push_str("\\t"),
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                other => line.push(other),
            }
        }
    }
}

impl<T: Cell + ?Sized> Cell for &T {
    fn write(&self, line: &mut String) {
        (**self).write(line);
    }
}

impl Cell for String {
    fn write(&self, line: &mut String) {
        self.as_str().write(line);
    }
}

impl<T: Cell> Cell for Option<T> {
    fn write(&self, line: &mut String) {
        match self {
            Some(value) => value.write(line),
            None => line.push_str("\\N"),
        }
    }
}

impl Cell for serde_json::Value {
    fn write(&self, line: &mut String) {
        self.to_string().write(line);
    }
}

/// Bytes, as PostgreSQL writes them in hexadecimal.
impl Cell for Vec<u8> {
    fn write(&self, line: &mut String) {
        line.push_str("\\\\x");
        for byte in self {
            // Writing to a String cannot fail, here and below.
            let _ = write!(line, "{byte:02x}");
        }
    }
}

impl Cell for OffsetDateTime {
    fn write(&self, line: &mut String) {
        let (hour, minute, second) = self.time().as_hms();
        let _ = write!(line, "{} {hour:02}:{minute:02}:{second:02}+00", self.date());
    }
}

macro_rules! as_displayed {
    ($($kind:ty),+) => {
        $(impl Cell for $kind {
            fn write(&self, line: &mut String) {
                let _ = write!(line, "{self}");
            }
        })+
    };
}
as_displayed!(bool, i32, i64, u32, u64, usize, f64, Date, Uuid);

impl Cell for std::borrow::Cow<'_, str> {
    fn write(&self, line: &mut String) {
        self.as_ref().write(line);
    }
}

/// The rows of one table.
#[derive(Debug)]
struct Rows {
    table: &'static str,
    columns: &'static [&'static str],
    text: String,
    count: u64,
}

/// Rows that belong together: those of one client account, or global ones.
#[derive(Debug)]
pub(super) struct Batch {
    owner: Option<ClientAccountId>,
    tables: Vec<Rows>,
}

impl Batch {
    /// For rows of `owner`, whose id is not among their columns; for global rows when `None`.
    pub(super) fn new(owner: Option<ClientAccountId>) -> Self {
        Self { owner, tables: Vec::new() }
    }

    /// Adds a row; `row!` calls this. A table's rows all have the same columns, and tables are written in the order of their first
    /// rows.
    pub(super) fn add(&mut self, table: &'static str, columns: &'static [&'static str], cells: &[&dyn Cell]) {
        let index = self.tables.iter().position(|rows| rows.table == table).unwrap_or_else(|| {
            self.tables.push(Rows { table, columns, text: String::new(), count: 0 });
            self.tables.len() - 1
        });
        let rows = &mut self.tables[index];
        debug_assert_eq!(rows.columns, columns, "{table}");
        for (number, cell) in cells.iter().enumerate() {
            if number > 0 {
                rows.text.push('\t');
            }
            cell.write(&mut rows.text);
        }
        rows.text.push('\n');
        rows.count += 1;
    }
}

/// Adds a row to a [`Batch`]: `row!(batch, "tags", id = id, name = "pci")`.
macro_rules! row {
    ($batch:expr, $table:literal, $($column:ident = $value:expr),+ $(,)?) => {{
        const COLUMNS: &[&str] = &[$(stringify!($column)),+];
        $batch.add($table, COLUMNS, &[$(&$value as &dyn $crate::seed::copy::Cell),+]);
    }};
}
pub(super) use row;

/// A transaction that rows are written in.
pub(super) struct Loader<'a> {
    connection: &'a mut PgConnection,
    /// The type of each column of each table, without its length: a cast to one with a length would cut off what is too long.
    types: BTreeMap<(String, String), String>,
    /// Those of [`REFERRED_TO`] that PostgreSQL knows by now.
    counted: Vec<&'static str>,
    written: u64,
    /// Rows that are staged, most of them done with.
    staged: u64,
    /// How many times rows were staged; each staged row has the number of its time.
    times: u32,
}

impl<'a> Loader<'a> {
    /// In the transaction that `connection` is in, as the schema's owner.
    pub(super) async fn new(connection: &'a mut PgConnection) -> Result<Self, StoreError> {
        let columns = (1..=STAGED_COLUMNS).map(|number| format!("c{number} text")).collect::<Vec<_>>();
        let staged =
            format!("CREATE TEMPORARY TABLE staged (time integer, {}) ON COMMIT DROP", columns.join(", "));
        // Nothing but numbered names is in it; DDL takes no parameters.
        sqlx::raw_sql(AssertSqlSafe(staged)).execute(&mut *connection).await?;
        let types = sqlx::query!(
            r#"select c.relname::text as "relation!", a.attname::text as "name!",
                      format_type(a.atttypid, null) as "kind!"
               from pg_class c join pg_attribute a on a.attrelid = c.oid
               where c.relnamespace = 'migration'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped"#
        )
        .fetch_all(&mut *connection)
        .await?
        .into_iter()
        .map(|column| ((column.relation, column.name), column.kind))
        .collect();
        Ok(Self { connection, types, counted: Vec::new(), written: 0, staged: 0, times: 0 })
    }

    /// Rows written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Writes the rows. Those of a client account are written inside it: the policies check each.
    pub(super) async fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        let owner = batch.owner.map_or_else(String::new, |owner| owner.0.as_hyphenated().to_string());
        // Nothing but a uuid's text form is in it; see `TenantTx::enter`.
        let enter = format!("SET LOCAL app.client_account_id = '{owner}'");
        sqlx::raw_sql(AssertSqlSafe(enter)).execute(&mut *self.connection).await?;
        for rows in batch.tables {
            self.write_table(rows, batch.owner).await?;
        }
        if self.staged > STAGED_ROWS {
            sqlx::raw_sql("TRUNCATE staged").execute(&mut *self.connection).await?;
            self.staged = 0;
        }
        Ok(())
    }

    async fn write_table(&mut self, rows: Rows, owner: Option<ClientAccountId>) -> Result<(), StoreError> {
        let staged = (1..=rows.columns.len()).map(|number| format!("c{number}")).collect::<Vec<_>>();
        let copy = format!("COPY staged (time, {}) FROM STDIN", staged.join(", "));
        self.times += 1;
        let mut text =
            String::with_capacity(rows.text.len() + 8 * usize::try_from(rows.count).unwrap_or_default());
        for line in rows.text.lines() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}\t{line}", self.times);
        }
        let mut sink = self.connection.copy_in_raw(&copy).await?;
        sink.send(text.into_bytes()).await?;
        self.staged += sink.finish().await?;

        let mut columns = rows.columns.join(", ");
        let mut values = Vec::with_capacity(staged.len());
        for (staged, column) in staged.iter().zip(rows.columns) {
            let kind = self.types.get(&(rows.table.to_owned(), (*column).to_owned())).ok_or_else(|| {
                StoreError::UnexpectedValue(format!("{}.{column} is no column", rows.table))
            })?;
            values.push(format!("{staged}::{kind}"));
        }
        if let Some(owner) = owner {
            columns = format!("client_account_id, {columns}");
            values.insert(0, format!("'{}'::uuid", owner.0.as_hyphenated()));
        }
        // Names are this program's, types the catalogue's.
        let insert = format!(
            "INSERT INTO migration.{} ({columns}) SELECT {} FROM staged WHERE time = {}",
            rows.table,
            values.join(", "),
            self.times
        );
        let inserted = sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *self.connection).await?;
        debug_assert_eq!(inserted.rows_affected(), rows.count, "{}", rows.table);
        self.written += rows.count;
        if REFERRED_TO.contains(&rows.table) && !self.counted.contains(&rows.table) {
            // Of the columns that are looked for; the rest is counted in the background.
            let count = format!("ANALYZE migration.{} (client_account_id, id)", rows.table);
            // One of two names.
            sqlx::raw_sql(AssertSqlSafe(count)).execute(&mut *self.connection).await?;
            self.counted.push(rows.table);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cell: &dyn Cell) -> String {
        let mut line = String::new();
        cell.write(&mut line);
        line
    }

    #[test]
    fn what_copy_takes_for_something_else_is_escaped() {
        assert_eq!(written(&"a\tb\nc\\d\re"), "a\\tb\\nc\\\\d\\re");
        assert_eq!(written(&None::<i32>), "\\N");
        assert_eq!(written(&"\\N"), "\\\\N");
        assert_eq!(written(&vec![0_u8, 255]), "\\\\x00ff");
        assert_eq!(written(&serde_json::json!({ "a": "b\n" })), "{\"a\":\"b\\\\n\"}");
        assert_eq!(written(&OffsetDateTime::UNIX_EPOCH), "1970-01-01 00:00:00+00");
    }
}
