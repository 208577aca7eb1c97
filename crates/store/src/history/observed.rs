//! What is seen of a database's history, and the verdict on it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::{
    Accident, History, Migrations,
    accident::{REVISION, REVISION_WIDTH, numbers},
};

/// Our history's table.
const HISTORY: &str = "_sqlx_migrations";
/// Alembic's.
const ALEMBIC: &str = "alembic_version";
/// The columns that the migrator gives its table, by name.
const COLUMNS: &str = "checksum bytea, description text, execution_time bigint, installed_on timestamp with time zone, success boolean, version bigint";

/// A migration that is recorded as applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its version.
    pub version: i64,
    /// What its file's name says.
    pub description: String,
    /// SHA-384 of the text it was applied with.
    pub checksum: Vec<u8>,
    /// Whether it came to its end.
    pub success: bool,
    /// When, as the server writes it in UTC.
    pub at: String,
    /// Nanoseconds that applying it took; less than 0 where the migrator did not come to say.
    pub execution_ns: i64,
}

/// Everything that the verdict on a history rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Schemas that have a relation of our history's name.
    pub histories: Vec<String>,
    /// What about `migration._sqlx_migrations` is not as the migrator makes it.
    pub malformed: Option<String>,
    /// Its rows, by version; none where it cannot be read.
    pub applied: Vec<Applied>,
    /// Schemas that have a relation of the name of Alembic's table.
    pub alembics: Vec<String>,
    /// The type of its column in `migration`.
    pub revision_type: Option<String>,
    /// Its rows.
    pub revisions: Vec<String>,
    /// Tables in schema `migration`, without these two.
    pub tables: usize,
    /// Indexes in schema `migration` that were begun and not finished.
    pub invalid_indexes: Vec<String>,
}

