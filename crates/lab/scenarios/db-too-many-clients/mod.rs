//! There are more connections than are allowed.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "db-too-many-clients",
    title: "The connections that are allowed are all taken.",
    stage: Stage::Serve,
    fidelity: Live("PostgreSQL's own refusal"),
    world: World::Platform,
    cause: "Pools times workers times replicas are more than the server, the database or the role allows; during a deploy the old program's come on top.",
    remedy: "Share out: all pools together stay below max_connections less what is reserved, with some to spare for people. Put a pooler in front. Give each program an \
             application_name, so that one sees whose they are.",
    commands: &[
        Sql("SELECT application_name, usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC;"),
        Sql("SELECT rolname, rolconnlimit FROM pg_roles WHERE rolconnlimit >= 0;"),
        Sql("ALTER ROLE app CONNECTION LIMIT 40;"),
    ],
    band_aid: "Raising max_connections and nothing else: each connection is a process with memory of its own.",
    source: "PostgreSQL error 53300; Railway documentation, PgBouncer",
    inject: &[
        Step::Sql(As::Superuser, "ALTER ROLE platform_app CONNECTION LIMIT 2"),
        Step::Hold(As::App, "SELECT 1"),
        Step::Hold(As::App, "SELECT 1"),
    ],
    boot: Expect::Green,
    symptom: &[Step::Do("the program wants one more connection", |stand| {
        Box::pin(async move {
            let refused = stand.session(As::App).await.err();
            let text = refused.map_or_else(|| "nobody was refused".to_owned(), |error| error.to_string());
            stand.say("PostgreSQL", text);
            Ok(())
        })
    })],
    says: &["too many connections for role \"platform_app\" (SQLSTATE 53300)"],
    transcript: &[
        Quote { tool: "PostgreSQL", line: "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute" },
        Quote { tool: "PostgreSQL", line: "FATAL:  sorry, too many clients already" },
    ],
    cure: &[Step::Sql(As::Superuser, "ALTER ROLE platform_app CONNECTION LIMIT -1")],
    // Whoever gets no connection sees nothing else.
    excludes: &["*"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    if let Some(refusal) = &evidence.refusal {
        return (refusal.sqlstate.as_deref() == Some("53300")).then(|| vec![format!("The server refuses: {refusal}")]);
    }
    let seen = evidence.observation.as_ref()?;
    let server = &seen.server;
    let mut lines: Vec<String> = seen
        .role_limits
        .iter()
        // The doctor's own connection is one of them.
        .filter(|one| one.used >= one.limit)
        .map(|one| format!("Role {} has {} of the {} connections it may have", one.role, one.used, one.limit))
        .collect();
    if server.database_limit >= 0 && server.database_used >= server.database_limit {
        lines.push(format!("Database {} has {} of its {} connections", server.database, server.database_used, server.database_limit));
    }
    if server.used >= server.max_connections - server.reserved {
        lines.push(format!("{} of {} connections are taken, {} of them reserved", server.used, server.max_connections, server.reserved));
    }
    (!lines.is_empty()).then_some(lines)
}
