//! `drydock exec`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use drydock_testkit::folder;
use nix::sys::signal::Signal;

use crate::{
    command::{Serving, alive, at, failed_with, printed, psql, servers, signal, sql, wait_until},
    terminal::Terminal,
};

const ROLES: &str = "select count(*) from pg_roles where rolname like 'drydock_exec%'";

/// `exec` of a shell script that finds psql as `$PSQL`.
fn script(data: &Path, text: &str) -> Command {
    let mut command = at(data, &["exec", "--", "sh", "-c", text]);
    command.env("PSQL", psql());
    command
}

/// Starts a script whose first line says that it has begun; returns that line.
fn begun(mut command: Command) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, stdout, line.trim_end().to_owned())
}

#[test]
fn a_command_gets_a_url_that_works_while_it_runs_and_not_after() {
    let folder = folder();
    let data = folder.path().join("data");
    let output = script(
        &data,
        "echo \"$DATABASE_URL\"
         \"$PSQL\" -XAtq -v ON_ERROR_STOP=1 \"$DATABASE_URL\" \
             -c 'create schema kept' -c 'create table kept.made (id int)' -c 'insert into kept.made values (7)' \
             -c \"select current_user || ' ' || (session_user = split_part(split_part('$DATABASE_URL', ':', 2), '//', 2))\"",
    )
    .output()
    .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (url, seen) = text.trim_end().split_once('\n').unwrap();
    assert_eq!(seen, "drydock_owner true");
    assert!(servers(&data).is_empty());

    let (login, place) = url.strip_prefix("postgresql://").unwrap().split_once('@').unwrap();
    let (address, database) = place.split_once('/').unwrap();
    assert_eq!(database, "drydock");
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert!(TcpStream::connect(address).is_err(), "the port is closed");
    let (role, password) = login.split_once(':').unwrap();
    assert_eq!((role.len(), password.len()), ("drydock_exec_".len() + 16, 64));
    assert_eq!(sql(&data, ROLES), "0", "the role is dropped");
    let owner =
        "select tableowner || ' ' || (select id from kept.made) from pg_tables where tablename = 'made'";
    assert_eq!(sql(&data, owner), "drydock_owner 7", "what it made stays, and is the owner's");
    let log = fs::read_to_string(data.join("log/postgres.log")).unwrap();
    assert!(!log.contains(password), "{log}");
}

/// A program that steps out of the owner's role makes tables of its own role, without which it could not be dropped.
#[test]
fn what_the_role_itself_owns_goes_to_the_owner() {
    let folder = folder();
    let data = folder.path().join("data");
    let output = script(
        &data,
        "\"$PSQL\" -Xq \"$DATABASE_URL\" -c 'create schema kept; reset role; create table kept.own ()'",
    );
    assert!({ output }.status().unwrap().success());
    assert_eq!(sql(&data, "select tableowner from pg_tables where tablename = 'own'"), "drydock_owner");
    assert_eq!(sql(&data, ROLES), "0");
}

