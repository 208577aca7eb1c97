//! Taking a deployment's rows into a database of ours, so that they can be looked at with the product's own screens.
//!
//! The platform's tables have our tables' names and columns, but fewer rules. A row that ours refuse is not lost silently: what of
//! it can be left empty is, the rest is turned away, and both are counted with the reason ([`Taken`]).

mod columns;
mod insert;
mod layout;

use std::collections::BTreeMap;

use drydock_domain::{ErrorCode, UserId};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, types::Json};
use uuid::Uuid;

use crate::{DatabaseRole, Store, StoreError, Target, password};
use columns::Columns;
pub use layout::{Layout, SourceTable};

/// The platform's tables in an order in which each comes after those it refers to.
pub const TABLES: [&str; 24] = [
    "client_accounts",
    "users",
    "user_profiles",
    "user_roles",
    "user_account_associations",
    "client_access",
    "engagements",
    "engagement_access",
    "crewai_flow_state_extensions",
    "data_imports",
    "discovery_flows",
    "raw_import_records",
    "import_field_mappings",
    "assessment_flows",
    "engagement_architecture_standards",
    "assets",
    "assessments",
    "application_architecture_overrides",
    "application_components",
    "tech_debt_analysis",
    "component_treatments",
    "sixr_decisions",
    "assessment_learning_feedback",
    "migration_waves",
];

/// Rows that are read, and written by one statement, at a time.
const BATCH: usize = 500;

/// A row on its way: its columns by name.
pub type Document = Map<String, Value>;

/// What became of one table's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    /// The table.
    pub table: String,
    /// Rows in the deployment.
    pub found: u64,
    /// Rows that are here now.
    pub taken: u64,
    /// Rows that were turned away, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Values that were left out of rows that are here, by reason.
    pub emptied: BTreeMap<String, u64>,
    /// Columns of the deployment that ours has not.
    pub unknown_columns: Vec<String>,
}

/// Whom the rows are taken in by, and what every account signs in with here.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// A user who is here already: gives what nobody is named for.
    pub id: UserId,
    /// The password that opens every account of the deployment here; the deployment's own are not kept.
    pub password: String,
}

/// Gives a database that a dump will be restored into what deployments use of extensions that are not in the bundle.
///
/// # Errors
/// When the database fails.
pub async fn equip(raw: &Target) -> Result<(), StoreError> {
    let mut connection = raw.connect(DatabaseRole::Owner).await?;
    // Of uuid-ossp, which a deployment's init script creates.
    let done = sqlx::raw_sql(
        "CREATE FUNCTION public.uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'",
    )
    .execute(&mut connection)
    .await;
    connection.close().await?;
    done?;
    Ok(())
}

/// Texts of the deployment, for what replaces them to be made: the distinct values of some columns that are there.
///
/// # Errors
/// When the database fails.
pub async fn texts(
    from: &Target,
    layout: &Layout,
    columns: &[(&str, &str)],
) -> Result<Vec<String>, StoreError> {
    let mut connection = reader(from, layout).await?;
    let mut tx = connection.begin().await?;
    layout.lift_row_security(&mut tx).await?;
    let mut found = Vec::new();
    for (table, column) in columns {
        let Some(source) = layout.table(table).filter(|source| source.has(column)) else { continue };
        let name = layout::quoted(column);
        // A name of the deployment's catalogue, quoted; there is nothing else in it.
        let select = format!(
            "SELECT DISTINCT {name}::text AS text FROM {} WHERE btrim({name}::text) <> '' ORDER BY 1",
            source.qualified()
        );
        for row in sqlx::query(AssertSqlSafe(select)).fetch_all(&mut *tx).await? {
            found.push(row.try_get("text")?);
        }
    }
    tx.rollback().await?;
    connection.close().await?;
    Ok(found)
}

