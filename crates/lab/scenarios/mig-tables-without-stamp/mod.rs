//! Tables, and nothing that says who made them.

use drydock_boot::history::{Migrations, REVISION};
use drydock_store::fault::bytea;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-tables-without-stamp",
    title: "There are tables, and no migration is recorded.",
    stage: Stage::Migrate,
    fidelity: Live("PostgreSQL's own refusal, and Drydock's gate history"),
    world: World::Drydock,
    cause: "The tables were made by create_all or by hand in an emergency, or a dump was restored without the history, or the version table was emptied.",
    remedy: "Compare the schema with what the baseline leaves. Equal: record the baseline as applied. Not equal: migrate beside it into a fresh schema and copy. \
             Types that DROP TABLE has left go once no column has them.",
    commands: &[
        Shell("alembic stamp 001_comprehensive_initial_schema"),
        Sql("SELECT t.typname FROM pg_type t WHERE t.typtype = 'e' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.atttypid = t.oid AND NOT a.attisdropped);"),
    ],
    band_aid: "IF NOT EXISTS all through 001: it passes over a table with the wrong columns, which then are what does not exist.",
    source: "The seeded incident, commits c71113580, f37fcac7e and 80b25f438; Flyway, Baseline",
    inject: &[Step::Sql(As::Owner, "DROP TABLE migration._sqlx_migrations, migration.alembic_version")],
    boot: Expect::Red(Stage::History, "history.missing"),
    symptom: &[Step::Try(As::Owner, "CREATE TABLE migration.users (id uuid PRIMARY KEY)")],
    says: &["relation \"users\" already exists", "no migration is recorded as applied"],
    transcript: &[
        Quote { tool: "SQLAlchemy", line: "(psycopg.errors.DuplicateTable) relation \"users\" already exists" },
        Quote {
            tool: "Flyway",
            line: "Found non-empty schema(s) \"public\" but no schema history table. Use baseline() or set baselineOnMigrate to true to initialize the schema history table.",
        },
    ],
    cure: &[Step::Made(As::Owner, baseline)],
    touches: &["migration._sqlx_migrations", "migration.alembic_version"],
    excludes: &[
        "mig-deleted-revision",
        "mig-edited-checksum",
        "mig-multiple-heads",
        "mig-out-of-order",
        "mig-schema-ahead",
        "mig-version-too-long",
        "mig-wrong-schema",
        "mig-failed-but-serving",
        "mig-lock-leaked",
    ],
    detect,
    ..Scenario::BASE
};

/// Records what is shipped as applied: the schema is what it leaves, which the gate verify shows.
fn baseline(_: &Stand) -> String {
    let rows: Vec<String> = Migrations::shipped()
        .iter()
        .map(|(version, description, _)| {
            let sum = Migrations::shipped().checksum(version).map(bytea).unwrap_or_default();
            format!("({version}, '{description}', true, {sum}, 0)")
        })
        .collect();
    format!(
        "CREATE TABLE migration._sqlx_migrations (
    version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(),
    success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL);
INSERT INTO migration._sqlx_migrations (version, description, success, checksum, execution_time) VALUES
    {};
CREATE TABLE migration.alembic_version (version_num varchar(255) NOT NULL CONSTRAINT pk_alembic_version PRIMARY KEY);
INSERT INTO migration.alembic_version VALUES ('{REVISION}');
GRANT SELECT ON migration._sqlx_migrations, migration.alembic_version TO drydock_app, drydock_readonly, drydock_backup",
        rows.join(",\n    ")
    )
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let (schema, missing) = seen.identity()?;
    if missing.len() > 5 || seen.records_anything() || seen.histories.iter().any(|history| history.rows.is_none()) {
        return None;
    }
    let mut lines = vec![format!("Schema {schema} has the platform's tables, and no history records a migration")];
    let orphans: Vec<&str> = seen.enums.iter().filter(|one| !one.used).map(|one| one.name.as_str()).collect();
    if !orphans.is_empty() {
        lines.push(format!("Types that no column has: {}", orphans.join(", ")));
    }
    Some(lines)
}
