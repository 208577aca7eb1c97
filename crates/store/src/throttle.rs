//! How fast sign-in may be tried for one address, and how fast accounts may be asked for.
//!
//! Counted by address, whether or not anybody has it, and before the password is looked at: one that a crash cuts off counts as
//! well. After [`FREE`] failures the next attempt waits, a second at first
//! and twice as long each time, [`LONGEST`] at most; an hour of quiet or a success ends it. What comes too early is not
//! looked at and does not count, so nobody can keep a person out by insisting.
//!
//! Registrations are counted together, whoever sends them: an address costs nothing to make up, and each costs a hash and an entry of
//! the log. After [`FREE_REGISTRATIONS`] within an hour the same waits begin.

use std::{sync::LazyLock, time::Duration};

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use tokio::sync::{Mutex, MutexGuard};

use crate::{Store, StoreError};

/// Failures without a delay: what a person needs who has forgotten which of a few passwords it was.
pub(crate) const FREE: i32 = 5;
/// Registrations without a delay.
pub(crate) const FREE_REGISTRATIONS: i32 = 30;
/// The longest delay in seconds.
const LONGEST: i32 = 300;
/// After so many seconds without an attempt nothing is remembered.
const QUIET: i32 = 3_600;
/// Addresses that are remembered at most. Beyond that, those with the fewest failures go first.
const ADDRESSES: i64 = 10_000;

/// As many addresses can be tried at the same time, more or less.
const TURNS: usize = 256;

/// Attempts with one address come one after another, so that of several good ones at once none counts as a failure of the others.
/// One process serves a database, so its own memory is the place for it.
static WAITING: LazyLock<[Mutex<()>; TURNS]> = LazyLock::new(|| std::array::from_fn(|_| Mutex::new(())));

/// Waits until no other attempt with the address is looked at, for as long as the answer is kept.
pub(crate) async fn turn(address: &[u8; 32]) -> MutexGuard<'static, ()> {
    WAITING[usize::from(address[0]) % TURNS].lock().await
}

pub(crate) fn hash(email: &str) -> [u8; 32] {
    Sha256::digest(format!("drydock sign-in {email}")).into()
}

/// What all registrations are counted under; no address of a sign-in, which has text behind it.
pub(crate) fn registrations() -> [u8; 32] {
    Sha256::digest("drydock registrations").into()
}

/// What became of an attempt.
pub(crate) enum Counted {
    /// It may be looked at.
    Let,
    /// It came too early.
    TooEarly {
        /// How long the wait still is.
        left: Duration,
        /// Whether it is the first in this wait.
        first: bool,
    },
}

/// Counts an attempt, as a failure until [`forgive`] takes it back; after `free` of them each has to wait. One that comes too early is
/// not counted.
pub(crate) async fn count(
    connection: &mut PgConnection,
    address: &[u8; 32],
    free: i32,
) -> Result<Counted, StoreError> {
    let counted = sqlx::query_scalar!(
        r#"insert into migration.sign_in_attempts as a (address_hash, failures, last_failed_at, blocked_until)
           values ($1, 1, now(), 'epoch')
           on conflict (address_hash) do update set
               failures = case when a.last_failed_at < now() - make_interval(secs => $2) then 1 else a.failures + 1 end,
               last_failed_at = now(),
               is_noted = false,
               blocked_until = case
                   when a.last_failed_at < now() - make_interval(secs => $2) or a.failures + 1 < $3 then 'epoch'
                   else now() + make_interval(secs => least($4, 2 ^ least(a.failures + 1 - $3, 20)))
               end
           where a.blocked_until <= now()
           returning failures"#,
        address.as_slice(),
        f64::from(QUIET),
        free,
        f64::from(LONGEST),
    )
    .fetch_optional(&mut *connection)
    .await?;
    match counted {
        None => {
            let first = sqlx::query_scalar!(
                r#"update migration.sign_in_attempts set is_noted = true
                   where address_hash = $1 and not is_noted and blocked_until > now()
                   returning true as "first!""#,
                address.as_slice()
            )
            .fetch_optional(&mut *connection)
            .await?;
            let left = sqlx::query_scalar!(
                r#"select greatest(1, ceil(extract(epoch from blocked_until - now())))::int as "left!"
                   from migration.sign_in_attempts where address_hash = $1"#,
                address.as_slice()
            )
            .fetch_optional(connection)
            .await?;
            // Forgiven since the statement before, it may be tried again at once.
            let left = Duration::from_secs(u64::from(left.unwrap_or(1).unsigned_abs()));
            Ok(Counted::TooEarly { left, first: first.is_some() })
        }
        Some(1) => {
            tidy(connection).await?;
            Ok(Counted::Let)
        }
        Some(_) => Ok(Counted::Let),
    }
}

/// Forgets the failures of an address.
pub(crate) async fn forgive(connection: &mut PgConnection, address: &[u8; 32]) -> Result<(), StoreError> {
    sqlx::query!("delete from migration.sign_in_attempts where address_hash = $1", address.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Forgets sign-in attempts that no longer count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_old_attempts(&self) -> Result<(), StoreError> {
        tidy(&mut *self.acquire().await?).await
    }
}

/// Forgets what is over, and keeps the table bounded.
async fn tidy(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from migration.sign_in_attempts where last_failed_at < now() - make_interval(secs => $1)",
        f64::from(QUIET)
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from migration.sign_in_attempts where address_hash in (
             select address_hash from migration.sign_in_attempts
             order by failures desc, last_failed_at desc
             offset $1)",
        ADDRESSES
    )
    .execute(connection)
    .await?;
    Ok(())
}
