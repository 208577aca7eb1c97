//! Telling how applying migrations is going, while it takes its time.

use std::{fmt, pin::Pin, time::Duration};

use tokio::time::Instant;

use super::Waiting;
use crate::{DatabaseRole, StoreError, Target};
use sqlx::Connection as _;

/// After how long, and how often, a migration is told of.
const TELL: Duration = Duration::from_secs(1);
/// How long it may take to find out what the server is at.
const LOOK: Duration = Duration::from_secs(1);

/// What the migrator is at, when that takes more than a moment.
#[derive(Clone, Debug)]
pub enum Course {
    /// Somebody else has the lock.
    Waiting(Waiting),
    /// A migration is being applied.
    Applying(Applying),
}

/// A migration that is being applied.
#[derive(Clone, Debug)]
pub struct Applying {
    /// Its version.
    pub version: i64,
    /// What its file's name says.
    pub description: String,
    /// Which of those that are to be applied it is, from 1.
    pub number: usize,
    /// How many are to be applied.
    pub of: usize,
    /// For how long so far.
    pub elapsed: Duration,
    /// The index that the server is building, which is what takes longest.
    pub index: Option<IndexBuild>,
}

/// An index that is being built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexBuild {
    /// The table, with its schema.
    pub table: String,
    /// What the server does for it, in its own words.
    pub phase: String,
    /// How far it is with that, where it says so.
    pub percent: Option<i32>,
}

impl Applying {
    pub(super) fn new(version: i64, description: String, number: usize, of: usize) -> Self {
        Self { version, description, number, of, elapsed: Duration::ZERO, index: None }
    }
}

impl fmt::Display for Applying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, description, number, of, elapsed, index } = self;
        write!(f, "for {} s migration {version:03}, {description}", elapsed.as_secs())?;
        if *of > 1 {
            write!(f, " ({number} of {of})")?;
        }
        match index {
            Some(index) => write!(f, ": {index}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for IndexBuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an index on {}, {}", self.table, self.phase)?;
        match self.percent {
            Some(percent) => write!(f, " {percent} %"),
            None => Ok(()),
        }
    }
}

/// Waits for a migration that the server process `pid` applies, and tells of it once a second.
pub(super) async fn told<T>(
    mut work: Pin<&mut impl Future<Output = T>>,
    mut applying: Applying,
    target: &Target,
    pid: i32,
    told: &(dyn Fn(&Course) + Send + Sync),
) -> T {
    let begun = Instant::now();
    loop {
        if let Ok(done) = tokio::time::timeout(TELL, work.as_mut()).await {
            return done;
        }
        let seen = tokio::time::timeout(LOOK, index_of(target, pid)).await;
        applying.index = seen.ok().and_then(Result::ok).flatten();
        applying.elapsed = begun.elapsed();
        told(&Course::Applying(applying.clone()));
    }
}

/// The index that a server process of the owner's builds.
async fn index_of(target: &Target, pid: i32) -> Result<Option<IndexBuild>, StoreError> {
    let mut connection = target.connect_with(DatabaseRole::Owner, &[("search_path", "pg_catalog")]).await?;
    let seen = sqlx::query_as!(
        IndexBuild,
        r#"select relid::regclass::text as "table!",
                  replace(phase, 'building index: ', '') as "phase!",
                  case when phase like '%tuples in tree' and tuples_total > 0 then 100 * tuples_done / tuples_total
                       when blocks_total > 0 then 100 * blocks_done / blocks_total end::int as percent
           from pg_stat_progress_create_index where pid = $1"#,
        pid
    )
    .fetch_optional(&mut connection)
    .await;
    connection.close().await?;
    Ok(seen?)
}
