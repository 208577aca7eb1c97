//! Taking a change back: exactly the former values of exactly the assets that nobody has changed since.

use std::collections::BTreeMap;

use drydock_domain::{EngagementId, Permission, asset::Column, audit::AccessEvent};
use serde_json::Value;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    change::{LATER, begin, entry, push_object, refused},
    history::ChangeKind,
    related::Tables,
    remove::remove_in,
};
use crate::{StoreError, TenantTx, audit};

/// What became of an undo.
#[derive(Clone, Debug)]
pub struct Undone {
    /// The change that the undo is itself; `None` when no asset was put back.
    pub change: Option<Uuid>,
    /// So many assets are as they were before.
    pub restored: i64,
    /// Those that are not: changed since, or something else has their name, host name or address now.
    pub refused: Vec<Refused>,
}

/// An asset that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id.
    pub id: Uuid,
    /// Its name, as it is now, else as it was.
    pub name: String,
}

/// Takes a change back.
///
/// # Errors
/// [`StoreError::ChangeNotFound`], [`StoreError::AlreadyUndone`], [`StoreError::Denied`]; [`StoreError::AssetTaken`] when a former name, host name or address belongs
/// to another asset now; [`StoreError::AssetInUse`] as for deleting; else when the database fails. Nothing is changed then.
pub async fn undo(tx: &mut TenantTx, engagement: EngagementId, change: Uuid) -> Result<Undone, StoreError> {
    let client_account = tx.client_account_id().0;
    let found = sqlx::query!(
        r#"select c.made_by, (select count(*) from migration.asset_change_rows r where r.client_account_id = $1 and r.change_id = c.id) as "assets!",
                  exists (select from migration.asset_changes w where w.client_account_id = $1 and w.undoes_id = c.id) as "undone!",
                  (select case when r.before is null then 'made' when r.after is null then 'gone' else 'edited' end
                   from migration.asset_change_rows r where r.client_account_id = $1 and r.change_id = c.id limit 1) as "shape!",
                  (select array(select jsonb_object_keys(r.after)) from migration.asset_change_rows r
                   where r.client_account_id = $1 and r.change_id = c.id and r.after is not null limit 1) as columns
           from migration.asset_changes c
           where c.client_account_id = $1 and c.engagement_id = $2 and c.id = $3"#,
        client_account,
        engagement.0,
        change,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::ChangeNotFound)?;
    if found.undone {
        return Err(StoreError::AlreadyUndone);
    }
    let permission = match found.shape.as_str() {
        "edited" => Permission::AssetEdit,
        // Who has made an asset may take it away again, as long as it is what they have made.
        "made" if found.made_by == tx.user_id().0 => Permission::AssetEdit,
        _ => Permission::AssetDelete,
    };
    tx.require(permission).await?;
    let assets = usize::try_from(found.assets).unwrap_or(usize::MAX);
    // Also keeps a second undo of the same change waiting, and then from happening.
    let undo = begin(tx, engagement, ChangeKind::Undo, assets, Some(change)).await?;
    let columns: Vec<Column> =
        found.columns.unwrap_or_default().iter().filter_map(|name| Column::of_name(name)).collect();
    match found.shape.as_str() {
        "edited" => put_values_back(tx, change, undo, &columns).await?,
        "gone" => put_assets_back(tx, change, undo).await?,
        _ => take_away(tx, change, undo, &columns).await?,
    }
    let refused = sqlx::query!(
        r#"select r.asset_id, coalesce(a.name, r.before ->> 'name', r.after ->> 'name', '') as "name!"
           from migration.asset_change_rows r
           left join migration.assets a on a.client_account_id = $1 and a.id = r.asset_id
           where r.client_account_id = $1 and r.change_id = $2 and not exists (
               select from migration.asset_change_rows w
               where w.client_account_id = $1 and w.change_id = $3 and w.asset_id = r.asset_id)
           order by 2, 1"#,
        client_account,
        change,
        undo,
    )
    .fetch_all(tx.connection())
    .await?;
    let restored = found.assets - i64::try_from(refused.len()).unwrap_or(i64::MAX);
    let entry = entry(AccessEvent::AssetsRestored, engagement, undo).on("asset_change", change);
    audit::access(tx, entry.with("assets", restored));
    Ok(Undone {
        change: (restored > 0).then_some(undo),
        restored,
        refused: refused.into_iter().map(|row| Refused { id: row.asset_id, name: row.name }).collect(),
    })
}

