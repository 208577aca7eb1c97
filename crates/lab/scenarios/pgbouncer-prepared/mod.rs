//! A pooler gives a client another's server session, with what was prepared in it.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "pgbouncer-prepared",
    title: "A pooler between client and server loses prepared statements.",
    stage: Stage::Serve,
    fidelity: Live("a server session that another client has used stands in for the pooler; the errors are PostgreSQL's own"),
    world: World::Platform,
    cause: "With pooling by transaction a client's next transaction may run in another server session. A statement it has prepared is not there, or one of that name is \
            there already. Advisory locks and SET do not hold either.",
    remedy: "PgBouncer 1.21 or newer with max_prepared_statements above 0, which is the default since 1.24. Or statements without a name. Migrate over a URL that \
             leads to the server itself.",
    commands: &[
        Setting("pgbouncer.ini: max_prepared_statements = 200"),
        File("database.py: create_async_engine(url, connect_args={\"statement_cache_size\": 0, \"prepared_statement_name_func\": lambda: \"\"})"),
        Sql("SELECT name, statement FROM pg_prepared_statements;"),
    ],
    band_aid: "Random names of statements; DEALLOCATE ALL in every request. sqlx's statement-cache-capacity=0 alone still gives them names.",
    source: "asyncpg FAQ; PgBouncer 1.21.0 and 1.24.0; PostgreSQL errors 26000 and 42P05",
    inject: &[Step::Do("one client prepares a statement over a server session, and the next one gets that session", |stand| {
        Box::pin(async move {
            let mut session = stand.session(As::App).await?;
            session.run_prepared("SELECT 1").await.map_err(|refusal| LabError::Refused(refusal, "SELECT 1".to_owned()))?;
            stand.pooled = Some(session);
            Ok(())
        })
    })],
    boot: Expect::Green,
    symptom: &[Step::Do("a client whose session was exchanged, and one that meets another's statement", |stand| {
        Box::pin(async move {
            let mut exchanged = stand.session(As::App).await?;
            let mut refusals = Vec::new();
            let _ = exchanged.run_prepared("SELECT 2").await;
            let _ = exchanged.run("DEALLOCATE ALL").await;
            refusals.extend(exchanged.run_prepared("SELECT 2").await.err());
            let mut met = stand.session(As::App).await?;
            let _ = met.run("PREPARE sqlx_s_1 AS SELECT 1").await;
            refusals.extend(met.run_prepared("SELECT 3").await.err());
            for refusal in refusals {
                stand.say("PostgreSQL", format!("ERROR: {refusal}"));
            }
            let _ = (exchanged.close().await, met.close().await);
            Ok(())
        })
    })],
    says: &["prepared statement \"sqlx_s_1\" does not exist", "prepared statement \"sqlx_s_1\" already exists"],
    transcript: &[
        Quote {
            tool: "asyncpg",
            line: "asyncpg.exceptions.InvalidSQLStatementNameError: prepared statement \"__asyncpg_stmt_1__\" does not exist",
        },
        Quote { tool: "PgBouncer", line: "unsupported startup parameter: extra_float_digits" },
    ],
    cure: &[Step::Do("the pooler keeps track of what is prepared: nobody finds another's statements", |stand| {
        Box::pin(async move {
            stand.release().await;
            Ok(())
        })
    })],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    // A pooler that keeps track of them gives them names of its own.
    let left: Vec<&str> = seen.prepared.iter().map(String::as_str).filter(|name| !name.starts_with("PGBOUNCER_")).collect();
    (!left.is_empty())
        .then(|| vec![format!("A session that was just begun finds statements that another client has prepared: {}", left.join(", "))])
}
