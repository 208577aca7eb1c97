use std::io::{self, Read, Write};

use super::ServerAddress;
use super::format::{self, Header};
use super::run::{self, Run};
use crate::PostgresError;
use crate::cluster::SUPERUSER;

/// Writes a snapshot of a database.
///
/// The superuser reads it: row-level security binds every other role, the owner too where it is forced, and `pg_dump` with
/// `--enable-row-security` would leave out what the role may not see without a word.
pub(super) fn dump<W: Write>(
    run: &Run,
    server: &ServerAddress,
    database: &str,
    without_rows_of: &[String],
    header: &Header,
    out: W,
    written: impl Fn(io::Error) -> PostgresError,
) -> Result<W, PostgresError> {
    let mut arguments: Vec<String> =
        ["--format=custom", "--compress=0", "--encoding=UTF8", "--no-password"].map(Into::into).into();
    arguments.extend([format!("--username={SUPERUSER}"), run::database(database)]);
    arguments.extend(without_rows_of.iter().map(|pattern| format!("--exclude-table-data={pattern}")));
    let program = server.tree.program("pg_dump");
    let ran = |cause| PostgresError::io("run", &program)(cause);
    let mut tool = run.start(server, "pg_dump", &arguments).map_err(ran)?;
    tool.input = None;
    let mut output = Counted { from: tool.output.take(), run };
    let out = format::write(out, header, &mut output).map_err(written)?;
    let (status, messages) = tool.end().map_err(ran)?;
    if status.success() {
        Ok(out)
    } else {
        Err(PostgresError::DumpFailed { output: ended(messages, status) })
    }
}

/// What it told, or how it ended if it told nothing.
pub(super) fn ended(messages: String, status: std::process::ExitStatus) -> String {
    if messages.is_empty() { format!("error: it ended with {status}") } else { messages }
}

struct Counted<'a, R> {
    from: Option<R>,
    run: &'a Run,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.as_mut().map_or(Ok(0), |from| from.read(buffer))?;
        self.run.tick(count as u64)?;
        Ok(count)
    }
}
