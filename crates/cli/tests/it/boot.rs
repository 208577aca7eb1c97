//! `check`, `serve`, `lab` and `openapi`: how a boot goes, and what is left after it.

use std::{
    fs,
    io::Read as _,
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use drydock_testkit::folder;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::command::{Serving, drydock, failed_with, printed, psql, servers, sql, tree, wait_until};

#[test]
fn check_boots_stops_and_leaves_nothing_running() {
    let folder = folder();
    let data = folder.path().join("data");
    let first = drydock(&["check"], &data).output().unwrap();
    assert!(first.status.success(), "{first:?}");
    let table = String::from_utf8(first.stdout).unwrap();
    for stage in
        ["locate", "initialise", "start", "migrate", "verify", "seed", "login", "serve", "ready", "stop"]
    {
        assert!(table.contains(stage), "{table}");
    }
    assert!(servers(&data).is_empty());

    let second = drydock(&["check", "--json"], &data).output().unwrap();
    let told: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(told["state"], "ready");
    assert_eq!(told["stages"].as_array().unwrap().len(), 13);
    assert!(told["ready_ms"].as_f64().unwrap() > 0.0 && told["stop_ms"].as_f64().unwrap() > 0.0);
    assert!(servers(&data).is_empty());
}

/// What the surroundings say about PostgreSQL is meant for others.
#[test]
fn foreign_postgres_variables_change_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    for _ in 0..2 {
        let output = drydock(&["check"], &data)
            .env(
                "PGOPTIONS",
                "-c search_path=elsewhere -c app.client_account_id=11111111-1111-1111-1111-111111111111",
            )
            .env("PGHOST", "elsewhere.example")
            .env("PGPORT", "1")
            .env("PGUSER", "somebody")
            .env("PGDATABASE", "elsewhere")
            .env("PGSSLMODE", "verify-full")
            .env("PGDATA", "/nonexistent")
            .env("LC_ALL", "tr_TR.UTF-8")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn a_signal_ends_check_in_the_middle_and_leaves_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut child = drydock(&["check"], &data).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the start of the server", || !servers(&data).is_empty());
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    wait_until("the end of the server", || servers(&data).is_empty());
    assert!(drydock(&["check"], &data).output().unwrap().status.success());
}

/// pg-embed can download; this proves that ours never does: there is no network to download from.
#[test]
#[cfg(target_os = "linux")]
fn it_boots_with_the_network_off() {
    let folder = folder();
    let data = folder.path().join("data");
    let check = drydock(&["check"], &data);
    let mut command = Command::new("unshare");
    // As root a network namespace needs no user namespace; others need one to get it.
    if nix::unistd::geteuid().is_root() {
        command.arg("--net");
    } else {
        command.args(["--map-current-user", "--net"]);
    }
    command.arg(check.get_program()).args(check.get_args());
    command.env("DRYDOCK_POSTGRES", tree());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn serve_says_where_answers_there_and_ends_on_every_polite_signal() {
    let folder = folder();
    let data = folder.path().join("data");
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut serving = Serving::start(&data);
        assert!(serving.welcome.contains("demo@demo-corp.com"), "{}", serving.welcome);
        assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
        // Any path of the page is the page, which finds its own way; under /api nothing is.
        for path in ["/", "/clients/1/engagements/2/assets?q=x"] {
            let page = serving.get(path);
            assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("the page"), "{path}: {page}");
            assert!(page.contains("content-security-policy: default-src 'self'"), "{path}: {page}");
        }
        let unknown = serving.get("/api/v1/nothing");
        assert!(unknown.starts_with("HTTP/1.1 404") && unknown.contains("route.not_found"), "{unknown}");
        assert!(!servers(&data).is_empty());
        serving.signal(signal);
        assert!(serving.child.wait().unwrap().success(), "{signal}");
        assert!(servers(&data).is_empty(), "{signal}");
        assert!(TcpStream::connect(serving.address).is_err(), "{signal}");
    }
}

#[test]
fn a_killed_serve_takes_the_server_with_it_and_the_next_start_is_fine() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut serving = Serving::start(&data);
    serving.signal(Signal::SIGKILL);
    serving.child.wait().unwrap();
    wait_until("the end of the server", || servers(&data).is_empty());
    assert!(drydock(&["check"], &data).output().unwrap().status.success());
}

