//! The server has no pgvector.

use std::fs;

use drydock_store::fault;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "vec-not-available",
    title: "The server has no pgvector to install.",
    stage: Stage::Migrate,
    fidelity: Live("the server runs from a copy of its files without the extension's control file"),
    world: World::Platform,
    cause: "The image is plain PostgreSQL, or the URL leads to another server than the one with pgvector. The extension is called vector; pgvector is the project's name.",
    remedy: "Take an image that has pgvector, or have the provider enable it. In a bundle of one's own, look at start whether every file is there.",
    commands: &[
        Sql("SELECT name, default_version FROM pg_available_extensions WHERE name = 'vector';"),
        Setting("image: pgvector/pgvector:pg16"),
    ],
    band_aid: "Making the column text or float[]; leaving the migration out.",
    source: "pgvector issues 162, 318 and 414; PostgreSQL error 0A000",
    before: &[Step::Do("run the server from a copy of its files", |stand| {
        Box::pin(async move {
            stand.own_tree()?;
            Ok(())
        })
    })],
    inject: &[Step::Do("take vector.control away", |stand| {
        Box::pin(async move {
            let control = stand.control()?;
            fs::rename(&control, control.with_extension("away"))?;
            Ok(())
        })
    })],
    boot: Expect::Green,
    symptom: &[Step::Do("CREATE EXTENSION vector in a new database", |stand| {
        Box::pin(async move {
            let other = stand.target()?.with_database("marked");
            for name in ["vector", "pgvector"] {
                let refused = fault::run(&other, "postgres", &format!("CREATE EXTENSION {name}")).await.err();
                let text = refused.map_or_else(|| "nobody was refused".to_owned(), |refusal| format!("ERROR: {refusal}"));
                stand.say("PostgreSQL", text);
            }
            Ok(())
        })
    })],
    says: &["extension \"vector\" is not available", "extension \"pgvector\" is not available"],
    transcript: &[
        Quote {
            tool: "PostgreSQL",
            line: "DETAIL:  Could not open extension control file \".../vector.control\": No such file or directory. HINT:  The extension must first be installed on the system where PostgreSQL is running.",
        },
        Quote { tool: "PostgreSQL", line: "could not access file \"$libdir/vector\": No such file or directory" },
    ],
    cure: &[Step::Do("bring the file back", |stand| {
        Box::pin(async move {
            let control = stand.control()?;
            fs::rename(control.with_extension("away"), &control)?;
            Ok(())
        })
    })],
    excludes: &["mig-destructive-bootstrap", "vec-not-superuser", "vec-too-old-for-hnsw"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let needed = seen.extension.installed.is_some() || evidence.shipped.as_ref().is_some_and(|shipped| shipped.needs_vector);
    (needed && seen.extension.available.is_none()).then(|| {
        let installed = seen.extension.installed.as_ref();
        let why = installed.map_or_else(|| "a shipped migration needs it".to_owned(), |version| format!("{version} is installed in this database"));
        vec![format!("The server's files offer no extension vector, and {why}")]
    })
}
