//! `drydock logs`.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use drydock_testkit::folder;
use nix::sys::signal::Signal;

use crate::command::{at, failed_with, printed, signal};

#[test]
fn it_prints_the_last_lines() {
    let folder = folder();
    let data = folder.path().join("data");
    printed(&data, &["check"]);
    let all = printed(&data, &["logs"]);
    assert!(all.contains("database system is ready to accept connections"), "{all}");
    let last = printed(&data, &["logs", "-n", "1"]);
    assert!(last.ends_with("database system is shut down") && last.lines().count() == 1, "{last}");
    assert_eq!(printed(&data, &["logs", "--lines", "0"]), "");
}

#[test]
fn where_there_is_none_it_says_so_and_makes_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    failed_with(&at(&data, &["logs"]).output().unwrap(), "logs.missing");
    assert!(!data.exists());
}

#[test]
fn followed_it_goes_on_until_ctrl_c() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut following =
        at(&data, &["logs", "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines().map(Result::unwrap);
    // Two starts: there was no log when it began, and it goes on after the end of the first.
    for _ in 0..2 {
        printed(&data, &["check"]);
        assert!(lines.any(|line| line.ends_with("database system is ready to accept connections")));
        assert!(lines.any(|line| line.ends_with("database system is shut down")));
    }
    signal(&following, Signal::SIGINT);
    let output = following.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
