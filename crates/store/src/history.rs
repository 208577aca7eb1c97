//! The migration history: what is shipped, what is applied, and applying the difference.
//!
//! Two gates stand before a migration and the same two behind it. The history: what is applied is the beginning of what is shipped,
//! byte for byte ([`Observed::judge`]). The catalogue: what is there is what the committed listing of that version says. Nothing is
//! ever repaired on the way: whatever is found is refused with a code of its own, and nothing has been changed then.

mod accident;
mod apply;
mod course;
mod lock;
mod migrations;
mod observed;
mod report;

use drydock_domain::ErrorCode;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};

use crate::{DatabaseRole, StoreError, Target, catalogue, content::hexadecimal};

pub use accident::{Accident, REVISION, REVISION_WIDTH};
pub use course::{Applying, Course, IndexBuild};
pub use lock::{LockHolder, PATIENCE, Waiting};
pub use migrations::{BadName, LineEnds, Migrations};
pub use observed::{Applied, Observed};
pub use report::{Report, Shipped, Verdict, accept_line_endings, report};

/// How the database's history stands against the shipped one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Versions applied.
    pub applied: Vec<i64>,
    /// Versions shipped and not yet applied.
    pub pending: Vec<i64>,
    /// Indexes that were begun and not finished: nothing is applied while there are any.
    pub invalid_indexes: Vec<String>,
}

/// The shipped migrations' checksums, in order.
pub(crate) fn checksums() -> impl Iterator<Item = &'static [u8]> {
    Migrations::shipped().checksums()
}

/// A digest of the migrations that `target` has applied, 64 hexadecimal digits: equal for equal histories.
///
/// # Errors
/// When the database cannot be read.
pub async fn digest(target: &Target) -> Result<String, StoreError> {
    let seen = observe(target).await?;
    let mut digest = Sha256::new();
    for row in seen.applied {
        digest.update(row.version.to_le_bytes());
        digest.update(row.checksum);
    }
    Ok(hexadecimal(&digest.finalize()))
}

/// Compares the applied migrations with the shipped ones: [`Migrations::compare`].
///
/// # Errors
/// As there.
pub async fn compare(target: &Target) -> Result<History, StoreError> {
    Migrations::shipped().compare(target).await
}

/// Applies what `history` has pending of the shipped migrations: [`Migrations::migrate`].
///
/// # Errors
/// As there.
pub async fn migrate(target: &Target, history: &History) -> Result<usize, StoreError> {
    Migrations::shipped().migrate(target, history, PATIENCE, &|_| ()).await
}

impl Migrations {
    /// Compares the applied migrations with these, changing nothing. Where some are applied and some pending, the catalogue is
    /// compared as well, with what the last applied one is known to leave: where nothing is pending, the gate verify does that. As
    /// the owner, whose table it is: see [`Superuser`](crate::Superuser).
    ///
    /// # Errors
    /// That of the [`Accident`] found, or [`ErrorCode::HistorySchemaDiffers`], with what differs.
    pub async fn compare(&self, target: &Target) -> Result<History, StoreError> {
        let mut connection = looking(target).await?;
        let compared = async {
            let seen = Observed::of(&mut connection).await?;
            let history = verdict(&mut connection, &seen, self).await?;
            if history.pending.is_empty() {
                return Ok(history);
            }
            match catalogue_differs(self, &mut connection, &history).await? {
                Some(drift) => Err(drift.before_migrating()),
                None => Ok(history),
            }
        }
        .await;
        let closed = connection.close().await;
        let history = compared?;
        closed?;
        Ok(history)
    }
}

/// The verdict on what was seen; of a database that is ahead, with the version of the Drydock that it needs.
async fn verdict(
    connection: &mut PgConnection,
    seen: &Observed,
    migrations: &Migrations,
) -> Result<History, Accident> {
    let mut verdict = seen.judge(migrations);
    if let Err(Accident::Ahead { newer, by, .. }) = &mut verdict
        && let Some((last, _)) = newer.last()
    {
        *by = observed::writer_after(connection, *last).await;
    }
    verdict
}

/// The history as a role sees it that does not own it: in a transaction that sees the system's own functions and operators alone.
/// `None` where row-level security may hide some of it.
///
/// # Errors
/// As [`compare`], and when the role may not read it.
pub(crate) async fn as_seen_by_anybody(connection: &mut PgConnection) -> Result<Option<History>, StoreError> {
    let hidden = sqlx::query_scalar!(
        r#"select coalesce(bool_or(relrowsecurity), false) as "hidden!" from pg_class
           where oid in (to_regclass('migration._sqlx_migrations'), to_regclass('migration.alembic_version'))"#
    )
    .fetch_one(&mut *connection)
    .await?;
    if hidden {
        return Ok(None);
    }
    Ok(Some(Observed::of(connection).await?.judge(Migrations::shipped())?))
}

/// What is seen of the history of `target`.
async fn observe(target: &Target) -> Result<Observed, StoreError> {
    let mut connection = looking(target).await?;
    let seen = Observed::of(&mut connection).await;
    connection.close().await?;
    Ok(seen?)
}

/// A connection that sees the system's own functions and operators alone.
async fn looking(target: &Target) -> Result<PgConnection, sqlx::Error> {
    target.connect_with(DatabaseRole::Owner, &[("search_path", "pg_catalog")]).await
}

/// That the catalogue is not what a version is known to leave.
struct Differs {
    version: i64,
    what: String,
}

impl Differs {
    fn before_migrating(self) -> StoreError {
        let Self { version, what } = self;
        StoreError::gate(
            ErrorCode::HistorySchemaDiffers,
            format!(
                "The schema is not what migration {version:03} leaves, so that what follows it cannot be applied. {what}"
            ),
        )
    }

    fn after_migrating(self) -> StoreError {
        let Self { version, what } = self;
        StoreError::gate(
            ErrorCode::MigrateSchemaDiffers,
            format!(
                "The migrations ran as far as {version:03}, and the schema is not what they are known to leave. {what}"
            ),
        )
    }
}

/// Compares the catalogue with the committed listing of the last version applied. There is one for the shipped line only.
async fn catalogue_differs(
    migrations: &Migrations,
    connection: &mut PgConnection,
    history: &History,
) -> Result<Option<Differs>, StoreError> {
    let Some(version) = history.applied.last().copied() else { return Ok(None) };
    if !migrations.is_shipped_up_to(version) || catalogue::committed(version).is_none() {
        return Ok(None);
    }
    let drift = catalogue::compare(connection, version).await?;
    Ok(drift.map(|drift| Differs { version, what: drift.to_string() }))
}
