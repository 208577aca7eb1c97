//! `drydock url`.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use drydock_domain::database_url::{Consumer, Outcome, Secrets, ServerTls};
use serde_json::Value;

use crate::command::psql;

fn url(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.arg("url").args(arguments).env_remove("DATABASE_URL").stdin(Stdio::null());
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_consumer_gets_its_form_and_no_password_is_printed() {
    let output =
        url(&["postgres://app:p@ss:w/rd#1%2@db.example.com:5433/app?sslmode=require"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "something is wrong with it");
    let text = stdout(&output);
    assert!(text.contains("postgresql+asyncpg://app:***@db.example.com:5433/app?ssl=require"), "{text}");
    assert!(text.contains("postgresql+psycopg://app:***@db.example.com:5433/app?sslmode=require"), "{text}");
    for part in ["rd#1", "ss:w", "p%40ss"] {
        assert!(!text.contains(part), "{text}");
    }
    assert!(output.stderr.is_empty());
}

#[test]
fn the_url_comes_from_an_argument_the_environment_or_standard_input() {
    const URL: &str = "postgresql://app:secret@db.example.com/app";
    let form = |mut command: Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        stdout(&output)
    };
    let expected = "postgres://app:***@db.example.com/app\n";
    assert_eq!(form(url(&[URL, "--for", "sqlx"])), expected);
    let mut command = url(&["--for", "sqlx"]);
    command.env("DATABASE_URL", URL);
    assert_eq!(form(command), expected);
    let mut child = url(&["--for", "sqlx", "--show-secrets", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{URL}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(stdout(&output), "postgres://app:secret@db.example.com/app\n");
}

#[test]
fn what_is_no_url_is_named_and_fails() {
    let output = url(&["--for", "libpq", "${{Postgres.DATABASE_URL}}"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("${{Postgres.DATABASE_URL}} is a reference") && text.contains("[url.unreadable]"),
        "{text}"
    );

    let output = url(&["--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["flaws"][0]["code"], "unset");
    assert_eq!(report["consumers"].as_array().unwrap().len(), Consumer::ALL.len());
    assert_eq!(report["consumers"][0]["form"], Value::Null);
}

/// Holds what is said of libpq against the psql of the tree.
#[test]
fn libpq_says_what_is_said_of_it() {
    for url in [
        "postgresql://app:p@ss:w/rd#1%2@127.0.0.1:1/app",
        "postgresql://app:pa%ss@127.0.0.1:1/app",
        "postgresql://app:p%00@127.0.0.1:1/app",
        "postgresql://app:pw@127.0.0.1:1/app?pgbouncer=true",
        "postgresql://app:pw@127.0.0.1:1/app?sslmode",
        "postgresql://app:pw@127.0.0.1:1/app?sslmode=a=b",
        "postgresql://app:pw@127.0.0.1:99999/app",
        "postgresql://app:pw@127.0.0.1:0x/app",
        "postgresql://app:pw@::1:1/app",
        "postgresql://app:pw@[::1/app",
        "postgresql://app:pw@[]/app",
        "host=127.0.0.1 pgbouncer=true",
    ] {
        let Outcome::Refused { error } = Consumer::Libpq.reads(url, ServerTls::Unknown, Secrets::Shown)
        else {
            panic!("{url} is said to be accepted");
        };
        let output = Command::new(psql()).args(["-X", "-d", url]).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(&error), "{url}: {error} is not in {text}");
    }
}
