//! The extension in the database is older than the server's files.

use std::fs;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "vec-too-old-for-hnsw",
    title: "pgvector in this database is older than HNSW.",
    stage: Stage::Migrate,
    fidelity: Live("the extension is installed as its version 0.4.4 was, from the server's own script without what came later"),
    world: World::Platform,
    cause: "New files on the server do not change what is installed in a database: that stays as it was made until ALTER EXTENSION says otherwise. HNSW came with 0.5.0.",
    remedy: "ALTER EXTENSION vector UPDATE, in every database that has it. Let no version before 0.8.2 build HNSW indexes in parallel (CVE-2026-3172), and make those anew \
             that were made before 0.8.3.",
    commands: &[
        Sql("SELECT extversion, default_version FROM pg_extension JOIN pg_available_extensions ON name = extname WHERE extname = 'vector';"),
        Sql("ALTER EXTENSION vector UPDATE;"),
        Sql("REINDEX INDEX CONCURRENTLY documents_embedding;"),
    ],
    band_aid: "IVFFlat on an empty table instead: it finds little.",
    source: "pgvector changelog; pgvector issues 959 and 1006; PostgreSQL error 42704",
    before: &[Step::Do("run the server from a copy of its files, with the extension as 0.4.4 had it", |stand| {
        Box::pin(async move {
            let control = stand.control()?;
            let folder = control.parent().unwrap_or(&control);
            let text = fs::read_to_string(&control)?;
            let version = text
                .lines()
                .find_map(|line| line.strip_prefix("default_version = '")?.strip_suffix('\''))
                .ok_or_else(|| LabError::Unplayable("vector.control names no version".to_owned()))?;
            let script = fs::read_to_string(folder.join(format!("vector--{version}.sql")))?;
            fs::write(folder.join("vector--0.4.4.sql"), as_of_0_4_4(&script))?;
            Ok(())
        })
    })],
    inject: &[
        Step::Sql(As::Superuser, "DROP EXTENSION vector CASCADE; CREATE EXTENSION vector SCHEMA public VERSION '0.4.4'"),
        Step::Sql(As::Owner, "ALTER TABLE agent_discovered_patterns ADD COLUMN embedding vector(384)"),
    ],
    boot: Expect::Green,
    symptom: &[Step::Try(As::Owner, "CREATE INDEX ON agent_discovered_patterns USING hnsw (embedding vector_l2_ops)")],
    says: &["access method \"hnsw\" does not exist"],
    cure: &[
        Step::Sql(As::Superuser, "ALTER EXTENSION vector UPDATE"),
        Step::Sql(As::Owner, "CREATE INDEX ix_agent_discovered_patterns_embedding ON agent_discovered_patterns USING hnsw (embedding vector_l2_ops)"),
    ],
    touches: &["public.agent_discovered_patterns"],
    excludes: &["mig-destructive-bootstrap", "vec-dropped-or-hidden", "vec-filter-starves-tenant", "vec-not-available", "vec-not-superuser"],
    detect,
    ..Scenario::BASE
};

/// What of a newer script was there in 0.4.4: its first part, without what came with 0.5.0 and later.
fn as_of_0_4_4(script: &str) -> String {
    const LATER: [&str; 12] = [
        "l1_distance",
        "l2_normalize",
        "binary_quantize",
        "subvector",
        "vector_mul",
        "vector_concat",
        "sum(vector)",
        "hnsw",
        "halfvec",
        "sparsevec",
        "bit_support",
        "vector_l1_ops",
    ];
    let first = script.split("-- halfvec type").next().unwrap_or_default();
    first
        .split_inclusive(";\n")
        .filter(|statement| !LATER.iter().any(|later| statement.contains(later)))
        .collect()
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let (installed, available) = (seen.extension.installed.as_ref()?, seen.extension.available.as_ref()?);
    (!seen.has_hnsw).then(|| {
        vec![
            format!("pgvector {installed} is installed in this database, and the server has {available}"),
            "There is no access method hnsw".to_owned(),
        ]
    })
}
