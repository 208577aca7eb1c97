//! Which values a column has.

use drydock_domain::{EngagementId, asset::Column};
use sqlx::QueryBuilder;

use super::filter::{Filter, Scope};
use crate::{StoreError, TenantTx};

/// How many assets hold a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequency {
    /// `None` where nothing is recorded.
    pub value: Option<String>,
    /// So many assets.
    pub count: i64,
}

/// The most frequent values of a column among the assets that pass, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn values(
    tx: &mut TenantTx,
    engagement: EngagementId,
    filter: &Filter,
    column: Column,
    limit: u16,
) -> Result<Vec<Frequency>, StoreError> {
    let mut sql = QueryBuilder::new("select ");
    sql.push(column.name()).push("::text, count(*)");
    Scope::new(tx, engagement, filter).push(&mut sql);
    sql.push(" group by 1 order by 2 desc, 1 limit ").push_bind(i64::from(limit));
    let rows: Vec<(Option<String>, i64)> =
        sql.build_query_as().persistent(false).fetch_all(tx.connection()).await?;
    Ok(rows.into_iter().map(|(value, count)| Frequency { value, count }).collect())
}
