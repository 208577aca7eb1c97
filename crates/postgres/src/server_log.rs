//! Reading the server's log: what it said in a stretch of time, and which statements took long.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{error::without_prefix, log};

/// Different statements that are told apart; more of them in one log are left out.
const STATEMENTS: usize = 200;
/// Characters of a statement that are kept.
const TEXT_LIMIT: usize = 600;

/// The logs of a data directory's server: the one that is written, and the one before it. Both are bounded.
#[derive(Clone, Debug)]
pub struct ServerLog {
    files: [PathBuf; 2],
}

/// A statement that took longer than [`SLOW_STATEMENT_MS`](crate::SLOW_STATEMENT_MS).
#[derive(Clone, Debug, PartialEq)]
pub struct SlowStatement {
    /// Its text, with a question mark in the place of every literal; cut where it is long.
    pub text: String,
    /// How often it was written down.
    pub count: u32,
    /// Milliseconds of all together.
    pub total_ms: f64,
    /// Milliseconds of the longest.
    pub longest_ms: f64,
    /// When it was last written down: `2026-01-31 12:00:00.000`, UTC.
    pub last_at: String,
}

impl ServerLog {
    /// The logs of the data directory `data`, whether or not there are any.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        let log = data.join("log/postgres.log");
        Self { files: [log.with_extension("log.1"), log] }
    }

    /// Lines between two moments, written as the log writes them (`2026-01-31 12:00:00.000`, UTC), both included; at most the first
    /// `limit`, and whether there are more. What may hold values is left out. Reads both files.
    ///
    /// # Errors
    /// When a log that is there cannot be read.
    pub fn between(&self, from: &str, until: &str, limit: usize) -> io::Result<(Vec<String>, bool)> {
        let mut lines = Vec::new();
        for file in &self.files {
            let text = read(file)?;
            let mut within = false;
            for line in log::without_values(&text, false) {
                if let Some(at) = moment(line) {
                    within = from <= at && at <= until;
                }
                if within {
                    if lines.len() == limit {
                        return Ok((lines, true));
                    }
                    lines.push(line.to_owned());
                }
            }
        }
        Ok((lines, false))
    }

    /// The statements that took long, the one that took most time in all first, and how many bytes of log were read.
    ///
    /// # Errors
    /// When a log that is there cannot be read.
    pub fn slow_statements(&self) -> io::Result<(u64, Vec<SlowStatement>)> {
        let mut found: HashMap<String, SlowStatement> = HashMap::new();
        let mut bytes = 0;
        for file in &self.files {
            let text = read(file)?;
            bytes += text.len() as u64;
            slow(&text, &mut found);
        }
        let mut statements: Vec<_> = found.into_values().collect();
        statements.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
        Ok((bytes, statements))
    }
}

fn read(file: &Path) -> io::Result<String> {
    match fs::read(file) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// When a line was written; `None` for one that goes on with the message before it.
fn moment(line: &str) -> Option<&str> {
    without_prefix(line).len().lt(&line.trim().len()).then(|| line.get(..23)).flatten()
}

fn slow(text: &str, found: &mut HashMap<String, SlowStatement>) {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let message = without_prefix(line);
        let Some((ms, what)) = message.strip_prefix(log::DURATION).and_then(|rest| rest.split_once(" ms  "))
        else {
            continue;
        };
        let (Ok(ms), Some(at)) = (ms.parse::<f64>(), moment(line)) else { continue };
        // `statement: …`, or the name of a prepared one: `execute sqlx_s_1: …`. Parse and bind are no work of the statement's.
        let Some((kind, first)) = what.split_once(": ") else { continue };
        let mut statement = first.to_owned();
        while let Some(next) = lines.next_if(|line| line.starts_with('\t')) {
            statement.push(' ');
            statement.push_str(next.trim());
        }
        if !(kind == "statement" || kind.starts_with("execute")) {
            continue;
        }
        let text = without_literals(&statement);
        if !found.contains_key(&text) && found.len() >= STATEMENTS {
            continue;
        }
        let slow = found.entry(text.clone()).or_insert_with(|| SlowStatement {
            text,
            count: 0,
            total_ms: 0.0,
            longest_ms: 0.0,
            last_at: String::new(),
        });
        slow.count += 1;
        slow.total_ms += ms;
        slow.longest_ms = slow.longest_ms.max(ms);
        slow.last_at = at.to_owned();
    }
}

