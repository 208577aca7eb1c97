//! An applied migration is not what it was when it was applied.

use drydock_store::observe::Tool;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-edited-checksum",
    title: "An applied migration was changed afterwards.",
    stage: Stage::History,
    fidelity: Live("the shipped file is changed and Drydock's gate history compares"),
    world: World::Drydock,
    cause: "A migration's file was edited after it had been applied, or built with other line ends. sqlx takes a checksum of every byte; Alembic takes none, so \
            that old and new databases drift apart unseen.",
    remedy: "Bring the file back as it was and add what was changed as the next migration. Where nothing but line ends differ, keep them by .gitattributes and \
             accept the checksum only after comparing it with that of the other line ends.",
    commands: &[
        Shell("git log --oneline -- migrations/"),
        File(".gitattributes: *.sql text eol=lf"),
        Shell("drydock history --accept-line-endings"),
    ],
    band_aid: "UPDATE _sqlx_migrations SET checksum, or Flyway's repair, without comparing the schemas: the difference is still there, and no longer told.",
    source: "sqlx issue 2659; Flyway, Validate",
    before: &[Step::Do("ship migration 001 with one more statement at its end", |stand| {
        Box::pin(async move {
            let edited = stand.migrations().iter().map(|(version, description, text)| {
                let name = format!("{version:03}_{}.sql", description.replace(' ', "_"));
                let end = if version == 1 { "\nSELECT 'edited';\n" } else { "" };
                (name, format!("{text}{end}"))
            });
            let edited = drydock_boot::history::Migrations::of_files(edited.collect::<Vec<_>>())
                .map_err(|error| LabError::Unplayable(error.to_string()))?;
            stand.ship(Some(edited));
            Ok(())
        })
    })],
    boot: Expect::Red(Stage::History, "history.changed"),
    symptom: &[Step::Try(As::Owner, "SELECT version, left(encode(checksum, 'hex'), 16) FROM migration._sqlx_migrations WHERE version = 1")],
    says: &["was applied with another content than this build has"],
    transcript: &[
        Quote { tool: "sqlx", line: "migration 1 was previously applied but has been modified" },
        Quote {
            tool: "Flyway",
            line: "Migration checksum mismatch for migration version 1 ... Either revert the changes to the migration, or run repair to update the schema history.",
        },
    ],
    cure: &[Step::Do("bring the file back as it was", |stand| {
        Box::pin(async move {
            stand.ship(None);
            Ok(())
        })
    })],
    excludes: &["mig-stamped-without-tables", "mig-tables-without-stamp", "mig-schema-ahead", "mig-out-of-order", "mig-failed-but-serving", "mig-lock-leaked"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    let tool = shipped.tool.filter(|tool| matches!(tool, Tool::Sqlx | Tool::Flyway))?;
    let history = seen.history(tool)?;
    let mut lines = Vec::new();
    for row in history.recorded() {
        let Some(revision) = shipped.revisions.iter().find(|revision| revision.id == row.id) else { continue };
        let (Some(recorded), Some([here, other])) = (&row.checksum, &revision.checksums) else { continue };
        if recorded == other && recorded != here {
            lines.push(format!("{} was applied with other line ends (CRLF for LF, or the reverse)", revision.file));
        } else if recorded != here {
            let short = |sum: &str| sum.chars().take(16).collect::<String>();
            lines.push(format!(
                "{} was applied with checksum {}…, and the shipped file has {}…, with either line ends",
                revision.file,
                short(recorded),
                short(here)
            ));
        }
    }
    (!lines.is_empty()).then_some(lines)
}
