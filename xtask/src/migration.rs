//! `cargo xtask migration new NAME`: the next file of the migrations, with what it must keep to at its head.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

const FOLDER: &str = "migrations";
/// What a file's name may be at most, so that it still reads as a line.
const LONGEST: usize = 60;

/// Makes the file, and tells what comes next.
pub(crate) fn new(root: &Path, name: &str) -> Result<()> {
    let folder = root.join(FOLDER);
    let number = next(&folder, name)?;
    let path = make(&folder, number, name)?;
    println!("{}", path.strip_prefix(root).unwrap_or(&path).display());
    println!("docs/how-to/add-a-migration.md says what comes next.");
    Ok(())
}

/// The number of the next file in `folder`, which is to be called `name`.
fn next(folder: &Path, name: &str) -> Result<u32> {
    let is_snake = !name.is_empty()
        && name.split('_').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
    if !is_snake || name.len() > LONGEST {
        bail!(
            "{name:?} is no name: say what the migration does, in snake case and at most {LONGEST} characters, like add_asset_notes"
        );
    }
    if name.as_bytes()[0].is_ascii_digit() {
        bail!("{name:?} begins with a number: the number is found and put before it");
    }
    let mut last = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let Some((number, rest)) = file.strip_suffix(".sql").and_then(|stem| stem.split_once('_')) else {
            continue;
        };
        if rest == name {
            bail!(
                "{file} has this name already: choose another, migrations are never edited once they landed"
            );
        }
        let number: u32 = number
            .parse()
            .with_context(|| format!("{file} does not begin with a number: rename or remove it"))?;
        last = last.max(number);
    }
    if last >= 999 {
        bail!("the numbers have three digits, and 999 is taken");
    }
    Ok(last + 1)
}

fn make(folder: &Path, number: u32, name: &str) -> Result<PathBuf> {
    let path = folder.join(format!("{number:03}_{name}.sql"));
    // Never over a file that somebody else made in the meantime.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(template(name).as_bytes())?;
    Ok(path)
}

fn template(name: &str) -> String {
    let what = name.replace('_', " ");
    format!(
        "-- {what}
--
-- Keep to the rules at the top of 001 and in README.md. In short:
--   * One transaction, which is the migrator's: no BEGIN, COMMIT, CONCURRENTLY or VACUUM. Forward only; never edited once landed.
--   * As the owner, who row-level security binds as well: to change rows of a client account, set app.client_account_id first, and go
--     through the client accounts one by one.
--   * A new table belongs to a client account: client_account_id NOT NULL and first in every key, row-level security enabled and
--     forced, both policies, and grants for drydock_app, drydock_readonly and drydock_backup where these roles exist.
--   * A new column of a table that has rows is nullable or has a constant default.
--   * What older builds still read is not taken away in the same step: add first, remove in a later one.
-- What it changes or removes on purpose, as table or table.column, on a line of its own that begins with \"-- changes:\".
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with nothing in it but the folder.
    fn root(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("xtask-migration-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join(FOLDER)).unwrap();
        fs::write(root.join(FOLDER).join("README.md"), "").unwrap();
        root
    }

    fn files(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root.join(FOLDER)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn numbers_follow_each_other() {
        let root = root("numbers");
        new(&root, "first_step").unwrap();
        new(&root, "v2_of_it").unwrap();
        assert_eq!(files(&root), ["001_first_step.sql", "002_v2_of_it.sql", "README.md"]);

        let text = fs::read_to_string(root.join(FOLDER).join("002_v2_of_it.sql")).unwrap();
        assert!(text.starts_with("-- v2 of it\n") && text.ends_with('\n') && !text.contains('\r'));
        assert!(text.lines().all(|line| line.starts_with("--")), "nothing runs yet");
        let again = new(&root, "first_step").unwrap_err().to_string();
        assert!(again.contains("001_first_step.sql"), "{again}");
        assert_eq!(files(&root).len(), 3);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn names_are_snake_case() {
        let root = root("names");
        let long = "a".repeat(LONGEST + 1);
        for name in [
            "",
            "Add",
            "add-notes",
            "add notes",
            "_add",
            "add_",
            "add__notes",
            "../add",
            "ädd",
            "002_add",
            &long,
        ] {
            assert!(new(&root, name).is_err(), "{name}");
        }
        assert_eq!(files(&root), ["README.md"]);
        fs::remove_dir_all(root).unwrap();
    }
}