/// Takes the rows of `from` into the database of `store`, which was set up with `administrator` and has no other data.
///
/// `rewrite` may change a row before it is looked at; `told` learns how many rows were read, again and again. All tables or, on an
/// error, none.
///
/// # Errors
/// [`ErrorCode::IntakeFailed`] when the database fails; a row that does not fit is no error.
pub async fn take(
    from: &Target,
    layout: &Layout,
    store: &Store,
    administrator: &Administrator,
    rewrite: impl Fn(&str, &mut Document) + Send + Sync,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Taken>, StoreError> {
    take_all(from, layout, store, administrator, rewrite, told).await.map_err(|error| {
        StoreError::gate(ErrorCode::IntakeFailed, format!("The rows cannot be taken in: {error}."))
    })
}

async fn take_all(
    from: &Target,
    layout: &Layout,
    store: &Store,
    administrator: &Administrator,
    rewrite: impl Fn(&str, &mut Document) + Send + Sync,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Taken>, StoreError> {
    let passes = password::passes(&mut *store.acquire().await?).await?;
    let hash = password::hash_with(&administrator.password, passes).await?;
    let mut connection = reader(from, layout).await?;
    let mut source = connection.begin().await?;
    layout.lift_row_security(&mut source).await?;
    let mut ours = store.target().connect(DatabaseRole::Owner).await?;
    let mut tx = ours.begin().await?;

    let mut all = Vec::new();
    let mut read = 0;
    let mut parents = Parents::default();
    for name in TABLES {
        let Some(table) = layout.table(name) else { continue };
        let columns = Columns::of(&mut tx, name, table).await?;
        let mut taken =
            Taken { table: name.to_owned(), unknown_columns: columns.unknown(table), ..Taken::default() };
        // The parent before its children, where a table refers to itself.
        let order = if table.has("parent_flow_id") { " ORDER BY parent_flow_id IS NOT NULL" } else { "" };
        // Names of the deployment's catalogue, quoted; there is nothing else in it.
        let declare = format!(
            "DECLARE taken NO SCROLL CURSOR FOR SELECT to_jsonb(t) AS row FROM {} AS t{order}",
            table.qualified()
        );
        sqlx::raw_sql(AssertSqlSafe(declare)).execute(&mut *source).await?;
        loop {
            let fetch = format!("FETCH {BATCH} FROM taken");
            let rows = sqlx::query(AssertSqlSafe(fetch)).fetch_all(&mut *source).await?;
            if rows.is_empty() {
                break;
            }
            let mut batches: BTreeMap<Option<Uuid>, Vec<Document>> = BTreeMap::new();
            for row in rows {
                let Json(value) = row.try_get::<Json<Value>, _>("row")?;
                let Value::Object(mut document) = value else { continue };
                taken.found += 1;
                rewrite(name, &mut document);
                complete(name, &mut document, &parents, administrator, &hash);
                columns.fit(&mut document, &mut taken);
                parents.learn(name, &document);
                let owner = columns.is_owned().then(|| uuid_of(&document, "client_account_id")).flatten();
                if columns.is_owned() && owner.is_none() {
                    refuse(&mut taken, "it belongs to no client account");
                    continue;
                }
                batches.entry(owner).or_default().push(document);
            }
            for (owner, documents) in batches {
                insert::write(&mut tx, &columns, owner, documents, &mut taken).await?;
            }
            read += BATCH as u64;
            told(read);
        }
        sqlx::raw_sql("CLOSE taken").execute(&mut *source).await?;
        all.push(taken);
    }
    note(&mut tx, all.iter().map(|taken| taken.taken).sum()).await?;
    tx.commit().await?;
    ours.close().await?;
    // Row security was lifted for this transaction alone: the deployment's state stays what it was.
    source.rollback().await?;
    connection.close().await?;
    Ok(all)
}

async fn reader(from: &Target, layout: &Layout) -> Result<PgConnection, StoreError> {
    let path = format!("{}, public", layout::quoted(layout.schema()));
    Ok(from.connect_with(DatabaseRole::Owner, &[("search_path", &path), ("TimeZone", "UTC")]).await?)
}

/// Notes that the data come from a deployment, which every page then says.
async fn note(tx: &mut PgConnection, rows: u64) -> Result<(), StoreError> {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into migration.seed_history (profile, seed_number, anchor_date, row_count, app_version, created_at)
         values ('repro', 0, current_date, $1, $2, clock_timestamp())",
        rows,
        env!("CARGO_PKG_VERSION"),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whose a row is that does not say so itself: its engagement's, its import's or its flow's.
#[derive(Default)]
struct Parents {
    engagements: BTreeMap<Uuid, (Option<Uuid>, Option<Uuid>)>,
    imports: BTreeMap<Uuid, (Option<Uuid>, Option<Uuid>)>,
    flows: BTreeMap<Uuid, (Option<Uuid>, Option<Uuid>)>,
}

impl Parents {
    fn learn(&mut self, table: &str, document: &Document) {
        let Some(id) = uuid_of(document, "id") else { return };
        let place = (uuid_of(document, "client_account_id"), uuid_of(document, "engagement_id"));
        match table {
            "engagements" => drop(self.engagements.insert(id, (place.0, Some(id)))),
            "data_imports" => drop(self.imports.insert(id, place)),
            "assessment_flows" => drop(self.flows.insert(id, place)),
            _ => {}
        }
    }

    fn of(&self, document: &Document) -> (Option<Uuid>, Option<Uuid>) {
        let look =
            |map: &BTreeMap<Uuid, _>, column| uuid_of(document, column).and_then(|id| map.get(&id).copied());
        look(&self.flows, "assessment_flow_id")
            .or_else(|| look(&self.imports, "data_import_id"))
            .or_else(|| look(&self.engagements, "engagement_id"))
            .unwrap_or_default()
    }
}

/// Adds what our tables ask for and the platform's leave out.
fn complete(
    table: &str,
    document: &mut Document,
    parents: &Parents,
    administrator: &Administrator,
    hash: &str,
) {
    let (client, engagement) = parents.of(document);
    let mut fill = |column: &str, value: Option<Value>| {
        if let Some(value) = value
            && document.get(column).is_none_or(Value::is_null)
        {
            document.insert(column.to_owned(), value);
        }
    };
    let text = |id: Uuid| Value::String(id.to_string());
    fill("client_account_id", client.map(text));
    fill("engagement_id", engagement.map(text));
    let moment = ["completed_at", "approved_at", "updated_at", "created_at"]
        .iter()
        .find_map(|column| document.get(*column).filter(|value| !value.is_null()).cloned());
    let is = |document: &Document, word: &str| {
        document.get("status").and_then(Value::as_str).is_some_and(|status| status.eq_ignore_ascii_case(word))
    };
    let stamp = |document: &mut Document, column: &str| {
        if let Some(moment) = &moment
            && document.get(column).is_none_or(Value::is_null)
        {
            document.insert(column.to_owned(), moment.clone());
        }
    };
    match table {
        "data_imports" | "discovery_flows" | "assessment_flows" if is(document, "completed") => {
            stamp(document, "completed_at");
        }
        "import_field_mappings" if is(document, "approved") => stamp(document, "approved_at"),
        "client_access" | "engagement_access" => {
            document
                .entry("granted_by")
                .and_modify(|value| {
                    if value.is_null() {
                        *value = text(administrator.id.0);
                    }
                })
                .or_insert_with(|| text(administrator.id.0));
        }
        // The platform's assessments have no title.
        "assessments" if !document.contains_key("title") => {
            let kind = document.get("assessment_type").and_then(Value::as_str).unwrap_or("Assessment");
            let title = kind.replace('_', " ").to_lowercase();
            document.insert("title".to_owned(), Value::String(title));
        }
        "users" => drop(document.insert("password_hash".to_owned(), Value::String(hash.to_owned()))),
        _ => {}
    }
}

fn uuid_of(document: &Document, column: &str) -> Option<Uuid> {
    document.get(column)?.as_str()?.parse().ok()
}

fn refuse(taken: &mut Taken, reason: impl Into<String>) {
    *taken.refused.entry(reason.into()).or_default() += 1;
}
