//! The folder of migrations itself, before anything is built from it.

use std::{collections::BTreeMap, fs, path::Path};

use drydock_store::history::Migrations;

/// What is wrong with a folder's files, in sentences.
fn faults(files: &[(&str, &[u8])]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut numbers: BTreeMap<usize, &str> = BTreeMap::new();
    for (name, bytes) in files.iter().copied() {
        let mut fault = |what: &str| faults.push(format!("{name}: {what}"));
        if name == "README.md" {
            continue;
        }
        if Migrations::of_files([(name, "")]).is_err() {
            fault("is no name like 002_what_it_does.sql");
            continue;
        }
        let number: usize = name[..3].parse().unwrap();
        if let Some(other) = numbers.insert(number, name) {
            fault(&format!("has the number of {other}"));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            fault("is not UTF-8");
            continue;
        };
        if text.contains('\r') {
            fault("has carriage returns");
        }
        if !text.ends_with('\n') || text.ends_with("\n\n") {
            fault("does not end with one line end");
        }
        if text.starts_with('\u{feff}') {
            fault("begins with a byte order mark");
        }
        if text.starts_with("-- no-transaction") {
            fault("is to run outside a transaction");
        }
        let ends_it = |line: &str| {
            let words = ["commit", "rollback", "begin;", "start transaction", "end;", "abort"];
            // At the margin: in a function's body they are indented.
            words.iter().any(|word| line.to_ascii_lowercase().starts_with(word))
        };
        if text.lines().any(ends_it) {
            fault("begins or ends a transaction, which is the migrator's to do");
        }
    }
    for (expected, (number, name)) in (1..).zip(&numbers) {
        if expected != *number {
            faults.push(format!("{name}: comes after a gap, the next number is {expected:03}"));
            break;
        }
    }
    faults
}

#[test]
fn the_shipped_ones_are_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    let borrowed: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    assert_eq!(faults(&borrowed), [""; 0]);

    // What is embedded is what is there.
    let texts = files
        .iter()
        .filter(|(name, _)| name != "README.md")
        .map(|(name, bytes)| (name, std::str::from_utf8(bytes).unwrap()));
    let there = Migrations::of_files(texts).unwrap();
    assert!(
        there.iter().eq(Migrations::shipped().iter()),
        "the program embeds other migrations than the folder has"
    );
}

#[test]
fn every_fault_is_seen() {
    let (one, fine) = (("001_one.sql", b"select 1;\n".as_slice()), b"select 2;\n".as_slice());
    assert_eq!(faults(&[("README.md", b"\r\n"), one, ("002_two.sql", fine)]), [""; 0]);
    for (name, text, fault) in [
        ("002-two.sql", fine, "no name"),
        ("002_Two.sql", fine, "no name"),
        ("2_two.sql", fine, "no name"),
        ("002_two.up.sql", fine, "no name"),
        ("002_two.sql~", fine, "no name"),
        ("notes.txt", fine, "no name"),
        ("001_two.sql", fine, "has the number of 001_one.sql"),
        ("003_two.sql", fine, "the next number is 002"),
        ("002_two.sql", b"select 2;\r\n", "carriage returns"),
        ("002_two.sql", b"select 2;", "one line end"),
        ("002_two.sql", b"select 2;\n\n", "one line end"),
        ("002_two.sql", b"-- \xff\n", "UTF-8"),
        ("002_two.sql", "\u{feff}select 2;\n".as_bytes(), "byte order mark"),
        ("002_two.sql", b"-- no-transaction\nselect 2;\n", "outside a transaction"),
        ("002_two.sql", b"select 2;\nCOMMIT;\n", "ends a transaction"),
    ] {
        let found = faults(&[one, (name, text)]);
        assert!(found.len() == 1 && found[0].contains(fault), "{name}: {found:?} is not {fault:?}");
    }
}
