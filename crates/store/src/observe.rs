//! Looking at any PostgreSQL database, ours or another's, and changing nothing: one read-only transaction that waits for no lock.
//!
//! The catalogue's facts come as one document ([`DATABASE`]); then the history tables that were found are read, and how the accounts
//! stand is counted. No row's content is taken over but revision ids and what a password hash begins with.

mod accounts;
mod histories;

use std::{collections::BTreeMap, str::FromStr as _, time::Duration};

use serde::Deserialize;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgRow, PgSslMode},
};

pub use accounts::Accounts;
pub use histories::{HistoryRow, HistoryTable, Tool, sqlx_checksum};

use crate::{DatabaseRole, Target, error::words, fault::Session};

const DATABASE: &str = include_str!("observe/database.sql");

/// For how long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the looking is bounded by: it holds up nobody, and nobody holds it up.
const LIMITS: &str =
    "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '1s';
    SET LOCAL idle_in_transaction_session_timeout = '30s'";
/// What a session of the doctor calls itself.
pub const PROGRAM: &str = "drydock doctor";

/// What to look at.
#[derive(Clone, Debug)]
pub enum Source {
    /// A database somewhere, by its URL. Credentials in it are used and never told.
    Url(String),
    /// A database of Drydock's own server, as one of its roles.
    Own {
        /// Where.
        target: Target,
        /// As whom; any role of the server.
        role: String,
    },
}

impl Source {
    /// The database of `target`, as the superuser, who sees all of it.
    #[must_use]
    pub fn own(target: Target) -> Self {
        Self::Own { target, role: DatabaseRole::Superuser.name().to_owned() }
    }
}

/// Why nothing could be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The server's code, where a server answered.
    pub sqlstate: Option<String>,
    /// Its words, or the driver's.
    pub message: String,
}

impl Refusal {
    /// What to do about it, in a sentence.
    #[must_use]
    pub fn next_step(&self) -> &'static str {
        match self.sqlstate.as_deref() {
            Some("28P01" | "28000") => {
                "Waiting does not help: correct the role, the password or the server's rules for who may connect."
            }
            Some("3D000") => "Waiting does not help: there is no database of this name on this server.",
            Some("42501") => "Waiting does not help: the role may not connect to this database.",
            Some("53300") => "Try again when connections are free, or with a role that has some of its own.",
            Some("57P03") => "Try again in a moment: the server is starting or stopping.",
            Some(_) => "Look up the code in PostgreSQL's documentation, appendix A.",
            None => {
                "Look at host, port and TLS of the URL, and whether the server is reachable from this machine."
            }
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.sqlstate {
            Some(code) => write!(f, "{} (SQLSTATE {code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        let sqlstate = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        Self { sqlstate, message: words(&error) }
    }
}

/// What was seen of a database.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Observation {
    /// The server and its limits.
    pub server: Server,
    /// As whom it was looked at.
    pub role: Option<Role>,
    /// Roles with a limit of their own, and how much of it is used.
    pub role_limits: Vec<RoleLimit>,
    /// What is set for roles, `""` for all of them, in this database.
    pub role_settings: Vec<RoleSettings>,
    /// Schema `public`; `None` where there is none.
    pub public: Option<PublicSchema>,
    /// Every table.
    pub tables: Vec<Table>,
    /// Indexes that were begun and not finished.
    pub invalid_indexes: Vec<InvalidIndex>,
    /// Constraints that were never checked against the rows there were.
    pub unvalidated: Vec<Unvalidated>,
    /// Enumerations.
    pub enums: Vec<Enum>,
    /// Advisory locks of this database.
    pub advisory_locks: Vec<AdvisoryLock>,
    /// Who else is connected to this database; at most 500.
    pub sessions: Vec<OtherSession>,
    /// pgvector.
    pub extension: Extension,
    /// Whether the access method is there.
    pub has_hnsw: bool,
    /// Columns of pgvector's types.
    pub vector_columns: Vec<VectorColumn>,
    /// Statements that were prepared in this server session before it was ours.
    pub prepared: Vec<String>,
    /// Version of the collation library.
    pub collation: Option<Collation>,
    /// The schemas that this role looks for tables in.
    #[serde(skip)]
    pub search_path: Vec<String>,
    /// Migration histories.
    #[serde(skip)]
    pub histories: Vec<HistoryTable>,
    /// How the accounts stand, where the platform's tables for them can be read.
    #[serde(skip)]
    pub accounts: Option<Accounts>,
}

/// Tables that signing in to the platform needs.
pub const IDENTITY: [&str; 8] = [
    "users",
    "user_profiles",
    "user_roles",
    "user_account_associations",
    "client_accounts",
    "engagements",
    "client_access",
    "engagement_access",
];

impl Observation {
    /// Every table but the histories.
    pub fn made(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| Tool::of_table(&table.name).is_none())
    }

