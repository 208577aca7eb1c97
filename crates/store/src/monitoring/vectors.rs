//! Columns of vectors, the indexes over them, and how much of what is nearest an index finds.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Store, StoreError, TenantTx};

/// Vectors that a probe looks for the neighbours of.
const SAMPLE: i64 = 20;
/// Neighbours that are compared for each.
const NEIGHBOURS: i64 = 10;

/// A column of vectors in the schema `migration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorColumn {
    /// Its table.
    pub table: String,
    /// Its name.
    pub column: String,
    /// Its type with the number of dimensions, such as `vector(384)`.
    pub kind: String,
    /// The indexes over it that search approximately; without any, every search is exact.
    pub indexes: Vec<VectorIndex>,
}

/// An index of pgvector's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorIndex {
    /// Its name.
    pub name: String,
    /// `hnsw` or `ivfflat`.
    pub method: String,
    /// What it measures distances with, such as `vector_cosine_ops`.
    pub operators: String,
    /// Bytes on the disk.
    pub bytes: i64,
    /// Whether it is whole.
    pub is_valid: bool,
    /// How often it was used.
    pub reads: i64,
}

/// What a search through an index finds of what an exact one does, in one client account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// Vectors whose neighbours were looked for; 0 where the client account has none.
    pub sample: i64,
    /// Neighbours that an exact search found.
    pub exact: i64,
    /// How many of them the search through the index found.
    pub found: i64,
}

/// The columns of vectors, by table and column.
///
/// # Errors
/// When the database fails.
pub async fn vector_columns(store: &Store) -> Result<Vec<VectorColumn>, StoreError> {
    let mut connection = store.acquire().await?;
    let columns = sqlx::query!(
        r#"select c.relname::text as "table!", a.attname::text as "column!", format_type(a.atttypid, a.atttypmod) as "kind!"
           from pg_attribute a
           join pg_class c on c.oid = a.attrelid
           join pg_type t on t.oid = a.atttypid
           where c.relnamespace = 'migration'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped
             and t.typname in ('vector', 'halfvec', 'sparsevec')
           order by 1, 2"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let indexes = sqlx::query!(
        r#"select t.relname::text as "table!", a.attname::text as "column!", c.relname::text as "name!",
                  m.amname::text as "method!", o.opcname::text as "operators!", pg_relation_size(c.oid) as "bytes!",
                  i.indisvalid as is_valid, coalesce(s.idx_scan, 0) as "reads!"
           from pg_index i
           join pg_class c on c.oid = i.indexrelid
           join pg_class t on t.oid = i.indrelid
           join pg_am m on m.oid = c.relam
           join pg_opclass o on o.oid = i.indclass[0]
           join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
           left join pg_stat_all_indexes s on s.indexrelid = i.indexrelid
           where t.relnamespace = 'migration'::regnamespace and m.amname in ('hnsw', 'ivfflat')
           order by 1, 2, 3"#
    )
    .fetch_all(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    Ok(columns
        .into_iter()
        .map(|column| VectorColumn {
            indexes: indexes
                .iter()
                .filter(|index| index.table == column.table && index.column == column.column)
                .map(|index| VectorIndex {
                    name: index.name.clone(),
                    method: index.method.clone(),
                    operators: index.operators.clone(),
                    bytes: index.bytes,
                    is_valid: index.is_valid,
                    reads: index.reads,
                })
                .collect(),
            table: column.table,
            column: column.column,
            kind: column.kind,
        })
        .collect())
}

/// How many vectors the client account has in a column.
///
/// # Errors
/// When the database fails.
pub async fn count_vectors(tx: &mut TenantTx, column: &VectorColumn) -> Result<i64, StoreError> {
    let (table, name) = (identifier(&column.table), identifier(&column.column));
    Ok(sqlx::query_scalar(AssertSqlSafe(format!("select count({name}) from migration.{table}")))
        .fetch_one(tx.connection())
        .await?)
}

/// Compares, for a sample of the client account's vectors, the neighbours that an exact search finds with those that a search through
/// the index finds, as the application asks: row-level security decides in both which rows count. `None` for an index whose operators are
/// not known here.
///
/// # Errors
/// When the database fails.
pub async fn probe(
    tx: &mut TenantTx,
    column: &VectorColumn,
    index: &VectorIndex,
) -> Result<Option<Probe>, StoreError> {
    let operator = match index.operators.as_str() {
        "vector_l2_ops" | "halfvec_l2_ops" | "sparsevec_l2_ops" => "<->",
        "vector_ip_ops" | "halfvec_ip_ops" | "sparsevec_ip_ops" => "<#>",
        "vector_cosine_ops" | "halfvec_cosine_ops" | "sparsevec_cosine_ops" => "<=>",
        "vector_l1_ops" | "halfvec_l1_ops" | "sparsevec_l1_ops" => "<+>",
        _ => return Ok(None),
    };
    let (table, name) = (identifier(&column.table), identifier(&column.column));
    // The names come from the catalogue and are quoted; what is asked for with each vector is a parameter.
    let sample: Vec<(Uuid, String)> = sqlx::query_as(AssertSqlSafe(format!(
        "select id, {name}::text from migration.{table} where {name} is not null order by id limit $1"
    )))
    .bind(SAMPLE)
    .fetch_all(tx.connection())
    .await?;
    let nearest = format!(
        "select id from migration.{table} where {name} is not null order by {name} {operator} $1::{} limit $2",
        column.kind.split('(').next().unwrap_or("vector")
    );
    let mut probe = Probe { sample: i64::try_from(sample.len()).unwrap_or(i64::MAX), exact: 0, found: 0 };
    for (_, vector) in &sample {
        let exact = neighbours(tx, &nearest, vector, ["off", "off", "on"]).await?;
        let through = neighbours(tx, &nearest, vector, ["on", "on", "off"]).await?;
        probe.exact += i64::try_from(exact.len()).unwrap_or(i64::MAX);
        probe.found +=
            i64::try_from(exact.iter().filter(|id| through.contains(id)).count()).unwrap_or(i64::MAX);
    }
    Ok(Some(probe))
}

/// The nearest rows, with index scans, bitmap scans and sequential scans switched as `plan` says. Off makes a way expensive, not impossible.
async fn neighbours(
    tx: &mut TenantTx,
    nearest: &str,
    vector: &str,
    plan: [&str; 3],
) -> Result<Vec<Uuid>, StoreError> {
    sqlx::query!(
        "select set_config('enable_indexscan', $1, true) as a, set_config('enable_bitmapscan', $2, true) as b,
                set_config('enable_seqscan', $3, true) as c",
        plan[0],
        plan[1],
        plan[2]
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(sqlx::query_scalar(AssertSqlSafe(nearest.to_owned()))
        .bind(vector)
        .bind(NEIGHBOURS)
        .fetch_all(tx.connection())
        .await?)
}

/// A name as SQL quotes it.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
