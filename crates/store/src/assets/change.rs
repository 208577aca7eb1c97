//! Assets made and changed by hand. Every change is recorded with what was before, in the same transaction.

use std::collections::BTreeMap;

use drydock_domain::{
    EngagementId,
    asset::{Column, Given},
    audit::AccessEvent,
};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    filter::{Filter, Scope},
    history::ChangeKind,
    row::{Asset, one},
};
use crate::{
    StoreError, TenantTx,
    audit::{self, AccessEntry},
};

/// What is to be put where. The values have passed [`Column::check`].
pub type Edit = BTreeMap<Column, Given>;

/// Assets that something is done to at once.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These. Those that the engagement does not have are left out.
    Ids(Vec<Uuid>),
    /// All that pass.
    Filter(Filter),
}

impl Selection {
    /// Adds `from migration.assets where` and the condition.
    pub(super) fn push(&self, tx: &TenantTx, engagement: EngagementId, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Ids(ids) => {
                Scope::new(tx, engagement, &Filter::default()).push(sql);
                sql.push(" and id = any(").push_bind(ids.clone()).push(")");
            }
            Self::Filter(filter) => Scope::new(tx, engagement, filter).push(sql),
        }
    }
}

/// How many assets a selection has, counted up to one more than `limit`.
///
/// # Errors
/// When the database fails.
pub async fn counted(
    tx: &mut TenantTx,
    engagement: EngagementId,
    selection: &Selection,
    limit: i64,
) -> Result<i64, StoreError> {
    let mut sql = QueryBuilder::new("select count(*) from (select 1");
    selection.push(tx, engagement, &mut sql);
    sql.push(" limit ").push_bind(limit + 1).push(") bounded");
    Ok(sql.build_query_scalar().persistent(false).fetch_one(tx.connection()).await?)
}

/// Makes an asset. Its name and type are in `edit`.
///
/// # Errors
/// [`StoreError::AssetTaken`] when another asset of the type has the name, host name or address; else when the database fails.
pub async fn create(
    tx: &mut TenantTx,
    engagement: EngagementId,
    edit: &Edit,
) -> Result<(Asset, Uuid), StoreError> {
    let (client_account, actor) = (tx.client_account_id(), tx.user_id().0);
    let mut sql = QueryBuilder::new(
        "insert into migration.assets (client_account_id, engagement_id, created_by, updated_by, discovery_method",
    );
    for column in edit.keys() {
        sql.push(", ").push(column.name());
    }
    sql.push(") values (").push_bind(client_account.0).push(", ").push_bind(engagement.0);
    sql.push(", ").push_bind(actor).push(", ").push_bind(actor).push(", 'manual'");
    for given in edit.values() {
        sql.push(", ");
        push_value(&mut sql, given);
    }
    sql.push(") returning id");
    let id: Uuid =
        sql.build_query_scalar().persistent(false).fetch_one(tx.connection()).await.map_err(refused)?;

    let change = begin(tx, engagement, ChangeKind::Create, 1, None).await?;
    let mut sql = QueryBuilder::new(
        "insert into migration.asset_change_rows (client_account_id, change_id, asset_id, after) select client_account_id, ",
    );
    sql.push_bind(change).push(", id, ");
    push_object(&mut sql, edit.keys().copied());
    sql.push(" from migration.assets where client_account_id = ").push_bind(client_account.0);
    sql.push(" and id = ").push_bind(id);
    sql.build().persistent(false).execute(tx.connection()).await?;
    audit::access(tx, entry(AccessEvent::AssetCreated, engagement, change).on("asset", id));
    Ok((one(tx, engagement, id).await?, change))
}

/// What the client account's audit log says of a change; the change itself has the values.
pub(super) fn entry(event: AccessEvent, engagement: EngagementId, change: Uuid) -> AccessEntry {
    AccessEntry::new(event).in_engagement(engagement).with("change_id", change.to_string())
}

fn columns_of(edit: &Edit) -> Vec<&'static str> {
    edit.keys().map(|column| column.name()).collect()
}

