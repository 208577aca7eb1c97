//! How the database does, computed from its rows and from the statistics the server keeps. Changes nothing.

mod sign_ins;
mod vectors;

pub use sign_ins::{Failed, Hour, SignIns, sign_ins};
pub use vectors::{Probe, VectorColumn, VectorIndex, count_vectors, probe, vector_columns};

use sqlx::Connection as _;
use time::OffsetDateTime;

use crate::{DatabaseRole, Store, StoreError, Target};

/// The database in a few figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Size in bytes.
    pub database_bytes: i64,
    /// Connections to it.
    pub connections: i32,
    /// Transactions committed since `since`.
    pub commits: i64,
    /// Transactions rolled back since then.
    pub rollbacks: i64,
    /// Pages found in the server's memory since then.
    pub pages_hit: i64,
    /// Pages read from the operating system since then.
    pub pages_read: i64,
    /// Deadlocks since then.
    pub deadlocks: i64,
    /// Since when the server counts; `None`: since the cluster was made, or a recovery.
    pub since: Option<OffsetDateTime>,
    /// When the server started.
    pub started_at: Option<OffsetDateTime>,
}

/// Reads the figures of the live database.
///
/// # Errors
/// When the database fails.
pub async fn figures(store: &Store) -> Result<Figures, StoreError> {
    let mut connection = store.acquire().await?;
    let figures = sqlx::query_as!(
        Figures,
        r#"select pg_database_size(datname) as "database_bytes!", numbackends as "connections!", xact_commit as "commits!",
                  xact_rollback as "rollbacks!", blks_hit as "pages_hit!", blks_read as "pages_read!", deadlocks as "deadlocks!",
                  stats_reset as since, pg_postmaster_start_time() as started_at
           from pg_stat_database where datname = current_database()"#
    )
    .fetch_one(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    Ok(figures)
}

/// Who is connected to the server, against how many may be.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// How many may be connected, those reserved for administrators among them.
    pub limit: i32,
    /// How many of them are reserved for administrators.
    pub reserved: i32,
    /// Who is, by what they have in common, most first.
    pub groups: Vec<ConnectionGroup>,
}

/// Connections of one role, program and database in one state.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionGroup {
    /// The role they came as.
    pub role: String,
    /// What the program calls itself; empty where it says nothing.
    pub program: String,
    /// The database.
    pub database: String,
    /// `active`, `idle`, `idle in transaction`, …
    pub state: String,
    /// How many.
    pub count: i64,
    /// Seconds since the one that is in this state longest came into it.
    pub longest_seconds: f64,
    /// Of how many it is known that they wait for a lock.
    pub waiting: i64,
}

/// Reads who is connected: as superuser, for the server shows the state of a connection to nobody else, and from its statistics alone. The
/// connection that asks is left out.
///
/// # Errors
/// When the database fails.
pub async fn connections(target: &Target) -> Result<Connections, StoreError> {
    let mut connection = target.connect(DatabaseRole::Superuser).await?;
    let read = async {
        let groups = sqlx::query_as!(
            ConnectionGroup,
            r#"select coalesce(usename, '')::text as "role!", coalesce(application_name, '') as "program!",
                      coalesce(datname, '')::text as "database!", coalesce(state, 'starting') as "state!", count(*) as "count!",
                      coalesce(max(greatest(extract(epoch from clock_timestamp() - coalesce(state_change, backend_start)), 0)), 0)
                          ::double precision as "longest_seconds!",
                      count(*) filter (where wait_event_type = 'Lock') as "waiting!"
               from pg_stat_activity
               where backend_type = 'client backend' and pid <> pg_backend_pid()
               group by 1, 2, 3, 4
               order by 5 desc, 1, 2, 3, 4
               limit 100"#
        )
        .fetch_all(&mut connection)
        .await?;
        let limits = sqlx::query!(
            r#"select current_setting('max_connections')::int as "all!",
                      current_setting('superuser_reserved_connections')::int + current_setting('reserved_connections')::int
                          as "reserved!""#
        )
        .fetch_one(&mut connection)
        .await?;
        Ok::<_, sqlx::Error>(Connections { limit: limits.all, reserved: limits.reserved, groups })
    }
    .await;
    connection.close().await?;
    Ok(read?)
}

/// A table of ours and what lies on the disk for it.
#[derive(Clone, Debug)]
pub struct TableSize {
    /// Its name, without the schema.
    pub name: String,
    /// Live rows, as the server last estimated them.
    pub rows: i64,
    /// Rows that are deleted and not yet cleared away, as estimated.
    pub dead_rows: i64,
    /// Bytes of the rows, with what lies beside the table.
    pub table_bytes: i64,
    /// Bytes of all its indexes.
    pub index_bytes: i64,
    /// How often it was read from one end to the other.
    pub full_reads: i64,
    /// How often one of its indexes was used.
    pub index_reads: i64,
    /// Its indexes, the largest first.
    pub indexes: Vec<IndexSize>,
}

/// An index.
#[derive(Clone, Debug)]
pub struct IndexSize {
    /// Its name, without the schema.
    pub name: String,
    /// Bytes on the disk.
    pub bytes: i64,
    /// How often it was used.
    pub reads: i64,
    /// Whether it is whole; one that is not enforces and finds nothing.
    pub is_valid: bool,
}

/// The tables of the schema `migration`, the largest with its indexes first.
///
/// # Errors
/// When the database fails.
pub async fn tables(store: &Store) -> Result<Vec<TableSize>, StoreError> {
    let mut connection = store.acquire().await?;
    let rows = sqlx::query!(
        r#"select c.relname::text as "name!", coalesce(s.n_live_tup, 0) as "rows!", coalesce(s.n_dead_tup, 0) as "dead_rows!",
                  pg_table_size(c.oid) as "table_bytes!", pg_indexes_size(c.oid) as "index_bytes!",
                  coalesce(s.seq_scan, 0) as "full_reads!", coalesce(s.idx_scan, 0) as "index_reads!"
           from pg_class c
           left join pg_stat_all_tables s on s.relid = c.oid
           where c.relnamespace = 'migration'::regnamespace and c.relkind in ('r', 'm')
           order by pg_total_relation_size(c.oid) desc, c.relname"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let indexes = sqlx::query!(
        r#"select t.relname::text as "of!", c.relname::text as "name!", pg_relation_size(c.oid) as "bytes!",
                  coalesce(s.idx_scan, 0) as "reads!", i.indisvalid as is_valid
           from pg_index i
           join pg_class c on c.oid = i.indexrelid
           join pg_class t on t.oid = i.indrelid
           left join pg_stat_all_indexes s on s.indexrelid = i.indexrelid
           where t.relnamespace = 'migration'::regnamespace
           order by pg_relation_size(c.oid) desc, c.relname"#
    )
    .fetch_all(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    let mut tables: Vec<TableSize> = rows
        .into_iter()
        .map(|row| TableSize {
            name: row.name,
            rows: row.rows,
            dead_rows: row.dead_rows,
            table_bytes: row.table_bytes,
            index_bytes: row.index_bytes,
            full_reads: row.full_reads,
            index_reads: row.index_reads,
            indexes: Vec::new(),
        })
        .collect();
    for index in indexes {
        if let Some(table) = tables.iter_mut().find(|table| table.name == index.of) {
            table.indexes.push(IndexSize {
                name: index.name,
                bytes: index.bytes,
                reads: index.reads,
                is_valid: index.is_valid,
            });
        }
    }
    Ok(tables)
}