#[test]
fn nobody_else_gets_through_the_port() {
    let folder = folder();
    let data = folder.path().join("data");
    let output = script(
        &data,
        "login=${DATABASE_URL#*//}; place=${login#*@}; role=${login%%:*}; password=${login#*:}; password=${password%%@*}
         try() { \"$PSQL\" -XAtq \"postgresql://$1@$place\" -c \"select 'in'\" 2>&1; echo \"code $?\"; }
         try postgres
         try drydock_owner:$password
         try $role:wrong
         PGPASSWORD= try $role
         try \"$role:$password\"
         try \"$role:$password\"
         \"$PSQL\" -XAtq \"$DATABASE_URL?replication=database\" -c 'IDENTIFY_SYSTEM' 2>&1",
    )
    .output()
    .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let count = |part: &str| text.matches(part).count();
    assert_eq!(count("this port is open for one role only"), 2, "{text}");
    assert_eq!(count("password authentication failed"), 1, "{text}");
    assert_eq!(count("no password supplied"), 1, "{text}");
    assert_eq!(count("replication is not admitted here"), 1, "{text}");
    assert_eq!(count("in\ncode 0"), 2, "{text}");
    assert_eq!(count("code 2"), 4, "{text}");
}

#[test]
fn the_url_begins_as_the_program_wants_it() {
    let folder = folder();
    let data = folder.path().join("data");
    let _serving = Serving::start(&data);
    for (dialect, beginning) in [
        ("libpq", "postgresql://drydock_exec_"),
        ("asyncpg", "postgresql+asyncpg://drydock_exec_"),
        ("psycopg", "postgresql+psycopg://drydock_exec_"),
        ("psycopg2", "postgresql+psycopg2://drydock_exec_"),
        ("sqlx", "postgres://drydock_exec_"),
    ] {
        let url = printed(&data, &["exec", "--dialect", dialect, "--", "sh", "-c", "echo $DATABASE_URL"]);
        assert!(url.starts_with(beginning) && url.contains("@127.0.0.1:"), "{url}");
    }
}

#[test]
fn the_exit_code_is_the_command_s() {
    let folder = folder();
    let data = folder.path().join("data");
    let _serving = Serving::start(&data);
    for (text, code) in [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        assert_eq!(script(&data, text).status().unwrap().code(), Some(code), "{text}");
    }
    for (program, code) in [("/nonexistent/program", 127), ("/etc/passwd", 126)] {
        let output = at(&data, &["exec", "--", program]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(program) && stderr.contains("[exec.command_failed]"), "{stderr}");
    }
    assert_eq!(at(&data, &["exec"]).output().unwrap().status.code(), Some(2), "a command is missing");
}

#[test]
fn a_failure_of_ours_has_a_code_that_no_command_has() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut command = at(&data, &["exec", "--", "true"]);
    let output = command.env("DRYDOCK_POSTGRES", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("[postgres.tree_missing]"), "{output:?}");
}

#[test]
fn no_shell_looks_at_the_arguments() {
    let folder = folder();
    let data = folder.path().join("data");
    let words = ["exec", "--", "printf", "%s|", "$HOME", "a b", "*", "--data-dir", "; exit 3"];
    assert_eq!(printed(&data, &words), "$HOME|a b|*|--data-dir|; exit 3|");
}

#[test]
fn polite_signals_are_the_command_s() {
    let folder = folder();
    let data = folder.path().join("data");
    let _serving = Serving::start(&data);
    for (name, sent) in [
        ("TERM", Signal::SIGTERM),
        ("HUP", Signal::SIGHUP),
        ("INT", Signal::SIGINT),
        ("QUIT", Signal::SIGQUIT),
        ("USR1", Signal::SIGUSR1),
    ] {
        let text = format!("trap 'exit 42' {name}; echo begun; while :; do sleep 0.02; done");
        let (mut child, _stdout, line) = begun(script(&data, &text));
        assert_eq!(line, "begun");
        signal(&child, sent);
        assert_eq!(child.wait().unwrap().code(), Some(42), "{name}");
    }
    assert_eq!(sql(&data, ROLES), "0");
}

/// The keys of a terminal reach the command by themselves.
#[test]
fn ctrl_c_is_the_command_s() {
    let folder = folder();
    let data = folder.path().join("data");
    let text = "trap 'echo interrupted; exit 5' INT; echo begun; while :; do sleep 0.02; done";
    let mut terminal = Terminal::start(at(&data, &["exec", "--", "sh", "-c", text]));
    terminal.wait_for("begun");
    terminal.type_in("\x03");
    let (status, screen) = terminal.end();
    assert_eq!(status.code(), Some(5), "{screen}");
    assert!(screen.contains("interrupted"), "{screen}");
    assert!(servers(&data).is_empty());
}