/// Changes one asset that the caller has read at `version`. `None` for the change when nothing differs.
///
/// # Errors
/// [`StoreError::AssetStale`] with the asset as it is when it was changed since; [`StoreError::AssetNotFound`];
/// [`StoreError::AssetTaken`] as for [`create`]; else when the database fails.
pub async fn edit(
    tx: &mut TenantTx,
    engagement: EngagementId,
    id: Uuid,
    version: i64,
    edit: &Edit,
) -> Result<(Asset, Option<Uuid>), StoreError> {
    let client_account = tx.client_account_id();
    // Waits for whoever is changing it, so that what is compared is what will be changed.
    sqlx::query!(
        "select id from migration.assets where client_account_id = $1 and engagement_id = $2 and id = $3 for no key update",
        client_account.0,
        engagement.0,
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    let found = one(tx, engagement, id).await?;
    if found.version != version {
        return Err(StoreError::AssetStale(Box::new(found)));
    }
    let (change, _) = apply(tx, engagement, &Selection::Ids(vec![id]), edit).await?;
    if let Some(change) = change {
        let entry = entry(AccessEvent::AssetUpdated, engagement, change).on("asset", id);
        audit::access(tx, entry.with("columns", columns_of(edit)));
    }
    Ok((one(tx, engagement, id).await?, change))
}

/// Changes all of a selection that differ from what is wanted, as one change, and says how many did.
///
/// # Errors
/// [`StoreError::AssetTaken`] as for [`create`]; else when the database fails. Nothing is changed then.
pub async fn edit_many(
    tx: &mut TenantTx,
    engagement: EngagementId,
    selection: &Selection,
    edit: &Edit,
) -> Result<(Option<Uuid>, i64), StoreError> {
    let (change, count) = apply(tx, engagement, selection, edit).await?;
    if let Some(change) = change {
        let entry = entry(AccessEvent::AssetsUpdated, engagement, change).on("asset_change", change);
        audit::access(tx, entry.with("columns", columns_of(edit)).with("assets", count));
    }
    Ok((change, count))
}

async fn apply(
    tx: &mut TenantTx,
    engagement: EngagementId,
    selection: &Selection,
    edit: &Edit,
) -> Result<(Option<Uuid>, i64), StoreError> {
    if edit.is_empty() {
        return Ok((None, 0));
    }
    let (client_account, actor) = (tx.client_account_id(), tx.user_id().0);
    let change = Uuid::new_v4();
    let mut sql = QueryBuilder::new("with found as materialized (select id as found_id, ");
    push_object(&mut sql, edit.keys().copied());
    sql.push(" as before");
    selection.push(tx, engagement, &mut sql);
    sql.push(" and (");
    for (position, (column, given)) in edit.iter().enumerate() {
        sql.push(if position == 0 { "" } else { " or " }).push(column.name()).push(" is distinct from ");
        push_value(&mut sql, given);
    }
    // In one order, so that two of these cannot wait for each other.
    sql.push(") order by id for no key update), changed as (update migration.assets set updated_by = ");
    sql.push_bind(actor).push(", updated_at = ").push(LATER);
    for (column, given) in edit {
        sql.push(", ").push(column.name()).push(" = ");
        push_value(&mut sql, given);
    }
    sql.push(" from found where client_account_id = ").push_bind(client_account.0);
    sql.push(" and id = found_id returning id, before, ");
    push_object(&mut sql, edit.keys().copied());
    sql.push(" as after), change as (insert into migration.asset_changes (client_account_id, id, engagement_id, kind, asset_count, made_by) select ");
    sql.push_bind(client_account.0).push(", ").push_bind(change).push(", ").push_bind(engagement.0);
    sql.push(", 'edit', count(*), ").push_bind(actor).push(" from changed having count(*) > 0)");
    sql.push(" insert into migration.asset_change_rows (client_account_id, change_id, asset_id, before, after) select ");
    sql.push_bind(client_account.0).push(", ").push_bind(change).push(", id, before, after from changed");
    let count =
        sql.build().persistent(false).execute(tx.connection()).await.map_err(refused)?.rows_affected();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    Ok(((count > 0).then_some(change), count))
}

/// The next `updated_at`: now, and in any case later than the last, for it is the version.
pub(super) const LATER: &str = "greatest(now(), updated_at + interval '1 microsecond')";

/// Records that a change is being made.
pub(super) async fn begin(
    tx: &mut TenantTx,
    engagement: EngagementId,
    kind: ChangeKind,
    assets: usize,
    undoes: Option<Uuid>,
) -> Result<Uuid, StoreError> {
    let (change, actor) = (Uuid::new_v4(), tx.user_id().0);
    sqlx::query!(
        "insert into migration.asset_changes (client_account_id, id, engagement_id, kind, asset_count, undoes_id, made_by)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tx.client_account_id().0,
        change,
        engagement.0,
        kind.as_str(),
        i32::try_from(assets).unwrap_or(i32::MAX),
        undoes,
        actor,
    )
    .execute(tx.connection())
    .await
    .map_err(refused)?;
    Ok(change)
}

/// Adds `jsonb_build_object` of the columns.
pub(super) fn push_object(sql: &mut QueryBuilder<Postgres>, columns: impl Iterator<Item = Column>) {
    sql.push("jsonb_build_object(");
    for (position, column) in columns.enumerate() {
        sql.push(if position == 0 { "'" } else { ", '" }).push(column.name()).push("', ").push(column.name());
    }
    sql.push(")");
}

fn push_value(sql: &mut QueryBuilder<Postgres>, given: &Given) {
    match given {
        Given::Nothing => sql.push("null"),
        Given::Text(text) => sql.push_bind(text.clone()),
        Given::Whole(number) => sql.push_bind(*number),
        Given::Number(number) => sql.push_bind(*number),
    };
}

/// What the keys of the tables say about a change that they refuse.
pub(super) fn refused(error: sqlx::Error) -> StoreError {
    let constraint = error.as_database_error().and_then(|database| database.constraint());
    match constraint {
        Some("uq_assets_name") => StoreError::AssetTaken(Column::Name),
        Some("uq_assets_hostname") => StoreError::AssetTaken(Column::Hostname),
        Some("uq_assets_ip_address") => StoreError::AssetTaken(Column::IpAddress),
        Some("uq_asset_changes_undoes_id") => StoreError::AlreadyUndone,
        _ => error.into(),
    }
}
