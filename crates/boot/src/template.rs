//! The packed cluster that a first run begins with.

use std::path::{Path, PathBuf};

use drydock_postgres::{PostgresError, Template, Tree};
use drydock_store::{content, seed::Wanted};
use sha2::{Digest as _, Sha256};

use crate::{Platform, Settings, boot::Failure};

/// Why no template was made.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The boot that fills it failed.
    #[error("{0}")]
    Boot(#[from] Failure),
    /// The cluster could not be packed, or its server not be stopped.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The databases for resets could not be made.
    #[error(transparent)]
    Store(#[from] drydock_store::StoreError),
    /// There is no folder for the cluster, or none for the template.
    #[error("a folder cannot be made: {0}")]
    Folder(#[from] std::io::Error),
}

/// Raise when a template is made otherwise: older ones are then made anew.
const RECIPE: u32 = 2;

/// What a template was made of: this PostgreSQL, these migrations, these seeds.
fn key(tree: &Tree) -> String {
    let mut digest = Sha256::new();
    digest.update(RECIPE.to_le_bytes());
    for part in [tree.version(), drydock_postgres::TARGET, &content::digest()] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first of `templates` that this build has made, if what is wanted of a new database is in it.
pub(crate) fn of_this_build(templates: &[PathBuf], tree: &Tree, wanted: Wanted) -> Option<Template> {
    if wanted != Wanted::default() {
        return None;
    }
    let key = key(tree);
    templates.iter().find_map(|path| Template::open(path, &key))
}

/// Makes the template of this build at `to`, unless it is there: boots on a throw-away data directory, prepares the next
/// reset, stops, and packs what is left. Returns its size in bytes when it was made.
///
/// # Errors
/// [`TemplateError`]; what was at `to` is untouched then.
pub async fn make_template(settings: &Settings, to: &Path) -> Result<Option<u64>, TemplateError> {
    let tree = Tree::locate(settings.postgres.as_deref(), &settings.resources)?;
    let key = key(&tree);
    if Template::open(to, &key).is_some() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("drydock-template-").tempdir()?;
    let platform = Platform::new(Settings {
        data_dir: Some(folder.path().join("data")),
        templates: Vec::new(),
        seed: Ok(Wanted::default()),
        ..settings.clone()
    });
    let booted = platform.boot_unrecorded().await;
    let prepared = match (&booted, platform.maintenance().await) {
        (Ok(()), Some(maintenance)) => maintenance.prepare_packing().await,
        _ => Ok(Vec::new()),
    };
    let cluster = platform.cluster().await;
    platform.shutdown().await?;
    booted?;
    let late = prepared?;
    // A boot that was green has a cluster.
    let Some(cluster) = cluster else { return Ok(None) };
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(Some(cluster.pack(&key, &late, to)?))
}
