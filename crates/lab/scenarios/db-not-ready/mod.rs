//! The server is there and lets nobody in.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "db-not-ready",
    title: "The database server does not accept connections.",
    stage: Stage::WaitDb,
    fidelity: Live("a server that is on its way down refuses with 57P03, and Drydock's gate wait-db"),
    world: World::Drydock,
    cause: "The program starts before the server has, or while it restarts or recovers. A loop that swallows what it is told waits the same way for a driver that is not \
            installed, a wrong password or a database that does not exist.",
    remedy: "Wait for what passes: a refused connection, 57P03, 53300. Stop at once for what does not: 28P01, 28000, 3D000. Ask over TCP, several times in a row, with an \
             end after which the start fails and says what it was told last.",
    commands: &[
        Shell("pg_isready --dbname \"$DATABASE_URL\""),
        Shell("psql \"$DATABASE_URL\" -c 'SELECT 1'  # the code of the refusal says whether waiting helps"),
    ],
    band_aid: "sleep 30; more attempts.",
    source: "The seeded incident, commit e5cefb207; PostgreSQL error 57P03; docker-library/postgres issue 146",
    inject: &[
        Step::Hold(As::Superuser, "SELECT 1"),
        // With its parent's number, which it finds in its working directory.
        Step::Sql(As::Superuser, "COPY (SELECT 1) TO PROGRAM 'kill -TERM $(head -n 1 postmaster.pid)'"),
    ],
    boot: Expect::Red(Stage::WaitDb, "database.unreachable"),
    symptom: &[Step::Do("another connects", |stand| {
        Box::pin(async move {
            let refused = stand.session(As::App).await.err();
            let text = refused.map_or_else(|| "nobody was refused".to_owned(), |error| error.to_string());
            stand.say("PostgreSQL", text);
            Ok(())
        })
    })],
    says: &["the database system is …(SQLSTATE 57P03)", "The database server accepts no connection"],
    transcript: &[
        Quote { tool: "PostgreSQL", line: "FATAL:  the database system is starting up" },
        Quote { tool: "PostgreSQL", line: "FATAL:  the database system is not accepting connections DETAIL:  Hot standby mode is disabled." },
        Quote { tool: "entrypoint", line: "Attempt 30/30: Database not ready yet..." },
        Quote { tool: "Python", line: "ModuleNotFoundError: No module named 'psycopg2'" },
    ],
    cure: &[Step::Do("let the server come to its end and start again; whoever waits goes on waiting", |stand| {
        Box::pin(async move {
            stand.release().await;
            Ok(())
        })
    })],
    excludes: &["*"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let refusal = evidence.refusal.as_ref()?;
    let passes = refusal.sqlstate.as_deref() == Some("57P03")
        || refusal.sqlstate.is_none() && refusal.message.contains("Connection refused");
    passes.then(|| vec![format!("The server refuses: {refusal}"), "Waiting helps: this passes".to_owned()])
}