#[test]
fn a_second_start_says_who_is_there_and_disturbs_nobody() {
    let folder = folder();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let said = failed_with(&drydock(&["check"], &data).output().unwrap(), "data.in_use");
    assert!(said.contains(&serving.child.id().to_string()), "{said}");
    let refused = drydock(&["serve"], &data).output().unwrap();
    let said = failed_with(&refused, "data.in_use");
    assert!(said.contains(&serving.child.id().to_string()), "{said}");
    assert!(refused.stdout.is_empty(), "it promised a page: {refused:?}");
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn what_a_killed_restore_left_goes_with_any_boot() {
    let folder = folder();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let told: Value = serde_json::from_str(&printed(&data, &["status", "--json"])).unwrap();
    let made = Command::new(psql())
        .args(["-Xq", "-h", told["socket_dir"].as_str().unwrap(), "-U", "postgres", "-d", "drydock"])
        .args(["-c", "create database drydock_incoming_1 template template0"])
        .status();
    assert!(made.unwrap().success());
    drop(serving);
    fs::create_dir_all(data.join("snapshots")).unwrap();
    let partial = data.join("snapshots/1.partial");
    fs::write(&partial, "half").unwrap();
    assert!(drydock(&["check"], &data).output().unwrap().status.success());
    assert_eq!(sql(&data, "select count(*) from pg_database where datname ~ 'incoming'"), "0");
    assert!(!partial.exists());
}

#[test]
fn a_taken_port_is_said_before_anything_starts() {
    let folder = folder();
    let data = folder.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    failed_with(&drydock(&["serve", "--port", &port], &data).output().unwrap(), "serve.failed");
    assert!(!data.exists());
}

#[test]
fn a_page_that_is_not_built_is_said() {
    let folder = folder();
    let page = folder.path().to_str().unwrap();
    let output = drydock(&["serve", "--ui", page], &folder.path().join("data")).output().unwrap();
    failed_with(&output, "serve.failed");
}

#[test]
fn a_missing_or_damaged_tree_is_said() {
    let folder = folder();
    let data = folder.path().join("data");
    let nowhere = folder.path().join("nowhere");
    let output =
        drydock(&["check"], &data).env("DRYDOCK_POSTGRES", &nowhere).stdout(Stdio::null()).output().unwrap();
    let said = failed_with(&output, "postgres.tree_missing");
    assert!(said.contains(nowhere.to_str().unwrap()), "{said}");

    fs::create_dir(&nowhere).unwrap();
    fs::copy(tree().join("manifest.json"), nowhere.join("manifest.json")).unwrap();
    let output = drydock(&["check"], &data).env("DRYDOCK_POSTGRES", &nowhere).output().unwrap();
    failed_with(&output, "postgres.tree_damaged");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_said() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    failed_with(&drydock(&["check"], &file.join("data")).output().unwrap(), "data.not_writable");
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a folder");
}

#[test]
fn openapi_prints_the_document() {
    let output = Command::new(env!("CARGO_BIN_EXE_drydock")).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["paths"]["/api/v1/auth/login"].is_object());
}

#[test]
fn a_scenario_of_the_lab_is_played_to_the_proof() {
    let lab = |scenario: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.arg("lab").args(scenario).env("DRYDOCK_POSTGRES", tree()).output().unwrap()
    };
    let list = String::from_utf8(lab(None).stdout).unwrap();
    assert!(list.contains("rls-not-enforced"), "{list}");
    let output = lab(Some("rls-not-enforced"));
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    for rule in ["found    rls-not-enforced at verify", "✓ R1", "✓ R2", "✓ R3", "✓ R4", "✓ R5"] {
        assert!(text.contains(rule), "{text}");
    }
    assert_eq!(lab(Some("nonsense")).status.code(), Some(1));
}

/// 0 for a healthy database, 1 with findings, 2 where nothing can be seen; no password in any of it.
#[test]
fn the_doctor_says_by_its_code_what_it_found() {
    let folder = folder();
    let doctor = |arguments: &[&str]| {
        let output = drydock(&["doctor"], &folder.path().join("data")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = doctor(&[]);
    assert_eq!((code, text.contains("Nothing is wrong with the database.")), (Some(0), true), "{text}");

    let versions = folder.path().join("versions");
    fs::create_dir(&versions).unwrap();
    for (name, parent) in [("a", "None"), ("b", "'a'"), ("c", "'a'")] {
        let text = format!("revision = '{name}'\ndown_revision = {parent}\n");
        fs::write(versions.join(format!("{name}.py")), text).unwrap();
    }
    let (code, text) = doctor(&["--migrations", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(1), "{text}");
    for part in ["mig-multiple-heads at history", "b (b.py), c (c.py)", "alembic merge", "1 finding."] {
        assert!(text.contains(part), "{text}");
    }
    let (code, text) = doctor(&["--json", "--migrations", folder.path().to_str().unwrap()]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, document["findings"][0]["id"].as_str()), (Some(1), Some("mig-multiple-heads")));

    let (code, text) = doctor(&["postgres://app:hunter2@127.0.0.1:1/app?sslmode=disable", "--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(
        code == Some(2) || document["findings"].as_array().is_some_and(|found| !found.is_empty()),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(doctor(&["--migrations", "/nowhere"]).0, Some(2));
}

/// A server that does not stop holds up the first signal for seconds, and the second not at all.
#[test]
fn a_second_signal_ends_serve_without_waiting() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut serving = Serving::start(&data);
    let server = Pid::from_raw(i32::try_from(servers(&data)[0]).unwrap());
    kill(server, Signal::SIGSTOP).unwrap();
    serving.signal(Signal::SIGTERM);
    wait_until("the door's closing", || TcpStream::connect(serving.address).is_err());
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.child.wait().unwrap().code(), Some(1));
    let mut said = String::new();
    serving.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("at the second signal, without waiting"), "{said}");
    // Where the system has not woken it with the end of its parent already.
    let _ = kill(server, Signal::SIGCONT);
    wait_until("the end of the server", || servers(&data).is_empty());
    // Removes what the hurried end left, and shows that nothing was lost.
    assert!(drydock(&["check"], &data).output().unwrap().status.success());
}
