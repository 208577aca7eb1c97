//! A packed cluster: what the first run unpacks instead of running initdb.
//!
//! The file is a line of JSON ([`Header`]), a line with the SHA-256 of that one, and then zstd frames, one after the other.
//! Together the frames are one tar archive of the cluster's files (`tail -n +3 cluster.template | zstd -d | tar -t`); each
//! begins with a file's header, so that threads unpack them side by side. The last ones hold databases that a start does without:
//! they are unpacked while the server starts.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tar::{EntryType, Header as FileHeader};

use crate::{Account, os};

/// Of the file itself. Raised when an older build could not read it.
const FORMAT: u32 = 2;

/// Frames a cluster is packed in: as many as processors can be occupied. More would be no faster, as threads that create files
/// in one folder wait for each other.
const PARTS: usize = 4;

/// zstd's. Higher ones take long and save little.
const LEVEL: i32 = 9;

/// Longest header line, in bytes.
const HEADER_LIMIT: u64 = 1 << 20;

/// A tar archive is made of blocks of this many bytes.
const BLOCK: usize = 512;

/// Bytes written at once.
const BUFFER: usize = 256 * 1024;

/// What a cluster has that its server makes anew at each start, or that [`Cluster::initialise`](crate::Cluster::initialise)
/// writes for the machine it is on.
const LEFT_OUT: [&str; 5] =
    ["postmaster.pid", "postmaster.opts", "pg_internal.init", "pg_hba.conf", "pg_ident.conf"];

/// A packed cluster, made by [`Cluster::pack`](crate::Cluster::pack).
#[derive(Clone, Debug)]
pub struct Template {
    path: PathBuf,
    /// Bytes before the first frame.
    offset: usize,
    header: Header,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    key: String,
    /// Every folder of the cluster, those above before those in them.
    folders: Vec<PathBuf>,
    parts: Vec<Part>,
}

/// A frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    /// How many.
    bytes: usize,
    /// Of those.
    sha256: String,
    /// Whether a start does without.
    late: bool,
}

/// What of a template a start does without, checked and still packed.
#[derive(Debug)]
pub(crate) struct Rest {
    bytes: Vec<u8>,
    frames: Vec<Range<usize>>,
}

impl Rest {
    /// Writes it where the start's files are; see [`Template::unpack`].
    pub(crate) fn unpack(&self, into: &Path, account: &Account) -> Result<(), UnpackError> {
        let mut buffer = vec![0; BUFFER];
        let frames = self.frames.iter().filter_map(|frame| self.bytes.get(frame.clone()));
        frames.into_iter().try_for_each(|frame| unpack_frame(frame, into, account, &mut buffer))
    }
}

/// Why a template could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    /// Something else might be written in its place.
    #[error("{0}")]
    Damaged(String),
    /// Nothing can be written.
    #[error("could not write {}: {source}", .path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

