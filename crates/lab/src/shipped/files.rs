//! Migrations that are SQL files: those of sqlx and of Flyway.

use std::collections::BTreeMap;

use drydock_store::{
    fault::crc32,
    observe::{Tool, sqlx_checksum},
};
use sha2::{Digest as _, Sha384};

use super::Revision;

/// Reads names and contents; `None` where none is a migration.
pub(super) fn sql(files: &BTreeMap<String, Vec<u8>>) -> Option<(Tool, Vec<Revision>)> {
    let of = |tool: Tool, version: fn(&str) -> Option<String>, checksum: fn(&str) -> String| {
        let mut revisions: Vec<Revision> = files
            .iter()
            .filter_map(|(name, bytes)| {
                let text = String::from_utf8_lossy(bytes);
                Some(Revision {
                    id: version(name)?,
                    parents: Vec::new(),
                    file: name.clone(),
                    checksums: Some([checksum(&text), checksum(&other_line_ends(&text))]),
                })
            })
            .collect();
        // By number: 1.2 comes after 1 and before 1.10, which their names do not.
        revisions.sort_by_cached_key(|revision| numbers(&revision.id));
        (!revisions.is_empty()).then_some((tool, revisions))
    };
    of(Tool::Flyway, flyway_version, flyway).or_else(|| of(Tool::Sqlx, sqlx_version, sqlx))
}

/// The parts of a version; what has more digits than a number holds comes last.
fn numbers(version: &str) -> Vec<u128> {
    version.split('.').map(|part| part.parse().unwrap_or(u128::MAX)).collect()
}

/// `V1_2__what.sql` is 1.2.
fn flyway_version(name: &str) -> Option<String> {
    let (version, _) = name.strip_suffix(".sql")?.strip_prefix('V')?.split_once("__")?;
    let digits = !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    digits.then(|| version.replace('_', "."))
}

/// `0002_what.sql` and `20250101120000_what.up.sql` are 2 and 20250101120000.
fn sqlx_version(name: &str) -> Option<String> {
    let (version, rest) = name.strip_suffix(".sql")?.split_once('_')?;
    if rest.ends_with(".down") {
        return None;
    }
    version.parse::<i64>().ok().map(|version| version.to_string())
}

/// sqlx: SHA-384 over the bytes.
pub(super) fn sqlx(text: &str) -> String {
    sqlx_checksum(&Sha384::digest(text))
}

/// Flyway: CRC-32 over the lines without their ends, as a signed number.
fn flyway(text: &str) -> String {
    let lines: String = text.trim_start_matches('\u{feff}').lines().collect();
    crc32(lines.as_bytes()).cast_signed().to_string()
}

/// The same text with CRLF for LF, or the reverse.
pub(super) fn other_line_ends(text: &str) -> String {
    if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text.replace('\n', "\r\n") }
}
