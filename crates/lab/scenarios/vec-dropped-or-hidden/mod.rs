//! The extension is in a schema where nobody looks, or is gone.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "vec-dropped-or-hidden",
    title: "The type vector is not where the program looks for it.",
    stage: Stage::Migrate,
    fidelity: Live("PostgreSQL's own refusals"),
    world: World::Platform,
    cause: "DROP SCHEMA public CASCADE has dropped the extension that lay there, or it lies in a schema that is not in search_path, or a migration asks for public.vector \
            and it is elsewhere.",
    remedy: "Keep it in a schema of its own that every role has in its search_path, or in one that all of them look in, and never write a schema in front of the type.",
    commands: &[
        Sql("SELECT e.extname, n.nspname, current_schemas(false) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'vector';"),
        Sql("ALTER ROLE app SET search_path = public, extensions;"),
        Sql("CREATE EXTENSION vector SCHEMA extensions;"),
    ],
    band_aid: "A second copy of it in public; casting by way of text.",
    source: "The platform's commit 7cc7f666a; PostgreSQL error 42704",
    inject: &[Step::Sql(
        As::Superuser,
        "CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC; ALTER EXTENSION vector SET SCHEMA extensions",
    )],
    boot: Expect::Green,
    symptom: &[
        Step::Try(As::Owner, "ALTER TABLE assets ADD COLUMN embedding vector(384)"),
        Step::Try(As::Owner, "ALTER TABLE assets ADD COLUMN embedding public.vector(384)"),
    ],
    says: &["type \"vector\" does not exist", "type \"public.vector\" does not exist"],
    cure: &[Step::Sql(As::Superuser, "ALTER ROLE platform_app SET search_path = public, extensions")],
    excludes: &["mig-destructive-bootstrap", "vec-not-superuser", "vec-dim-mismatch", "vec-filter-starves-tenant", "vec-too-old-for-hnsw"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let extension = &seen.extension;
    if let (Some(version), Some(schema)) = (&extension.installed, &extension.schema) {
        return (!seen.search_path.contains(schema)).then(|| {
            vec![
                format!("pgvector {version} is installed in schema {schema}"),
                format!("This role looks in {}", seen.search_path.join(", ")),
            ]
        });
    }
    let shipped = evidence.shipped.as_ref()?;
    let dropped = shipped.needs_vector && extension.available.is_some() && shipped.is_applied(seen) && seen.has_its_own_public();
    dropped.then(|| vec!["Everything that is shipped was applied, which needs pgvector, and it is not installed any more".to_owned()])
}
