//! The database was migrated by a newer build.

use drydock_store::{fault::bytea, observe::Tool};

use crate::scenario::prelude::*;

/// What the newer build has that this one has not.
const NEWER: &str = "SELECT 'of a newer build';\n";

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-schema-ahead",
    title: "A newer build has migrated the database; this one is older.",
    stage: Stage::History,
    fidelity: Live("Drydock's gate history"),
    world: World::Drydock,
    cause: "The program was rolled back after the schema had moved on, or an older one was opened on newer data.",
    remedy: "Run the newer build. Where the older one must run, restore the backup from before the migration. Migrate by expanding first and contracting a \
             release later, so that one build back always runs.",
    commands: &[Shell("drydock history"), Sql("SELECT version, description, installed_on FROM _sqlx_migrations ORDER BY version DESC LIMIT 3;")],
    band_aid: "Deleting the row that is too many, or ignoring what is missing: the schema stays newer than the program, and nothing ever says so again.",
    source: "sqlx migrate: \"previously applied but is missing\"; Alembic: \"Can't locate revision\"",
    inject: &[Step::Made(As::Owner, |stand| {
        format!(
            "INSERT INTO migration._sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ({}, 'of a newer build', true, {}, 0)",
            next(stand),
            newer(stand).checksum(next(stand)).map(bytea).unwrap_or_default()
        )
    })],
    boot: Expect::Red(Stage::History, "history.ahead"),
    symptom: &[Step::Try(As::Owner, "SELECT version, description FROM migration._sqlx_migrations ORDER BY version DESC LIMIT 1")],
    says: &["which this build does not have", "of a newer build"],
    transcript: &[Quote { tool: "sqlx", line: "migration 5 was previously applied but is missing in the resolved migrations" }],
    cure: &[Step::Do("open it with the build that has the migration", |stand| {
        Box::pin(async move {
            let newer = newer(stand);
            stand.ship(Some(newer));
            Ok(())
        })
    })],
    touches: &["migration._sqlx_migrations"],
    excludes: &["mig-stamped-without-tables", "mig-tables-without-stamp", "mig-out-of-order", "mig-failed-but-serving", "mig-lock-leaked"],
    detect,
    ..Scenario::BASE
};

fn next(stand: &Stand) -> i64 {
    stand.migrations().versions().next_back().unwrap_or_default() + 1
}

fn newer(stand: &Stand) -> drydock_boot::history::Migrations {
    let name = format!("{:03}_of_a_newer_build.sql", next(stand));
    // The name is one of a migration.
    stand.migrations().and([(name, NEWER)]).unwrap_or_else(|_| stand.migrations().up_to(i64::MAX))
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    let tool = shipped.tool?;
    let history = seen.history(tool)?;
    let ids = shipped.ids(tool)?;
    let recorded: Vec<&str> = history.recorded().iter().map(|row| row.id.as_str()).collect();
    let number = |id: &str| id.split(['_', '.']).next().and_then(|number| number.parse::<i64>().ok());
    let last = ids.iter().filter_map(|id| number(id)).max()?;
    let newer: Vec<&str> =
        recorded.iter().copied().filter(|id| !ids.contains(id) && number(id).is_some_and(|number| number > last)).collect();
    let whole = tool == Tool::Alembic || ids.iter().all(|id| recorded.contains(id));
    (whole && !newer.is_empty()).then(|| {
        vec![
            format!("{} has {}, which is not shipped", history.qualified(), newer.join(", ")),
            format!("The newest that is shipped is {last}"),
        ]
    })
}
