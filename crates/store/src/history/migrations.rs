//! A set of migrations, and what the text of one may differ in without saying anything else.

use std::borrow::Cow;

use sha2::{Digest as _, Sha384};
use sqlx::{
    AssertSqlSafe, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

/// The shipped migrations, embedded in the program.
static SHIPPED: Migrations = Migrations { migrator: sqlx::migrate!("../../migrations") };

/// A line of migrations, in the order of their versions: the shipped one, or another to try what would happen.
#[derive(Debug)]
pub struct Migrations {
    migrator: Migrator,
}

/// A name that no migration may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a migration: it must be like 002_what_it_does.sql")]
pub struct BadName(pub String);

/// How the text of a migration that was applied differs from that of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// Carriage returns before the line feeds, or none where this build has them.
    CarriageReturns,
    /// The line end after the last line.
    Last,
    /// Both.
    Both,
}

impl LineEnds {
    /// What it was applied with, in a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::CarriageReturns => "other line ends (CRLF for LF, or the reverse)",
            Self::Last => "another end of its last line",
            Self::Both => "other line ends, and another end of its last line",
        }
    }
}

impl Migrations {
    /// What this build carries.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Those of files, each with its name and text. Gaps are left as they are, for the gates to find.
    ///
    /// # Errors
    /// [`BadName`] where a name is not `NNN_snake_case.sql`.
    pub fn of_files<N: AsRef<str>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, BadName> {
        let migrations = files.into_iter().map(|(name, text)| {
            let (version, description) = parts(name.as_ref())?;
            let text = text.into();
            let outside_a_transaction = text.starts_with("-- no-transaction");
            Ok(Migration::new(
                version,
                Cow::Owned(description),
                MigrationType::Simple,
                // A migration is SQL; it comes from the program's or the developer's own files.
                AssertSqlSafe(text).into_sql_str(),
                outside_a_transaction,
            ))
        });
        Ok(Self { migrator: Migrator::with_migrations(migrations.collect::<Result<_, BadName>>()?) })
    }

    /// The same line as far as `version`.
    #[must_use]
    pub fn up_to(&self, version: i64) -> Self {
        let kept = self.migrator.iter().filter(|migration| migration.version <= version).cloned().collect();
        Self { migrator: Migrator::with_migrations(kept) }
    }

    /// The same line and then `more`, one file's name and text each.
    ///
    /// # Errors
    /// As [`Migrations::of_files`].
    pub fn and<N: AsRef<str>, T: Into<String>>(
        &self,
        more: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, BadName> {
        let more = Self::of_files(more)?;
        let all = self.migrator.iter().chain(more.migrator.iter()).cloned().collect();
        Ok(Self { migrator: Migrator::with_migrations(all) })
    }

    /// Version, description and text of each.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &str, &str)> {
        self.migrator
            .iter()
            .map(|migration| (migration.version, migration.description.as_ref(), migration.sql.as_str()))
    }

    /// Their versions, ascending.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.migrator.iter().map(|migration| migration.version)
    }

    /// The checksum of `version`, as the history records it.
    #[must_use]
    pub fn checksum(&self, version: i64) -> Option<&[u8]> {
        self.get(version).map(|migration| migration.checksum.as_ref())
    }

    pub(super) fn checksums(&self) -> impl Iterator<Item = &[u8]> {
        self.migrator.iter().map(|migration| migration.checksum.as_ref())
    }

    pub(super) fn migrator(&self) -> &Migrator {
        &self.migrator
    }

    pub(super) fn description(&self, version: i64) -> Option<&str> {
        self.get(version).map(|migration| migration.description.as_ref())
    }

    pub(super) fn text(&self, version: i64) -> Option<&str> {
        self.get(version).map(|migration| migration.sql.as_str())
    }

    /// In what the text with `checksum` differs from that of `version` here, if in line ends alone.
    pub(super) fn line_ends(&self, version: i64, checksum: &[u8]) -> Option<LineEnds> {
        let text = self.text(version)?;
        let has_returns = text.contains("\r\n");
        let ends_its_last_line = text.ends_with('\n');
        let lines = text.replace("\r\n", "\n");
        let bare = lines.strip_suffix('\n').unwrap_or(&lines);
        // What an editor or a checkout changes unasked: carriage returns, and whether the last line has an end. Both are white
        // space between statements; where they are inside one, the comparison of the catalogues shows it.
        [(false, false), (false, true), (true, false), (true, true)].into_iter().find_map(
            |(returns, last)| {
                let end = if returns { "\r\n" } else { "\n" };
                let mut variant = if returns { bare.replace('\n', end) } else { bare.to_owned() };
                if last {
                    variant.push_str(end);
                }
                if Sha384::digest(&variant).as_slice() != checksum {
                    return None;
                }
                Some(match (returns != has_returns, last != ends_its_last_line) {
                    (true, false) => LineEnds::CarriageReturns,
                    (false, _) => LineEnds::Last,
                    (true, true) => LineEnds::Both,
                })
            },
        )
    }

    /// Whether this line is the shipped one as far as `version`, which it has: only then does a committed listing speak of it.
    pub(super) fn is_shipped_up_to(&self, version: i64) -> bool {
        self.checksum(version).is_some()
            && self.up_to(version).checksums().eq(SHIPPED.up_to(version).checksums())
    }

    fn get(&self, version: i64) -> Option<&Migration> {
        self.migrator.iter().find(|migration| migration.version == version)
    }
}

/// Version and description out of a file's name, as sqlx names them.
fn parts(name: &str) -> Result<(i64, String), BadName> {
    let bad = || BadName(name.to_owned());
    let (number, rest) = name.strip_suffix(".sql").and_then(|stem| stem.split_once('_')).ok_or_else(bad)?;
    let is_number = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_snake = !rest.is_empty()
        && rest.split('_').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
    if !is_number || !is_snake {
        return Err(bad());
    }
    let version = number.parse().map_err(|_| bad())?;
    Ok((version, rest.replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
    fn names() {
        assert_eq!(parts("002_add_a_column.sql").unwrap(), (2, "add a column".to_owned()));
        for bad in [
            "2_add.sql",
            "0002_add.sql",
            "002_Add.sql",
            "002__add.sql",
            "002_.sql",
            "002-add.sql",
            "add.sql",
            "002_add",
        ] {
            assert_eq!(parts(bad), Err(BadName(bad.to_owned())));
        }
    }

    #[test]
    #[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
    fn line_ends_are_told_from_edits() {
        let of = |text: &str| Migrations::of_files([("001_x.sql", text)]).unwrap();
        let here = of("select 1;\nselect 2;\n");
        for (applied, seen) in [
            ("select 1;\r\nselect 2;\r\n", Some(LineEnds::CarriageReturns)),
            ("select 1;\nselect 2;", Some(LineEnds::Last)),
            ("select 1;\r\nselect 2;", Some(LineEnds::Both)),
            ("select 1;\nselect 2;\n\n", None),
            ("select 1; \nselect 2;\n", None),
            ("select 1;\rselect 2;\r", None),
            ("", None),
        ] {
            let applied = of(applied);
            assert_eq!(here.line_ends(1, applied.checksum(1).unwrap()), seen, "{applied:?}");
        }
        let with_returns = of("select 1;\r\nselect 2;\r\n");
        assert_eq!(with_returns.line_ends(1, here.checksum(1).unwrap()), Some(LineEnds::CarriageReturns));
    }
}
