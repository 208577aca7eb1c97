//! A migrator failed and its session still has the lock.

use drydock_boot::history::Migrations;
use drydock_store::fault::sqlx_lock;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-lock-leaked",
    title: "An idle session holds the migrator's lock.",
    stage: Stage::Migrate,
    fidelity: Live("sqlx's own lock is held, and Drydock's gate migrate waits for it in bounds"),
    world: World::Drydock,
    cause: "sqlx's migrator leaves by the error without giving its advisory lock back. On a pool's connection the session lives on, idle, and whoever migrates next \
            waits for ever: the health check never answers.",
    remedy: "Migrate over a connection of its own and close it whatever happens. For the one that is stuck, look at who holds the lock, and end that session.",
    commands: &[
        Sql("SELECT l.pid, a.state, a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted;"),
        Sql("SELECT pg_terminate_backend(PID);"),
    ],
    band_aid: "set_locking(false); restarting PostgreSQL; ending sessions by guess.",
    source: "sqlx-core 0.9.0, migrate/migrator.rs; MediaFusion issue 682; lakekeeper issue 1790",
    before: &[Step::Do("ship one more migration, so that there is something to apply", |stand| {
        Box::pin(async move {
            let name = format!("{:03}_next.sql", Migrations::shipped().versions().next_back().unwrap_or_default() + 1);
            let set = Migrations::shipped().and([(name, "SELECT 'next';\n")]);
            stand.ship(Some(set.map_err(|error| LabError::Unplayable(error.to_string()))?));
            Ok(())
        })
    })],
    inject: &[Step::Do("SELECT pg_advisory_lock(…) with sqlx's number for this database, over a session that stays idle", |stand| {
        Box::pin(async move {
            let lock = format!("SELECT pg_advisory_lock({})", sqlx_lock(stand.target()?.database()));
            let mut session = stand.session(As::Owner).await?;
            session.run(&lock).await.map_err(|refusal| LabError::Refused(refusal, lock))?;
            stand.hold(session);
            Ok(())
        })
    })],
    boot: Expect::Red(Stage::Migrate, "migrate.locked"),
    symptom: &[Step::Do("a migrator that waits for as long as it is let", |stand| {
        Box::pin(async move {
            let lock = format!("SET lock_timeout = '200ms'; SELECT pg_advisory_lock({})", sqlx_lock(stand.target()?.database()));
            stand.try_sql(As::Owner, &lock).await
        })
    })],
    says: &["canceling statement due to lock timeout", "[migrate.locked]"],
    cure: &[Step::Do("end the idle session that has the lock, which was shown before", |stand| {
        Box::pin(async move {
            let end = "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                       WHERE l.locktype = 'advisory' AND l.granted AND a.state = 'idle' AND a.xact_start IS NULL";
            stand.sql(As::Superuser, end).await?;
            Ok(())
        })
    })],
    touches: &["migration._sqlx_migrations"],
    excludes: &[
        "mig-edited-checksum",
        "mig-failed-but-serving",
        "mig-out-of-order",
        "mig-schema-ahead",
        "mig-concurrent-migrators",
        "mig-tables-without-stamp",
    ],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let of_sqlx = sqlx_lock(&seen.server.database);
    let lines: Vec<String> = seen
        .advisory_locks
        .iter()
        .filter(|lock| lock.granted && lock.state == "idle" && !lock.in_transaction)
        .filter_map(|lock| {
            let waiting = seen.advisory_locks.iter().filter(|other| !other.granted && other.key == lock.key).count();
            // Programs have advisory locks for purposes of their own; idle ones that nobody waits for are nobody's business.
            (lock.key == of_sqlx || waiting > 0).then(|| {
                let whose = if lock.key == of_sqlx { "sqlx's lock for migrations" } else { "an advisory lock" };
                format!(
                    "Session {} ({:?}, role {}) has {whose} and has been idle for {} ms; {waiting} wait for it",
                    lock.pid,
                    lock.program,
                    lock.role,
                    lock.state_ms.unwrap_or_default()
                )
            })
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}
