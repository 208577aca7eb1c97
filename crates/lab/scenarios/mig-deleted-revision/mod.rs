//! The database knows a revision that no file has.

use std::collections::BTreeSet;

use drydock_store::observe::Tool;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-deleted-revision",
    title: "The database records a revision that is not shipped any more.",
    stage: Stage::History,
    fidelity: Live("Drydock's gate history over Alembic's table; Alembic's own lines are quoted"),
    world: World::Drydock,
    cause: "A revision that is written down in the version table was deleted, renamed or squashed after it had been deployed.",
    remedy: "Bring the file back. Or ship a revision that bridges: one that knows the old id and the new one. Only where the schema is shown to be what the \
             baseline leaves, stamp the baseline with --purge, which works where plain stamp fails.",
    commands: &[
        Shell("git log --all --diff-filter=D --name-only -- '*versions*'"),
        Sql("SELECT * FROM alembic_version;"),
        Shell("alembic stamp --purge 001_comprehensive_initial_schema"),
    ],
    band_aid: "DELETE FROM alembic_version or DROP SCHEMA public CASCADE with data in it; sqlx's set_ignore_missing(true), which never looks again.",
    source: "The seeded incident, commits e02d15f78 and 402436788; Alembic discussion 1572; Flask-Migrate issue 337",
    inject: &[Step::Sql(As::Owner, "UPDATE migration.alembic_version SET version_num = '002_add_raw'")],
    boot: Expect::Red(Stage::History, "history.alembic_foreign"),
    symptom: &[Step::Try(As::Owner, "SELECT version_num FROM migration.alembic_version")],
    says: &["002_add_raw", "alembic_version holds \"002_add_raw\""],
    transcript: &[
        Quote { tool: "alembic", line: "ERROR [alembic.util.messaging] Can't locate revision identified by '002_add_raw'" },
        Quote { tool: "alembic", line: "FAILED: Can't locate revision identified by '002_add_raw'" },
        Quote { tool: "sqlx", line: "migration 2 was previously applied but is missing in the resolved migrations" },
    ],
    cure: &[Step::Sql(
        As::Owner,
        "-- the schema is what the baseline leaves: the gate verify compares it\nUPDATE migration.alembic_version SET version_num = '001_comprehensive_initial_schema'",
    )],
    touches: &["migration.alembic_version"],
    excludes: &["mig-stamped-without-tables", "mig-tables-without-stamp"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    let number = |id: &str| id.split(['_', '.']).next().and_then(|number| number.parse::<i64>().ok());
    let mut lines = Vec::new();
    for history in &seen.histories {
        let Some(ids) = shipped.ids(history.tool) else { continue };
        let recorded: BTreeSet<&str> = history.recorded().iter().map(|row| row.id.as_str()).collect();
        let unknown: Vec<&str> = recorded.difference(&ids).copied().collect();
        let lost = match history.tool {
            // Of several heads, one that is known has the others beside it.
            Tool::Alembic if recorded.len() > unknown.len() => Vec::new(),
            // A higher number than any that is shipped is a newer build's, unless the platform's table can hold but one revision.
            Tool::Alembic if shipped.tool == Some(Tool::Alembic) => {
                let last = ids.iter().filter_map(|id| number(id)).max();
                unknown.into_iter().filter(|id| number(id).is_none() || number(id) <= last).collect()
            }
            Tool::Alembic => unknown,
            _ => {
                let whole = ids.is_subset(&recorded);
                let last = ids.iter().filter_map(|id| number(id)).max();
                unknown.into_iter().filter(|id| !whole || number(id) <= last).collect()
            }
        };
        if !lost.is_empty() {
            lines.push(format!("{} records {}, which is not shipped", history.qualified(), lost.join(", ")));
        }
    }
    (!lines.is_empty()).then_some(lines)
}
