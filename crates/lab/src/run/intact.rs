//! What must be as it was.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use drydock_store::{Target, fault};
use sha2::{Digest as _, Sha256};

use crate::{LabError, scenario::World, stand::PLATFORM};

/// Tables in which every boot writes down that it was.
const BOOKS: [&str; 1] = ["migration.boot_history"];
/// Tables in which a program in use writes down who is signed in and what they do, whatever the lab does.
const LOGS: [&str; 6] = [
    "migration.sessions",
    "migration.sign_in_attempts",
    "migration.security_audit_logs",
    "migration.access_audit_log",
    "migration.audit_chains",
    "migration.password_parameters",
];
/// A database with rows that nobody has any business with.
const MARKED: &str = "marked";

/// Whose data a run must leave alone.
#[derive(Clone, Debug)]
pub enum Person {
    /// A data directory that no server uses: by its files.
    Folder(PathBuf),
    /// A database in use: by its rows, but for those of sessions and logs.
    Live(Target),
}

impl Person {
    /// A digest of all of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn print(&self) -> Result<String, LabError> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                let printed = tokio::task::spawn_blocking(move || files(&folder)).await;
                Ok(printed.map_err(|error| LabError::Unplayable(error.to_string()))??)
            }
            Self::Live(target) => {
                let mut digest = Sha256::new();
                for (table, rows) in fault::contents(target).await.map_err(refused)? {
                    // The person's own program goes on writing down what it does.
                    if !BOOKS.contains(&table.as_str()) && !LOGS.contains(&table.as_str()) {
                        digest.update(format!("{table}: {rows}\n"));
                    }
                }
                Ok(hexadecimal(&digest.finalize()))
            }
        }
    }
}

fn refused(refusal: drydock_store::observe::Refusal) -> LabError {
    LabError::Refused(refusal, "looking at all rows".to_owned())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 over the paths and contents of every file below `folder`, in order; of nothing where there is none.
fn files(folder: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut next = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = next.pop() {
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                next.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    for path in found {
        digest.update(path.to_string_lossy().as_bytes());
        digest.update(fs::read(&path)?);
    }
    Ok(hexadecimal(&digest.finalize()))
}

/// Makes a database beside the others that holds rows for no other purpose than to be there afterwards.
pub(super) async fn mark(target: &Target) -> Result<(), LabError> {
    fault::run(target, "postgres", &format!("CREATE DATABASE {MARKED} TEMPLATE template0"))
        .await
        .map_err(refused)?;
    let marked = target.with_database(MARKED);
    let rows = "CREATE TABLE marker (id int PRIMARY KEY, words text NOT NULL);
                INSERT INTO marker SELECT n, md5(n::text) FROM generate_series(1, 100) n";
    fault::run(&marked, "postgres", rows).await.map_err(refused)?;
    Ok(())
}

/// Every row of a cluster's databases, as digests by table.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents(BTreeMap<String, String>);

impl Contents {
    /// Whether nothing has been looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) async fn of(target: &Target, world: World) -> Result<Self, LabError> {
        let mut tables = BTreeMap::new();
        let mut databases = vec!["drydock", MARKED];
        if world == World::Platform {
            databases.push(PLATFORM);
        }
        for database in databases {
            for (table, rows) in fault::contents(&target.with_database(database)).await.map_err(refused)? {
                if !BOOKS.contains(&table.as_str()) {
                    tables.insert(format!("{database}: {table}"), rows);
                }
            }
        }
        Ok(Self(tables))
    }

    pub(super) fn rows(&self) -> usize {
        self.0.values().filter_map(|rows| rows.split(' ').next()?.parse::<usize>().ok()).sum()
    }

    /// What is otherwise in `later`, but for what may be.
    pub(super) fn changes(&self, later: &Self, may: &[&str]) -> Vec<String> {
        let excused = |name: &str| {
            let table = name.split_once(": ").map_or(name, |(_, table)| table);
            let marked = name.starts_with(MARKED);
            !marked
                && may.iter().any(|allowed| {
                    *allowed == "*"
                        || *allowed == table
                        || allowed.strip_suffix('*').is_some_and(|start| table.starts_with(start))
                })
        };
        let mut changes = Vec::new();
        for (name, rows) in &self.0 {
            match later.0.get(name) {
                _ if excused(name) => {}
                Some(now) if now == rows => {}
                Some(_) => changes.push(format!("{name} has other rows")),
                None => changes.push(format!("{name} is gone")),
            }
        }
        for name in later.0.keys().filter(|name| !self.0.contains_key(*name) && !excused(name)) {
            changes.push(format!("{name} is new"));
        }
        changes
    }
}
