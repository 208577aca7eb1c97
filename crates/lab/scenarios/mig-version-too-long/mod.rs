//! The version column is too narrow for the next revision's id.

use drydock_store::observe::Tool;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-version-too-long",
    title: "The version column is too narrow for a revision's id.",
    stage: Stage::History,
    fidelity: Live("PostgreSQL's own refusal, and Drydock's gate history"),
    world: World::Drydock,
    cause: "Alembic makes version_num for 32 characters. 001_comprehensive_initial_schema fills them to the last, so that every descriptive id after it fails, \
            and the revision that was just applied is rolled back with it.",
    remedy: "Widen the column before the migrations run: a migration cannot widen the table that it is being recorded in. Or keep ids short, and have the \
             build compare their lengths with the column.",
    commands: &[
        Sql("ALTER TABLE alembic_version ALTER COLUMN version_num TYPE varchar(255);"),
        File("env.py, before context.run_migrations(): connection.execute(text(\"ALTER TABLE alembic_version ALTER COLUMN version_num TYPE varchar(255)\"))"),
    ],
    band_aid: "Catching the error and going on: what the revision made was rolled back, and the program runs without it.",
    source: "The platform's fix_alembic_version.sql; PostgreSQL error 22001",
    inject: &[Step::Sql(As::Owner, "ALTER TABLE migration.alembic_version ALTER COLUMN version_num TYPE varchar(32)")],
    boot: Expect::Red(Stage::History, "history.alembic_narrow"),
    symptom: &[Step::Try(
        As::Owner,
        "UPDATE migration.alembic_version SET version_num = '002_add_collection_flow_phase_executions'",
    )],
    says: &["value too long for type character varying(32)", "takes 32 characters"],
    transcript: &[Quote {
        tool: "SQLAlchemy",
        line: "sqlalchemy.exc.DataError: (psycopg.errors.StringDataRightTruncation) value too long for type character varying(32) [SQL: UPDATE alembic_version SET version_num='002_add_collection_flow_phase_executions' WHERE alembic_version.version_num = '001']",
    }],
    cure: &[Step::Sql(As::Owner, "ALTER TABLE migration.alembic_version ALTER COLUMN version_num TYPE varchar(255)")],
    excludes: &["mig-stamped-without-tables", "mig-tables-without-stamp"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    let history = seen.history(Tool::Alembic)?;
    let width = usize::try_from(history.width?).ok()?;
    (width < shipped.width).then(|| {
        let mut lines = vec![format!("{}.version_num takes {width} characters, and {} are needed", history.qualified(), shipped.width)];
        lines.extend(
            shipped
                .alembic
                .iter()
                .filter(|id| id.chars().count() > width)
                .map(|id| format!("{id} has {} characters", id.chars().count())),
        );
        lines
    })
}
