//! Keyset pages, forwards and backwards, in the order of any column.
//!
//! What is not recorded comes last in either direction, and `id` decides between equal values. Two ways lead to a page:
//!
//! * **Few.** Where a filter lets at most [`FEW`] assets pass, they are collected first, in one pass that ends at one more than that, and
//!   ordered. The pass also is the count.
//! * **Many.** Else the column's order is walked from the key on until the page is full: first what is recorded, then what is not, each a
//!   range of the index where there is one. As one asset in a hundred or more passes even of a million, it ends soon.

use drydock_domain::{
    EngagementId,
    asset::{Column, Kind},
};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    filter::{Filter, Scope},
    row::{Asset, of_ids},
};
use crate::{StoreError, TenantTx};

/// Counts are exact up to here; who needs more asks with [`count`].
pub const FEW: i64 = 10_000;

/// By what assets are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: Column,
    /// Greatest first.
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::Name, descending: false }
    }
}

/// Where in an order an asset stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What its column holds, as PostgreSQL writes it; `None` where nothing is recorded.
    pub value: Option<String>,
    /// Its id.
    pub id: Uuid,
}

/// Where a page begins, or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first asset.
    First,
    /// Behind this one.
    After(Key),
    /// It ends before this one.
    Before(Key),
    /// Behind so many assets. What is skipped is read, so this is for jumps.
    At(i64),
    /// It ends with the last asset.
    Last,
}

impl Start {
    /// Whether the page is found from behind.
    fn is_backward(&self) -> bool {
        matches!(self, Self::Before(_) | Self::Last)
    }

    fn key(&self) -> Option<&Key> {
        match self {
            Self::After(key) | Self::Before(key) => Some(key),
            _ => None,
        }
    }

    fn offset(&self) -> i64 {
        if let Self::At(offset) = self { *offset } else { 0 }
    }
}

/// How many assets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// So many.
    pub value: i64,
    /// Whether these are all; else there are more.
    pub exact: bool,
}

impl Count {
    fn of(counted: i64) -> Self {
        Self { value: counted.min(FEW), exact: counted <= FEW }
    }
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// In order.
    pub assets: Vec<Asset>,
    /// The key of the last asset if there are more behind it.
    pub next: Option<Key>,
    /// The key of the first asset if there are more before it.
    pub previous: Option<Key>,
    /// Assets on all pages.
    pub total: Count,
}

/// The page of at most `limit` assets.
///
/// # Errors
/// [`StoreError::InvalidKey`] for a key that no page in this order has given out; else when the database fails.
pub async fn page(
    tx: &mut TenantTx,
    engagement: EngagementId,
    filter: &Filter,
    order: Order,
    start: &Start,
    limit: u16,
) -> Result<Page, StoreError> {
    let Keys { ids, next, previous, total } = keys(tx, engagement, filter, order, start, limit).await?;
    Ok(Page { assets: of_ids(tx, &ids).await?, next, previous, total })
}

/// Which assets are on a page.
pub(super) struct Keys {
    pub(super) ids: Vec<Uuid>,
    pub(super) next: Option<Key>,
    pub(super) previous: Option<Key>,
    pub(super) total: Count,
}

pub(super) async fn keys(
    tx: &mut TenantTx,
    engagement: EngagementId,
    filter: &Filter,
    order: Order,
    start: &Start,
    limit: u16,
) -> Result<Keys, StoreError> {
    let scope = Scope::new(tx, engagement, filter);
    let reading = Reading { scope, order, start, limit: i64::from(limit) + 1 };
    let (mut keys, total) = if filter.is_empty() {
        let counted = bounded_count(tx, scope).await?;
        (reading.walk(tx).await?, Count::of(counted))
    } else {
        match reading.few(tx).await? {
            (keys, counted) if counted <= FEW => (keys, Count::of(counted)),
            (_, counted) => (reading.walk(tx).await?, Count::of(counted)),
        }
    };

    // One key more than wanted tells whether there are more.
    let more = keys.len() > usize::from(limit);
    keys.truncate(usize::from(limit));
    if start.is_backward() {
        keys.reverse();
    }
    let (more_before, more_behind) = match start {
        Start::First => (false, more),
        Start::Last => (more, false),
        Start::At(offset) => (*offset > 0, more),
        Start::After(_) => (true, more),
        Start::Before(_) => (more, true),
    };
    Ok(Keys {
        ids: keys.iter().map(|key| key.id).collect(),
        next: keys.last().filter(|_| more_behind).cloned(),
        previous: keys.first().filter(|_| more_before).cloned(),
        total,
    })
}

