//! The `drydock` command as a user runs it: processes, exit codes, standard error, and what is left behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

mod boot;
mod command;
mod exec;
mod history;
mod intake;
mod logs;
mod psql;
mod reset;
mod seed;
mod snapshot;
mod status;
mod terminal;
mod url;
