use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use uuid::Uuid;

use super::draft::{Draft, Turn, UNFINISHED, make_folder, relocate};
use super::format::{Container, Header, Refusal};
use super::restore::{self, Target};
use super::run::{Run, run};
use super::{Entry, Facts, Progress, ServerAddress, Snapshot, dump, name};
use crate::{PostgresError, os};

/// What a snapshot's file is called after its id.
const SUFFIX: &str = "drydock";

/// The snapshots of one data directory. Cheap to clone.
///
/// Holds `<id>.drydock` and, in `removed`, what was removed last. Several processes may use it at the same time: files appear
/// complete or not at all, and what renames or removes them takes turns by the folder's `lock`.
///
/// Whatever the folder, its files belong to this process's account, and nobody else may read them. Every operation answers
/// `postgres.io` where a file operation fails, on a full disk too; no unfinished file is left then.
#[derive(Clone, Debug)]
pub struct SnapshotFolder {
    path: PathBuf,
}

impl SnapshotFolder {
    /// The folder in this data directory. It is created when the first snapshot is.
    pub fn of(data: &Path) -> Self {
        Self { path: data.join("snapshots") }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it: the newest snapshot first, damaged files last. Only headers and lengths are looked at.
    ///
    /// # Errors
    /// `postgres.io`.
    pub async fn list(&self) -> Result<Vec<Entry>, PostgresError> {
        self.blocking(|folder| folder.entries()).await
    }

    /// One of them, by header and length.
    ///
    /// # Errors
    /// `snapshot.not_found`, `snapshot.damaged`, `snapshot.unsupported`.
    pub async fn get(&self, id: Uuid) -> Result<Snapshot, PostgresError> {
        self.blocking(move |folder| Ok(folder.open(id)?.snapshot())).await
    }

    /// Saves a database, but for the rows of the tables that `without_rows_of` (patterns of pg_dump's) names.
    ///
    /// The progress counts what pg_dump writes, and expects the size of the database.
    ///
    /// # Errors
    /// `snapshot.name_invalid`, `snapshot.dump_failed`, `snapshot.cancelled`.
    pub async fn create(
        &self,
        server: &ServerAddress,
        database: &str,
        without_rows_of: &[&str],
        facts: Facts,
        progress: &Progress,
    ) -> Result<Snapshot, PostgresError> {
        let (name, note) = name::checked(&facts.name, &facts.note)?;
        let header = Header {
            id: Uuid::new_v4(),
            name,
            note,
            created_at: now(),
            app_version: facts.app_version,
            postgres_version: server.tree.version().to_owned(),
            schema_digest: facts.schema_digest,
            database_bytes: facts.database_bytes,
            roles: facts.roles,
            rows: facts.rows,
        };
        let (folder, server, database) = (self.clone(), server.clone(), database.to_owned());
        let without: Vec<String> = without_rows_of.iter().map(|&pattern| pattern.to_owned()).collect();
        progress.begin(Some(facts.database_bytes));
        run(progress, move |run| {
            let mut draft = folder.draft()?;
            let path = draft.path().to_owned();
            let failed = |cause| PostgresError::io("write", &path)(cause);
            dump::dump(run, &server, &database, &without, &header, &mut draft, failed)?;
            draft.sync()?;
            run.go_on().map_err(failed)?;
            draft.put_at(&folder.file(header.id))?;
            run.progress().complete();
            Ok(folder.open(header.id)?.snapshot())
        })
        .await
    }

    /// Reads the whole file and compares it with its checksum. The progress counts its bytes.
    ///
    /// # Errors
    /// `snapshot.not_found`, `snapshot.damaged`, `snapshot.unsupported`, `snapshot.cancelled`.
    pub async fn verify(&self, id: Uuid, progress: &Progress) -> Result<Snapshot, PostgresError> {
        let folder = self.clone();
        progress.begin(None);
        run(progress, move |run| {
            let mut container = folder.open(id)?;
            run.progress().begin(Some(container.length));
            verify(run, &mut container, true).map_err(refused(&folder.file(id)))?;
            run.progress().complete();
            Ok(container.snapshot())
        })
        .await
    }

    /// Verifies a snapshot, then restores it in one transaction into a database that is empty but for its extensions. It is
    /// done as `role`, which has to own the database and will own everything in it. The progress counts each byte of the
    /// file twice.
    ///
    /// A snapshot has nothing of what belongs to the database as a whole: its own rights, settings and comment. After a
    /// failure the database is good for nothing but to be dropped, by force if the server still has to notice that
    /// pg_restore is gone.
    ///
    /// # Errors
    /// `snapshot.not_found`, `snapshot.damaged`, `snapshot.unsupported`, `snapshot.restore_failed`, `snapshot.cancelled`.
    pub async fn restore_into(
        &self,
        id: Uuid,
        server: &ServerAddress,
        database: &str,
        role: &str,
        progress: &Progress,
    ) -> Result<Snapshot, PostgresError> {
        let folder = self.clone();
        let target = Target { server: server.clone(), database: database.to_owned(), role: role.to_owned() };
        progress.begin(None);
        run(progress, move |run| {
            let path = folder.file(id);
            let mut container = folder.open(id)?;
            run.progress().begin(Some(2 * container.length));
            let (theirs, ours) = (&container.header.postgres_version, target.server.tree.version());
            if major(theirs) > major(ours) {
                let what = format!("PostgreSQL {theirs} made it, this is PostgreSQL {ours}");
                return Err(refused(&path)(Refusal::Unsupported(what)));
            }
            verify(run, &mut container, true).map_err(refused(&path))?;
            let mut contents = folder.draft()?;
            restore::restore(run, &target, &mut container, &mut contents, refused(&path))?;
            run.progress().complete();
            Ok(container.snapshot())
        })
        .await
    }

    /// Gives a snapshot another name and note. Its content stays as it is, its checksum becomes another.
    ///
    /// # Errors
    /// `snapshot.name_invalid`, `snapshot.not_found`, `snapshot.damaged`, `snapshot.unsupported`.
    pub async fn edit(&self, id: Uuid, name: &str, note: &str) -> Result<Snapshot, PostgresError> {
        let (name, note) = name::checked(name, note)?;
        self.blocking(move |folder| {
            let mut draft = folder.draft()?;
            let _turn = Turn::take(&folder.path)?;
            let mut container = folder.open(id)?;
            let header = Header { name, note, ..container.header.clone() };
            folder.rewrite(&mut container, &header, &mut draft, &folder.file(id))?;
            draft.put_at(&folder.file(id))?;
            Ok(folder.open(id)?.snapshot())
        })
        .await
    }

    /// Removes a snapshot, damaged or not. [`Self::put_back`] undoes it until the next [`Self::purge`].
    ///
    /// # Errors
    /// `snapshot.not_found`.
    pub async fn remove(&self, id: Uuid) -> Result<(), PostgresError> {
        self.blocking(move |folder| {
            let path = folder.file(id);
            if !path.exists() {
                return Err(PostgresError::SnapshotNotFound { id });
            }
            let _turn = Turn::take(&folder.path)?;
            make_folder(&folder.removed())?;
            relocate(&path, &folder.removed_file(id)).map_err(|cause| gone(id, &path, cause))
        })
        .await
    }

    /// Puts a removed snapshot back. One that is in place stays as it is.
    ///
    /// # Errors
    /// `snapshot.not_found`, `snapshot.damaged`, `snapshot.unsupported`.
    pub async fn put_back(&self, id: Uuid) -> Result<Snapshot, PostgresError> {
        self.blocking(move |folder| {
            let (from, to) = (folder.removed_file(id), folder.file(id));
            if from.exists() {
                let _turn = Turn::take(&folder.path)?;
                if !to.exists() {
                    relocate(&from, &to).map_err(|cause| gone(id, &from, cause))?;
                }
            }
            Ok(folder.open(id)?.snapshot())
        })
        .await
    }

    /// Deletes what was removed, `keep` excepted, and the unfinished files of processes that are gone.
    ///
    /// # Errors
    /// `postgres.io`.
    pub async fn purge(&self, keep: Option<Uuid>) -> Result<(), PostgresError> {
        self.blocking(move |folder| {
            if !folder.path.exists() {
                return Ok(());
            }
            let _turn = Turn::take(&folder.path)?;
            let kept = keep.map(|id| folder.removed_file(id));
            for path in files(&folder.removed())?.filter(|path| Some(path) != kept.as_ref()) {
                fs::remove_file(&path).map_err(PostgresError::io("remove", &path))?;
            }
            folder.remove_unlocked()
        })
        .await
    }

    /// Deletes the unfinished files of processes that are gone; what was removed can still be put back.
    ///
    /// # Errors
    /// `postgres.io`.
    pub async fn remove_unfinished(&self) -> Result<(), PostgresError> {
        self.blocking(|folder| {
            if !files(&folder.path)?.any(|path| has_suffix(&path, UNFINISHED)) {
                return Ok(());
            }
            let _turn = Turn::take(&folder.path)?;
            folder.remove_unlocked()
        })
        .await
    }

    /// Deletes the unfinished files that nobody writes: whoever does has locked his.
    fn remove_unlocked(&self) -> Result<(), PostgresError> {
        for path in files(&self.path)?.filter(|path| has_suffix(path, UNFINISHED)) {
            if File::open(&path).is_ok_and(|file| os::try_lock(&file).is_ok()) {
                fs::remove_file(&path).map_err(PostgresError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, PostgresError> + Send + 'static,
    ) -> Result<T, PostgresError> {
        let folder = self.clone();
        run(&Progress::new(), move |_| work(&folder)).await
    }

    pub(super) fn removed(&self) -> PathBuf {
        self.path.join("removed")
    }

    pub(super) fn file(&self, id: Uuid) -> PathBuf {
        self.path.join(format!("{id}.{SUFFIX}"))
    }

    pub(super) fn removed_file(&self, id: Uuid) -> PathBuf {
        self.removed().join(format!("{id}.{SUFFIX}"))
    }

    pub(super) fn open(&self, id: Uuid) -> Result<Container<File>, PostgresError> {
        let path = self.file(id);
        match File::open(&path) {
            Ok(file) => open_as(file, id).map_err(refused(&path)),
            Err(cause) => Err(gone(id, &path, cause)),
        }
    }

    fn entries(&self) -> Result<Vec<Entry>, PostgresError> {
        let (mut snapshots, mut damaged) = (Vec::new(), Vec::new());
        for path in files(&self.path)?.filter(|path| has_suffix(path, SUFFIX)) {
            match look_at(&path) {
                Ok(snapshot) => snapshots.push(snapshot),
                // Removed since the folder was read.
                Err(Refusal::Io(cause)) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(refusal) => damaged.push((file_name(&path), problem(refusal))),
            }
        }
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse((snapshot.created_at, snapshot.id)));
        damaged.sort();
        let damaged = damaged.into_iter().map(|(file, problem)| Entry::Damaged { file, problem });
        Ok(snapshots.into_iter().map(Entry::Snapshot).chain(damaged).collect())
    }

    pub(super) fn rewrite(
        &self,
        container: &mut Container<File>,
        header: &Header,
        draft: &mut Draft,
        from: &Path,
    ) -> Result<(), PostgresError> {
        let wrong = wrong(from, draft.path());
        container.rewrite(&mut *draft, header).map_err(wrong)?;
        draft.sync()
    }

    pub(super) fn draft(&self) -> Result<Draft, PostgresError> {
        make_folder(&self.path)?;
        let _turn = Turn::take(&self.path)?;
        let draft = Draft::in_folder(&self.path)?;
        os::lock(&draft.file).map_err(PostgresError::io("lock", draft.path()))?;
        Ok(draft)
    }
}

/// The entries of a folder that may be missing.
fn files(folder: &Path) -> Result<impl Iterator<Item = PathBuf>, PostgresError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
        Err(cause) => return Err(PostgresError::io("list", folder)(cause)),
    };
    Ok(entries.into_iter().flatten().flatten().map(|entry| entry.path()))
}

fn has_suffix(path: &Path, suffix: &str) -> bool {
    path.extension() == Some(OsStr::new(suffix))
}

fn look_at(path: &Path) -> Result<Snapshot, Refusal> {
    let stem = path.file_stem().and_then(OsStr::to_str).and_then(|stem| Uuid::try_parse(stem).ok());
    let Some(id) = stem else { return Err(Refusal::Damaged(STRANGE_NAME.into())) };
    if !fs::metadata(path)?.is_file() {
        return Err(Refusal::Damaged("it is not a file".into()));
    }
    Ok(open_as(File::open(path)?, id)?.snapshot())
}

const STRANGE_NAME: &str = "its name is not its id; import it to have it as a snapshot";

pub(super) fn open_as(file: File, id: Uuid) -> Result<Container<File>, Refusal> {
    let container = Container::open(file)?;
    if container.header.id == id { Ok(container) } else { Err(Refusal::Damaged(STRANGE_NAME.into())) }
}

/// Reads all of it; its bytes are progress or not.
pub(super) fn verify(run: &Run, container: &mut Container<File>, counted: bool) -> Result<(), Refusal> {
    container.unpack(&mut io::sink(), |bytes| if counted { run.tick(bytes) } else { run.go_on() })
}

pub(super) fn refused(path: &Path) -> impl Fn(Refusal) -> PostgresError {
    move |refusal| match refusal {
        Refusal::Damaged(what) => PostgresError::SnapshotDamaged { file: file_name(path), what },
        Refusal::Unsupported(what) => PostgresError::SnapshotUnsupported { file: file_name(path), what },
        Refusal::Io(cause) => PostgresError::io("read", path)(cause),
    }
}

/// As [`refused`], where a file operation that failed is much more likely to be one on what is being written.
pub(super) fn wrong(from: &Path, to: &Path) -> impl Fn(Refusal) -> PostgresError + use<> {
    let (from, to) = (from.to_owned(), to.to_owned());
    move |refusal| match refusal {
        Refusal::Io(cause) => PostgresError::io("write", &to)(cause),
        refusal => refused(&from)(refusal),
    }
}

fn problem(refusal: Refusal) -> String {
    match refusal {
        Refusal::Damaged(what) | Refusal::Unsupported(what) => what,
        Refusal::Io(cause) => format!("it cannot be read: {cause}"),
    }
}

fn gone(id: Uuid, path: &Path, cause: io::Error) -> PostgresError {
    match cause.kind() {
        io::ErrorKind::NotFound => PostgresError::SnapshotNotFound { id },
        _ => PostgresError::io("open", path)(cause),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// To the millisecond: as far as two snapshots are told apart by it.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_millisecond(now.millisecond()).unwrap_or(now)
}

fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default()
}
