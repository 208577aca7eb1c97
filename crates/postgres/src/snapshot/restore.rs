use std::fs::File;
use std::io::{self, Write};
use std::process::ChildStdin;

use super::ServerAddress;
use super::draft::Draft;
use super::dump::ended;
use super::format::{Container, Refusal};
use super::run::{self, Run};
use crate::PostgresError;

/// Where a snapshot is restored to, and as whom.
pub(super) struct Target {
    pub(super) server: ServerAddress,
    pub(super) database: String,
    pub(super) role: String,
}

/// Restores a snapshot whose every byte has been verified, in one transaction.
///
/// It connects as the role instead of becoming it: what a file brings along could end a `SET ROLE`.
pub(super) fn restore(
    run: &Run,
    target: &Target,
    container: &mut Container<File>,
    contents: &mut Draft,
    refused: impl Fn(Refusal) -> PostgresError,
) -> Result<(), PostgresError> {
    let chosen = table_of_contents(run, &target.server, container, &refused)?;
    contents.write_all(chosen.as_bytes()).map_err(PostgresError::io("write", contents.path()))?;

    let arguments = [
        "--single-transaction".into(),
        "--exit-on-error".into(),
        "--no-owner".into(),
        "--no-password".into(),
        format!("--username={}", target.role),
        run::database(&target.database),
        format!("--use-list={}", contents.path().display()),
    ];
    let ran = |cause| PostgresError::io("run", &target.server.tree.program("pg_restore"))(cause);
    let mut tool = run.start(&target.server, "pg_restore", &arguments).map_err(ran)?;
    let mut feed = Feed(tool.input.take());
    container.unpack(&mut feed, |bytes| run.tick(bytes)).map_err(refused)?;
    drop(feed);
    let (status, messages) = tool.end().map_err(ran)?;
    if status.success() {
        Ok(())
    } else {
        Err(PostgresError::RestoreFailed { output: ended(messages, status) })
    }
}

/// What is in it and is to be restored: everything but the extensions, which are there, and which only their owner may
/// comment on.
fn table_of_contents(
    run: &Run,
    server: &ServerAddress,
    container: &mut Container<File>,
    refused: impl Fn(Refusal) -> PostgresError,
) -> Result<String, PostgresError> {
    let ran = |cause| PostgresError::io("run", &server.tree.program("pg_restore"))(cause);
    let mut tool = run.start(server, "pg_restore", &["--list".into()]).map_err(ran)?;
    let answer = tool.answer().map_err(ran)?;
    if let Some(input) = &mut tool.input {
        match container.unpack(input, |_| run.go_on()) {
            // It reads no further than it needs to.
            Err(Refusal::Io(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => {}
            done => done.map_err(refused)?,
        }
    }
    let (status, messages) = tool.end().map_err(ran)?;
    if !status.success() {
        return Err(PostgresError::RestoreFailed { output: ended(messages, status) });
    }
    Ok(answer.text().lines().filter(|line| !is_about_an_extension(line)).fold(
        String::new(),
        |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        },
    ))
}

/// Whether a line like `3421; 0 0 COMMENT - EXTENSION vector` is.
pub(super) fn is_about_an_extension(line: &str) -> bool {
    let mut words = line.split(' ').skip(3);
    match words.next() {
        Some("EXTENSION") => true,
        Some("COMMENT") => words.next() == Some("-") && words.next() == Some("EXTENSION"),
        _ => false,
    }
}

/// The input of a program that may have read enough before it is at its end.
struct Feed(Option<ChildStdin>);

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.as_mut().map(|input| input.write(bytes)) {
            None => Ok(bytes.len()),
            Some(Err(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => {
                self.0 = None;
                Ok(bytes.len())
            }
            Some(done) => done,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