    /// The first history of `tool`.
    #[must_use]
    pub fn history(&self, tool: Tool) -> Option<&HistoryTable> {
        self.histories.iter().find(|history| history.tool == tool)
    }

    /// Whether schema `public` is the one that the database was made with: it has a number of its own then.
    #[must_use]
    pub fn has_its_own_public(&self) -> bool {
        self.public.as_ref().is_none_or(|public| public.oid == 2200)
    }

    /// Whether any history has a row.
    #[must_use]
    pub fn records_anything(&self) -> bool {
        self.histories.iter().any(|history| !history.recorded().is_empty())
    }

    /// The schema that has most of the tables of [`IDENTITY`], and which of them it lacks.
    #[must_use]
    pub fn identity(&self) -> Option<(&str, Vec<&'static str>)> {
        let of = |schema: &str| {
            let there =
                |name: &str| self.tables.iter().any(|table| table.schema == schema && table.name == name);
            IDENTITY.into_iter().partition::<Vec<_>, _>(|name| there(name))
        };
        let mut schemas: Vec<&str> = self.tables.iter().map(|table| table.schema.as_str()).collect();
        schemas.dedup();
        schemas
            .into_iter()
            .map(|schema| (schema, of(schema)))
            .filter(|(_, (there, _))| !there.is_empty())
            .max_by_key(|(_, (there, _))| there.len())
            .map(|(schema, (_, missing))| (schema, missing))
    }
}

/// A server and its limits.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Server {
    /// `server_version_num`.
    pub version: i32,
    /// The database.
    pub database: String,
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// Its clock, in seconds since 1970.
    pub clock: f64,
    /// Connections in all.
    pub max_connections: i64,
    /// Of these, kept for superusers and reserved roles.
    pub reserved: i64,
    /// Connections there are.
    pub used: i64,
    /// Connections that this database allows; -1 for no limit of its own.
    pub database_limit: i64,
    /// Connections to this database.
    pub database_used: i64,
    /// Settings that matter here, by name, in the server's own units.
    pub settings: BTreeMap<String, Option<String>>,
}

/// A role as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether it is superuser.
    pub superuser: bool,
    /// Whether it goes past row-level security.
    pub bypasses_row_security: bool,
    /// Whether it may make schemas, and so trusted extensions, in this database.
    pub may_create: bool,
}

/// A role's limit of connections.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RoleLimit {
    /// The role.
    pub role: String,
    /// How many it may have.
    pub limit: i64,
    /// How many it has.
    pub used: i64,
}

/// What is set for a role.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RoleSettings {
    /// The role; empty for every role.
    pub role: String,
    /// As `name=value`.
    pub settings: Vec<String>,
}

impl RoleSettings {
    /// The value of `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.settings.iter().find_map(|setting| setting.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Schema `public`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PublicSchema {
    /// Its object id: 2200 as long as it is the one that came with the database.
    pub oid: i64,
    /// Whether anybody was given rights on it, as everybody is in a new database.
    pub has_rights: bool,
    /// Its owner.
    pub owner: String,
    /// Whether this role may use it.
    pub usable: bool,
}

/// A table.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: String,
    /// Whether row-level security is enabled.
    pub row_security: bool,
    /// Whether it binds the owner as well.
    pub forced: bool,
    /// How many policies it has.
    pub policies: i64,
    /// Whether one of them fails on a setting that is empty instead of showing nothing.
    pub lacks_nullif: bool,
    /// Of its columns, those whose names mean something to a detector.
    pub columns: Vec<String>,
    /// How many characters `version_num` takes; `None` for any number.
    pub version_width: Option<i32>,
    /// Whether an index begins with the tenant's column.
    pub indexed_by_tenant: bool,
    /// Whether there is an HNSW index.
    pub has_hnsw: bool,
    /// Whether it is partitioned.
    pub partitioned: bool,
    /// About how many rows it has.
    pub rows: i64,
}

impl Table {
    /// Whether it has this column; known of the columns that mean something to a detector.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Schema and name, as a person writes them.
    #[must_use]
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

/// An index that was begun and not finished.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct InvalidIndex {
    /// The index.
    pub index: String,
    /// Its table.
    pub table: String,
    /// Whether it was to be unique.
    pub unique: bool,
}

/// A constraint that was never checked.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Unvalidated {
    /// Its table.
    pub table: String,
    /// Its name.
    pub constraint: String,
}

/// An enumeration.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Enum {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its labels, in order.
    pub labels: Vec<String>,
    /// Whether a column has it.
    pub used: bool,
}

/// An advisory lock that somebody has or waits for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AdvisoryLock {
    /// Whose.
    pub pid: i32,
    /// Had, or waited for.
    pub granted: bool,
    /// Which.
    pub key: i64,
    /// What that session does.
    pub state: String,
    /// What it calls itself.
    pub program: String,
    /// As whom it is connected.
    pub role: String,
    /// Whether it is in a transaction.
    pub in_transaction: bool,
    /// For how many milliseconds it has done that.
    pub state_ms: Option<i64>,
}

