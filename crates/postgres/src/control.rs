use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Tree, os};

/// How the server of a cluster ended, as the cluster itself remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastStop {
    /// In order: everything is in its files.
    Clean,
    /// Not in order, or it runs: a start recovers from the write-ahead log.
    Unclean,
}

impl LastStop {
    /// Of the cluster in the data directory `data`; `None` where there is none or it cannot be told. Changes nothing.
    pub fn of(tree: &Tree, data: &Path) -> Option<Self> {
        Control::read(tree, &data.join("cluster"))?.last_stop()
    }
}

/// What a cluster's control file holds, as `pg_controldata` prints it.
pub(crate) struct Control(String);

impl Control {
    pub(crate) fn read(tree: &Tree, cluster: &Path) -> Option<Self> {
        let mut command = Command::new(tree.program("pg_controldata"));
        os::without_window(&mut command);
        let output = command
            .arg("-D")
            .arg(cluster)
            .env_clear()
            .envs(os::needed_variables())
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(Self(String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    pub(crate) fn last_stop(&self) -> Option<LastStop> {
        match self.field("Database cluster state")? {
            "shut down" | "shut down in recovery" => Some(LastStop::Clean),
            "unrecognized status code" => None,
            _ => Some(LastStop::Unclean),
        }
    }

    /// The file of the write-ahead log that a start reads first; after a clean stop also the last one.
    pub(crate) fn wal_file(&self) -> Option<&str> {
        self.field("Latest checkpoint's REDO WAL file")
    }
}
