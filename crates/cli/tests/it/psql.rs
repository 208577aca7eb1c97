//! `drydock psql`.

use std::{fs, os::unix::fs::PermissionsExt as _};

use drydock_testkit::folder;

use crate::{
    command::{Serving, at, failed_with, printed, servers, sql},
    terminal::Terminal,
};

const WHO: &str = "select current_user || ' ' || session_user";

#[test]
fn it_connects_as_the_role_that_is_asked_for_and_boots_where_nobody_does() {
    let folder = folder();
    let data = folder.path().join("data");
    assert_eq!(sql(&data, WHO), "drydock_owner drydock_owner");
    assert!(servers(&data).is_empty());
    let _serving = Serving::start(&data);
    for role in ["owner", "app", "readonly"] {
        let seen = printed(&data, &["psql", "--role", role, "--", "-XAtqc", WHO]);
        assert_eq!(seen, format!("drydock_{role} drydock_{role}"));
    }
    let output = at(&data, &["psql", "--role", "postgres"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "no way to the superuser");
}

#[test]
fn its_exit_code_is_psql_s() {
    let folder = folder();
    let data = folder.path().join("data");
    let _serving = Serving::start(&data);
    let code = |arguments: &[&str]| {
        let arguments = [&["psql", "--"], arguments].concat();
        at(&data, &arguments).output().unwrap().status.code()
    };
    assert_eq!(code(&["-c", "select 1"]), Some(0));
    assert_eq!(code(&["-c", "nonsense"]), Some(1));
    assert_eq!(code(&["-v", "ON_ERROR_STOP=1", "-f", "/dev/stdin"]), Some(0), "nothing to read");
    assert_eq!(code(&["-f", "/nonexistent"]), Some(1));
}

#[test]
fn what_the_surroundings_say_about_another_server_changes_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut command = at(&data, &["psql", "--", "-XAtqc", WHO]);
    for (name, value) in [
        ("PGHOST", "elsewhere.example"),
        ("PGHOSTADDR", "192.0.2.1"),
        ("PGPORT", "1"),
        ("PGUSER", "somebody"),
        ("PGDATABASE", "elsewhere"),
        ("PGSERVICE", "elsewhere"),
        ("PGREQUIREAUTH", "scram-sha-256"),
        ("PGOPTIONS", "-c role=nobody"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "drydock_owner drydock_owner", "{output:?}");
}

/// What was done by hand is undone by hand.
#[test]
fn a_red_gate_is_said_and_the_way_in_is_open() {
    let folder = folder();
    let data = folder.path().join("data");
    sql(&data, "alter table migration.assets no force row level security");
    let cure = "alter table migration.assets force row level security";
    let output = at(&data, &["psql", "--", "-Xqc", cure]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("[verify.tenancy_open]"), "{output:?}");
    printed(&data, &["check"]);
}

/// A package has no psql of its own.
#[test]
fn without_one_in_the_tree_the_one_on_the_path_is_taken() {
    let folder = folder();
    let data = folder.path().join("data");
    let _serving = Serving::start(&data);
    let program = folder.path().join("psql");
    fs::write(&program, "#!/bin/sh\necho \"$@\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let output = at(&data, &["psql", "--", "-c", "select 1"])
        .env("DRYDOCK_POSTGRES", folder.path())
        .env("PATH", format!("/nonexistent:{}", folder.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("--username=drydock_owner --dbname=drydock -c select 1"), "{said}");
}

#[test]
fn without_any_it_says_so_and_boots_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    let output = at(&data, &["psql"])
        .env("DRYDOCK_POSTGRES", folder.path())
        .env("PATH", folder.path())
        .output()
        .unwrap();
    failed_with(&output, "psql.missing");
    assert!(!data.exists());
}

/// Ctrl-C is psql's: it breaks off a statement, and neither psql nor what carries it ends.
#[test]
fn it_can_be_used_on_a_terminal() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut command = at(&data, &["psql", "--", "-X"]);
    command.env("TERM", "dumb").env("PAGER", "cat");
    let mut terminal = Terminal::start(command);
    terminal.wait_for("drydock=> ");
    terminal.type_in("select 6 * 7 as answer;\n");
    terminal.wait_for("42");
    terminal.type_in("\\echo asleep\nselect pg_sleep(1000);\n");
    terminal.wait_for("\nasleep");
    terminal.type_in("\x03");
    terminal.wait_for("canceling statement due to user request");
    terminal.type_in("select 7 * 11 as answer;\n");
    terminal.wait_for("77");
    terminal.type_in("\\q\n");
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    assert!(servers(&data).is_empty());
}
