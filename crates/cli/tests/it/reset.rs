//! `drydock reset`.

use drydock_testkit::folder;

use crate::{
    command::{Serving, at, failed_with, printed, servers, sql},
    terminal::Terminal,
};

const MADE: &str = "select to_regclass('kept.made') is not null";

#[test]
fn it_brings_the_seeded_state_back_and_undo_what_was_there() {
    let folder = folder();
    let data = folder.path().join("data");
    sql(&data, "create schema kept; create table kept.made ()");
    assert_eq!(sql(&data, MADE), "t");
    let said = printed(&data, &["reset", "--yes"]);
    assert!(said.starts_with("The seeded state is back") && said.contains("reset --undo"), "{said}");
    assert_eq!(sql(&data, MADE), "f");
    printed(&data, &["reset", "--undo"]);
    assert_eq!(sql(&data, MADE), "t");
    printed(&data, &["reset", "--undo"]);
    assert_eq!(sql(&data, MADE), "f");
    assert!(servers(&data).is_empty());
}

#[test]
fn where_nothing_was_replaced_there_is_nothing_to_undo() {
    let folder = folder();
    let data = folder.path().join("data");
    failed_with(&at(&data, &["reset", "--undo"]).output().unwrap(), "maintenance.nothing_to_undo");
    assert!(servers(&data).is_empty());
}

#[test]
fn unconfirmed_it_touches_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    failed_with(&at(&data, &["reset"]).output().unwrap(), "command.unconfirmed");
    assert!(!data.exists());

    sql(&data, "create schema kept; create table kept.made ()");
    for (answer, made, code) in [("n\n", "t", 1), ("\x03", "t", 1), ("y\n", "f", 0)] {
        let mut terminal = Terminal::start(at(&data, &["reset"]));
        terminal.wait_for("Is that meant? [y/N]");
        terminal.type_in(answer);
        let (status, screen) = terminal.end();
        assert_eq!(status.code(), Some(code), "{screen}");
        assert_eq!(sql(&data, MADE), made, "{screen}");
    }
}

#[test]
fn a_running_drydock_is_not_reset_behind_its_back() {
    let folder = folder();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    for arguments in [&["reset", "--yes"][..], &["reset", "--undo"]] {
        let said = failed_with(&at(&data, arguments).output().unwrap(), "data.in_use");
        assert!(said.contains("serve") && said.contains(&serving.child.id().to_string()), "{said}");
    }
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
}

/// A database that the gates refuse can still be put back.
#[test]
fn what_is_broken_can_be_reset() {
    let folder = folder();
    let data = folder.path().join("data");
    sql(&data, "alter table migration.assets no force row level security");
    failed_with(
        &at(&data, &["check"]).stdout(std::process::Stdio::null()).output().unwrap(),
        "verify.tenancy_open",
    );
    printed(&data, &["reset", "--yes"]);
    printed(&data, &["check"]);
}
