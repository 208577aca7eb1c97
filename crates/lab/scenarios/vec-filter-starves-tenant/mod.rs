//! The nearest neighbours of a client account are all somebody else's.

use crate::scenario::prelude::*;

const ROWS: &str = "
CREATE TABLE notes (id int PRIMARY KEY, client_account_id uuid NOT NULL, embedding vector(3) NOT NULL);
INSERT INTO notes
SELECT n, md5('client' || n % 200)::uuid,
       ARRAY[sin(n * 0.37), cos(n * 0.91), sin(n * 1.73)]::real[]::vector
FROM generate_series(1, 4000) n;
CREATE INDEX notes_embedding ON notes USING hnsw (embedding vector_l2_ops);
ANALYZE notes";

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "vec-filter-starves-tenant",
    title: "A search for a client account's nearest neighbours finds none.",
    stage: Stage::Serve,
    fidelity: Live("pgvector's own answer"),
    world: World::Platform,
    cause: "An HNSW index gives its nearest 40 of all client accounts' rows, and the filter, or row-level security, takes away those of the others. What is left may be \
            nothing, and no error tells.",
    remedy: "An index on the client account, which is exact where one has few rows. Or hnsw.iterative_scan, from pgvector 0.8, which goes on looking. Or a partition \
             for each client account.",
    commands: &[
        Sql("CREATE INDEX ON notes (client_account_id);"),
        Sql("ALTER ROLE app SET hnsw.iterative_scan = 'strict_order';"),
    ],
    band_aid: "hnsw.ef_search = 1000: slower, and still no promise.",
    source: "pgvector documentation, Filtering and Multitenancy",
    inject: &[Step::Sql(As::Owner, ROWS)],
    boot: Expect::Green,
    symptom: &[Step::Try(
        As::App,
        "SET enable_seqscan = off; SET enable_sort = off;
         SELECT count(*) || ' of the nearest 10, of ' || (SELECT count(*) FROM notes WHERE client_account_id = md5('client7')::uuid) || ' rows'
         FROM (SELECT id FROM notes WHERE client_account_id = md5('client7')::uuid ORDER BY embedding <-> '[9,9,9]' LIMIT 10) nearest",
    )],
    says: &["0 of the nearest 10, of 20 rows"],
    cure: &[Step::Sql(As::Owner, "CREATE INDEX notes_client_account ON notes (client_account_id)")],
    touches: &["public.notes"],
    excludes: &["mig-destructive-bootstrap", "vec-dropped-or-hidden", "vec-not-superuser", "vec-dim-mismatch"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let goes_on = |value: &str| matches!(value, "strict_order" | "relaxed_order");
    let set = seen.server.settings.get("hnsw.iterative_scan").and_then(Option::as_deref).is_some_and(goes_on)
        || seen.role_settings.iter().filter_map(|role| role.value("hnsw.iterative_scan")).any(goes_on);
    if set {
        return None;
    }
    let lines: Vec<String> = seen
        .made()
        .filter(|table| table.has_hnsw && (table.has("client_account_id") || table.has("tenant_id")))
        .filter(|table| !table.indexed_by_tenant && !table.partitioned)
        .map(|table| {
            format!("{} has an HNSW index, none on the client account, and hnsw.iterative_scan is off: about {} rows", table.qualified(), table.rows)
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}
