//! `drydock history`.

use std::{fs, path::Path};

use drydock_testkit::folder;
use serde_json::Value;

use crate::command::{at, failed_with, printed, servers, sql};

const BASELINE: &str = include_str!("../../../../migrations/001_comprehensive_initial_schema.sql");

/// What it says as JSON, and whether that is a good end.
fn told(data: &Path) -> (Value, bool) {
    let output = at(data, &["history", "--json"]).output().unwrap();
    let told = serde_json::from_slice(&output.stdout);
    (told.unwrap_or_else(|_| panic!("{output:?}")), output.status.success())
}

#[test]
fn it_lists_both_sides_and_cures_line_ends() {
    let folder = folder();
    let data = folder.path().join("data");
    let (fine, good) = told(&data);
    assert!(good, "{fine}");
    assert_eq!(fine["shipped"][0]["description"], "comprehensive initial schema");
    assert_eq!(fine["shipped"][0]["checksum"], fine["applied"][0]["checksum"]);
    assert_eq!(fine["alembic"][0], "001_comprehensive_initial_schema");
    assert!(fine["difference"].is_null());
    let text = printed(&data, &["history"]);
    assert!(
        text.starts_with("✓ 001  comprehensive initial schema") && text.contains("Alembic finds 001_"),
        "{text}"
    );
    assert_eq!(
        printed(&data, &["history", "--accept-line-endings"]),
        "There is nothing to accept: the history agrees."
    );

    // As somebody's checkout had it.
    let script = folder.path().join("stamp.sql");
    let text = format!(
        "update migration._sqlx_migrations set checksum = sha384(convert_to(replace($text${BASELINE}$text$, E'\\n', E'\\r\\n'), 'UTF8')) where version = 1;"
    );
    fs::write(&script, text).unwrap();
    printed(&data, &["psql", "--", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", script.to_str().unwrap()]);
    failed_with(&at(&data, &["check"]).output().unwrap(), "history.line_endings");
    let output = at(&data, &["history"]).output().unwrap();
    let cure = failed_with(&output, "history.line_endings");
    assert!(cure.contains("`drydock history --accept-line-endings`"), "{cure}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("✗ 001"), "{output:?}");
    let (red, good) = told(&data);
    assert!(!good && red["difference"]["code"] == "history.line_endings", "{red}");
    assert_eq!(printed(&data, &["history", "--accept-line-endings"]), "Recorded as this build has it: 001.");
    printed(&data, &["check"]);

    // A real edit is none of its business.
    sql(&data, "update migration._sqlx_migrations set checksum = '\\x00'");
    let refused = at(&data, &["history", "--accept-line-endings"]).output().unwrap();
    failed_with(&refused, "history.changed");
    assert!(servers(&data).is_empty());
}
