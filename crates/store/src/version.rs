//! Which version of a row somebody has read, so that a change on top of an older one is refused.
//!
//! A version is the row's `updated_at` in microseconds. Whoever changes such a row sets
//! `updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')`, so no two versions are alike.

use time::OffsetDateTime;

/// A row's version: microseconds since 1970.
#[must_use]
pub fn of(updated_at: OffsetDateTime) -> i64 {
    // Timestamps of the database fit: its years end before those of 64 bits of microseconds.
    i64::try_from(updated_at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// What came of a change that began from a version.
#[derive(Clone, Debug)]
pub enum Change<T> {
    /// It was made; what there is now.
    Made(T),
    /// It was not: somebody else changed it before; what there is instead.
    Stale(T),
}
