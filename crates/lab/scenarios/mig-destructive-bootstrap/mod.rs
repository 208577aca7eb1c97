//! Every start drops the schema and begins anew.

use crate::{
    platform::{EXTENSION, SCHEMA, SEED},
    scenario::prelude::*,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "mig-destructive-bootstrap",
    title: "The start drops schema public and makes it anew.",
    stage: Stage::Bootstrap,
    fidelity: Live("the schema is dropped as its start-up script does, and PostgreSQL refuses what follows"),
    world: World::Platform,
    cause: "A \"clean state\" that was meant for a broken database runs at each start. It takes every row along, the vector extension, and everybody's right to use \
            the schema.",
    remedy: "Make anything only in a database that is shown to be empty, or is marked as thrown away; else refuse. Restore the backup. Give USAGE on public back and \
             make the extension again, in so many words.",
    commands: &[
        Sql("SELECT oid, nspacl FROM pg_namespace WHERE nspname = 'public';  -- 2200 is the one that came with the database"),
        Sql("GRANT USAGE ON SCHEMA public TO PUBLIC;"),
        Sql("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;"),
        Shell("pg_restore --clean --if-exists --dbname \"$DATABASE_URL\" backup.dump"),
    ],
    band_aid: "The drop itself, or keeping it behind the name of an environment.",
    source: "The seeded incident, commit 5abd8ba00, replaced a day later by e02271bd4",
    inject: &[
        Step::Sql(As::Superuser, "CREATE ROLE platform_reporting LOGIN"),
        Step::Sql(As::App, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
        Step::Sql(As::App, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
    ],
    boot: Expect::Green,
    symptom: &[
        Step::Try(As::App, "SELECT email FROM users"),
        Step::Try(As::Named("platform_reporting"), "SELECT count(*) FROM public.assets"),
        Step::Try(As::App, "CREATE TABLE agent_discovered_patterns (id uuid PRIMARY KEY, embedding vector(384))"),
    ],
    says: &[
        "relation \"users\" does not exist",
        "permission denied for schema public",
        "type \"vector\" does not exist",
    ],
    transcript: &[Quote { tool: "entrypoint", line: "Clean migration state bootstrapped" }],
    cure: &[
        Step::Sql(As::App, "GRANT USAGE ON SCHEMA public TO PUBLIC"),
        Step::Sql(As::Superuser, EXTENSION),
        // From the backup.
        Step::Sql(As::App, SCHEMA),
        Step::Sql(As::App, SEED),
        Step::Sql(As::Superuser, "DROP ROLE platform_reporting"),
    ],
    touches: &["public.*"],
    excludes: &["*"],
    detect,
    ..Scenario::BASE
};

/// The object id of the schema that a database comes with.
const OF_THE_DATABASE: i64 = 2200;

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let public = seen.public.as_ref()?;
    if public.oid == OF_THE_DATABASE || public.has_rights {
        return None;
    }
    let mut lines = vec![
        format!("Schema public has object id {} and not {OF_THE_DATABASE}: it was dropped and made again", public.oid),
        "Nobody was given rights on it".to_owned(),
    ];
    if seen.extension.installed.is_none() {
        lines.push("pgvector is not installed any more".to_owned());
    }
    if seen.made().next().is_none() {
        lines.push("The database has no table".to_owned());
    }
    Some(lines)
}
