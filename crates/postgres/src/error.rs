use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::Holder;

/// The code of everything that fails for want of room.
const DISK_FULL: &str = "platform.disk_full";

/// How PostgreSQL's programs, which we run in English, and the system say that there is none.
const NO_ROOM: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

/// Why the bundled cluster could not be opened, initialised, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No bundled tree at any of the places looked at.
    #[error("there is no PostgreSQL tree at {}", list(.looked))]
    TreeMissing {
        /// Every place looked at, in order.
        looked: Vec<PathBuf>,
    },
    /// A tree is there, but it is not the one its manifest describes.
    #[error("the bundled PostgreSQL is damaged: {} {what}", .path.display())]
    TreeDamaged {
        /// The offending file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The tree could not be copied to a place the server's account can reach.
    #[error("the bundled PostgreSQL at {} could not be copied to {}: {source}", .from.display(), .to.display())]
    StageFailed {
        /// The tree.
        from: PathBuf,
        /// The intended copy.
        to: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// There is no account the server can run as.
    #[error("there is no account PostgreSQL can run as: {what}")]
    NoAccount {
        /// What was tried.
        what: String,
    },
    /// The account the server would run as is not one it can run as.
    #[error("PostgreSQL cannot run as the account it would have to: {what}")]
    AccountUnusable {
        /// Which account, by what it was chosen, and what is wrong with it.
        what: String,
    },
    /// The account may not enter a folder on the way.
    #[error("the account {account} may not enter {}, which lies on the way to {}", .folder.display(), .path.display())]
    Unreachable {
        /// Name of the account.
        account: String,
        /// First folder it cannot enter.
        folder: PathBuf,
        /// Where it has to get.
        path: PathBuf,
    },
    /// The data directory's place cannot be known: no home directory.
    #[error("there is no home directory to keep the data in")]
    NoHome,
    /// The data directory cannot be created or written.
    #[error("the data directory {} is not writable: {source}", .path.display())]
    NotWritable {
        /// The data directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The data directory's path is longer than PostgreSQL can bear.
    #[error("the path of the data directory has {length} bytes, and PostgreSQL bears at most {longest}: {}", .path.display())]
    PathTooLong {
        /// The data directory.
        path: PathBuf,
        /// Bytes in its path.
        length: usize,
        /// Bytes it may have.
        longest: usize,
    },
    /// Another process holds the data directory.
    #[error("the data directory {} is in use by {}", .path.display(), who(.holder.as_deref()))]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// Who holds it, if its lock file tells.
        holder: Option<Box<Holder>>,
    },
    /// The cluster was made by another major version of PostgreSQL.
    #[error("the cluster {} was made by PostgreSQL {found}, this is PostgreSQL {ours}", .path.display())]
    OtherMajor {
        /// The cluster's folder.
        path: PathBuf,
        /// Major version that made it.
        found: String,
        /// Major version of the bundled tree.
        ours: String,
    },
    /// The cluster belongs to another account than the one the server would run as.
    #[error("the cluster {} belongs to {owner}, the server would run as {account}", .path.display())]
    OtherOwner {
        /// The cluster's folder.
        path: PathBuf,
        /// Who owns it (name, else uid).
        owner: String,
        /// Who the server would run as.
        account: String,
    },
    /// The cluster's folder is there but holds no cluster.
    #[error("{} holds files but no PostgreSQL cluster (no PG_VERSION)", .path.display())]
    ClusterDamaged {
        /// The cluster's folder.
        path: PathBuf,
    },
    /// initdb failed.
    #[error("the cluster could not be initialised: {}", salient(.output))]
    InitFailed {
        /// What initdb printed.
        output: String,
    },
    /// A cluster just made could not be made durable.
    #[error("the new cluster {} could not be made durable: {cause}", .path.display())]
    NotDurable {
        /// The cluster's folder.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// This cluster's server already runs in this process.
    #[error("the server of {} already runs in this process", .path.display())]
    AlreadyRunning {
        /// The cluster's folder.
        path: PathBuf,
    },
    /// A server left over by a crash could not be stopped.
    #[error("a left-over PostgreSQL (process {pid}) still runs on {}: {what}", .path.display())]
    LeftOver {
        /// The cluster's folder.
        path: PathBuf,
        /// The left-over process.
        pid: i32,
        /// Why it is still there.
        what: String,
    },
    /// The socket's folder cannot be used.
    #[error("the socket folder {} cannot be used: {what}", .path.display())]
    SocketFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// The server ended before it was ready.
    #[error("PostgreSQL ended while starting ({status}): {}", salient(.log))]
    StartFailed {
        /// Its exit status.
        status: String,
        /// What it logged in this start.
        log: String,
    },
    /// The server does not end.
    #[error("PostgreSQL (process {pid}) does not stop: {what}")]
    StopFailed {
        /// The server's process id.
        pid: i32,
        /// Why not.
        what: String,
    },
    /// The server ended, but not in the orderly way that needs no recovery.
    #[error("PostgreSQL did not shut down in an orderly way: {}", salient(.log))]
    StopUnclean {
        /// The end of its log.
        log: String,
    },
    /// There is no snapshot with this id.
    #[error("there is no snapshot {id}")]
    SnapshotNotFound {
        /// The id asked for.
        id: Uuid,
    },
    /// A snapshot's file is not as it was written, or none at all.
    #[error("the snapshot {file} is damaged: {what}")]
    SnapshotDamaged {
        /// Name of the file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A snapshot was made by a newer Drydock or PostgreSQL.
    #[error("the snapshot {file} cannot be read by this version: {what}")]
    SnapshotUnsupported {
        /// Name of the file.
        file: String,
        /// What is too new.
        what: String,
    },
    /// The name or the note will not do.
    #[error("a snapshot cannot be called that: {what}")]
    SnapshotNameInvalid {
        /// What is wrong with which.
        what: &'static str,
    },
    /// The file to export to is there.
    #[error("there is a file already at {}", .path.display())]
    SnapshotFileExists {
        /// The file.
        path: PathBuf,
    },
    /// A file is no dump of a database that can be restored.
    #[error("{} cannot be taken in: {what}", .path.display())]
    DumpUnknown {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// pg_dump cannot read a deployment's database.
    #[error("the deployment's database could not be read: {}", salient(.output))]
    DeploymentUnread {
        /// What it printed, without values.
        output: String,
    },
    /// pg_restore or psql gave up on a dump.
    #[error("the dump could not be restored: {}", salient(.output))]
    DumpUnrestored {
        /// What it printed, without values.
        output: String,
    },
    /// pg_dump failed.
    #[error("the snapshot could not be made: {}", salient(.output))]
    DumpFailed {
        /// What it printed, without values.
        output: String,
    },
    /// pg_restore failed.
    #[error("the snapshot could not be restored: {}", salient(.output))]
    RestoreFailed {
        /// What it printed, without values.
        output: String,
    },
    /// Work on a snapshot was cancelled.
    #[error("the work on the snapshot was cancelled")]
    SnapshotCancelled,
    /// A file operation failed.
    #[error("could not {what} {}: {source}", .path.display())]
    Io {
        /// Verb: what was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl PostgresError {
    /// Every code this crate can answer with, and what it means in one line.
    pub const CODES: &[(&str, &str)] = &[
        ("postgres.tree_missing", "The bundled PostgreSQL was not found."),
        ("postgres.tree_damaged", "A file of the bundled PostgreSQL is missing or not as delivered."),
        (
            "postgres.stage_failed",
            "The bundled PostgreSQL could not be copied to where the server's account can read it.",
        ),
        (
            "postgres.no_account",
            "Started as root, and there is no unprivileged account the server can run as.",
        ),
        (
            "postgres.account_unusable",
            "The account the server would run as is not one that PostgreSQL can run as.",
        ),
        (
            "postgres.unreachable",
            "The server's account may not enter a folder on the way to the data directory.",
        ),
        ("postgres.init_failed", "initdb could not create the cluster."),
        ("postgres.not_durable", "The new cluster could not be written to the disk for certain."),
        ("postgres.already_running", "This cluster's server already runs in this process."),
        ("postgres.left_over", "A server left over by a crash could not be stopped."),
        (
            "postgres.socket_folder",
            "The folder for the server's socket belongs to someone else or is too long.",
        ),
        ("postgres.start_failed", "The server ended before it was ready."),
        ("postgres.stop_failed", "The server does not react to any signal."),
        (
            "postgres.stop_unclean",
            "The server ended without writing everything to its files; the next start recovers.",
        ),
        ("postgres.io", "A file operation failed."),
        ("snapshot.not_found", "There is no snapshot with this id."),
        ("snapshot.damaged", "The snapshot's file is not as it was written."),
        ("snapshot.unsupported", "The snapshot was made by a newer Drydock or PostgreSQL."),
        (
            "snapshot.name_invalid",
            "The snapshot's name or note is empty, too long or has control characters.",
        ),
        ("snapshot.file_exists", "The file to export the snapshot to is there already."),
        ("intake.dump_unknown", "The file is no dump that can be restored."),
        ("intake.unread", "The deployment's database could not be read."),
        ("intake.restore_failed", "pg_restore or psql gave up on the dump."),
        ("snapshot.dump_failed", "pg_dump could not save the database."),
        ("snapshot.restore_failed", "pg_restore could not restore the snapshot."),
        ("snapshot.cancelled", "The work on the snapshot was cancelled."),
        ("data.no_home", "There is no home directory to keep the data in."),
        ("data.not_writable", "The data directory cannot be created or written."),
        ("data.path_too_long", "The data directory's path is too long for PostgreSQL."),
        ("data.in_use", "Another process uses the data directory."),
        ("data.other_major", "The cluster was made by another major version of PostgreSQL."),
        ("data.other_owner", "The cluster belongs to another account."),
        ("data.damaged", "The cluster's folder holds files but no cluster."),
        (DISK_FULL, "There is no room left on the disk."),
    ];

    /// The stable code, one of [`Self::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            full if full.is_disk_full() => DISK_FULL,
            Self::TreeMissing { .. } => "postgres.tree_missing",
            Self::TreeDamaged { .. } => "postgres.tree_damaged",
            Self::StageFailed { .. } => "postgres.stage_failed",
            Self::NoAccount { .. } => "postgres.no_account",
            Self::AccountUnusable { .. } => "postgres.account_unusable",
            Self::Unreachable { .. } => "postgres.unreachable",
            Self::InitFailed { .. } => "postgres.init_failed",
            Self::NotDurable { .. } => "postgres.not_durable",
            Self::AlreadyRunning { .. } => "postgres.already_running",
            Self::LeftOver { .. } => "postgres.left_over",
            Self::SocketFolder { .. } => "postgres.socket_folder",
            Self::StartFailed { .. } => "postgres.start_failed",
            Self::StopFailed { .. } => "postgres.stop_failed",
            Self::StopUnclean { .. } => "postgres.stop_unclean",
            Self::Io { .. } => "postgres.io",
            Self::SnapshotNotFound { .. } => "snapshot.not_found",
            Self::SnapshotDamaged { .. } => "snapshot.damaged",
            Self::SnapshotUnsupported { .. } => "snapshot.unsupported",
            Self::SnapshotNameInvalid { .. } => "snapshot.name_invalid",
            Self::SnapshotFileExists { .. } => "snapshot.file_exists",
            Self::DumpUnknown { .. } => "intake.dump_unknown",
            Self::DeploymentUnread { .. } => "intake.unread",
            Self::DumpUnrestored { .. } => "intake.restore_failed",
            Self::DumpFailed { .. } => "snapshot.dump_failed",
            Self::RestoreFailed { .. } => "snapshot.restore_failed",
            Self::SnapshotCancelled => "snapshot.cancelled",
            Self::NoHome => "data.no_home",
            Self::NotWritable { .. } => "data.not_writable",
            Self::PathTooLong { .. } => "data.path_too_long",
            Self::InUse { .. } => "data.in_use",
            Self::OtherMajor { .. } => "data.other_major",
            Self::OtherOwner { .. } => "data.other_owner",
            Self::ClusterDamaged { .. } => "data.damaged",
        }
    }

    /// Whether the disk was full, or the account's part of it, by the system's own answer or by what a program of PostgreSQL said.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } | Self::NotWritable { source, .. } | Self::StageFailed { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::InitFailed { output: said }
            | Self::DumpFailed { output: said }
            | Self::RestoreFailed { output: said }
            | Self::DumpUnrestored { output: said }
            | Self::DeploymentUnread { output: said }
            | Self::StartFailed { log: said, .. }
            | Self::StopUnclean { log: said }
            | Self::NotDurable { cause: said, .. }
            | Self::SocketFolder { what: said, .. } => NO_ROOM.iter().any(|words| said.contains(words)),
            _ => false,
        }
    }

    /// What the reader can do about it, one or two sentences.
    pub fn next_step(&self) -> String {
        match self {
            full if full.is_disk_full() => {
                "Make room on the disk, then try again. What was committed before is safe.".into()
            }
            Self::TreeMissing { .. } => {
                "In a checkout run `cargo xtask postgres`; otherwise install Drydock again, or set DRYDOCK_POSTGRES to the tree's folder.".into()
            }
            Self::TreeDamaged { .. } => {
                "In a checkout run `cargo xtask postgres --force`; otherwise install Drydock again. Your data is not touched.".into()
            }
            Self::StageFailed { to, .. } => format!(
                "Make {} writable, or put the bundled PostgreSQL where every account may read it.",
                to.parent().unwrap_or(to).display()
            ),
            Self::NoAccount { .. } => {
                "Create one (`useradd --system drydock`) or name one in DRYDOCK_RUN_AS; or start Drydock as an ordinary user.".into()
            }
            Self::AccountUnusable { .. } => {
                "Start Drydock as an account that has a name; as root, set DRYDOCK_RUN_AS to the name of an unprivileged account, or unset it.".into()
            }
            Self::Unreachable { folder, .. } => format!(
                "Let it pass (`chmod o+x {}`) or set DRYDOCK_DATA_DIR to a folder it can enter.",
                quoted(folder)
            ),
            Self::NoHome => "Set DRYDOCK_DATA_DIR to a folder for the data.".into(),
            Self::NotWritable { .. } => {
                "Give yourself write access to it, or set DRYDOCK_DATA_DIR to another folder.".into()
            }
            Self::PathTooLong { .. } => "Set DRYDOCK_DATA_DIR to a folder with a shorter path.".into(),
            Self::InUse { .. } => {
                "Use the Drydock that is already running, or end it; or set DRYDOCK_DATA_DIR to another folder.".into()
            }
            Self::OtherMajor { found, .. } => format!(
                "Nothing was changed. Set DRYDOCK_DATA_DIR to another folder, or open this one with the Drydock that carries PostgreSQL {found}."
            ),
            Self::OtherOwner { owner, .. } => {
                format!("Start Drydock as {owner}, or as root with DRYDOCK_RUN_AS={owner}; or set DRYDOCK_DATA_DIR to another folder.")
            }
            Self::ClusterDamaged { path } => {
                format!("Nothing was changed. Move {} away, or restore it from a backup.", path.display())
            }
            Self::InitFailed { .. } => {
                "The sentence above is initdb's own. Check free disk space and that the data directory's file system keeps permissions.".into()
            }
            Self::NotDurable { .. } => {
                "Check the disk and its free space, then start again: the cluster is made anew.".into()
            }
            Self::AlreadyRunning { .. } => "Stop the running server first.".into(),
            Self::LeftOver { pid, .. } => format!("End process {pid} and start again."),
            Self::SocketFolder { path, .. } => {
                format!("Remove {} if it is not in use, and start again.", path.display())
            }
            Self::StartFailed { .. } => {
                "The sentence above is PostgreSQL's own; log/postgres.log in the data directory has the rest. Your data is not touched.".into()
            }
            Self::StopFailed { pid, .. } => format!("End process {pid} yourself; the data stays safe (fsync is on)."),
            Self::StopUnclean { .. } => {
                "Nothing committed is lost. Check free disk space, then start again: the next start recovers."
                    .into()
            }
            Self::Io { .. } => "Check free disk space and permissions, then start again.".into(),
            Self::SnapshotNotFound { .. } => "List the snapshots; this one may have been deleted.".into(),
            Self::SnapshotDamaged { .. } => {
                "Nothing was changed. Use another snapshot, or import this one again from where it came.".into()
            }
            Self::SnapshotUnsupported { .. } => "Nothing was changed. Update Drydock, then try again.".into(),
            Self::SnapshotNameInvalid { .. } => {
                "Give it a name of 1 to 80 characters and a note of at most 500.".into()
            }
            Self::SnapshotFileExists { .. } => "Export to another name, or say that the file is to be replaced.".into(),
            Self::DumpUnknown { .. } => {
                "Make one with pg_dump --format=custom --file FILE, and take that in.".into()
            }
            Self::DeploymentUnread { .. } => {
                "The sentence above is pg_dump's own. A server newer than 16 is dumped with its own pg_dump: take the file in.".into()
            }
            Self::DumpUnrestored { .. } => {
                "The throw-away database is gone, and nothing else was touched. Dump with the pg_dump of PostgreSQL 16 or older, or as plain SQL.".into()
            }
            Self::DumpFailed { .. } => {
                "No snapshot was made. The sentence above is pg_dump's own; log/postgres.log in the data directory has the rest.".into()
            }
            Self::RestoreFailed { .. } => {
                "Nothing was changed. The sentence above is pg_restore's own: the snapshot needs something that this database does not give.".into()
            }
            Self::SnapshotCancelled => "Nothing was changed.".into(),
        }
    }

    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

fn list(paths: &[PathBuf]) -> String {
    let places: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    if places.is_empty() { "no place (none was given)".into() } else { places.join(", ") }
}

fn who(holder: Option<&Holder>) -> String {
    holder.map_or("another process".into(), |Holder { program, pid, since, .. }| {
        format!("{program} (process {pid}) since {since}")
    })
}

/// A path as one shell word, so that the next step can be pasted.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The lines that name the cause: the first that is marked as an error, two before it (PostgreSQL logs the reason first)
/// and three after, without time and process id.
fn salient(output: &str) -> String {
    const MARKS: [&str; 5] = ["FATAL:", "PANIC:", "error:", "ERROR:", "not found"];
    let lines: Vec<_> = output.lines().map(without_prefix).filter(|line| !line.is_empty()).collect();
    let marked = lines.iter().position(|line| MARKS.iter().any(|mark| line.contains(mark)));
    let from = marked.unwrap_or(lines.len()).saturating_sub(2);
    let text = lines.iter().skip(from).take(6).copied().collect::<Vec<_>>().join("; ");
    if text.is_empty() { "it said nothing".into() } else { text }
}

/// A line of the server's log without its `2026-01-31 12:00:00.000 UTC [4711] `.
pub(crate) fn without_prefix(line: &str) -> &str {
    let line = line.trim();
    match line.split_once("] ") {
        Some((prefix, rest))
            if prefix.starts_with(|c: char| c.is_ascii_digit()) && prefix.contains(" UTC [") =>
        {
            rest
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_room_is_told_as_that_whatever_ran_into_it() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let said = || "FATAL:  could not write lock file: No space left on device".to_owned();
        let path = || PathBuf::from("/data");
        for error in [
            PostgresError::Io { what: "write", path: path(), source: full() },
            PostgresError::NotWritable { path: path(), source: full() },
            PostgresError::NotWritable { path: path(), source: io::ErrorKind::QuotaExceeded.into() },
            PostgresError::StageFailed { from: path(), to: path(), source: full() },
            PostgresError::InitFailed { output: said() },
            PostgresError::StartFailed { status: "exit status: 1".into(), log: said() },
            PostgresError::StopUnclean { log: said() },
            PostgresError::NotDurable { path: path(), cause: said() },
        ] {
            assert_eq!(error.code(), "platform.disk_full", "{error}");
            assert!(error.next_step().starts_with("Make room"), "{error}");
        }
        let denied =
            PostgresError::NotWritable { path: path(), source: io::ErrorKind::PermissionDenied.into() };
        assert_eq!(denied.code(), "data.not_writable");
        let broken =
            PostgresError::StartFailed { status: "exit status: 1".into(), log: "PANIC:  broken".into() };
        assert_eq!(broken.code(), "postgres.start_failed");
    }
}
