//! The program writes labels in another case than the enumeration has.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-enum-case",
    title: "An enumeration's labels have another case than the program's.",
    stage: Stage::Seed,
    fidelity: Live("PostgreSQL's own refusals"),
    world: World::Platform,
    cause: "SQLAlchemy stores the names of an Enum's members, in upper case, unless values_callable says otherwise; the migration made the labels in lower case, or the \
            reverse. A label that was added is not usable in the transaction that added it.",
    remedy: "Rename the labels to what the program writes, or make the column text with a CHECK. Let ADD VALUE be a migration of its own that is committed before the \
             one that uses it.",
    commands: &[
        Sql("SELECT t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY 1;"),
        Sql("ALTER TYPE risklevel RENAME VALUE 'low' TO 'LOW';"),
        File("models.py: Enum(RiskLevel, values_callable=lambda e: [m.value for m in e])"),
    ],
    band_aid: "lower() in one query; casting to text everywhere.",
    source: "The platform's alembic_migration_gotchas.md; PostgreSQL errors 22P02 and 55P04",
    inject: &[Step::Sql(
        As::Owner,
        "ALTER TYPE risklevel RENAME VALUE 'LOW' TO 'low'; ALTER TYPE risklevel RENAME VALUE 'HIGH' TO 'high'",
    )],
    boot: Expect::Green,
    symptom: &[
        Step::Try(As::App, "SELECT count(*) FROM assessments WHERE risk_level = 'HIGH'"),
        Step::Try(As::App, "BEGIN; ALTER TYPE risklevel ADD VALUE 'EXTREME'; SELECT 'EXTREME'::risklevel; ROLLBACK"),
    ],
    says: &["invalid input value for enum risklevel: \"HIGH\"", "unsafe use of new value \"EXTREME\" of enum type risklevel"],
    cure: &[Step::Sql(
        As::Owner,
        "ALTER TYPE risklevel RENAME VALUE 'low' TO 'LOW'; ALTER TYPE risklevel RENAME VALUE 'high' TO 'HIGH'",
    )],
    excludes: &["mig-destructive-bootstrap"],
    detect,
    ..Scenario::BASE
};

/// The enumerations of the platform's first revision, with the labels that its program writes.
const WRITTEN: [(&str, &[&str]); 3] = [
    ("assessmenttype", &["TECHNICAL", "BUSINESS", "SECURITY", "COMPLIANCE", "PERFORMANCE"]),
    ("assessmentstatus", &["PENDING", "IN_PROGRESS", "COMPLETED", "REVIEWED", "APPROVED", "REJECTED"]),
    ("risklevel", &["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
];

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let lines: Vec<String> = seen
        .enums
        .iter()
        .filter_map(|one| {
            let (_, written) = WRITTEN.iter().find(|(name, _)| *name == one.name)?;
            let other: Vec<&str> = one
                .labels
                .iter()
                .filter(|label| !written.contains(&label.as_str()) && written.iter().any(|known| known.eq_ignore_ascii_case(label)))
                .map(String::as_str)
                .collect();
            (!other.is_empty()).then(|| format!("{}.{} has {}, and the program writes upper case", one.schema, one.name, other.join(", ")))
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}