/// A statement on one line, with `?` for every literal: strings in single quotes (with their escapes), between dollar signs, and numbers
/// that are not part of a name or a parameter. An unfinished literal takes the rest with it.
fn without_literals(statement: &str) -> String {
    let mut text = String::new();
    let mut rest = statement;
    let mut before = ' ';
    while let Some(letter) = rest.chars().next() {
        let named = before.is_alphanumeric() || before == '_' || before == '$';
        let taken = match letter {
            '\'' => {
                let escapes = matches!(before, 'e' | 'E');
                push(&mut text, '?');
                quoted(rest, escapes)
            }
            '$' if !named => match dollar_quoted(rest) {
                Some(length) => {
                    push(&mut text, '?');
                    length
                }
                None => {
                    push(&mut text, letter);
                    1
                }
            },
            '0'..='9' if !named => {
                push(&mut text, '?');
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len())
            }
            _ => {
                push(&mut text, letter);
                letter.len_utf8()
            }
        };
        before = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    let text = text.trim();
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// Adds a letter; white space once.
fn push(text: &mut String, letter: char) {
    if !letter.is_whitespace() {
        text.push(letter);
    } else if !text.ends_with(' ') {
        text.push(' ');
    }
}

/// Bytes of the string in single quotes that `text` begins with.
fn quoted(text: &str, escapes: bool) -> usize {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if escapes => drop(letters.next()),
            '\'' if letters.peek().is_some_and(|(_, next)| *next == '\'') => drop(letters.next()),
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Bytes of the string between dollar signs that `text` begins with, if it is one and no parameter.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = text[1..].find('$').map(|end| &text[..end + 2])?;
    let name = &tag[1..tag.len() - 1];
    let is_tag = !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_tag.then(|| text[tag.len()..].find(tag).map_or(text.len(), |end| tag.len() + end + tag.len()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
mod tests {
    use super::*;

    const LOG: &str = "2026-01-31 12:00:00.000 UTC [1] LOG:  starting PostgreSQL 16.14
2026-01-31 12:00:01.000 UTC [9] LOG:  duration: 300.500 ms  execute sqlx_s_1: select *
\tfrom migration.assets
\twhere id = $1
2026-01-31 12:00:02.000 UTC [9] LOG:  duration: 412.000 ms  bind sqlx_s_1: select * from migration.assets where id = $1
2026-01-31 12:00:03.000 UTC [9] LOG:  duration: 699.500 ms  execute sqlx_s_1: select *
\tfrom migration.assets
\twhere id = $1
2026-01-31 12:00:04.000 UTC [9] LOG:  duration: 500.000 ms  statement: alter role x password 'hunter2'
2026-01-31 12:00:05.000 UTC [1] ERROR:  relation \"users\" does not exist
2026-01-31 12:00:05.000 UTC [1] DETAIL:  Failing row contains (hunter2).
2026-01-31 12:00:06.000 UTC [1] LOG:  the last
";

    fn folder() -> (tempfile::TempDir, ServerLog) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        fs::write(folder.path().join("log/postgres.log"), LOG).unwrap();
        let log = ServerLog::of(folder.path());
        (folder, log)
    }

    #[test]
    fn slow_statements_are_added_up_without_what_was_in_them() {
        let (_folder, log) = folder();
        let (bytes, statements) = log.slow_statements().unwrap();
        assert_eq!(bytes, LOG.len() as u64);
        let seen: Vec<_> = statements.iter().map(|s| (s.text.as_str(), s.count, s.longest_ms)).collect();
        assert_eq!(
            seen,
            [
                ("select * from migration.assets where id = $1", 2, 699.5),
                ("alter role x password ?", 1, 500.0)
            ]
        );
        assert_eq!(statements[0].total_ms, 1000.0);
        assert_eq!(statements[0].last_at, "2026-01-31 12:00:03.000");
    }

    #[test]
    fn a_stretch_of_the_log_holds_no_values() {
        let (_folder, log) = folder();
        let (lines, cut) = log.between("2026-01-31 12:00:01.000", "2026-01-31 12:00:05.999", 10).unwrap();
        assert_eq!(lines, ["2026-01-31 12:00:05.000 UTC [1] ERROR:  relation \"users\" does not exist"]);
        assert!(!cut);
        assert!(log.between("2026", "2027", 1).unwrap().1);
        let none = ServerLog::of(Path::new("/nowhere"));
        assert_eq!(none.between("2026", "2027", 10).unwrap(), (Vec::new(), false));
    }

    #[test]
    fn no_literal_is_shown() {
        for (statement, shown) in [
            ("select 'a''b', 12.5e3, x1, $1", "select ?, ?, x1, $1"),
            (r"select E'a\'b' from t", "select E? from t"),
            ("do $body$ secret $body$; select 1", "do ?; select ?"),
            ("select $$s$$, $2::text", "select ?, $2::text"),
            ("set x = 'unfinished", "set x = ?"),
            ("select  a\n\t from   b", "select a from b"),
            ("select 'Größe', größe", "select ?, größe"),
        ] {
            assert_eq!(without_literals(statement), shown);
        }
        assert!(without_literals(&"x".repeat(5_000)).len() < 620);
    }
}
