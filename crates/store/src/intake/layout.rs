//! Which of the platform's tables a database has, and where.

use std::collections::BTreeMap;

use drydock_domain::ErrorCode;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::TABLES;
use crate::{DatabaseRole, StoreError, Target};

/// The platform's tables in a deployment's database.
#[derive(Clone, Debug)]
pub struct Layout {
    schema: String,
    tables: BTreeMap<String, SourceTable>,
    others: Vec<String>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct SourceTable {
    schema: String,
    name: String,
    columns: Vec<String>,
    is_forced: bool,
}

impl SourceTable {
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn qualified(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

impl Layout {
    /// Reads it. Where tables of these names lie in several schemas, the schema with most of them counts.
    ///
    /// # Errors
    /// [`ErrorCode::IntakeUnknown`] when there is none of the platform's tables.
    pub async fn read(from: &Target) -> Result<Self, StoreError> {
        let mut connection = from.connect(DatabaseRole::Owner).await?;
        let found = sqlx::query!(
            r#"select n.nspname::text as "schema!", c.relname::text as "name!", c.relforcerowsecurity as "is_forced!",
                      array(select a.attname::text from pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as "columns!"
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p') and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
               order by 1, 2"#
        )
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for table in found.iter().filter(|table| TABLES.contains(&table.name.as_str())) {
            *counts.entry(&table.schema).or_default() += 1;
        }
        let Some(schema) = counts.iter().max_by_key(|(_, count)| **count).map(|(name, _)| (*name).to_owned())
        else {
            return Err(StoreError::gate(
                ErrorCode::IntakeUnknown,
                format!("None of the platform's {} tables is in this database.", TABLES.len()),
            ));
        };
        let mut layout = Self { schema, tables: BTreeMap::new(), others: Vec::new() };
        for table in found {
            if table.schema == layout.schema && TABLES.contains(&table.name.as_str()) {
                let source = SourceTable {
                    schema: table.schema,
                    name: table.name.clone(),
                    columns: table.columns,
                    is_forced: table.is_forced,
                };
                layout.tables.insert(table.name, source);
            } else {
                layout.others.push(format!("{}.{}", table.schema, table.name));
            }
        }
        Ok(layout)
    }

    /// The schema they lie in.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Tables of the deployment that are not taken in, with their schemas.
    #[must_use]
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Tables of the platform that the deployment lacks.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        TABLES.into_iter().filter(|name| !self.tables.contains_key(*name)).collect()
    }

    pub(super) fn table(&self, name: &str) -> Option<&SourceTable> {
        self.tables.get(name)
    }

    /// Lets the owner see all rows until the transaction is rolled back: forced row-level security would hide some without a word.
    pub(super) async fn lift_row_security(&self, tx: &mut PgConnection) -> Result<(), StoreError> {
        for table in self.tables.values().filter(|table| table.is_forced) {
            // A name of the deployment's catalogue, quoted; there is nothing else in it.
            let lift = format!("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY", table.qualified());
            sqlx::raw_sql(AssertSqlSafe(lift)).execute(&mut *tx).await?;
        }
        Ok(())
    }
}

/// A name as an SQL identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
