//! Applying what is pending: lock, look again, check, apply, check.

use std::{pin::pin, time::Duration};

use drydock_domain::ErrorCode;
use sqlx::{Connection as _, PgConnection, migrate::MigrateError, postgres::PgDatabaseError};

use super::{
    Accident, Course, History, Migrations, Observed,
    accident::numbers,
    catalogue_differs,
    course::{self, Applying},
    lock, verdict,
};
use crate::{DatabaseRole, StoreError, Target, error::words};

/// How long a statement of a migration waits for others' locks at most: everybody else waits behind it.
const STATEMENT_PATIENCE: Duration = Duration::from_secs(10);
/// What a migration runs under besides, whatever a role or database setting says: it may take its time.
const RUNNING: &str = "SET search_path = migration, public;
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0";
/// For looking: see [`Observed::of`].
const LOOKING: &str = "SET search_path = pg_catalog";

/// A connection that holds the migrator's lock until it is closed.
pub(super) struct Locked {
    pub(super) connection: PgConnection,
}

impl Locked {
    /// Waits for the lock.
    pub(super) async fn new(
        target: &Target,
        patience: Duration,
        told: &(dyn Fn(&Course) + Send + Sync),
    ) -> Result<Self, StoreError> {
        let mut connection = target.connect(DatabaseRole::Owner).await?;
        let told = |waiting: &lock::Waiting| told(&Course::Waiting(waiting.clone()));
        let locked = async {
            sqlx::raw_sql(LOOKING).execute(&mut connection).await?;
            lock::acquire(&mut connection, target, patience, &told).await
        }
        .await;
        match locked {
            Ok(()) => Ok(Self { connection }),
            Err(error) => {
                // Why there is no lock is the news, not how the goodbye went.
                let _ = connection.close().await;
                Err(error)
            }
        }
    }

    /// Gives the lock back, whatever came of the work: `outcome` it is.
    pub(super) async fn release<T>(self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let closed = self.connection.close().await;
        let value = outcome?;
        closed?;
        Ok(value)
    }
}

impl Migrations {
    /// Applies what is pending, each file in its transaction; returns how many migrations were applied. `history` is what
    /// [`Migrations::compare`] found: where that leaves nothing to do, nothing is done. Else the lock is waited for, for `patience`
    /// and no longer, and so is what a statement has to wait for; a wait for the lock of more than a second is `told`, and so is a
    /// migration that takes longer, and again every second. Whoever waited for another who migrated finds nothing left to apply.
    ///
    /// # Errors
    /// [`ErrorCode::MigrateHalfApplied`], [`ErrorCode::MigrateLocked`] and what [`Migrations::compare`] says, before anything is
    /// changed. [`ErrorCode::MigrateFailed`] and [`ErrorCode::MigrateBlocked`] with the version that failed and was rolled back.
    /// [`ErrorCode::MigrateIncomplete`] and [`ErrorCode::MigrateSchemaDiffers`] when the migrations did something else than they
    /// are known to do.
    pub async fn migrate(
        &self,
        target: &Target,
        history: &History,
        patience: Duration,
        told: &(dyn Fn(&Course) + Send + Sync),
    ) -> Result<usize, StoreError> {
        refuse_half_applied(history)?;
        if history.pending.is_empty() {
            return Ok(0);
        }
        let mut locked = Locked::new(target, patience, told).await?;
        let outcome = self.run(target, &mut locked.connection, patience.min(STATEMENT_PATIENCE), told).await;
        locked.release(outcome).await
    }

    async fn run(
        &self,
        target: &Target,
        connection: &mut PgConnection,
        patience: Duration,
        told: &(dyn Fn(&Course) + Send + Sync),
    ) -> Result<usize, StoreError> {
        // Another may have migrated since the lock was asked for.
        let seen = Observed::of(connection).await?;
        let before = verdict(connection, &seen, self).await?;
        refuse_half_applied(&before)?;
        if before.pending.is_empty() {
            return Ok(0);
        }
        if let Some(drift) = catalogue_differs(self, connection, &before).await? {
            return Err(drift.before_migrating());
        }
        let pid = lock::limit(connection, patience).await?;
        sqlx::raw_sql(RUNNING).execute(&mut *connection).await?;
        for (before_it, version) in before.pending.iter().enumerate() {
            let description = self.description(*version).unwrap_or_default().to_owned();
            let applying = Applying::new(*version, description, before_it + 1, before.pending.len());
            // Not `run`, whose future no other thread may go on with: it takes a connection from whatever can be asked for one.
            let applied = pin!(self.migrator().run_direct(Some(*version), &mut *connection, false));
            if let Err(error) = course::told(applied, applying, target, pid, told).await {
                return Err(self.failed(target, error).await);
            }
        }
        sqlx::raw_sql(LOOKING).execute(&mut *connection).await?;
        let seen = Observed::of(connection).await?;
        let after = match seen.judge(self) {
            Ok(after) => after,
            Err(
                accident @ (Accident::Elsewhere { .. } | Accident::Missing { .. } | Accident::Unknown(_)),
            ) => {
                return Err(incomplete(&accident.to_string()));
            }
            Err(accident) => return Err(accident.into()),
        };
        if !after.pending.is_empty() {
            let (recorded, pending) = (seen.words(), numbers(&after.pending));
            return Err(incomplete(&format!("Recorded is {recorded}, and {pending} is still pending.")));
        }
        refuse_half_applied(&after)?;
        match catalogue_differs(self, connection, &after).await? {
            Some(drift) => Err(drift.after_migrating()),
            None => Ok(before.pending.len()),
        }
    }

    async fn failed(&self, target: &Target, error: MigrateError) -> StoreError {
        let MigrateError::ExecuteMigration(error, version) = error else {
            let what = format!("The migrations could not be applied: {error}.");
            return StoreError::gate(ErrorCode::MigrateFailed, what);
        };
        let line = match &error {
            sqlx::Error::Database(database) => {
                database.try_downcast_ref::<PgDatabaseError>().and_then(|error| match error.position() {
                    Some(sqlx::postgres::PgErrorPosition::Original(at)) => self.line(version, at),
                    _ => None,
                })
            }
            _ => None,
        };
        let place = line.map_or_else(String::new, |line| format!(" at line {line}"));
        if lock::is_timeout(&error) {
            let who = lock::open_transactions(target).await;
            return StoreError::gate(
                ErrorCode::MigrateBlocked,
                format!(
                    "Migration {version:03} waited{place} for somebody's lock and was rolled back. {who}"
                ),
            );
        }
        StoreError::gate(
            ErrorCode::MigrateFailed,
            format!("Migration {version:03} failed{place} and was rolled back: {}.", words(&error)),
        )
    }

    /// The line of `version` on which its character `at` is, both counted from 1.
    fn line(&self, version: i64, at: usize) -> Option<usize> {
        let before = self.text(version)?.chars().take(at.checked_sub(1)?);
        Some(before.filter(|character| *character == '\n').count() + 1)
    }
}

fn refuse_half_applied(history: &History) -> Result<(), StoreError> {
    let Some(first) = history.invalid_indexes.first() else { return Ok(()) };
    Err(StoreError::gate(
        ErrorCode::MigrateHalfApplied,
        format!(
            "Begun and not finished, so that nothing can rest on it: {}. `DROP INDEX {first}` removes it.",
            history.invalid_indexes.join(", ")
        ),
    ))
}

fn incomplete(what: &str) -> StoreError {
    StoreError::gate(
        ErrorCode::MigrateIncomplete,
        format!("The migrations ran, and the history is not what it must be then. {what}"),
    )
}