/// Passed on as well, they would reach it twice: one that has left the terminal's foreground gets none.
#[test]
fn ctrl_c_is_not_passed_on_and_what_is_sent_is() {
    let folder = folder();
    let data = folder.path().join("data");
    let text =
        "trap 'echo passed on' INT; trap 'echo sent; exit 6' USR1; echo begun; while :; do sleep 0.02; done";
    let mut terminal = Terminal::start(at(&data, &["exec", "--", "setsid", "sh", "-c", text]));
    terminal.wait_for("begun");
    terminal.type_in("\x03");
    // The terminal shows the key when it has sent the signal.
    terminal.wait_for("^C");
    signal(&terminal.child, Signal::SIGUSR1);
    let (status, screen) = terminal.end();
    assert_eq!(status.code(), Some(6), "{screen}");
    assert!(screen.contains("sent") && !screen.contains("passed on"), "{screen}");
}

#[test]
fn a_killed_exec_takes_command_and_server_with_it() {
    let folder = folder();
    let data = folder.path().join("data");
    let (mut child, _stdout, line) = begun(script(&data, "echo $$; exec sleep 1000"));
    let command: u32 = line.parse().unwrap();
    assert!(alive(command) && !servers(&data).is_empty());
    signal(&child, Signal::SIGKILL);
    child.wait().unwrap();
    wait_until("the end of the command", || !alive(command));
    wait_until("the end of the server", || servers(&data).is_empty());
    // Removes the socket's folder, which a killed one leaves.
    printed(&data, &["check"]);
}

#[test]
fn beside_a_running_drydock_it_takes_that_one_and_leaves_it_alone() {
    let folder = folder();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);

    // Killed, it leaves its role.
    let (mut killed, _stdout, line) = begun(script(&data, "echo begun; exec sleep 1000"));
    assert_eq!(line, "begun");
    signal(&killed, Signal::SIGKILL);
    killed.wait().unwrap();
    wait_until("the end of its connection", || {
        let connections = "select count(*) from pg_stat_activity where application_name like 'drydock_exec%'";
        sql(&data, connections) == "0"
    });
    assert_eq!(sql(&data, ROLES), "1");

    // The next one drops it.
    let text = "echo begun; read word; exec \"$PSQL\" -XAtq \"$DATABASE_URL\" -c \"select '$word'\"";
    let (mut first, mut stdout, line) = begun(script(&data, text));
    assert_eq!(line, "begun");
    assert_eq!(sql(&data, ROLES), "1");

    // One that still runs keeps its own, though it is not connected.
    let count = format!("\"$PSQL\" -XAtq \"$DATABASE_URL\" -c \"{ROLES}\"");
    let second = script(&data, &count).output().unwrap();
    assert_eq!(String::from_utf8(second.stdout).unwrap().trim(), "2");
    first.stdin.take().unwrap().write_all(b"still in\n").unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.trim(), "still in");
    assert!(first.wait().unwrap().success());

    assert_eq!(sql(&data, ROLES), "0");
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
}

/// Sixteen sessions are what the server can spare.
#[test]
fn a_pool_of_fifteen_fits_and_the_seventeenth_session_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    let text = "for n in $(seq 16); do
                    \"$PSQL\" -XAtq \"$DATABASE_URL\" -c \"select 'in'\" -c \"\\! touch $HERE/$n; until [ -e $HERE/stop ]; do sleep 0.02; done\" &
                done
                until [ $(ls $HERE | wc -l) -eq 16 ]; do sleep 0.02; done
                \"$PSQL\" -XAtq \"$DATABASE_URL\" -c \"select 'in'\" 2>&1
                touch $HERE/stop
                wait";
    let here = folder.path().join("here");
    fs::create_dir(&here).unwrap();
    let output = script(&data, text).env("HERE", &here).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.matches("in\n").count(), 16, "{said}");
    assert_eq!(said.matches("too many connections: this port carries 16").count(), 1, "{said}");
}

#[test]
fn a_data_directory_that_cannot_be_used_is_said() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let output = at(&file.join("data"), &["psql"]).output().unwrap();
    failed_with(&output, "data.not_writable");
}
