//! A lower number came after a higher one.

use drydock_boot::history::Migrations;
use drydock_store::{fault::bytea, observe::Tool};

use crate::scenario::prelude::*;

const EARLIER: &str = "SELECT 'merged later';\n";
const LATER: &str = "SELECT 'deployed first';\n";

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-out-of-order",
    title: "A migration was merged below one that is applied already.",
    stage: Stage::History,
    fidelity: Live("Drydock's gate history; what Flyway and Django say is quoted. sqlx's own migrator says nothing"),
    world: World::Drydock,
    cause: "Two branches took numbers, and the one with the lower number was merged after the other had been deployed. sqlx applies it silently; databases then \
            differ in the order of what was done to them.",
    remedy: "Give it a number above the newest before it is released. Where it is applied somewhere already, keep the number and prove that both orders leave the \
             same schema.",
    commands: &[Shell("git mv migrations/004_merged_later.sql migrations/006_merged_later.sql"), Shell("drydock history")],
    band_aid: "Flyway's outOfOrder=true or Django's --fake, without having tried both orders.",
    source: "Flyway, Validate; Django, InconsistentMigrationHistory",
    before: &[Step::Do("ship a migration with a lower number than one that is applied", |stand| {
        Box::pin(async move {
            let (lower, higher) = names(1, 2);
            let set = Migrations::shipped().and([(lower, EARLIER), (higher, LATER)]);
            stand.ship(Some(set.map_err(|error| LabError::Unplayable(error.to_string()))?));
            Ok(())
        })
    })],
    inject: &[Step::Made(As::Owner, |stand| {
        let version = last() + 2;
        format!(
            "INSERT INTO migration._sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ({version}, 'deployed first', true, {}, 0)",
            stand.migrations().checksum(version).map(bytea).unwrap_or_default()
        )
    })],
    boot: Expect::Red(Stage::History, "history.out_of_order"),
    symptom: &[Step::Try(As::Owner, "SELECT version, description FROM migration._sqlx_migrations ORDER BY version DESC LIMIT 1")],
    says: &["not applied, though", "deployed first"],
    transcript: &[
        Quote { tool: "Flyway", line: "Detected resolved migration not applied to database: 2. To ignore this migration, set -ignoreMigrationPatterns='*:ignored'. To allow executing this migration, set -outOfOrder=true." },
        Quote {
            tool: "Django",
            line: "InconsistentMigrationHistory: Migration admin.0001_initial is applied before its dependency accounts.0001_initial on database 'default'.",
        },
    ],
    cure: &[Step::Do("give the later one a number above the newest", |stand| {
        Box::pin(async move {
            let (higher, renumbered) = (format!("{:03}_deployed_first.sql", last() + 2), format!("{:03}_merged_later.sql", last() + 3));
            let set = Migrations::shipped().and([(higher, LATER), (renumbered, EARLIER)]);
            stand.ship(Some(set.map_err(|error| LabError::Unplayable(error.to_string()))?));
            Ok(())
        })
    })],
    touches: &["migration._sqlx_migrations"],
    excludes: &[
        "mig-stamped-without-tables",
        "mig-tables-without-stamp",
        "mig-edited-checksum",
        "mig-schema-ahead",
        "mig-failed-but-serving",
        "mig-lock-leaked",
        "mig-wrong-schema",
    ],
    detect,
};

fn last() -> i64 {
    Migrations::shipped().versions().next_back().unwrap_or_default()
}

fn names(lower: i64, higher: i64) -> (String, String) {
    (format!("{:03}_merged_later.sql", last() + lower), format!("{:03}_deployed_first.sql", last() + higher))
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    // Alembic has an order of its own, Django one per application.
    let tool = shipped.tool.filter(|tool| matches!(tool, Tool::Sqlx | Tool::Flyway))?;
    let number = |id: &str| id.split('.').map(|part| part.parse::<i64>().ok()).collect::<Option<Vec<_>>>();
    let history = seen.history(tool)?;
    let recorded: Vec<&str> = history.recorded().iter().map(|row| row.id.as_str()).collect();
    // What is not shipped tells another story.
    let last = shipped.revisions.iter().filter(|one| recorded.contains(&one.id.as_str())).filter_map(|one| number(&one.id)).max()?;
    let skipped: Vec<&str> = shipped
        .revisions
        .iter()
        .filter(|one| !recorded.contains(&one.id.as_str()) && number(&one.id).is_some_and(|number| number < last))
        .map(|one| one.file.as_str())
        .collect();
    (!skipped.is_empty()).then(|| vec![format!("Not applied, though later ones are: {}", skipped.join(", "))])
}
