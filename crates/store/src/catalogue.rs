//! What there is in schema `migration`, and what somebody put into `public`, as text that two databases can be compared by.
//!
//! A listing has a line for every table, column, constraint, index, policy and right, sorted, and nothing that differs between
//! databases that do the same: no owner, no object id, no order of columns, no comment. The SHA-256 over it is the fingerprint.
//! `catalogue/NNN.txt` is the listing that migration NNN leaves; `cargo xtask schema` writes it.
//!
//! Reading all of it takes longer than the rest of a gate. So whoever has seen the schema whole leaves a note of the state in which
//! the catalogue's own rows were then ([`State`]), and as long as they are in that state, nothing has to be read again.

mod drift;
mod lint;

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{DatabaseRole, StoreError, Target, content::hexadecimal};

pub use drift::{Different, Drift};
pub use lint::{Finding, lint};

/// The committed listings by version, oldest first.
static LISTINGS: &[(i64, &str)] = include!(concat!(env!("OUT_DIR"), "/listings.rs"));

/// The version of the latest committed listing.
#[must_use]
pub fn latest() -> i64 {
    LISTINGS.last().map_or(0, |(version, _)| *version)
}

/// The listing that migration `version` leaves.
#[must_use]
pub fn committed(version: i64) -> Option<&'static str> {
    LISTINGS.iter().find(|(of, _)| *of == version).map(|(_, listing)| *listing)
}

/// The fingerprint of a listing: SHA-256, 64 hexadecimal digits.
#[must_use]
pub fn fingerprint(listing: &str) -> String {
    hexadecimal(&Sha256::digest(listing))
}

/// The listing of the connection's database.
///
/// # Errors
/// When the database fails.
pub async fn listing(connection: &mut PgConnection) -> Result<String, StoreError> {
    let mut tx = looking(connection).await?;
    let mut lines = sqlx::query_file_scalar!("src/catalogue/listing.sql").fetch_all(&mut *tx).await?;
    let elsewhere = elsewhere(&mut tx).await?;
    tx.rollback().await?;
    if !elsewhere.is_empty() {
        lines.extend(elsewhere);
        lines.sort_unstable();
    }
    let mut listing = lines.join("\n");
    listing.push('\n');
    Ok(listing)
}

/// What somebody made in schema `public`, as lines of the listing; in a transaction of [`looking`].
async fn elsewhere(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_file_scalar!("src/catalogue/elsewhere.sql").fetch_all(connection).await?)
}

/// The listing of `target`, read as `role`.
///
/// # Errors
/// When the database fails.
pub async fn listing_of(target: &Target, role: DatabaseRole) -> Result<String, StoreError> {
    let mut connection = target.connect(role).await?;
    let listing = listing(&mut connection).await;
    connection.close().await?;
    listing
}

/// What [`lint`] finds in `target`, asked as the read-only role.
///
/// # Errors
/// When the database fails.
pub async fn findings_in(target: &Target) -> Result<Vec<Finding>, StoreError> {
    let mut connection = target.connect(DatabaseRole::Readonly).await?;
    let findings = lint(&mut connection).await;
    connection.close().await?;
    findings
}

/// Compares the connection's database with what migration `version` leaves; `None` where nothing differs.
///
/// # Errors
/// When the database fails, or this build carries no listing of that version.
pub async fn compare(connection: &mut PgConnection, version: i64) -> Result<Option<Drift>, StoreError> {
    let Some(committed) = committed(version) else {
        return Err(StoreError::UnexpectedValue(format!("there is no listing of migration {version:03}")));
    };
    Ok(Drift::between(committed, &listing(connection).await?))
}

/// What a look at the schema found.
pub(crate) enum State {
    /// As it was when it was seen whole.
    AsNoted,
    /// Whole; this is what to note.
    Whole(Note),
    /// Something differs.
    Drifted(Drift),
}

/// That the schema was seen whole.
pub(crate) struct Note(String);

/// As [`compare`], and without reading the schema where a note says that it was whole and nothing was changed since. The transaction
/// must be one of [`begin_looking`].
///
/// # Errors
/// As there.
pub(crate) async fn look(connection: &mut PgConnection, version: i64) -> Result<State, StoreError> {
    let seen = sqlx::query_file!("src/catalogue/state.sql").fetch_one(&mut *connection).await?;
    let print = fingerprint(committed(version).unwrap_or_default());
    let note = format!("Drydock {version:03}, catalogue {} in state {}", &print[..16], seen.state);
    if seen.note.as_deref() == Some(note.as_str()) {
        return Ok(State::AsNoted);
    }
    Ok(match compare(connection, version).await? {
        Some(drift) => State::Drifted(drift),
        None => State::Whole(Note(note)),
    })
}

impl Note {
    /// Leaves the note with the schema, for the next look. As the owner: nobody else may.
    ///
    /// # Errors
    /// When the database fails; the next look then takes longer.
    pub(crate) async fn leave(self, target: &Target) -> Result<(), StoreError> {
        let mut connection = target.connect(DatabaseRole::Owner).await?;
        // The text is made of digits and letters above; DDL takes no parameters.
        let statement = format!("SET lock_timeout = '1s'; COMMENT ON SCHEMA migration IS '{}'", self.0);
        let left = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
        connection.close().await?;
        left?;
        Ok(())
    }
}

/// Takes the note away, where what wrote it is not to be believed: a restored database brings its own.
///
/// # Errors
/// When the database fails, or has no such schema.
pub(crate) async fn forget(target: &Target) -> Result<(), StoreError> {
    let mut connection = target.connect(DatabaseRole::Owner).await?;
    let forgotten = sqlx::raw_sql("COMMENT ON SCHEMA migration IS NULL").execute(&mut connection).await;
    connection.close().await?;
    forgotten?;
    Ok(())
}

/// A transaction, to be rolled back, that sees the system's own functions and operators alone; within another one, too.
async fn looking(connection: &mut PgConnection) -> Result<sqlx::Transaction<'_, sqlx::Postgres>, StoreError> {
    let mut tx = connection.begin().await?;
    sqlx::raw_sql("SET LOCAL search_path = pg_catalog").execute(&mut *tx).await?;
    Ok(tx)
}

/// The same in one round trip, for a connection that is in no transaction.
pub(crate) async fn begin_looking(
    connection: &mut PgConnection,
) -> Result<sqlx::Transaction<'_, sqlx::Postgres>, StoreError> {
    Ok(connection.begin_with("BEGIN; SET LOCAL search_path = pg_catalog").await?)
}

/// The tables that this build knows.
pub(crate) struct Tables {
    /// Those that belong to no client account: they say who a person is and where they belong, and are read before a client
    /// account is chosen, or tell of events that concern none.
    pub(crate) global: Vec<&'static str>,
    /// Those that belong to client accounts.
    pub(crate) tenant_owned: Vec<&'static str>,
}

/// The tables of the latest listing: those with row-level security are tenant-owned.
pub(crate) fn tables() -> &'static Tables {
    static TABLES: LazyLock<Tables> = LazyLock::new(|| {
        let latest = LISTINGS.last().map(|(_, listing)| *listing).unwrap_or_default();
        let tables = latest.lines().filter_map(|line| line.strip_prefix("table ")?.split_once(": "));
        let (tenant_owned, global): (Vec<_>, Vec<_>) =
            tables.partition(|(_, definition)| definition.contains("row security"));
        let names = |tables: Vec<(&'static str, &str)>| tables.into_iter().map(|(name, _)| name).collect();
        Tables { global: names(global), tenant_owned: names(tenant_owned) }
    });
    &TABLES
}
