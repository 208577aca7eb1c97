//! What a platform is started with.

use std::path::PathBuf;

use crate::Profile;

/// The settings of one start. Nothing is read from the environment here: the commands do that.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the data lives; the platform's usual place when `None`.
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL tree itself; looked for when `None`.
    pub postgres: Option<PathBuf>,
    /// Folders in which a tree may lie as `postgres/<target>`, tried in order.
    pub resources: Vec<PathBuf>,
    /// Which data to seed.
    pub profile: Profile,
}

impl Default for Settings {
    fn default() -> Self {
        Self { data_dir: None, postgres: None, resources: beside_the_program(), profile: Profile::Demo }
    }
}

/// `resources` beside the executable, above it (a build directory in a checkout), or where packages put it.
fn beside_the_program() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(program) = std::env::current_exe() {
        for ancestor in program.ancestors().skip(1).take(4) {
            folders.push(ancestor.join("resources"));
        }
        if let Some(prefix) = program.parent().and_then(|bin| bin.parent()) {
            folders.push(prefix.join("lib/Drydock"));
        }
    }
    folders
}
