//! A statement outside a transaction failed half-way.

use drydock_store::observe::Tool;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-half-applied-nontx",
    title: "A migration outside a transaction was left half applied.",
    stage: Stage::Migrate,
    fidelity: Live("PostgreSQL's own refusals, and Drydock's gate migrate"),
    world: World::Drydock,
    cause: "CREATE INDEX CONCURRENTLY and its like run in no transaction. One that fails leaves an invalid index behind, which enforces nothing, and with which \
            the next attempt collides.",
    remedy: "Drop the invalid index, put the duplicate rows right, and run the migration again. Keep one statement to a file that runs in no transaction.",
    commands: &[
        Sql("SELECT indexrelid::regclass, indrelid::regclass FROM pg_index WHERE NOT indisvalid;"),
        Sql("DROP INDEX CONCURRENTLY ux;"),
        Sql("SELECT success, version FROM _sqlx_migrations WHERE NOT success;"),
    ],
    band_aid: "IF NOT EXISTS, so that the second run passes: with an index that is invalid and enforces nothing.",
    source: "PostgreSQL documentation, CREATE INDEX, Building Indexes Concurrently",
    inject: &[
        // Fails: more than one user is active.
        Step::Do("CREATE UNIQUE INDEX CONCURRENTLY ux_users_is_active, which fails over duplicate rows", |stand| {
            Box::pin(stand.try_sql(As::Owner, CREATE))
        }),
    ],
    boot: Expect::Red(Stage::Migrate, "migrate.half_applied"),
    symptom: &[Step::Try(As::Owner, CREATE)],
    says: &["could not create unique index \"ux_users_is_active\"", "relation \"ux_users_is_active\" already exists"],
    transcript: &[
        Quote { tool: "sqlx", line: "migration 1 is partially applied; fix and remove row from `_sqlx_migrations` table" },
        Quote { tool: "Flyway", line: "Detected failed migration to version 2 (index)." },
    ],
    cure: &[Step::Sql(As::Owner, "DROP INDEX CONCURRENTLY migration.ux_users_is_active")],
    excludes: &["mig-stamped-without-tables"],
    detect,
    ..Scenario::BASE
};

const CREATE: &str = "CREATE UNIQUE INDEX CONCURRENTLY ux_users_is_active ON migration.users (is_active)";

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let mut lines: Vec<String> = seen
        .invalid_indexes
        .iter()
        .map(|one| {
            let what = if one.unique { "and enforces nothing" } else { "and is of no use" };
            format!("Index {} on {} is invalid {what}", one.index, one.table)
        })
        .collect();
    for history in seen.histories.iter().filter(|history| matches!(history.tool, Tool::Sqlx | Tool::Flyway)) {
        for row in history.recorded().iter().filter(|row| !row.success) {
            lines.push(format!("{} has {} as begun and not finished", history.qualified(), row.id));
        }
    }
    (!lines.is_empty()).then_some(lines)
}
