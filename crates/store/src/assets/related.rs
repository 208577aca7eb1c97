//! What goes with an asset when it is deleted, and how it comes back.
//!
//! Which tables that are is read from the catalogue: whatever refers to `assets` with ON DELETE CASCADE, and whatever refers so to
//! that. A table that a later migration adds is kept as well. Names come from the catalogue, quoted by the server.

use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{StoreError, TenantTx};

const ASSETS: &str = "assets";

/// A foreign key between two tenant-owned tables.
struct Reference {
    /// The table that has it.
    table: String,
    /// The table it refers to.
    parent: String,
    /// Whether its rows go with what they refer to.
    cascades: bool,
    /// That rows of the aliases `<child>` and `<parent>` belong together.
    joined: String,
    /// That a row of the alias `<child>` refers to nothing.
    empty: String,
}

/// The tables as the catalogue has them.
pub(super) struct Tables {
    references: Vec<Reference>,
    /// The columns of each that can be written.
    columns: HashMap<String, Vec<String>>,
}

impl Tables {
    pub(super) async fn read(tx: &mut TenantTx) -> Result<Self, StoreError> {
        let references = sqlx::query!(
            r#"select quote_ident(c.relname) as "table!", quote_ident(p.relname) as "parent!", k.confdeltype = 'c' as "cascades!",
                      string_agg(format('<child>.%I = <parent>.%I', f.attname, t.attname), ' and ' order by pair.place) as "joined!",
                      string_agg(format('<child>.%I is null', f.attname), ' or ' order by pair.place) as "empty!"
               from pg_catalog.pg_constraint k
               join pg_catalog.pg_class c on c.oid = k.conrelid
               join pg_catalog.pg_class p on p.oid = k.confrelid
               cross join lateral unnest(k.conkey, k.confkey) with ordinality as pair (conkey, confkey, place)
               join pg_catalog.pg_attribute f on f.attrelid = k.conrelid and f.attnum = pair.conkey
               join pg_catalog.pg_attribute t on t.attrelid = k.confrelid and t.attnum = pair.confkey
               where k.contype = 'f' and c.relnamespace = 'migration'::regnamespace and cardinality(k.conkey) > 1
               group by k.oid, c.relname, p.relname, k.confdeltype
               order by c.relname, k.oid"#
        )
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(|row| Reference {
            table: row.table,
            parent: row.parent,
            cascades: row.cascades,
            joined: row.joined,
            empty: row.empty,
        })
        .collect();
        let columns = sqlx::query!(
            r#"select quote_ident(c.relname) as "table!", array_agg(quote_ident(a.attname) order by a.attnum) as "columns!"
               from pg_catalog.pg_class c
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
               where c.relnamespace = 'migration'::regnamespace and c.relkind in ('r', 'p')
               group by c.relname"#
        )
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(|row| (row.table, row.columns))
        .collect();
        Ok(Self { references, columns })
    }

    /// Every chain of references that goes with an asset, the shorter ones first.
    fn chains(&self) -> Vec<Vec<&Reference>> {
        let mut chains: Vec<Vec<&Reference>> = Vec::new();
        let mut next = 0;
        let beginning =
            self.references.iter().filter(|one| one.cascades && one.parent == ASSETS && one.table != ASSETS);
        chains.extend(beginning.map(|one| vec![one]));
        while let Some(chain) = chains.get(next).cloned() {
            next += 1;
            let Some(last) = chain.last() else { continue };
            for one in self.references.iter().filter(|one| one.cascades && one.parent == last.table) {
                // A table refers to itself, or two to each other: their rows are on the chain already.
                if one.table != ASSETS && chain.iter().all(|before| before.table != one.table) {
                    let mut longer = chain.clone();
                    longer.push(one);
                    chains.push(longer);
                }
            }
        }
        chains
    }

    /// The rows that go with each of the assets: JSON arrays of `{"table", "row"}`, parents before their parts.
    pub(super) async fn related(
        &self,
        tx: &mut TenantTx,
        assets: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<Value>>, StoreError> {
        let mut related: HashMap<Uuid, Vec<Value>> = HashMap::new();
        for chain in self.chains() {
            let mut sql = String::from(" from migration.assets t0");
            for (depth, reference) in chain.iter().enumerate() {
                let joined = reference.joined.replace("<child>", &format!("t{}", depth + 1));
                let joined = joined.replace("<parent>", &format!("t{depth}"));
                sql += &format!(
                    " join migration.{} t{} on t{}.client_account_id = $1 and {joined}",
                    reference.table,
                    depth + 1,
                    depth + 1
                );
            }
            let sql = format!(
                "select t0.id, to_jsonb(t{}){sql} where t0.client_account_id = $1 and t0.id = any($2)",
                chain.len()
            );
            let rows: Vec<(Uuid, Value)> = sqlx::query_as(AssertSqlSafe(sql))
                .bind(tx.client_account_id().0)
                .bind(assets)
                .persistent(false)
                .fetch_all(tx.connection())
                .await?;
            for (asset, row) in rows {
                let table = chain.last().map_or("", |reference| reference.table.as_str());
                related.entry(asset).or_default().push(json!({ "table": table, "row": row }));
            }
        }
        Ok(related)
    }

    /// Writes rows of a table as they were. What another row stands in the way of, or what refers to something that is gone, is left out.
    /// Returns the ids of those written.
    pub(super) async fn put_back(
        &self,
        tx: &mut TenantTx,
        table: &str,
        rows: &[Value],
    ) -> Result<Vec<Uuid>, StoreError> {
        // A table that was there when the row was kept and is not any more: there is nowhere to put it.
        let Some((table, columns)) = self.columns.get_key_value(table) else { return Ok(Vec::new()) };
        let mut sql = format!("insert into migration.{table} ({}) select ", columns.join(", "));
        sql += &columns.iter().map(|column| format!("given.{column}")).collect::<Vec<_>>().join(", ");
        sql += &format!(
            " from unnest($2::jsonb[]) as kept (row), jsonb_populate_record(null::migration.{table}, kept.row) as given
             where given.client_account_id = $1"
        );
        for reference in self.references.iter().filter(|one| one.table == *table && one.parent != *table) {
            let joined = reference.joined.replace("<child>", "given").replace("<parent>", "p");
            let empty = reference.empty.replace("<child>", "given");
            sql += &format!(
                " and ({empty} or exists (select from migration.{} p where {joined}))",
                reference.parent
            );
        }
        sql += " on conflict do nothing returning id";
        Ok(sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(tx.client_account_id().0)
            .bind(rows)
            .persistent(false)
            .fetch_all(tx.connection())
            .await?)
    }
}