/// How many assets pass, all of them counted.
///
/// # Errors
/// When the database fails.
pub async fn count(tx: &mut TenantTx, engagement: EngagementId, filter: &Filter) -> Result<i64, StoreError> {
    let mut sql = QueryBuilder::new("select count(*)");
    Scope::new(tx, engagement, filter).push(&mut sql);
    Ok(sql.build_query_scalar().persistent(false).fetch_one(tx.connection()).await?)
}

async fn bounded_count(tx: &mut TenantTx, scope: Scope<'_>) -> Result<i64, StoreError> {
    let mut sql = QueryBuilder::new("select count(*) from (select 1");
    scope.push(&mut sql);
    sql.push(" limit ").push_bind(FEW + 1).push(") bounded");
    Ok(sql.build_query_scalar().persistent(false).fetch_one(tx.connection()).await?)
}

struct Reading<'a> {
    scope: Scope<'a>,
    order: Order,
    start: &'a Start,
    /// Keys wanted, one more than assets.
    limit: i64,
}

impl Reading<'_> {
    /// Whether the walk goes from great to small: the order's direction, turned round where the page is found from behind.
    fn down(&self) -> bool {
        self.order.descending != self.start.is_backward()
    }

    fn direction(&self) -> &'static str {
        if self.down() { " desc" } else { "" }
    }

    /// Adds the key's value as the column's type.
    fn push_value(&self, sql: &mut QueryBuilder<Postgres>, value: &str) {
        sql.push("(").push_bind(value.to_owned()).push(match self.order.column.kind() {
            Kind::Text(_) | Kind::Word(_) | Kind::Choice(_) => "::text)",
            Kind::Whole => "::text)::integer",
            Kind::Number(_) => "::text)::double precision",
            Kind::Moment => "::text)::timestamptz",
        });
    }

    /// Adds `and (column, id) > key`, or `<`, for a key with a value.
    fn push_beyond(&self, sql: &mut QueryBuilder<Postgres>, value: &str, id: Uuid) {
        let operator = if self.down() { " < (" } else { " > (" };
        sql.push("(").push(self.order.column.name()).push(", id)").push(operator);
        self.push_value(sql, value);
        sql.push(", ").push_bind(id).push(")");
    }

    /// Adds `id > …`, or `<`, for a key without a value.
    fn push_beyond_id(&self, sql: &mut QueryBuilder<Postgres>, id: Uuid) {
        sql.push(if self.down() { "id < " } else { "id > " }).push_bind(id);
    }

    /// The keys of the page if at most [`FEW`] assets pass, and how many pass, counted up to one more than that.
    async fn few(&self, tx: &mut TenantTx) -> Result<(Vec<Key>, i64), StoreError> {
        let column = self.order.column.name();
        let backward = self.start.is_backward();
        let mut sql = QueryBuilder::new("with hits as materialized (select id as hit");
        self.scope.push(&mut sql);
        sql.push(" limit ")
            .push_bind(FEW + 1)
            .push("), counted as materialized (select count(*) as hits from hits)");
        sql.push(" select counted.hits, found.id, found.value from counted left join lateral (select id, ");
        sql.push(column).push("::text as value from hits join migration.assets on client_account_id = ");
        sql.push_bind(self.scope.client_account).push(" and id = hit where counted.hits <= ").push_bind(FEW);
        match self.start.key() {
            Some(Key { value: Some(value), id }) => {
                sql.push(" and (");
                self.push_beyond(&mut sql, value, *id);
                // Behind every value comes what is not recorded; before it, none of that does.
                if !backward {
                    sql.push(" or ").push(column).push(" is null");
                }
                sql.push(")");
            }
            Some(Key { value: None, id }) => {
                sql.push(" and (").push(column).push(" is null and ");
                self.push_beyond_id(&mut sql, *id);
                if backward {
                    sql.push(" or ").push(column).push(" is not null");
                }
                sql.push(")");
            }
            None => {}
        }
        sql.push(" order by (").push(column).push(if backward { " is null) desc, " } else { " is null), " });
        sql.push(column).push(self.direction()).push(", id").push(self.direction());
        sql.push(" limit ")
            .push_bind(self.limit)
            .push(" offset ")
            .push_bind(self.start.offset())
            .push(") found on true");
        let rows: Vec<(i64, Option<Uuid>, Option<String>)> =
            sql.build_query_as().persistent(false).fetch_all(tx.connection()).await.map_err(invalid_key)?;
        let counted = rows.first().map_or(0, |row| row.0);
        let keys = rows.into_iter().filter_map(|(_, id, value)| Some(Key { id: id?, value })).collect();
        Ok((keys, counted))
    }

    /// The keys of the page, read in the order of the column.
    async fn walk(&self, tx: &mut TenantTx) -> Result<Vec<Key>, StoreError> {
        let backward = self.start.is_backward();
        let required = self.order.column.is_required();
        let key = self.start.key();
        let at_missing = key.is_some_and(|key| key.value.is_none());
        // In the order of the walk: recorded then missing, or the other way round from behind.
        let (first, second) =
            if backward { (Part::Missing, Part::Recorded) } else { (Part::Recorded, Part::Missing) };
        // The part that the key stands in is entered behind it, the part before that one not at all.
        let begins_in_first = key.is_none_or(|_| at_missing == (first == Part::Missing));

        let mut keys = Vec::new();
        let mut skipped = self.start.offset();
        for part in [first, second] {
            let missing_in = self.limit - i64::try_from(keys.len()).unwrap_or(i64::MAX);
            if (required && part == Part::Missing) || (part == first && !begins_in_first) || missing_in == 0 {
                continue;
            }
            let key = key.filter(|_| (part == Part::Missing) == at_missing);
            let found = self.part(tx, part, key, skipped, missing_in).await?;
            // How many the first part has is known only when the offset leads beyond it.
            if part == first && !required && skipped > 0 && found.is_empty() {
                skipped -= self.count_recorded(tx).await?;
            } else if part == first {
                skipped = 0;
            }
            keys.extend(found);
        }
        Ok(keys)
    }

    async fn part(
        &self,
        tx: &mut TenantTx,
        part: Part,
        key: Option<&Key>,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Key>, StoreError> {
        let column = self.order.column.name();
        let mut sql = QueryBuilder::new("select id, ");
        sql.push(column).push("::text as value");
        self.scope.push(&mut sql);
        match part {
            // Where there always is a value, saying so would only stand in the way of reading the index alone.
            Part::Recorded if self.order.column.is_required() => {}
            Part::Recorded => {
                sql.push(" and ").push(column).push(" is not null");
            }
            Part::Missing => {
                sql.push(" and ").push(column).push(" is null");
            }
        }
        match key {
            Some(Key { value: Some(value), id }) => {
                sql.push(" and ");
                self.push_beyond(&mut sql, value, *id);
            }
            Some(Key { value: None, id }) => {
                sql.push(" and ");
                self.push_beyond_id(&mut sql, *id);
            }
            None => {}
        }
        sql.push(" order by ").push(column).push(self.direction()).push(", id").push(self.direction());
        sql.push(" limit ").push_bind(limit).push(" offset ").push_bind(offset);
        let rows: Vec<(Uuid, Option<String>)> =
            sql.build_query_as().persistent(false).fetch_all(tx.connection()).await.map_err(invalid_key)?;
        Ok(rows.into_iter().map(|(id, value)| Key { value, id }).collect())
    }

    async fn count_recorded(&self, tx: &mut TenantTx) -> Result<i64, StoreError> {
        let mut sql = QueryBuilder::new("select count(*)");
        self.scope.push(&mut sql);
        sql.push(" and ").push(self.order.column.name()).push(" is not null");
        Ok(sql.build_query_scalar().persistent(false).fetch_one(tx.connection()).await?)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Recorded,
    Missing,
}

/// A key whose value is none of its column's type was not given out by a page of this order. SQLSTATE class 22: data exception.
fn invalid_key(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database)
            if database.code().is_some_and(|code| code.starts_with("22") && code != "22021") =>
        {
            StoreError::InvalidKey
        }
        _ => error.into(),
    }
}
