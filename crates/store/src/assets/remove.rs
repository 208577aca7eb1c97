//! Deleting assets, with all that goes with them kept.

use drydock_domain::{EngagementId, audit::AccessEvent};
use serde_json::Value;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    change::{Selection, begin, entry},
    history::ChangeKind,
    related::Tables,
};
use crate::{StoreError, TenantTx, audit};

/// Deletes assets and records them whole. `None` for the change when there were none.
///
/// # Errors
/// [`StoreError::AssetInUse`] when something that does not go with it refers to one; else when the database fails. Nothing is deleted
/// then.
pub async fn remove(
    tx: &mut TenantTx,
    engagement: EngagementId,
    selection: &Selection,
) -> Result<(Option<Uuid>, i64), StoreError> {
    let mut sql = QueryBuilder::new("select id");
    selection.push(tx, engagement, &mut sql);
    sql.push(" order by id for update");
    let ids: Vec<Uuid> = sql.build_query_scalar().persistent(false).fetch_all(tx.connection()).await?;
    if ids.is_empty() {
        return Ok((None, 0));
    }
    let change = begin(tx, engagement, ChangeKind::Delete, ids.len(), None).await?;
    remove_in(tx, change, &ids).await?;
    let entry = entry(AccessEvent::AssetsDeleted, engagement, change).on("asset_change", change);
    audit::access(tx, entry.with("assets", ids.len()));
    Ok((Some(change), i64::try_from(ids.len()).unwrap_or(i64::MAX)))
}

/// Deletes the assets as part of a change that has begun.
pub(super) async fn remove_in(tx: &mut TenantTx, change: Uuid, ids: &[Uuid]) -> Result<(), StoreError> {
    let client_account = tx.client_account_id().0;
    let tables = Tables::read(tx).await?;
    let (owners, related): (Vec<Uuid>, Vec<Value>) =
        tables.related(tx, ids).await?.into_iter().map(|(asset, rows)| (asset, Value::Array(rows))).unzip();
    sqlx::query!(
        "insert into migration.asset_change_rows (client_account_id, change_id, asset_id, before, related)
         select $1, $2, a.id, to_jsonb(a) - 'search_text', r.related
         from migration.assets a
         left join unnest($4::uuid[], $5::jsonb[]) as r (id, related) on r.id = a.id
         where a.client_account_id = $1 and a.id = any($3)",
        client_account,
        change,
        ids,
        &owners,
        &related,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "delete from migration.assets where client_account_id = $1 and id = any($2)",
        client_account,
        ids,
    )
    .execute(tx.connection())
    .await
    .map_err(|error| match error.as_database_error().and_then(|database| database.code()) {
        // foreign_key_violation, restrict_violation
        Some(code) if matches!(&*code, "23503" | "23001") => StoreError::AssetInUse,
        _ => error.into(),
    })?;
    Ok(())
}
