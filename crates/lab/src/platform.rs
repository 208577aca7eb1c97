//! A database as the platform's own tools leave it: the 24 tables of its first revision in schema `public`, an embedding added by a
//! later one, Alembic's history, and a role that owns all of it and is no superuser.

use std::{fs, io, path::Path};

use drydock_store::{Target, fault};

use crate::{LabError, stand::PLATFORM};

/// The revisions that the deployment ships, as files.
pub(crate) const REVISIONS: &[(&str, &str)] = &[
    ("001_comprehensive_initial_schema.py", include_str!("platform/001_comprehensive_initial_schema.py")),
    (
        "042_add_vector_search_to_agent_patterns.py",
        include_str!("platform/042_add_vector_search_to_agent_patterns.py"),
    ),
];

const ROLE: &str = "CREATE ROLE platform_app LOGIN NOSUPERUSER NOBYPASSRLS";
/// What only a superuser may do.
pub(crate) const EXTENSION: &str = "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public";
/// The tables and the history, as the owner.
pub(crate) const SCHEMA: &str = include_str!("platform/schema.sql");
/// The rows that its own seed adds; run again it adds nothing.
pub(crate) const SEED: &str = include_str!("platform/seed.sql");

/// Writes revisions into a folder.
pub(crate) fn write_revisions(folder: &Path, revisions: &[(&str, &str)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    revisions.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}

/// Makes the database beside Drydock's own.
pub(crate) async fn make(target: &Target) -> Result<(), LabError> {
    let platform = target.with_database(PLATFORM);
    let create = format!("CREATE DATABASE {PLATFORM} OWNER platform_app TEMPLATE template0 ENCODING 'UTF8'");
    for (target, role, statements) in [
        (target, "postgres", ROLE),
        (target, "postgres", create.as_str()),
        (&platform, "postgres", EXTENSION),
        (&platform, "platform_app", SCHEMA),
        (&platform, "platform_app", SEED),
    ] {
        fault::run(target, role, statements)
            .await
            .map_err(|refusal| LabError::Refused(refusal, statements.to_owned()))?;
    }
    Ok(())
}
