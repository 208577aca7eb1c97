//! The column takes vectors of another length than the model makes.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "vec-dim-mismatch",
    title: "The model makes vectors of another length than the column takes.",
    stage: Stage::Serve,
    fidelity: Live("PostgreSQL's own refusals"),
    world: World::Platform,
    cause: "The embedding model was exchanged, or the column was made for another one: 384, 1024, 1536 and 3072 are usual.",
    remedy: "Add a column of the new length, fill it, have the program use it, and drop the old one. Above 2000 dimensions an HNSW index needs halfvec.",
    commands: &[
        Sql("SELECT attrelid::regclass, attname, atttypmod FROM pg_attribute WHERE atttypid = 'vector'::regtype AND attnum > 0;"),
        Sql("ALTER TABLE agent_discovered_patterns ADD COLUMN embedding_1024 vector(1024);"),
        Sql("CREATE INDEX ON documents USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops);"),
    ],
    band_aid: "Filling vectors up with zeros, or cutting them off: distances then mean nothing.",
    source: "pgvector documentation; errors 22000 and 54000",
    inject: &[Step::Do("the program's model is exchanged for one that makes 1024 numbers of a text", |stand| {
        Box::pin(async move {
            stand.sources.dimensions = Some(1024);
            Ok(())
        })
    })],
    boot: Expect::Green,
    symptom: &[
        Step::Try(
            As::App,
            "INSERT INTO agent_discovered_patterns VALUES (gen_random_uuid(), '11111111-1111-4111-8111-111111111111', 'x', array_fill(0.1::real, ARRAY[1024])::vector)",
        ),
        Step::Try(As::App, "SELECT array_fill(0.1::real, ARRAY[384])::vector <-> array_fill(0.1::real, ARRAY[1024])::vector"),
        Step::Try(As::App, "CREATE TABLE wide (v vector(3072)); CREATE INDEX ON wide USING hnsw (v vector_cosine_ops)"),
    ],
    says: &[
        "expected 384 dimensions, not 1024",
        "different vector dimensions 384 and 1024",
        "column cannot have more than 2000 dimensions for hnsw index",
    ],
    cure: &[Step::Sql(
        As::Owner,
        "ALTER TABLE agent_discovered_patterns ADD COLUMN embedding_1024 vector(1024);
-- filled by the program, from the texts
ALTER TABLE agent_discovered_patterns DROP COLUMN embedding;
ALTER TABLE agent_discovered_patterns RENAME COLUMN embedding_1024 TO embedding",
    )],
    touches: &["public.agent_discovered_patterns"],
    excludes: &["mig-destructive-bootstrap", "vec-dropped-or-hidden", "vec-not-superuser"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (seen, wanted) = (evidence.observation.as_ref()?, evidence.dimensions?);
    let lines: Vec<String> = seen
        .vector_columns
        .iter()
        .filter(|column| column.dimensions > 0 && column.dimensions != wanted)
        .map(|column| {
            format!("{}.{} takes {} numbers, and the model makes {wanted}", column.table, column.column, column.dimensions)
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}
