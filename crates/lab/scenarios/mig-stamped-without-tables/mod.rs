//! The history says that everything is applied, and nothing is there.

use crate::scenario::prelude::*;

/// Keeps what the history says and drops everything that it speaks of.
const DROP: &str = "
CREATE TABLE public.kept_history (LIKE migration._sqlx_migrations INCLUDING ALL);
INSERT INTO public.kept_history SELECT * FROM migration._sqlx_migrations;
CREATE TABLE public.kept_version (LIKE migration.alembic_version INCLUDING ALL);
INSERT INTO public.kept_version SELECT * FROM migration.alembic_version;
DROP SCHEMA migration CASCADE;
CREATE SCHEMA migration AUTHORIZATION drydock_owner;
ALTER TABLE public.kept_history SET SCHEMA migration;
ALTER TABLE migration.kept_history RENAME TO _sqlx_migrations;
ALTER TABLE public.kept_version SET SCHEMA migration;
ALTER TABLE migration.kept_version RENAME TO alembic_version;
ALTER TABLE migration._sqlx_migrations OWNER TO drydock_owner;
ALTER TABLE migration.alembic_version OWNER TO drydock_owner;";

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-stamped-without-tables",
    title: "The history says that everything is applied, and no table is there.",
    stage: Stage::Verify,
    fidelity: Live("PostgreSQL's own refusal, and Drydock's gate history"),
    world: World::Drydock,
    cause: "The newest revision was stamped without having been applied, or the history alone was restored. A version table says what was meant to happen, not \
            what is there.",
    remedy: "Where nobody has put a row in yet, drop the history and let the migrations run from the beginning. Else restore from a backup. Then compare the schema \
             with what the migrations leave: no other look finds this.",
    commands: &[
        Sql("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';"),
        Sql("DROP TABLE alembic_version;"),
        Shell("alembic upgrade head"),
    ],
    band_aid: "create_all() at the start, to fill the holes: from then on the schema is the models', not the migrations'.",
    source: "The seeded incident, commit 287395f0e",
    inject: &[Step::Sql(As::Superuser, DROP)],
    boot: Expect::Red(Stage::History, "history.tables_missing"),
    symptom: &[Step::Try(As::Owner, "SELECT email FROM migration.users"), Step::Try(As::Owner, "ALTER TABLE migration.users ADD COLUMN note text")],
    says: &["relation \"…users\" does not exist", "recorded as applied, and schema migration has no table"],
    transcript: &[
        Quote { tool: "alembic", line: "INFO  [alembic.runtime.migration] Will assume transactional DDL." },
        Quote {
            tool: "SQLAlchemy",
            line: "psycopg.errors.UndefinedTable: relation \"users\" does not exist [SQL: alter table users add column email text]",
        },
    ],
    cure: &[Step::Sql(
        As::Owner,
        "-- nobody has put a row in: the migrations run from the beginning at the next start\nDROP TABLE migration._sqlx_migrations, migration.alembic_version",
    )],
    touches: &["migration.*"],
    excludes: &["*"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    if seen.made().next().is_some() {
        return None;
    }
    let lines: Vec<String> = seen
        .histories
        .iter()
        .filter(|history| !history.recorded().is_empty())
        .map(|history| {
            let last = history.recorded().last().map(|row| row.id.as_str()).unwrap_or_default();
            format!("{} records {} applied, {last} last, and the database has no table", history.qualified(), history.recorded().len())
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}