/// Somebody else's session.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct OtherSession {
    /// The server's process.
    pub pid: i32,
    /// As whom.
    pub role: String,
    /// What it calls itself.
    pub program: String,
    /// `active`, `idle`, `idle in transaction`, …
    pub state: String,
    /// For how many milliseconds.
    pub state_ms: Option<i64>,
    /// For how many milliseconds it has been in its transaction.
    pub transaction_ms: Option<i64>,
    /// Whom it waits for.
    pub blocked_by: Vec<i32>,
    /// The first word of its last statement.
    pub statement: Option<String>,
}

/// pgvector in this database.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Extension {
    /// The version that the server's files offer.
    pub available: Option<String>,
    /// The version that is installed in this database.
    pub installed: Option<String>,
    /// In which schema.
    pub schema: Option<String>,
    /// Whether only a superuser may install it.
    pub superuser: bool,
    /// Whether whoever may make schemas may install it all the same.
    pub trusted: bool,
}

/// A column of vectors.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct VectorColumn {
    /// Its table.
    pub table: String,
    /// Its name.
    pub column: String,
    /// Dimensions; -1 for any number.
    pub dimensions: i32,
}

/// Versions of the collation library.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Collation {
    /// As the database was made with.
    pub recorded: Option<String>,
    /// As it is now.
    pub actual: Option<String>,
}

/// Looks at a database.
///
/// # Errors
/// [`Refusal`] where it cannot be connected to or read.
pub async fn observe(source: &Source) -> Result<Observation, Refusal> {
    let mut connection = tokio::time::timeout(PATIENCE, connect(source)).await.map_err(|_| Refusal {
        sqlstate: None,
        message: format!("no answer within {} seconds", PATIENCE.as_secs()),
    })??;
    let seen = look(&mut connection).await;
    // What was seen is the news, not how the goodbye went.
    let _ = connection.close().await;
    seen
}

/// As [`observe`], over a session that others have used before, as behind a pooler.
///
/// # Errors
/// As there.
pub async fn observe_over(session: &mut Session) -> Result<Observation, Refusal> {
    look(session.connection()).await
}

async fn connect(source: &Source) -> Result<PgConnection, Refusal> {
    let options = match source {
        Source::Url(url) => {
            let options = PgConnectOptions::from_str(url).map_err(Refusal::from)?;
            // Whoever says nothing gets TLS where there is some; a server of another kind is told by its refusal.
            if url.contains("sslmode=") || url.contains("ssl-mode=") {
                options
            } else {
                options.ssl_mode(PgSslMode::Prefer)
            }
        }
        Source::Own { target, role } => target.options_of(role),
    };
    // No prepared statement has a name, so that it does not matter whether a pooler stands in between.
    let options = options.application_name(PROGRAM).statement_cache_capacity(0);
    Ok(PgConnection::connect_with(&options).await?)
}

async fn look(connection: &mut PgConnection) -> Result<Observation, Refusal> {
    let mut tx = connection.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    // Not `query!` here and below: these are asked of other people's servers and schemas.
    let search_path: Vec<String> = sqlx::query_scalar("select current_schemas(false)::text[]")
        .persistent(false)
        .fetch_one(&mut *tx)
        .await?;
    sqlx::raw_sql("SET LOCAL search_path = pg_catalog").execute(&mut *tx).await?;
    let document: serde_json::Value =
        sqlx::query_scalar(DATABASE).persistent(false).fetch_one(&mut *tx).await?;
    let mut seen: Observation = serde_json::from_value(document).map_err(|error| Refusal {
        sqlstate: None,
        message: format!("the catalogue is not as expected: {error}"),
    })?;
    seen.search_path = search_path;
    // What cannot be read, for want of a right, is not there for the detectors; the rest is.
    for table in &seen.tables {
        if let Some(history) = histories::read(&mut tx, table).await? {
            seen.histories.push(history);
        }
    }
    seen.accounts = accounts::count(&mut tx, &seen.tables).await?;
    tx.rollback().await?;
    Ok(seen)
}

/// The rows of `statement`, whose failure leaves the transaction usable; `None` where it failed.
async fn attempt(tx: &mut PgConnection, statement: String) -> Result<Option<Vec<PgRow>>, sqlx::Error> {
    let mut inner = tx.begin().await?;
    // Names in it are the catalogue's and quoted.
    let asked = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch_all(&mut *inner).await;
    match asked {
        Ok(rows) => {
            inner.commit().await?;
            Ok(Some(rows))
        }
        Err(sqlx::Error::Database(_)) => {
            inner.rollback().await?;
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
