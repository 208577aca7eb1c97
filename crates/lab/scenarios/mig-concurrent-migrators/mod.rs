//! Several programs migrate at the same time, and nothing keeps them apart.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-concurrent-migrators",
    title: "Several programs migrate the same database at once.",
    stage: Stage::Migrate,
    fidelity: Live("two sessions race for the same schema, and the loser is told what PostgreSQL tells it"),
    world: World::Drydock,
    cause: "Every replica migrates when it starts, and Alembic takes no lock. IF NOT EXISTS does not help: two that look at the same moment both see nothing.",
    remedy: "Migrate in a step before the deploy, once. Or take an advisory lock on a connection of its own, wait for it in bounds, and look again once it is \
             there: another may have done the work.",
    commands: &[
        Sql("SET lock_timeout = '30s'; SELECT pg_advisory_lock(hashtext('migrations'));"),
        Sql("SELECT pid, pg_blocking_pids(pid), state, query FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;"),
    ],
    band_aid: "Retrying until it works; IF NOT EXISTS everywhere.",
    source: "Alembic issue 633; PostgreSQL error 23505 on pg_catalog",
    inject: &[
        Step::Hold(As::Superuser, "BEGIN; CREATE SCHEMA IF NOT EXISTS raced_for"),
        Step::Wait(As::Superuser, "CREATE SCHEMA IF NOT EXISTS raced_for"),
        Step::Do("wait until the second one waits for the first", |stand| {
            Box::pin(async move {
                let asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE SCHEMA%raced_for' AND cardinality(pg_blocking_pids(pid)) > 0";
                for _ in 0..500 {
                    if stand.sql(As::Superuser, asked).await?.first().is_some_and(|count| count == "1") {
                        return Ok(());
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
                Err(LabError::Unplayable("the second migrator does not wait".to_owned()))
            })
        }),
    ],
    boot: Expect::Green,
    symptom: &[Step::Do("the first one commits", |stand| {
        Box::pin(async move {
            stand.waited(true).await;
            Ok(())
        })
    })],
    says: &["duplicate key value violates unique constraint \"pg_namespace_nspname_index\""],
    transcript: &[Quote {
        tool: "alembic",
        line: "sqlalchemy.exc.IntegrityError: duplicate key value violates unique constraint \"pg_type_typname_nsp_index\" DETAIL:  Key (typname, typnamespace)=(alembic_version, 2200) already exists.",
    }],
    cure: &[Step::Sql(
        As::Superuser,
        "-- one migrates, behind a lock; what the race has left goes\nSELECT pg_advisory_xact_lock(hashtext('migrations')); DROP SCHEMA IF EXISTS raced_for",
    )],
    // Its sessions are the only ones that are ended while the symptom is looked at.
    excludes: &["mig-failed-but-serving", "mig-lock-leaked"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    const CHANGES: [&str; 4] = ["create", "alter", "drop", "comment"];
    let seen = evidence.observation.as_ref()?;
    // Where somebody has a lock for it, they take turns.
    if seen.advisory_locks.iter().any(|lock| lock.granted) {
        return None;
    }
    let changes = |statement: &Option<String>| {
        statement.as_deref().is_some_and(|statement| CHANGES.contains(&statement))
    };
    let lines: Vec<String> = seen
        .sessions
        .iter()
        .filter(|session| changes(&session.statement))
        .filter_map(|session| {
            let first = session.blocked_by.iter().find_map(|pid| seen.sessions.iter().find(|other| other.pid == *pid))?;
            changes(&first.statement).then(|| {
                format!(
                    "Session {} ({:?}) waits with a change of the schema for session {} ({:?}), which changes it as well; nobody has an advisory lock",
                    session.pid, session.program, first.pid, first.program
                )
            })
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}
