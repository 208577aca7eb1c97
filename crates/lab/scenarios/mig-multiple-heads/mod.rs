//! Two revisions claim to be the newest.

use drydock_store::observe::Tool;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-multiple-heads",
    title: "Two revisions claim to be the newest.",
    stage: Stage::History,
    fidelity: Live("Drydock's gate history over Alembic's table; Alembic's own lines are quoted"),
    world: World::Drydock,
    cause: "Two branches each added a revision after the same one, or a down_revision is wrong, or a file was copied.",
    remedy: "Where neither is released, give one the other as its down_revision. Else merge them by an empty revision. Have the build fail where \
             there is more than one head.",
    commands: &[
        Shell("alembic heads --verbose"),
        Shell("alembic merge -m \"merge heads\" heads"),
        Shell("test \"$(alembic heads | wc -l)\" = 1"),
    ],
    band_aid: "alembic upgrade heads at the start: it boots today, and the history is branched for good.",
    source: "The seeded incident, commit f94510537; Alembic documentation, Working with Branches",
    inject: &[Step::Sql(As::Owner, "INSERT INTO migration.alembic_version VALUES ('002_branch_of_somebody')")],
    boot: Expect::Red(Stage::History, "history.alembic_heads"),
    symptom: &[Step::Try(As::Owner, "SELECT version_num FROM migration.alembic_version ORDER BY 1")],
    says: &["002_branch_of_somebody", "has 2 rows"],
    transcript: &[
        Quote {
            tool: "alembic",
            line: "FAILED: Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads",
        },
        Quote { tool: "alembic", line: "FAILED: Ambiguous upgrade from multiple current revisions" },
    ],
    cure: &[Step::Sql(As::Owner, "DELETE FROM migration.alembic_version WHERE version_num = '002_branch_of_somebody'")],
    touches: &["migration.alembic_version"],
    excludes: &["mig-stamped-without-tables", "mig-tables-without-stamp"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    let history = evidence.observation.as_ref().and_then(|seen| seen.history(Tool::Alembic));
    if let Some(history) = history
        && history.recorded().len() > 1
    {
        let ids: Vec<&str> = history.recorded().iter().map(|row| row.id.as_str()).collect();
        lines.push(format!("{} has {} rows: {}", history.qualified(), ids.len(), ids.join(", ")));
    }
    if let Some(shipped) = &evidence.shipped {
        let heads = shipped.heads();
        if heads.len() > 1 {
            let told: Vec<String> = heads.iter().map(|head| format!("{} ({})", head.id, head.file)).collect();
            lines.push(format!("{} revisions are followed by none: {}", heads.len(), told.join(", ")));
        }
        for (id, files) in shipped.duplicates() {
            lines.push(format!("{} files call themselves {id}: {}", files.len(), files.join(", ")));
        }
        if let Some(id) = shipped.cycle() {
            lines.push(format!("{id} comes before itself"));
        }
    }
    (!lines.is_empty()).then_some(lines)
}
