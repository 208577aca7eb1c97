//! Connections that are not used are ended behind the pool's back.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "db-idle-dropped",
    title: "The server ends idle connections that the pool still counts on.",
    stage: Stage::Serve,
    fidelity: Live("PostgreSQL ends an idle session, and the next statement over it fails"),
    world: World::Platform,
    cause: "idle_session_timeout, a proxy or a restart ends connections that a pool keeps. The first request after a pause fails, and the second works.",
    remedy: "Ask a connection whether it lives before it is given out, and give none out that is older than the server lets them be. Repeat only what may be done twice.",
    commands: &[
        Sql("SELECT name, setting, source FROM pg_settings WHERE name = 'idle_session_timeout';"),
        Sql("ALTER ROLE app RESET idle_session_timeout;"),
        File("database.py: create_async_engine(url, pool_pre_ping=True, pool_recycle=240)"),
    ],
    band_aid: "Repeating every statement, whatever it does.",
    source: "PostgreSQL error 57P05; SQLAlchemy documentation, Dealing with Disconnects",
    inject: &[Step::Sql(As::Superuser, "ALTER ROLE platform_app SET idle_session_timeout = '200ms'")],
    boot: Expect::Green,
    symptom: &[Step::Do("a connection is used, left alone for half a second, and used again", |stand| {
        Box::pin(async move {
            let mut session = stand.session(As::App).await?;
            let first = session.run("SELECT 'the first request'").await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            let second = session.run("SELECT 'the second request'").await;
            for answer in [first, second] {
                match answer {
                    Ok(lines) => lines.into_iter().for_each(|line| stand.say("PostgreSQL", line)),
                    Err(refusal) => stand.say("sqlx", refusal.to_string()),
                }
            }
            let log = stand.log()?;
            let ended = log.lines().filter_map(|line| line.split_once("FATAL: ")).next_back();
            stand.say("PostgreSQL's log", ended.map_or("(nothing)", |(_, words)| words.trim()));
            Ok(())
        })
    })],
    says: &["the first request", "error communicating with database", "terminating connection due to idle-session timeout"],
    transcript: &[Quote {
        tool: "psycopg2",
        line: "server closed the connection unexpectedly. This probably means the server terminated abnormally before or while processing the request.",
    }],
    cure: &[Step::Sql(As::Superuser, "ALTER ROLE platform_app RESET idle_session_timeout")],
    detect,
    ..Scenario::BASE
};

/// A pool that looks at its connections now and then keeps one for minutes.
const SOON: i64 = 600_000;

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let setting = |name: &str| seen.server.settings.get(name)?.as_deref()?.parse::<i64>().ok();
    let milliseconds = setting("idle_session_timeout").filter(|limit| (1..SOON).contains(limit))?;
    Some(vec![format!("idle_session_timeout is {milliseconds} ms for this role in this database")])
}
