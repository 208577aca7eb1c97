//! The migration failed, and the program was started all the same.

use drydock_boot::history::Migrations;
use drydock_store::observe::{PROGRAM, Tool};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-failed-but-serving",
    title: "A migration failed, and the program serves without it.",
    stage: Stage::Serve,
    fidelity: Live("a migration fails, Drydock stops at its gate, and a session of a program that went on meets the missing table"),
    world: World::Drydock,
    cause: "The start goes on after an error: a script that echoes and continues, bash's syntax under sh, an import error that is swallowed. The health check \
            asks whether the process lives, and it does.",
    remedy: "Stop where the migration fails, with an exit code, and leave the old version running. Have readiness ask for the history, the schema and one query that \
             signing in needs; keep the question whether the process lives apart from it.",
    commands: &[
        File("entrypoint.sh: set -eu\nalembic upgrade head\nexec uvicorn app.main:app"),
        Shell("curl -fsS localhost:8000/readyz"),
        Sql("SELECT version_num FROM alembic_version;"),
    ],
    band_aid: "|| true; a longer patience of the health check.",
    source: "The seeded incident, commits 5abd8ba00 and ec9d66552",
    before: &[Step::Do("ship one more migration, which fails", |stand| {
        Box::pin(async move {
            let name = format!("{:03}_flows.sql", Migrations::shipped().versions().next_back().unwrap_or_default() + 1);
            let text = "CREATE TABLE migration.collection_flows (id uuid PRIMARY KEY REFERENCES migration.not_there (id));\n";
            let set = stand.migrations().and([(name, text)]);
            stand.ship(Some(set.map_err(|error| LabError::Unplayable(error.to_string()))?));
            Ok(())
        })
    })],
    inject: &[
        Step::Hold(As::App, "SET application_name = 'gunicorn: worker 1'"),
        Step::Hold(As::App, "SET application_name = 'gunicorn: worker 2'"),
    ],
    boot: Expect::Red(Stage::Migrate, "migrate.failed"),
    symptom: &[Step::Try(As::App, "SELECT count(*) FROM migration.collection_flows")],
    says: &["relation \"migration.collection_flows\" does not exist", "[migrate.failed]"],
    transcript: &[
        Quote { tool: "entrypoint", line: "Alembic migration failed, but continuing..." },
        Quote { tool: "entrypoint", line: "Starting application..." },
        Quote { tool: "sh", line: "/app/entrypoint.sh: 41: Bad substitution" },
    ],
    cure: &[Step::Do("correct the migration and start what serves only behind it", |stand| {
        Box::pin(async move {
            stand.ship(None);
            Ok(())
        })
    })],
    excludes: &[
        "mig-edited-checksum",
        "mig-lock-leaked",
        "mig-out-of-order",
        "mig-schema-ahead",
        "mig-stamped-without-tables",
        "mig-tables-without-stamp",
        "mig-concurrent-migrators",
    ],
    detect,
    ..Scenario::BASE
};

/// Programs that look at a database or migrate it, and serve nobody.
const TOOLS: [&str; 7] = [PROGRAM, "drydock", "psql", "pg_dump", "pg_restore", "alembic", "pgAdmin"];

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    let tool = shipped.tool?;
    let history = seen.history(tool).filter(|history| !history.recorded().is_empty())?;
    let recorded: Vec<&str> = history.recorded().iter().map(|row| row.id.as_str()).collect();
    let pending: Vec<&str> = if tool == Tool::Alembic {
        // The heads alone are recorded: what is neither recorded nor before what is, is still to come.
        let applied: Vec<&str> = recorded.iter().flat_map(|id| shipped.before(id)).chain(recorded.iter().copied()).collect();
        let known = recorded.iter().any(|id| shipped.alembic.iter().any(|shipped| shipped == id));
        shipped.revisions.iter().map(|one| one.id.as_str()).filter(|id| known && !applied.contains(id)).collect()
    } else {
        let number = |id: &str| id.parse::<i64>().ok();
        let last = recorded.iter().filter_map(|id| number(id)).max();
        shipped.revisions.iter().map(|one| one.id.as_str()).filter(|id| !recorded.contains(id) && number(id) > last).collect()
    };
    // A migrator has its lock, or is in the middle of it: then it has not failed yet.
    let serving: Vec<&str> = seen
        .sessions
        .iter()
        .filter(|session| {
            !TOOLS.iter().any(|tool| session.program.starts_with(tool))
                && session.state == "idle"
                && !seen.advisory_locks.iter().any(|lock| lock.pid == session.pid)
        })
        .map(|session| session.program.as_str())
        .collect();
    (!pending.is_empty() && !serving.is_empty()).then(|| {
        vec![
            format!("Not applied: {}", pending.join(", ")),
            format!("{} sessions of {:?} are connected all the same", serving.len(), serving.first().copied().unwrap_or_default()),
        ]
    })
}
