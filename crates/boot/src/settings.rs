//! What a platform is started with.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use drydock_postgres::{TARGET, Template};
use drydock_store::{Target, history::Migrations, seed::Wanted};
use tokio::sync::{mpsc, oneshot};

/// The settings of one start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the data lives; the platform's usual place when `None`.
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL tree itself; looked for when `None`.
    pub postgres: Option<PathBuf>,
    /// Folders in which a tree may lie as `postgres/<target>`, tried in order.
    pub resources: Vec<PathBuf>,
    /// What a new database is seeded with; the words that say what is wrong with it where it cannot be understood.
    pub seed: Result<Wanted, String>,
    /// Packed clusters to begin with where there is none, tried in order; the first that is this build's is taken.
    pub templates: Vec<PathBuf>,
    /// The folder that exported snapshots go to.
    pub downloads: PathBuf,
    /// What runs, as others who want the data directory are told: `window`, `serve`, …
    pub program: &'static str,
    /// What this start is to have otherwise than the program that was built.
    pub deployment: Deployment,
}

/// What a deployment brings along that a boot looks at: by default what this build and this machine have.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// The deployment's variables. Where they are given, the gates configure and normalise-url judge them.
    pub environment: Option<BTreeMap<String, String>>,
    /// The migrations that are shipped, instead of this build's.
    pub migrations: Option<Arc<Migrations>>,
    /// How long another who migrates is waited for.
    pub patience: Option<Duration>,
    /// Where the boot waits between start and wait-db until it is told to go on.
    pub pause: Option<mpsc::Sender<Paused>>,
}

/// A boot whose server has started and that waits.
#[derive(Debug)]
pub struct Paused {
    /// The database.
    pub target: Target,
    /// Goes on when this is used or dropped.
    pub go_on: oneshot::Sender<()>,
}

impl Settings {
    /// The settings of the environment: `DRYDOCK_DATA_DIR`, `DRYDOCK_POSTGRES` and `DRYDOCK_DOWNLOADS`, where an empty
    /// value is none, and the folders in which this installation or checkout keeps its resources. `DRYDOCK_TEMPLATE` names
    /// the packed cluster to begin with; empty, there is to be none. `DRYDOCK_PROFILE`, `DRYDOCK_SEED` and `DRYDOCK_ANCHOR` say what
    /// a new database is seeded with.
    #[must_use]
    pub fn from_environment(program: &'static str) -> Self {
        let path = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let resources = beside_the_program("resources", "");
        let templates = match env::var_os("DRYDOCK_TEMPLATE") {
            Some(none) if none.is_empty() => Vec::new(),
            Some(template) => vec![template.into()],
            None => resources
                .iter()
                .map(|folder| folder.join("template").join(TARGET).join(Template::file_name()))
                .collect(),
        };
        Self {
            data_dir: path("DRYDOCK_DATA_DIR"),
            postgres: path("DRYDOCK_POSTGRES"),
            templates,
            resources,
            seed: seed_of_environment(),
            downloads: path("DRYDOCK_DOWNLOADS")
                .or_else(dirs::download_dir)
                .or_else(dirs::home_dir)
                .unwrap_or_else(env::temp_dir),
            program,
            deployment: Deployment::default(),
        }
    }
}

fn seed_of_environment() -> Result<Wanted, String> {
    let text = |name| match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is no text")),
    };
    let (profile, number, anchor) =
        (text("DRYDOCK_PROFILE")?, text("DRYDOCK_SEED")?, text("DRYDOCK_ANCHOR")?);
    Wanted::read(profile.as_deref(), number.as_deref(), anchor.as_deref())
}

/// The built page of this installation or checkout, if there is one.
#[must_use]
pub fn page() -> Option<PathBuf> {
    beside_the_program("ui/dist", "ui").into_iter().find(|folder| folder.join("index.html").is_file())
}

/// Where something may lie: as `packaged` below `/usr/lib/Drydock` for a program in `/usr/bin`, or as `built` in a
/// folder above the program, which in a checkout is in `target/<profile>`.
fn beside_the_program(built: &str, packaged: &str) -> Vec<PathBuf> {
    let Ok(program) = env::current_exe() else { return Vec::new() };
    let above: Vec<&Path> = program.ancestors().skip(1).take(4).collect();
    let package = above.get(1).map(|prefix| prefix.join("lib/Drydock").join(packaged));
    package.into_iter().chain(above.iter().map(|folder| folder.join(built))).collect()
}
