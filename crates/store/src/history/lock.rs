//! Waiting for the migrator's lock, for so long and no longer, and saying who has it.

use std::time::{Duration, Instant};

use drydock_domain::ErrorCode;
use sqlx::{
    PgConnection,
    migrate::{Migrate as _, MigrateError},
};

use crate::{StoreError, Superuser, Target, error::words};

/// How long another starter that migrates is waited for, where nothing else is said.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// After how long, and how often, a wait is told of.
const TELL: Duration = Duration::from_secs(1);
/// How long it may take to find out who has the lock.
const LOOK: Duration = Duration::from_secs(1);

/// A wait for the lock, as it is told of while it lasts.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// For how long so far.
    pub elapsed: Duration,
    /// Who has the lock, if it could be found out.
    pub holder: Option<LockHolder>,
}

/// The session that has the migrator's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// The process of the server that serves it.
    pub pid: i32,
    /// Its `application_name`.
    pub program: String,
    /// As whom it is connected.
    pub role: String,
    /// Since when it is connected, in UTC.
    pub since: String,
    /// What it does, as the server says: `active`, `idle`, `idle in transaction`, …
    pub state: String,
    /// Since when it does that, in UTC.
    pub state_since: String,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, program, role, since, state, state_since } = self;
        let program = if program.is_empty() { "a nameless program" } else { program };
        write!(
            f,
            "{program} (server process {pid}, as {role}, connected since {since}, {state} since {state_since})"
        )
    }
}

/// Takes the lock of sqlx's migrator, which every program that migrates with sqlx takes, in the order of asking. It is held until
/// the connection is closed. The server measures the time.
///
/// # Errors
/// [`ErrorCode::MigrateLocked`], naming who has it.
pub(super) async fn acquire(
    connection: &mut PgConnection,
    target: &Target,
    patience: Duration,
    told: &(dyn Fn(&Waiting) + Send + Sync),
) -> Result<(), StoreError> {
    let me = limit(connection, patience).await?;

    let begun = Instant::now();
    let mut holder = None;
    let mut locking = connection.lock();
    let outcome = loop {
        if let Ok(outcome) = tokio::time::timeout(TELL.min(patience / 2), &mut locking).await {
            break outcome;
        }
        let seen = tokio::time::timeout(LOOK, holder_before(target, me)).await;
        if let Ok(Ok(Some(seen))) = seen {
            holder = Some(seen);
        }
        told(&Waiting { elapsed: begun.elapsed(), holder: holder.clone() });
    };
    let error = match outcome {
        Ok(()) => return Ok(()),
        Err(MigrateError::Execute(error)) => error,
        Err(other) => {
            let what = format!("The migrator's lock cannot be taken: {other}.");
            return Err(StoreError::gate(ErrorCode::MigrateFailed, what));
        }
    };
    if !is_timeout(&error) {
        return Err(error.into());
    }
    let by = holder.map_or_else(|| "somebody".to_owned(), |holder| holder.to_string());
    Err(StoreError::gate(
        ErrorCode::MigrateLocked,
        format!("For {} s the migrations have been locked by {by}.", patience.as_secs_f64()),
    ))
}

/// Limits how long this connection waits for any lock; returns its process of the server.
pub(super) async fn limit(connection: &mut PgConnection, patience: Duration) -> Result<i32, sqlx::Error> {
    // The setting takes whole milliseconds, and none would be no limit at all.
    let limit = patience.as_millis().max(1).to_string();
    let set = sqlx::query!(
        r#"select pg_backend_pid() as "pid!", set_config('lock_timeout', $1, false) as "limit!""#,
        limit
    )
    .fetch_one(connection)
    .await?;
    Ok(set.pid)
}

/// Whether the server gave up waiting for a lock.
pub(super) fn is_timeout(error: &sqlx::Error) -> bool {
    // lock_not_available
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("55P03"))
}

/// Who has what the server process `waiting` waits for. As superuser, who alone sees everybody's sessions; the system's catalogues
/// only.
async fn holder_before(target: &Target, waiting: i32) -> Result<Option<LockHolder>, StoreError> {
    let mut superuser = Superuser::connect(target).await?;
    let found = sqlx::query_as!(
        LockHolder,
        r#"select a.pid as "pid!", coalesce(a.application_name, '') as "program!", coalesce(a.usename::text, '') as "role!",
                  to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "since!",
                  coalesce(a.state, 'busy') as "state!",
                  coalesce(to_char(a.state_change at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') as "state_since!"
           from pg_locks w
           join pg_locks h on h.locktype = w.locktype and h.database = w.database and h.classid = w.classid
                          and h.objid = w.objid and h.objsubid = w.objsubid and h.granted
           join pg_stat_activity a on a.pid = h.pid
           where w.pid = $1 and not w.granted and w.locktype = 'advisory'
           limit 1"#,
        waiting
    )
    .fetch_optional(&mut superuser.connection)
    .await;
    superuser.close().await?;
    Ok(found?)
}

/// The other sessions of this database with a transaction open, which a statement of ours can have waited for; in words.
pub(super) async fn open_transactions(target: &Target) -> String {
    let looked = async {
        let mut superuser = Superuser::connect(target).await?;
        let found = sqlx::query_as!(
            LockHolder,
            r#"select a.pid as "pid!", coalesce(a.application_name, '') as "program!", coalesce(a.usename::text, '') as "role!",
                      to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "since!",
                      coalesce(a.state, 'busy') as "state!",
                      coalesce(to_char(a.state_change at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') as "state_since!"
               from pg_stat_activity a
               where a.datname = current_database() and a.xact_start is not null
                 and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
               order by a.xact_start limit 5"#
        )
        .fetch_all(&mut superuser.connection)
        .await;
        superuser.close().await?;
        Ok::<_, StoreError>(found?)
    };
    match tokio::time::timeout(LOOK, looked).await {
        Ok(Ok(found)) if !found.is_empty() => {
            let told: Vec<String> = found.iter().map(ToString::to_string).collect();
            format!("Open transactions: {}.", told.join("; "))
        }
        Ok(Err(StoreError::Database(error))) => format!("Who it was cannot be read: {}.", words(&error)),
        _ => "Nobody has a transaction open any more.".to_owned(),
    }
}
