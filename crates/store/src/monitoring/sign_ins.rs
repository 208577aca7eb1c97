//! How sign-ins end, counted from the security log.

use time::OffsetDateTime;

use crate::{Store, StoreError};

/// How the sign-ins of a stretch of time ended.
#[derive(Clone, Debug, Default)]
pub struct SignIns {
    /// Those that opened a session.
    pub succeeded: i64,
    /// Those that did not, by reason, the most frequent first.
    pub failed: Vec<Failed>,
    /// Waits that were imposed after failures: one entry for each, however often it was tried in it.
    pub throttled: i64,
    /// The same by hour, oldest first; hours without any are left out.
    pub hours: Vec<Hour>,
}

/// Sign-ins that failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The reason as the security log words it: `wrong_password`, `unknown_address`, …
    pub reason: String,
    /// How many.
    pub count: i64,
}

/// The sign-ins of one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub at: OffsetDateTime,
    /// Those that opened a session.
    pub succeeded: i64,
    /// Those that did not.
    pub failed: i64,
}

/// Counts the sign-ins since a moment.
///
/// # Errors
/// When the database fails.
pub async fn sign_ins(store: &Store, since: OffsetDateTime) -> Result<SignIns, StoreError> {
    let mut connection = store.acquire().await?;
    let hours = sqlx::query_as!(
        Hour,
        r#"select date_trunc('hour', created_at, 'UTC') as "at!",
                  count(*) filter (where event_type = 'sign_in.succeeded') as "succeeded!",
                  count(*) filter (where event_type = 'sign_in.failed') as "failed!"
           from migration.security_audit_logs
           where event_type in ('sign_in.succeeded', 'sign_in.failed') and created_at >= $1
           group by 1 order by 1"#,
        since
    )
    .fetch_all(&mut *connection)
    .await?;
    let failed = sqlx::query_as!(
        Failed,
        r#"select coalesce(details ->> 'reason', 'not recorded') as "reason!", count(*) as "count!"
           from migration.security_audit_logs
           where event_type = 'sign_in.failed' and created_at >= $1
           group by 1 order by 2 desc, 1"#,
        since
    )
    .fetch_all(&mut *connection)
    .await?;
    let throttled = sqlx::query_scalar!(
        r#"select count(*) as "count!" from migration.security_audit_logs
           where event_type = 'sign_in.throttled' and created_at >= $1"#,
        since
    )
    .fetch_one(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    Ok(SignIns { succeeded: hours.iter().map(|hour| hour.succeeded).sum(), failed, throttled, hours })
}
