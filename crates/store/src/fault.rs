//! Putting faults into throw-away databases, and looking at what comes of them: the statements of the lab's scenarios.
//!
//! They are data of those scenarios, not of this crate, and run nowhere but on a cluster that the lab has made for the purpose.

use std::{fmt::Write as _, time::Duration};

use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, PgConnection, PgPool, Postgres, Row as _, TypeInfo as _,
    ValueRef as _,
    pool::PoolConnection,
    postgres::{PgPoolOptions, PgRow},
};
use tokio::task::JoinHandle;

use crate::{StoreError, Target, clone::quoted, content::hexadecimal, observe::Refusal};

/// How many rows of an answer are told.
const TOLD: usize = 5;

/// A session that stays open.
#[derive(Debug)]
pub struct Session {
    connection: PgConnection,
}

impl Session {
    /// Connects as `role`.
    ///
    /// # Errors
    /// [`Refusal`] as the server says it.
    pub async fn open(target: &Target, role: &str) -> Result<Self, Refusal> {
        Ok(Self { connection: PgConnection::connect_with(&target.options_of(role)).await? })
    }

    /// Runs statements; the answer as lines of text, the notices left out.
    ///
    /// # Errors
    /// [`Refusal`] as the server says it.
    pub async fn run(&mut self, statements: &str) -> Result<Vec<String>, Refusal> {
        // A scenario's statements are the program's own text.
        let answer =
            sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).fetch_all(&mut self.connection).await?;
        let rows = answer.len();
        let mut lines: Vec<String> = answer.iter().take(TOLD).map(told).collect();
        if rows > TOLD {
            lines.push(format!("({rows} rows)"));
        }
        Ok(lines)
    }

    /// Runs one statement prepared under a name that the driver gives it, as applications do.
    ///
    /// # Errors
    /// [`Refusal`] as the server says it.
    pub async fn run_prepared(&mut self, statement: &str) -> Result<(), Refusal> {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Runs statements in the background: they may have to wait for somebody. The answer comes with the session.
    #[must_use]
    pub fn run_behind(mut self, statements: String) -> JoinHandle<(Self, Result<Vec<String>, Refusal>)> {
        tokio::spawn(async move {
            let answer = self.run(&statements).await;
            (self, answer)
        })
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Ends the session and waits until the server knows.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

/// A pool as an application has one.
#[derive(Debug)]
pub struct Pool {
    pool: PgPool,
    held: Vec<PoolConnection<Postgres>>,
}

impl Pool {
    /// A pool of at most `size` connections, for one of which it waits for `patience`.
    #[must_use]
    pub fn open(target: &Target, role: &str, size: u32, patience: Duration) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(patience)
            .connect_lazy_with(target.options_of(role));
        Self { pool, held: Vec::new() }
    }

    /// Takes a connection out, begins a transaction over it, and keeps it.
    ///
    /// # Errors
    /// [`Refusal`] in the pool's words.
    pub async fn take(&mut self) -> Result<(), Refusal> {
        let mut connection = self.pool.acquire().await?;
        sqlx::raw_sql("BEGIN; SELECT 1").execute(&mut *connection).await?;
        self.held.push(connection);
        Ok(())
    }
}

/// A row as `psql` prints it unaligned.
fn told(row: &PgRow) -> String {
    let mut line = String::new();
    for column in row.columns() {
        if column.ordinal() > 0 {
            line.push_str(" | ");
        }
        // Answers to simple queries come as text, whatever their type.
        let value = row.try_get_raw(column.ordinal()).ok().filter(|value| !value.is_null());
        let text = value.as_ref().and_then(|value| value.as_str().ok());
        let _ = match text {
            Some(text) => write!(line, "{text}"),
            None => write!(line, "({})", column.type_info().name()),
        };
    }
    line
}

/// Runs statements as `role`.
///
/// # Errors
/// [`Refusal`] as the server says it.
pub async fn run(target: &Target, role: &str, statements: &str) -> Result<Vec<String>, Refusal> {
    let mut session = Session::open(target, role).await?;
    let done = session.run(statements).await;
    let closed = session.close().await;
    let lines = done?;
    closed.map_err(|error| Refusal { sqlstate: None, message: error.to_string() })?;
    Ok(lines)
}

/// The number of the lock that sqlx's migrator takes for a database: a constant of its times the CRC-32 of the name.
#[must_use]
pub fn sqlx_lock(database: &str) -> i64 {
    0x3d32_ad9e * i64::from(crc32(database.as_bytes()))
}

/// CRC-32 as in zlib.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

/// What every table of a database holds: its qualified name with the number of rows and a digest of all of them, by name.
///
/// # Errors
/// [`Refusal`] as the server says it.
pub async fn contents(target: &Target) -> Result<Vec<(String, String)>, Refusal> {
    let mut session = Session::open(target, "postgres").await?;
    let connection = session.connection();
    // Not `query!`: it is asked of databases with a fault in them.
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2",
    )
    .fetch_all(&mut *connection)
    .await?;
    let selects: Vec<String> = tables
        .iter()
        .enumerate()
        .map(|(at, (schema, name))| {
            format!(
                "select {at}::int, count(*) || ' rows, ' || coalesce(md5(string_agg(h, '' order by h)), 'none')
                 from (select md5(t::text) as h from {}.{} t) rows",
                quoted(schema),
                quoted(name)
            )
        })
        .collect();
    let mut digests: Vec<(i32, String)> = if selects.is_empty() {
        Vec::new()
    } else {
        // Names are the catalogue's and quoted.
        sqlx::query_as(AssertSqlSafe(selects.join(" union all "))).fetch_all(&mut *connection).await?
    };
    digests.sort_unstable();
    let named = tables
        .into_iter()
        .zip(digests)
        .map(|((schema, name), (_, digest))| (format!("{schema}.{name}"), digest))
        .collect();
    let _ = session.close().await;
    Ok(named)
}

/// A byte string as SQL writes it.
#[must_use]
pub fn bytea(bytes: &[u8]) -> String {
    format!("'\\x{}'::bytea", hexadecimal(bytes))
}