impl Observed {
    /// Looks, changing nothing. The connection's `search_path` must be `pg_catalog`.
    pub(super) async fn of(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let seen = sqlx::query!(
            r#"select
                   array(select n.nspname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relname = '_sqlx_migrations' and c.relkind in ('r', 'p', 'v', 'm', 'f')
                           and n.nspname !~ '^pg_' order by 1) as "histories!",
                   array(select n.nspname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relname = 'alembic_version' and c.relkind in ('r', 'p', 'v', 'm', 'f')
                           and n.nspname !~ '^pg_' order by 1) as "alembics!",
                   (select c.relkind = 'r' from pg_class c
                    where c.oid = to_regclass('migration._sqlx_migrations')) as is_table,
                   (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attname)
                    from pg_attribute a
                    where a.attrelid = to_regclass('migration._sqlx_migrations')
                      and a.attnum > 0 and not a.attisdropped) as columns,
                   exists (select from pg_index i
                           join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'version'
                           where i.indrelid = to_regclass('migration._sqlx_migrations')
                             and i.indisprimary and i.indisvalid and i.indnatts = 1 and i.indkey[0] = a.attnum) as "keyed!",
                   (select format_type(a.atttypid, a.atttypmod)
                    from pg_attribute a join pg_class c on c.oid = a.attrelid
                    where a.attrelid = to_regclass('migration.alembic_version') and c.relkind = 'r'
                      and a.attname = 'version_num' and not a.attisdropped) as revision_type,
                   (select count(*) from pg_class c
                    where c.relnamespace = to_regnamespace('migration') and c.relkind in ('r', 'p')
                      and c.relname not in ('_sqlx_migrations', 'alembic_version')) as "tables!",
                   array(select i.indexrelid::regclass::text
                         from pg_index i join pg_class c on c.oid = i.indexrelid
                         where c.relnamespace = to_regnamespace('migration') and not i.indisvalid
                         order by 1) as "invalid_indexes!""#
        )
        .fetch_one(&mut *connection)
        .await?;
        let shape = seen.is_table.map(|is_table| match seen.columns.as_deref() {
            _ if !is_table => Some("is no table".to_owned()),
            Some(COLUMNS) => None,
            columns => Some(format!(
                "has the columns ({}) where the migrator makes ({COLUMNS})",
                columns.unwrap_or_default()
            )),
        });
        let applied = match shape {
            Some(None) => applied(connection).await?,
            _ => Vec::new(),
        };
        let revisions = match seen.revision_type {
            Some(_) => revisions(connection).await?,
            None => Vec::new(),
        };
        let unkeyed = || (!seen.keyed).then(|| "has no primary key on version alone".to_owned());
        Ok(Self {
            histories: seen.histories,
            malformed: shape.and_then(|shape| shape.or_else(unkeyed)),
            applied,
            alembics: seen.alembics,
            revision_type: seen.revision_type,
            revisions,
            tables: usize::try_from(seen.tables).unwrap_or_default(),
            invalid_indexes: seen.invalid_indexes,
        })
    }

    /// The verdict. Where several things have happened, the one that has to be put right first: where the history is, what it is,
    /// whether there is what it tells of, and only then whether it agrees with `shipped`. White space comes after everything else
    /// about our own history, because putting it right makes sense only where all the rest agrees.
    ///
    /// # Errors
    /// The accident.
    pub fn judge(&self, shipped: &Migrations) -> Result<History, Accident> {
        self.one_place(HISTORY, &self.histories)?;
        self.one_place(ALEMBIC, &self.alembics)?;
        self.whole()?;
        self.agrees(shipped)?;
        let applied: Vec<i64> = self.applied.iter().map(|row| row.version).collect();
        if applied.contains(&1) {
            self.alembic_in_step()?;
        }
        let pending = shipped.versions().filter(|version| !applied.contains(version)).collect();
        Ok(History { applied, pending, invalid_indexes: self.invalid_indexes.clone() })
    }

    fn one_place(&self, table: &'static str, schemas: &[String]) -> Result<(), Accident> {
        let others: Vec<String> = schemas.iter().filter(|schema| *schema != "migration").cloned().collect();
        if others.is_empty() {
            return Ok(());
        }
        Err(if others.len() < schemas.len() {
            Accident::Doubled { table, schemas: others }
        } else {
            Accident::Elsewhere { table, schemas: others }
        })
    }

    /// Whether history and tables are there, both or neither.
    fn whole(&self) -> Result<(), Accident> {
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<i64> =
            self.applied.iter().map(|row| row.version).filter(|version| !seen.insert(*version)).collect();
        if !twice.is_empty() {
            return Err(Accident::Duplicate(twice.into_iter().collect()));
        }
        if let Some(what) = &self.malformed {
            return Err(Accident::Malformed(what.clone()));
        }
        let recorded = match (self.applied.as_slice(), self.revisions.as_slice()) {
            ([], []) => None,
            ([], revisions) => Some(format!("For Alembic, {} is", revisions.join(", "))),
            (rows, _) => {
                let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
                Some(super::accident::is_or_are(&versions))
            }
        };
        match (self.applied.is_empty(), self.tables, recorded) {
            (_, 0, Some(recorded)) => Err(Accident::TablesMissing { recorded }),
            (true, tables @ 1.., _) => Err(Accident::Missing { tables }),
            _ => Ok(()),
        }
    }

    /// Whether what is applied is the beginning of what is shipped.
    fn agrees(&self, shipped: &Migrations) -> Result<(), Accident> {
        let dirty: Vec<i64> = self.applied.iter().filter(|row| !row.success).map(|row| row.version).collect();
        if !dirty.is_empty() {
            return Err(Accident::Dirty(dirty));
        }
        let applied: BTreeMap<i64, &Applied> = self.applied.iter().map(|row| (row.version, row)).collect();
        let last_shipped = shipped.versions().next_back().unwrap_or_default();
        let missing: Vec<i64> = shipped.versions().filter(|version| !applied.contains_key(version)).collect();

        let unknown: Vec<(i64, String)> = applied
            .values()
            .filter(|row| shipped.checksum(row.version).is_none())
            .map(|row| (row.version, row.description.clone()))
            .collect();
        if let Some((first, _)) = unknown.first() {
            return Err(if *first > last_shipped && missing.is_empty() {
                Accident::Ahead { newer: unknown, last: last_shipped, by: None }
            } else {
                Accident::Unknown(unknown)
            });
        }

        let mut changed = Vec::new();
        let mut line_ends = Vec::new();
        for row in applied.values() {
            if shipped.checksum(row.version) == Some(row.checksum.as_slice()) {
                continue;
            }
            match shipped.line_ends(row.version, &row.checksum) {
                Some(ends) => line_ends.push((row.version, ends)),
                None => changed.push(row.version),
            }
        }
        if !changed.is_empty() {
            return Err(Accident::Changed(changed));
        }
        if let Some(last) = applied.keys().next_back().copied() {
            let skipped: Vec<i64> = missing.into_iter().filter(|version| *version < last).collect();
            if !skipped.is_empty() {
                return Err(Accident::OutOfOrder { missing: skipped, last });
            }
        }
        if !line_ends.is_empty() {
            return Err(Accident::LineEnds(line_ends));
        }
        Ok(())
    }

    fn alembic_in_step(&self) -> Result<(), Accident> {
        let Some(revision_type) = &self.revision_type else {
            return Err(Accident::AlembicMissing("is no table with a column version_num".to_owned()));
        };
        let width = revision_type
            .strip_prefix("character varying(")
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|width| width.parse::<i32>().ok());
        if let Some(width) = width
            && width < REVISION_WIDTH
        {
            return Err(Accident::AlembicNarrow(width));
        }
        match self.revisions.as_slice() {
            [] => Err(Accident::AlembicMissing("is empty".to_owned())),
            [one] if one == REVISION => Ok(()),
            [other] => Err(Accident::AlembicForeign(other.clone())),
            more => Err(Accident::AlembicHeads(more.to_vec())),
        }
    }

    /// What is recorded, in a few words.
    pub(super) fn words(&self) -> String {
        match self.applied.as_slice() {
            [] => "nothing".to_owned(),
            rows => numbers(&rows.iter().map(|row| row.version).collect::<Vec<_>>()),
        }
    }
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, sqlx::Error> {
    // Not `query!`: the migrator makes this table at run time, so it is no part of the checked schema.
    let rows: Vec<(i64, String, Vec<u8>, bool, String, i64)> = sqlx::query_as(
        "select coalesce(version, 0), coalesce(description, ''), coalesce(checksum, ''), coalesce(success, false),
                coalesce(to_char(installed_on at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), ''),
                coalesce(execution_time, -1)
         from migration._sqlx_migrations order by version",
    )
    .fetch_all(connection)
    .await?;
    let applied = rows.into_iter().map(|(version, description, checksum, success, at, execution_ns)| {
        Applied { version, description, checksum, success, at, execution_ns }
    });
    Ok(applied.collect())
}