/// Puts the former values of an edit back, where the columns still hold what the edit left.
async fn put_values_back(
    tx: &mut TenantTx,
    change: Uuid,
    undo: Uuid,
    columns: &[Column],
) -> Result<(), StoreError> {
    let (client_account, actor) = (tx.client_account_id().0, tx.user_id().0);
    let mut sql = QueryBuilder::new(
        "with kept as (select asset_id, before, after from migration.asset_change_rows where client_account_id = ",
    );
    sql.push_bind(client_account).push(" and change_id = ").push_bind(change);
    sql.push("), found as materialized (select id as found_id, kept.before as former, kept.after as latter from migration.assets join kept on asset_id = id where client_account_id = ");
    sql.push_bind(client_account).push(" and ");
    push_object(&mut sql, columns.iter().copied());
    sql.push(" = kept.after order by id for no key update of assets), changed as (update migration.assets set updated_by = ");
    sql.push_bind(actor).push(", updated_at = ").push(LATER);
    for column in columns {
        // Out of JSON by the column's own type.
        sql.push(", ")
            .push(column.name())
            .push(" = (jsonb_populate_record(null::migration.assets, former)).")
            .push(column.name());
    }
    sql.push(" from found where client_account_id = ").push_bind(client_account);
    sql.push(" and id = found_id returning id, former, latter) insert into migration.asset_change_rows (client_account_id, change_id, asset_id, before, after) select ");
    sql.push_bind(client_account).push(", ").push_bind(undo).push(", id, latter, former from changed");
    sql.build().persistent(false).execute(tx.connection()).await.map_err(refused)?;
    Ok(())
}

/// Puts deleted assets back, and what went with them.
async fn put_assets_back(tx: &mut TenantTx, change: Uuid, undo: Uuid) -> Result<(), StoreError> {
    let client_account = tx.client_account_id().0;
    let kept = sqlx::query!(
        r#"select asset_id, before as "before!", related from migration.asset_change_rows where client_account_id = $1 and change_id = $2
           order by asset_id"#,
        client_account,
        change,
    )
    .fetch_all(tx.connection())
    .await?;
    let tables = Tables::read(tx).await?;
    let rows: Vec<Value> = kept.iter().map(|row| row.before.clone()).collect();
    let back = tables.put_back(tx, "assets", &rows).await?;

    // By table, in the order in which they were kept: parents before their parts.
    let mut related: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in &kept {
        // What is left out because its other end is not back yet comes with the last of them: all assets are back by now.
        if !back.contains(&row.asset_id) {
            continue;
        }
        for one in row.related.as_ref().and_then(Value::as_array).into_iter().flatten() {
            let (Some(table), Some(row)) = (one["table"].as_str(), one.get("row")) else { continue };
            let place = *places.entry(table.to_owned()).or_insert_with(|| {
                related.push((table.to_owned(), Vec::new()));
                related.len() - 1
            });
            if let Some((_, rows)) = related.get_mut(place) {
                rows.push(row.clone());
            }
        }
    }
    for (table, rows) in &related {
        tables.put_back(tx, table, rows).await?;
    }
    sqlx::query!(
        "insert into migration.asset_change_rows (client_account_id, change_id, asset_id, after)
         select client_account_id, $2, id, to_jsonb(a) - 'search_text' from migration.assets a
         where client_account_id = $1 and id = any($3)",
        client_account,
        undo,
        &back,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes assets that a change has made, where they are as it left them.
async fn take_away(
    tx: &mut TenantTx,
    change: Uuid,
    undo: Uuid,
    columns: &[Column],
) -> Result<(), StoreError> {
    let client_account = tx.client_account_id().0;
    let mut sql = QueryBuilder::new(
        "with kept as (select asset_id, after from migration.asset_change_rows where client_account_id = ",
    );
    sql.push_bind(client_account).push(" and change_id = ").push_bind(change);
    sql.push(") select id from migration.assets join kept on asset_id = id where client_account_id = ");
    sql.push_bind(client_account).push(" and kept.after @> ");
    push_object(&mut sql, columns.iter().copied());
    sql.push(" order by id for update of assets");
    let ids: Vec<Uuid> = sql.build_query_scalar().persistent(false).fetch_all(tx.connection()).await?;
    remove_in(tx, undo, &ids).await
}
