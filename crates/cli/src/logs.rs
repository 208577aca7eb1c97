//! `drydock logs`.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use drydock_boot::{ErrorCode, Settings, data_path, log_files};

use crate::{fail_access, fail_code, signals::Signals};

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) async fn run(settings: &Settings, lines: usize, follow: bool, signals: &mut Signals) -> ExitCode {
    let [before, log] = match data_path(settings) {
        Ok(data) => log_files(&data),
        Err(error) => return fail_access(&error.into()),
    };
    if !follow && !log.exists() {
        return fail_code(&format!("There is no server log at {}.", log.display()), ErrorCode::LogMissing);
    }
    let printed = async {
        let mut place = Place::default();
        let mut text = read_from(&before, 0)?;
        text.extend(place.advance(&log, &before)?);
        print(last_lines(&text, lines))?;
        if !follow {
            return Ok::<_, io::Error>(());
        }
        loop {
            tokio::time::sleep(LOOK).await;
            print(&place.advance(&log, &before)?)?;
        }
    };
    match signals.or(printed).await {
        // A reader that has gone away has read enough, and Ctrl-C is how following ends.
        Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => fail_code(
            &format!("The server log {} cannot be read: {error}.", log.display()),
            ErrorCode::LogMissing,
        ),
        _ => ExitCode::SUCCESS,
    }
}

fn print(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

/// How far a log has been read.
#[derive(Default)]
struct Place {
    /// The file's own number; 0 before there is one.
    file: u64,
    /// Bytes.
    offset: u64,
}

impl Place {
    /// What has been added to `log`. It is put aside as `before` when it has grown too large, by renaming or by copying and
    /// emptying it, and what was not read by then is found there.
    fn advance(&mut self, log: &Path, before: &Path) -> io::Result<Vec<u8>> {
        let meta = match fs::metadata(log) {
            Ok(meta) => meta,
            // Not yet there, or just being put aside.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        let other = self.file != 0 && self.file != meta.ino();
        if other || meta.len() < self.offset {
            text = read_from(before, self.offset)?;
            self.offset = 0;
        }
        self.file = meta.ino();
        let added = read_from(log, self.offset)?;
        self.offset += added.len() as u64;
        text.extend(added);
        Ok(text)
    }
}

/// The file from byte `offset` on; nothing where there is none or it is shorter.
fn read_from(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut text)?;
    Ok(text)
}

fn last_lines(text: &[u8], lines: usize) -> &[u8] {
    if lines == 0 {
        return &[];
    }
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let begin = ends.map(|(end, _)| end + 1).nth(lines - 1).unwrap_or(0);
    &text[begin..]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn the_last_lines_are_counted_from_the_end() {
        let text = b"one\ntwo\nthree\n";
        assert_eq!(last_lines(text, 0), b"");
        assert_eq!(last_lines(text, 1), b"three\n");
        assert_eq!(last_lines(text, 2), b"two\nthree\n");
        assert_eq!(last_lines(text, 9), text);
        assert_eq!(last_lines(b"one\nhalf", 1), b"half");
        assert_eq!(last_lines(b"", 3), b"");
        assert_eq!(last_lines(b"\n\n", 1), b"\n");
    }

    #[test]
    fn nothing_is_lost_and_nothing_told_twice_when_the_log_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let [before, log] = log_files(folder.path());
        fs::create_dir(log.parent().unwrap()).unwrap();
        let write = |text: &str| {
            let mut file = OpenOptions::new().append(true).create(true).open(&log).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        let mut place = Place::default();
        assert_eq!(place.advance(&log, &before).unwrap(), b"", "there is no log yet");
        write("a long line\n");
        assert_eq!(place.advance(&log, &before).unwrap(), b"a long line\n");
        assert_eq!(place.advance(&log, &before).unwrap(), b"");

        write("b\n");
        fs::copy(&log, &before).unwrap();
        File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
        write("c\n");
        assert_eq!(place.advance(&log, &before).unwrap(), b"b\nc\n", "copied and emptied");

        write("d\n");
        fs::rename(&log, &before).unwrap();
        assert_eq!(place.advance(&log, &before).unwrap(), b"", "between two logs");
        write("e\nf\n");
        assert_eq!(place.advance(&log, &before).unwrap(), b"d\ne\nf\n", "renamed");
    }
}
