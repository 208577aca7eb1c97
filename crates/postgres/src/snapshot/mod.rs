//! Snapshots: a database as one file that can be kept, taken to another machine and restored.
//!
//! A snapshot is what pg_dump writes of one database, in a container that tells when a single byte of it is not as it was
//! written ([`SnapshotFolder::verify`]). It is restored as the owner of the schema, never as a superuser, so a file that
//! somebody else has made can do no more than that role.

mod draft;
mod dump;
mod folder;
mod foreign;
mod format;
mod name;
mod progress;
mod restore;
mod run;
#[cfg(test)]
mod tests;
mod transfer;

#[cfg(unix)]
use std::path::PathBuf;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub use folder::SnapshotFolder;
pub use foreign::{Deployment, ForeignDump};
pub use progress::{Bytes, Progress};

use crate::Tree;

/// Where pg_dump and pg_restore find the server, and themselves.
#[derive(Clone, Debug)]
pub struct ServerAddress {
    /// The tree whose programs are run.
    pub tree: Tree,
    /// The folder of the server's socket.
    #[cfg(unix)]
    pub socket_dir: PathBuf,
    /// The number in the socket's name; on Windows the port on 127.0.0.1.
    pub port: u16,
    /// Of the superuser, and of the roles that snapshots are restored as.
    #[cfg(windows)]
    pub password: crate::Password,
}

/// What the caller knows about the state that is saved.
#[derive(Clone, Debug)]
pub struct Facts {
    /// 1 to 80 characters, none of them a control character. White space around it is removed.
    pub name: String,
    /// At most 500 characters; line breaks are allowed.
    pub note: String,
    /// Version of the program.
    pub app_version: String,
    /// Digest of the database's schema.
    pub schema_digest: String,
    /// Size of the database in bytes: also what the progress expects.
    pub database_bytes: u64,
    /// The roles that have rights in it. They are not part of the file: a restore needs them to be there.
    pub roles: Vec<String>,
    /// Rows in all tables, if somebody counted.
    pub rows: Option<u64>,
}

/// A snapshot as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its id, which is also its file's name.
    pub id: Uuid,
    /// What a person called it.
    pub name: String,
    /// What a person wrote about it.
    pub note: String,
    /// When it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Version of the program that made it.
    pub app_version: String,
    /// Version of the PostgreSQL that made it, like `16.14`.
    pub postgres_version: String,
    /// Digest of the database's schema.
    pub schema_digest: String,
    /// Bytes of the database when it was made.
    pub database_bytes: u64,
    /// The roles that a restore needs.
    pub roles: Vec<String>,
    /// Rows in all tables, if somebody counted.
    pub rows: Option<u64>,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The checksum the file carries, in hexadecimal digits. Whether it fits, only reading the whole file tells.
    pub sha256: String,
}

/// A file in the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Entry {
    /// A snapshot, as far as its header and its length tell.
    Snapshot(Snapshot),
    /// A file that is no snapshot any more.
    Damaged {
        /// Its name.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
}