async fn revisions(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    // Not `query!`, which would look at its type when it is compiled: that this is another is one of the accidents.
    sqlx::query_scalar("select coalesce(version_num::text, '') from migration.alembic_version order by 1")
        .fetch_all(connection)
        .await
}

/// The version of the Drydock that first wrote to the database after `version` had been applied; `None` where nothing tells, or where
/// it calls itself as this build does. A later schema's tables may be others: then nothing tells.
pub(super) async fn writer_after(connection: &mut PgConnection, version: i64) -> Option<String> {
    // Not `query!`: it is asked of schemas that this build does not know.
    let found: Result<Option<String>, sqlx::Error> = sqlx::query_scalar(
        "select app_version::text
         from (select app_version, created_at from migration.boot_history where outcome = 'ready'
               union all select app_version, created_at from migration.seed_history
               union all select app_version, created_at from migration.snapshot_history) written
         where created_at >= (select installed_on from migration._sqlx_migrations where version = $1)
         order by created_at limit 1",
    )
    .bind(version)
    .fetch_optional(connection)
    .await;
    found.ok().flatten().filter(|version| {
        let is_version = |byte: u8| byte.is_ascii_alphanumeric() || b".+-".contains(&byte);
        version != env!("CARGO_PKG_VERSION") && !version.is_empty() && version.bytes().all(is_version)
    })
}
