//! The history as told to a person, and the one repair that is safe: white space at the ends of lines.

use drydock_domain::ErrorCode;
use sqlx::Connection as _;

use super::{
    Accident, Applied, History, Migrations, Observed, PATIENCE, apply::Locked, catalogue_differs, looking,
    verdict,
};
use crate::{StoreError, Target};

/// What is shipped, what is applied, and how the one stands against the other.
#[derive(Clone, Debug)]
pub struct Report {
    /// The migrations of this build.
    pub shipped: Vec<Shipped>,
    /// What the database records as applied.
    pub applied: Vec<Applied>,
    /// What Alembic would find.
    pub alembic: Vec<String>,
    /// How the two stand.
    pub verdict: Verdict,
}

/// A migration of this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its version.
    pub version: i64,
    /// What its file's name says.
    pub description: String,
    /// SHA-384 of its text.
    pub checksum: Vec<u8>,
}

/// How the applied migrations stand against the shipped ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are their beginning.
    Agrees(History),
    /// Something happened.
    Refused {
        /// Which code it has.
        code: ErrorCode,
        /// What differs.
        what: String,
    },
}

/// Looks at the history of `target` and changes nothing.
///
/// # Errors
/// When the database cannot be read. What is wrong with the history is no error here but the [`Verdict`].
pub async fn report(target: &Target) -> Result<Report, StoreError> {
    let shipped = Migrations::shipped();
    let mut connection = looking(target).await?;
    let looked = async {
        let seen = Observed::of(&mut connection).await?;
        let judged = verdict(&mut connection, &seen, shipped).await;
        Ok::<_, sqlx::Error>((seen, judged))
    }
    .await;
    connection.close().await?;
    let (seen, judged) = looked?;
    let verdict = match judged {
        Ok(history) => Verdict::Agrees(history),
        Err(accident) => Verdict::Refused { code: accident.code(), what: accident.to_string() },
    };
    let Observed { applied, revisions, .. } = seen;
    let shipped = shipped.iter().map(|(version, description, _)| Shipped {
        version,
        description: description.to_owned(),
        checksum: shipped.checksum(version).unwrap_or_default().to_vec(),
    });
    Ok(Report { shipped: shipped.collect(), applied, alembic: revisions, verdict })
}

/// Records this build's checksums for migrations that were applied with the same text but for white space at the ends of lines;
/// returns their versions. The text that was applied is known then: it is this build's with other line ends, because its checksum
/// is. That nothing came of it is seen from the catalogue, which must be what this build's text leaves.
///
/// # Errors
/// Every other [`Accident`], and [`ErrorCode::HistorySchemaDiffers`]; nothing was changed then.
pub async fn accept_line_endings(target: &Target) -> Result<Vec<i64>, StoreError> {
    let mut locked = Locked::new(target, PATIENCE, &|_| ()).await?;
    let outcome = restamp(&mut locked, Migrations::shipped()).await;
    locked.release(outcome).await
}

async fn restamp(locked: &mut Locked, shipped: &Migrations) -> Result<Vec<i64>, StoreError> {
    let connection = &mut locked.connection;
    let seen = Observed::of(connection).await?;
    let drifted: Vec<i64> = match seen.judge(shipped) {
        Ok(_) => return Ok(Vec::new()),
        Err(Accident::LineEnds(drifted)) => drifted.into_iter().map(|(version, _)| version).collect(),
        Err(accident) => return Err(accident.into()),
    };
    let mut tx = connection.begin().await?;
    for row in seen.applied.iter().filter(|row| drifted.contains(&row.version)) {
        // Not `query!`: the migrator makes this table at run time, so it is no part of the checked schema.
        sqlx::query(
            "update migration._sqlx_migrations set checksum = $1 where version = $2 and checksum = $3",
        )
        .bind(shipped.checksum(row.version))
        .bind(row.version)
        .bind(&row.checksum)
        .execute(&mut *tx)
        .await?;
    }
    let history = Observed::of(&mut tx).await?.judge(shipped)?;
    if let Some(differs) = catalogue_differs(shipped, &mut tx, &history).await? {
        tx.rollback().await?;
        return Err(differs.before_migrating());
    }
    tx.commit().await?;
    Ok(drifted)
}
