//! The server's log: one file and an older one, each of a bounded size.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::without_prefix;
use crate::os;

/// A log larger than this (bytes) is put aside; one old log is kept.
const LIMIT: u64 = 5 * 1024 * 1024;

/// Opens the log for appending, a new one if it has grown too large, and says where the lines begin that are written now.
pub(crate) fn open(path: &Path) -> io::Result<(File, u64)> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LIMIT) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let log = os::append(path)?;
    let from = log.metadata()?.len();
    Ok((log, from))
}

/// Puts aside what is in a log that has grown too large, while a server writes to it. The server appends, so it goes on at
/// the beginning of the emptied file; a line that it writes at the very moment may be lost.
pub(crate) fn bound(path: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.len() <= LIMIT || !meta.is_file() {
        return Ok(());
    }
    let aside = path.with_extension("log.1");
    match fs::remove_file(&aside) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let log = os::open_private(path)?;
    // No more than what is to be emptied: a log that grows as fast as it is read is not followed for ever.
    io::copy(&mut (&log).take(meta.len()), &mut os::append(&aside)?)?;
    log.set_len(0)
}

/// The last `lines` of a log, from byte `from` on, reading at most its last 64 KiB; see [`without_values`].
pub(crate) fn tail(path: &Path, from: u64, lines: usize) -> String {
    let read = || -> io::Result<(Vec<u8>, bool)> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let begin = from.max(length.saturating_sub(64 * 1024)).min(length);
        file.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((bytes, begin != from))
    };
    let (bytes, amid) = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let kept = without_values(&text, amid);
    kept[kept.len().saturating_sub(lines)..].join("\n")
}

/// The lines of a log without what PostgreSQL adds to a message, and without slow statements: a detail can hold a whole row, a
/// statement its parameters. `amid`: the text begins amid a line, and nobody knows what that line is.
pub(crate) fn without_values(text: &str, amid: bool) -> Vec<&str> {
    const LEFT_OUT: [&str; 5] = ["DETAIL:", "CONTEXT:", "STATEMENT:", "QUERY:", DURATION];
    let mut left_out = amid;
    let mut kept = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // A tab in front: the message goes on.
        if !(line.starts_with('\t') || left_out && number == 0) {
            let message = without_prefix(line);
            left_out = LEFT_OUT.iter().any(|mark| message.starts_with(mark));
        }
        if !left_out {
            kept.push(line);
        }
    }
    kept
}

/// How the server begins to tell of a statement that took long.
pub(crate) const DURATION: &str = "LOG:  duration: ";
