//! The extension must be made by somebody who may not.

use crate::{platform::EXTENSION, scenario::prelude::*};

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "vec-not-superuser",
    title: "A migration makes the vector extension as a role that may not.",
    stage: Stage::Migrate,
    fidelity: Live("PostgreSQL's own refusal"),
    world: World::Platform,
    cause: "pgvector's control file does not call it trusted, so that only a superuser makes it. IF NOT EXISTS helps where it is there already, and only there.",
    remedy: "Make it once, as the administrator, in the database or in the template that it is made from. Let the migration only look whether it is there.",
    commands: &[
        Sql("CREATE EXTENSION vector;  -- as the administrator, in this database"),
        Sql("SELECT name, superuser, trusted FROM pg_available_extension_versions WHERE name = 'vector';"),
    ],
    band_aid: "Running the program as superuser: row-level security then binds nobody.",
    source: "PostgreSQL documentation, CREATE EXTENSION; PostgreSQL error 42501",
    inject: &[
        Step::Sql(As::Superuser, "DROP TABLE agent_discovered_patterns; DROP EXTENSION vector"),
        Step::Sql(As::Owner, "UPDATE alembic_version SET version_num = '001_comprehensive_initial_schema'"),
    ],
    boot: Expect::Green,
    symptom: &[Step::Try(As::Owner, "CREATE EXTENSION IF NOT EXISTS vector")],
    says: &["permission denied to create extension \"vector\""],
    transcript: &[Quote { tool: "Azure", line: "ERROR: Extension \"vector\" is not allow-listed for \"azure_pg_admin\" users in Azure Database for PostgreSQL" }],
    cure: &[
        Step::Sql(As::Superuser, EXTENSION),
        Step::Sql(
            As::Owner,
            "CREATE TABLE agent_discovered_patterns (id uuid PRIMARY KEY, client_account_id uuid NOT NULL, pattern_name varchar(255) NOT NULL, embedding vector(384));
             CREATE INDEX ix_agent_discovered_patterns_client ON agent_discovered_patterns (client_account_id);
             UPDATE alembic_version SET version_num = '042_add_vector_search_to_agent_patterns'",
        ),
    ],
    touches: &["public.agent_discovered_patterns", "public.alembic_version"],
    excludes: &["mig-destructive-bootstrap", "vec-dropped-or-hidden", "vec-dim-mismatch", "vec-not-available", "vec-filter-starves-tenant", "vec-too-old-for-hnsw"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, shipped) = (evidence.observation.as_ref()?, evidence.shipped.as_ref()?);
    let (extension, role) = (&seen.extension, seen.role.as_ref()?);
    let available = extension.available.as_ref()?;
    let may = role.superuser || extension.trusted && role.may_create || !extension.superuser;
    // Where all that is shipped was applied, it was there, and something else has happened to it.
    if !shipped.needs_vector || extension.installed.is_some() || may || shipped.is_applied(seen) || !seen.has_its_own_public() {
        return None;
    }
    Some(vec![
        format!("A shipped migration needs pgvector, and it is not installed in this database; the server has {available}"),
        format!("Only a superuser may install it, and {} is none", role.name),
    ])
}
