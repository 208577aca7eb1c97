//! `drydock status`.

use std::{fs, path::Path};

use drydock_testkit::folder;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::command::{Serving, at, failed_with, printed, servers, wait_until};

/// The JSON, and the exit code.
fn status(data: &Path) -> (Value, Option<i32>) {
    let output = at(data, &["status", "--json"]).output().unwrap();
    let told = serde_json::from_slice(&output.stdout);
    (told.unwrap_or_else(|_| panic!("{output:?}")), output.status.code())
}

#[test]
fn where_nothing_is_it_says_so_and_makes_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    let (told, code) = status(&data);
    assert_eq!(code, Some(3));
    assert_eq!(told["running"], false);
    assert_eq!(told["data_dir"], data.to_str().unwrap());
    for nothing in ["program", "pid", "since", "socket_dir", "database", "last_stop"] {
        assert!(told[nothing].is_null(), "{nothing}: {told}");
    }
    assert_eq!(told["snapshots"]["count"], 0);
    assert!(!data.exists());
    let output = at(&data, &["status"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("Drydock does not run\n") && text.contains(data.to_str().unwrap()), "{text}");
    assert!(!data.exists());
}

#[test]
fn of_a_running_one_it_tells_who_and_how() {
    let folder = folder();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let (told, code) = status(&data);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!((&told["running"], &told["program"]), (&Value::from(true), &Value::from("serve")));
    assert_eq!(told["pid"], serving.child.id());
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert!(told["since"].as_str().unwrap().ends_with('Z'), "{told}");
    assert!(Path::new(told["socket_dir"].as_str().unwrap()).join(".s.PGSQL.5432").exists());
    let database = &told["database"];
    assert_eq!(database["answers"], true, "{told}");
    assert!(database["postgres"].as_str().unwrap().starts_with("16."), "{told}");
    assert!(database["migrations_applied"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(database["migrations_pending"], 0);
    assert!(database["bytes"].as_u64().unwrap() > 1_000_000, "{told}");
    assert!(told["log_bytes"].as_u64().unwrap() > 0, "{told}");
    assert!(told["last_stop"].is_null(), "{told}");

    let text = printed(&data, &["status"]);
    let head = format!("Drydock runs: serve, process {}, since ", serving.child.id());
    assert!(text.starts_with(&head) && text.contains("PostgreSQL") && text.contains("0 pending"), "{text}");
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn after_a_stop_it_tells_whether_that_was_in_order() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut serving = Serving::start(&data);
    // A snapshot of the server's files as a power cut leaves them: stopped and killed before it can write anything.
    let server = servers(&data)[0];
    let server = nix::unistd::Pid::from_raw(i32::try_from(server).unwrap());
    nix::sys::signal::kill(server, Signal::SIGKILL).unwrap();
    serving.child.wait().unwrap();
    wait_until("the end of the server", || servers(&data).is_empty());
    let (told, code) = status(&data);
    assert_eq!((code, &told["last_stop"]), (Some(3), &Value::from("unclean")), "{told}");
    let text = String::from_utf8(at(&data, &["status"]).output().unwrap().stdout).unwrap();
    assert!(text.contains("the next start recovers"), "{text}");

    printed(&data, &["check"]);
    let (told, code) = status(&data);
    assert_eq!((code, &told["last_stop"]), (Some(3), &Value::from("clean")), "{told}");
}

#[test]
fn what_may_not_be_looked_at_is_an_error() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    // A link in the lock file's place is followed by nobody.
    std::os::unix::fs::symlink("/etc/passwd", data.join("drydock.lock")).unwrap();
    failed_with(&at(&data, &["status"]).output().unwrap(), "postgres.io");
}