impl Template {
    /// What the file is called.
    pub fn file_name() -> &'static str {
        "cluster.template"
    }

    /// The template at `path` if it is there and was packed under this `key`. Only its first lines are looked at.
    pub fn open(path: &Path, key: &str) -> Option<Self> {
        let (mut line, mut digest) = (Vec::new(), Vec::new());
        let mut file = BufReader::new(File::open(path).ok()?.take(HEADER_LIMIT));
        file.read_until(b'\n', &mut line).ok()?;
        file.read_until(b'\n', &mut digest).ok()?;
        if digest != digest_line(&line) {
            return None;
        }
        let header: Header = serde_json::from_slice(&line).ok()?;
        (header.format == FORMAT && header.key == key).then(|| Self {
            path: path.to_owned(),
            offset: line.len() + digest.len(),
            header,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what a server needs to start into the empty folder `into`, as `account`'s, and gives the rest, if there is any. All of
    /// the template has been checked by then. Nothing is synced.
    pub(crate) fn unpack(&self, into: &Path, account: &Account) -> Result<Option<Rest>, UnpackError> {
        let damaged = |what: io::Error| UnpackError::Damaged(what.to_string());
        let bytes = fs::read(&self.path).map_err(damaged)?;
        let mut at = self.offset;
        let mut parts = Vec::new();
        for part in &self.header.parts {
            let frame = at..at.saturating_add(part.bytes);
            at = frame.end;
            let Some(content) = bytes.get(frame.clone()) else {
                return Err(UnpackError::Damaged("it ends early".into()));
            };
            parts.push((frame, content, part));
        }
        for folder in &self.header.folders {
            check_inside(folder)?;
            let path = into.join(folder);
            os::make_dir(&path, 0o700, Some(account))
                .map_err(|source| UnpackError::Unwritable { path: path.clone(), source })?;
            #[cfg(unix)]
            if folder == Path::new("base") {
                os::spread(&path);
            }
        }
        let next = AtomicUsize::new(0);
        let work = || {
            let mut buffer = vec![0; BUFFER];
            while let Some((_, content, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                if crate::digest(content, usize::MAX) != part.sha256 {
                    return Err(UnpackError::Damaged("its checksum is not right".into()));
                }
                if !part.late {
                    unpack_frame(content, into, account, &mut buffer)?;
                }
            }
            Ok(())
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(parts.len());
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mine = work();
            let crashed = |_| Err(UnpackError::Damaged("a thread of its unpacking ended".into()));
            others.into_iter().map(|other| other.join().unwrap_or_else(crashed)).fold(mine, Result::and)
        })?;
        let late = parts.iter().filter(|(_, _, part)| part.late);
        let frames: Vec<_> = late.map(|(frame, _, _)| frame.clone()).collect();
        Ok((!frames.is_empty()).then_some(Rest { bytes, frames }))
    }
}

fn unpack_frame(frame: &[u8], into: &Path, account: &Account, buffer: &mut [u8]) -> Result<(), UnpackError> {
    let damaged = |what: io::Error| UnpackError::Damaged(what.to_string());
    let mut archive = zstd::stream::read::Decoder::with_buffer(frame).map_err(damaged)?.single_frame();
    let mut header = FileHeader::new_old();
    loop {
        match archive.read(&mut header.as_mut_bytes()[..1]).map_err(damaged)? {
            0 => return Ok(()),
            _ => archive.read_exact(&mut header.as_mut_bytes()[1..]).map_err(damaged)?,
        }
        let relative = header.path().map_err(damaged)?;
        // The end of the archive: two empty blocks.
        if relative.as_os_str().is_empty() {
            continue;
        }
        if header.entry_type() != EntryType::Regular {
            return Err(UnpackError::Damaged(format!("{} is no file", relative.display())));
        }
        check_inside(&relative)?;
        let path = into.join(&relative);
        let unwritable = |source| UnpackError::Unwritable { path: path.clone(), source };
        let mut file = os::create_new(&path, 0o600, account).map_err(unwritable)?;
        let size = header.entry_size().map_err(damaged)?;
        let mut left = size;
        while left > 0 {
            let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            archive.read_exact(&mut buffer[..length]).map_err(damaged)?;
            file.write_all(&buffer[..length]).map_err(unwritable)?;
            left -= length as u64;
        }
        archive.read_exact(&mut buffer[..padding(size)]).map_err(damaged)?;
    }
}

/// Refuses a path that leads out of the folder it is relative to.
fn check_inside(path: &Path) -> Result<(), UnpackError> {
    if path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(());
    }
    Err(UnpackError::Damaged(format!("{} leads out of the cluster", path.display())))
}

/// Bytes that fill up the last block of a file of this size.
fn padding(size: u64) -> usize {
    let block = BLOCK as u64;
    // Less than a block.
    usize::try_from((block - size % block) % block).unwrap_or_default()
}

/// Packs the cluster in `folder`, whose server has shut down in order, needs `wal_file` and no other, and starts without the `late`
/// databases. Returns the template's size in bytes.
pub(crate) fn pack(folder: &Path, wal_file: &str, late: &[u32], key: &str, to: &Path) -> io::Result<u64> {
    let mut content = Content::default();
    content.collect(folder, Path::new(""), wal_file)?;
    let late: Vec<_> = late.iter().map(|database| Path::new("base").join(database.to_string())).collect();
    let (later, first): (Vec<_>, Vec<_>) = std::mem::take(&mut content.files)
        .into_iter()
        .partition(|file| late.iter().any(|database| file.starts_with(database)));
    let (first, later) = (in_parts(first), in_parts(later));
    let early = first.len();
    let groups = [first, later].concat();
    let mut parts = Vec::new();
    for (number, files) in groups.iter().enumerate() {
        let mut frame = zstd::stream::write::Encoder::new(Vec::new(), LEVEL)?;
        for file in files {
            append(&mut frame, folder, file)?;
        }
        if number + 1 == groups.len() {
            frame.write_all(&[0; 2 * BLOCK])?;
        }
        parts.push(frame.finish()?);
    }
    let bytes = assemble(key, content.folders, &parts, early)?;

    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let new = to.with_file_name(name);
    let written = fs::write(&new, &bytes).and_then(|()| fs::rename(&new, to));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written.map(|()| bytes.len() as u64)
}

fn assemble(key: &str, folders: Vec<PathBuf>, frames: &[Vec<u8>], early: usize) -> io::Result<Vec<u8>> {
    let part = |(number, frame): (usize, &Vec<u8>)| Part {
        bytes: frame.len(),
        sha256: crate::digest(frame, usize::MAX),
        late: number >= early,
    };
    let parts = frames.iter().enumerate().map(part).collect();
    let mut bytes = serde_json::to_vec(&Header { format: FORMAT, key: key.to_owned(), folders, parts })?;
    bytes.push(b'\n');
    bytes.extend(digest_line(&bytes));
    bytes.extend(frames.iter().flatten());
    Ok(bytes)
}

fn digest_line(header: &[u8]) -> Vec<u8> {
    format!("{}\n", crate::digest(header, usize::MAX)).into_bytes()
}

fn append(archive: &mut impl Write, folder: &Path, path: &Path) -> io::Result<()> {
    let bytes = fs::read(folder.join(path))?;
    let mut header = FileHeader::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    archive.write_all(header.as_bytes())?;
    archive.write_all(&bytes)?;
    archive.write_all(&[0; BLOCK][..padding(bytes.len() as u64)])
}

/// The folders and files of a cluster, relative to it.
#[derive(Default)]
struct Content {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Content {
    fn collect(&mut self, root: &Path, relative: &Path, wal_file: &str) -> io::Result<()> {
        let mut entries = fs::read_dir(root.join(relative))?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = relative.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.folders.push(path.clone());
                self.collect(root, &path, wal_file)?;
            } else if !kind.is_file() {
                return Err(io::Error::other(format!("{} is neither file nor folder", path.display())));
            } else if belongs(&path, wal_file) {
                self.files.push(path);
            }
        }
        Ok(())
    }
}

/// Files in parts of about the same number: the time goes by files, not by bytes. Files of the same name lie side by side: those of
/// one database are almost those of another, and what has just been seen unpacks fastest.
fn in_parts(mut files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    files.sort_by(|one, other| one.file_name().cmp(&other.file_name()).then_with(|| one.cmp(other)));
    let length = files.len().div_ceil(PARTS).max(1);
    files.chunks(length).map(<[PathBuf]>::to_vec).collect()
}

fn belongs(path: &Path, wal_file: &str) -> bool {
    let name = path.file_name().unwrap_or_default();
    let within = |folder: &str| path.parent() == Some(Path::new(folder));
    // Free space and visibility maps: a server does without those of a table and makes them when it vacuums it. They are a
    // quarter of all files, and so of the time.
    let is_map = |name: &str| name.ends_with("_fsm") || name.ends_with("_vm");
    // Other files of the write-ahead log are older, or kept to be used again.
    !(LEFT_OUT.iter().any(|left_out| name == *left_out)
        || within("pg_stat_tmp")
        || within("pg_wal") && name != wal_file
        || (path.starts_with("base") || within("global")) && name.to_str().is_some_and(is_map))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
