//! The tables of schema `migration` that belong to client accounts, as the catalogue describes them.

use drydock_testkit::Database;
use serde_json::Value;

/// Tables that belong to no client account. Every other one is a tenant's and stands in the matrix.
const GLOBAL: [&str; 16] = [
    "_sqlx_migrations",
    "alembic_version",
    "audit_chains",
    "boot_history",
    "client_access",
    "client_accounts",
    "security_audit_logs",
    "password_parameters",
    "seed_history",
    "sessions",
    "sign_in_attempts",
    "snapshot_history",
    "user_account_associations",
    "user_profiles",
    "user_roles",
    "users",
];

/// A tenant-owned table, and what the role that asks may do to it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) unique_keys: Vec<UniqueKey>,
    pub(super) may_insert: bool,
    pub(super) may_update: bool,
    pub(super) may_delete: bool,
    pub(super) may_truncate: bool,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) data_type: String,
    /// Neither null nor a default will do.
    pub(super) required: bool,
}

/// A reference, without the client account that both sides share.
#[derive(Debug)]
pub(super) struct ForeignKey {
    pub(super) name: String,
    pub(super) column: String,
    pub(super) table: String,
    pub(super) referred: String,
    /// Whether it refers to a tenant-owned table.
    pub(super) within_tenant: bool,
}

/// A unique index, without the client account.
#[derive(Debug)]
pub(super) struct UniqueKey {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

impl Table {
    /// The column that tells the rows of one client account apart.
    pub(super) fn key(&self) -> &str {
        self.unique_keys
            .iter()
            .find(|key| key.name.starts_with("pk_") && key.columns.len() == 1)
            .map(|key| key.columns[0].as_str())
            .unwrap_or_else(|| panic!("{} has no primary key of client account and one column", self.name))
    }
}

/// Reads them, each after those it refers to.
pub(super) fn tables(database: &Database, role: &str) -> Vec<Table> {
    let global = GLOBAL.map(|name| format!("'{name}'")).join(", ");
    let listed = database.sql(&format!(
        "select coalesce(json_agg(json_build_object(
             'name', c.relname,
             'may_insert', has_table_privilege('{role}', c.oid, 'INSERT'),
             'may_update', has_table_privilege('{role}', c.oid, 'UPDATE'),
             'may_delete', has_table_privilege('{role}', c.oid, 'DELETE'),
             'may_truncate', pg_has_role('{role}', 'drydock_owner', 'USAGE'),
             'columns', (
                 select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                                                   'required', a.attnotnull and not a.atthasdef) order by a.attnum)
                 from pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
             'foreign_keys', (
                 select json_agg(json_build_object('name', k.conname, 'table', p.relname, 'from', f.attname, 'to', t.attname)
                                 order by k.conname)
                 from pg_constraint k
                 join pg_class p on p.oid = k.confrelid
                 cross join lateral unnest(k.conkey, k.confkey) as pair (conkey, confkey)
                 join pg_attribute f on f.attrelid = k.conrelid and f.attnum = pair.conkey
                 join pg_attribute t on t.attrelid = k.confrelid and t.attnum = pair.confkey
                 where k.conrelid = c.oid and k.contype = 'f' and f.attname <> 'client_account_id'),
             'unique_keys', (
                 select json_agg(json_build_object('name', n.relname, 'columns', array(
                     select a.attname from unnest(i.indkey::int2[]) with ordinality as u (attnum, place)
                     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
                     where a.attname <> 'client_account_id' order by u.place)) order by n.relname)
                 from pg_index i join pg_class n on n.oid = i.indexrelid
                 where i.indrelid = c.oid and i.indisunique)
         )), '[]')
         from pg_class c
         where c.relnamespace = 'migration'::regnamespace and c.relkind in ('r', 'p') and c.relname not in ({global})"
    ));
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let mut waiting: Vec<Table> = listed.iter().map(table).collect();
    waiting.sort_by(|one, other| one.name.cmp(&other.name));
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|table| {
            table
                .foreign_keys
                .iter()
                .all(|key| key.table == table.name || !waiting.iter().any(|other| other.name == key.table))
        });
        let at = ready.unwrap_or_else(|| panic!("tables refer to each other in a circle: {waiting:#?}"));
        ordered.push(waiting.remove(at));
    }
    ordered
}

fn table(value: &Value) -> Table {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |name: &str| value[name].as_array().cloned().unwrap_or_default();
    let may = |name: &str| value[name].as_bool().unwrap();
    Table {
        name: text(&value["name"]),
        columns: list("columns")
            .iter()
            .map(|column| Column {
                name: text(&column["name"]),
                data_type: text(&column["type"]),
                required: column["required"].as_bool().unwrap(),
            })
            .collect(),
        foreign_keys: list("foreign_keys")
            .iter()
            .map(|key| ForeignKey {
                name: text(&key["name"]),
                column: text(&key["from"]),
                table: text(&key["table"]),
                referred: text(&key["to"]),
                within_tenant: !GLOBAL.contains(&key["table"].as_str().unwrap()),
            })
            .collect(),
        unique_keys: list("unique_keys")
            .iter()
            .map(|key| UniqueKey {
                name: text(&key["name"]),
                columns: key["columns"].as_array().unwrap().iter().map(text).collect(),
            })
            .collect(),
        may_insert: may("may_insert"),
        may_update: may("may_update"),
        may_delete: may("may_delete"),
        may_truncate: may("may_truncate"),
    }
}
