//! The history is in another schema than the tables.

use std::collections::BTreeSet;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-wrong-schema",
    title: "The migration history is in another schema than the tables.",
    stage: Stage::History,
    fidelity: Live("PostgreSQL's own refusal, and Drydock's gate history"),
    world: World::Drydock,
    cause: "The migrator, the program and a repair script look for tables in different schemas: search_path or version_table_schema differ. Each sees a history of \
            its own, or none.",
    remedy: "Say the schema once, in the options of the connection or in front of every name. Keep one history: move it, in a transaction, to where the tables are. \
             Give USAGE and CREATE to who needs them.",
    commands: &[
        Sql("SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname IN ('alembic_version', '_sqlx_migrations', 'users');"),
        Sql("ALTER TABLE public.alembic_version SET SCHEMA migration;"),
        Sql("ALTER ROLE app SET search_path = migration, public;"),
    ],
    band_aid: "A second copy of the tables in public. GRANT ALL ON SCHEMA public TO PUBLIC.",
    source: "The seeded incident, commit e02d15f78; PostgreSQL errors 42P01 and 3F000",
    inject: &[Step::Sql(As::Superuser, "ALTER TABLE migration._sqlx_migrations SET SCHEMA public")],
    boot: Expect::Red(Stage::History, "history.elsewhere"),
    symptom: &[Step::Try(As::Owner, "SET search_path = migration; SELECT count(*) FROM _sqlx_migrations")],
    says: &["relation \"_sqlx_migrations\" does not exist", "is in schema public, and not in migration"],
    transcript: &[Quote { tool: "alembic", line: "FAILED: Can't locate revision identified by '004_add_user_roles_table'" }],
    cure: &[Step::Sql(As::Superuser, "ALTER TABLE public._sqlx_migrations SET SCHEMA migration")],
    touches: &["migration._sqlx_migrations", "public._sqlx_migrations"],
    excludes: &["mig-stamped-without-tables", "mig-tables-without-stamp", "mig-schema-ahead", "mig-out-of-order"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let mut lines = Vec::new();
    for history in &seen.histories {
        let schemas: BTreeSet<&str> =
            seen.histories.iter().filter(|other| other.tool == history.tool).map(|other| other.schema.as_str()).collect();
        if schemas.len() > 1 {
            let told: Vec<&str> = schemas.into_iter().collect();
            lines.push(format!("{}'s history is in schemas {}", history.tool.name(), told.join(" and ")));
        }
    }
    lines.dedup();
    if let Some((schema, missing)) = seen.identity()
        && missing.len() <= 5
    {
        for history in seen.histories.iter().filter(|history| history.schema != schema) {
            lines.push(format!("{} is the history, and the tables are in schema {schema}", history.qualified()));
        }
        let owner = seen.made().find(|table| table.schema == schema && table.name == "users").map(|table| table.owner.as_str());
        for role in &seen.role_settings {
            let Some(path) = role.value("search_path") else { continue };
            let finds = path.split(',').any(|entry| entry.trim().trim_matches('"') == schema);
            // A role of somebody else's may look wherever it likes.
            if !finds && (role.role.is_empty() || owner == Some(role.role.as_str())) {
                let whose = if role.role.is_empty() { "everybody" } else { &role.role };
                lines.push(format!("search_path of {whose} is {path}, and the tables are in schema {schema}"));
            }
        }
    }
    (!lines.is_empty()).then_some(lines)
}
