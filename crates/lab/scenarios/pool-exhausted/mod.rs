//! A pool has given out all it has and gets nothing back.

use std::time::Duration;

use drydock_store::fault::Pool;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "pool-exhausted",
    title: "Connections stay out of the pool, idle in a transaction.",
    stage: Stage::Serve,
    fidelity: Live("a pool of sqlx's runs out"),
    world: World::Platform,
    cause: "Requests keep their connection over slow calls to others, or never give it back: sessions sit in a transaction and do nothing, while the server has room \
            for more.",
    remedy: "Take a connection late and give it back early; no call to another service in between. Wait for one less long than a request may take, and have the server end \
             a transaction in which nothing happens.",
    commands: &[
        Sql("SELECT pid, application_name, now() - xact_start AS since FROM pg_stat_activity WHERE state = 'idle in transaction' ORDER BY 3 DESC;"),
        Sql("ALTER ROLE app SET idle_in_transaction_session_timeout = '30s';"),
    ],
    band_aid: "A larger pool: it runs out a little later.",
    source: "The platform's commit e49d8a79e; sqlx, PoolTimedOut; SQLAlchemy, QueuePool limit",
    inject: &[Step::Do("three requests take the pool's three connections, begin a transaction and call another service for a second", |stand| {
        Box::pin(async move {
            let mut pool = Pool::open(stand.target()?, As::App.role(stand.world()), 3, Duration::from_millis(300));
            for _ in 0..3 {
                pool.take().await.map_err(|refusal| LabError::Refused(refusal, "BEGIN".to_owned()))?;
            }
            if let Err(refusal) = pool.take().await {
                stand.say("sqlx", refusal.to_string());
            }
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            stand.kept.push(Box::new(pool));
            Ok(())
        })
    })],
    boot: Expect::Green,
    says: &["pool timed out while waiting for an open connection"],
    transcript: &[Quote {
        tool: "SQLAlchemy",
        line: "TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 1.00",
    }],
    cure: &[Step::Do("the requests end and give their connections back", |stand| {
        Box::pin(async move {
            stand.release().await;
            let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = 'platform_app' AND state = 'idle in transaction'";
            stand.sql(As::Superuser, end).await?;
            Ok(())
        })
    })],
    detect,
    ..Scenario::BASE
};

/// So many at once, for so long, are no coincidence.
const MANY: usize = 3;
const LONG: i64 = 1_000;

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let stuck: Vec<i64> = seen
        .sessions
        .iter()
        .filter(|session| session.state.starts_with("idle in transaction"))
        .filter_map(|session| session.transaction_ms)
        .filter(|age| *age >= LONG)
        .collect();
    let room = seen.server.max_connections - seen.server.reserved - seen.server.used;
    (stuck.len() >= MANY && room > 0).then(|| {
        vec![
            format!("{} sessions are idle in a transaction, the longest for {} ms", stuck.len(), stuck.iter().max().copied().unwrap_or_default()),
            format!("The server has room for {room} more connections"),
        ]
    })
}
