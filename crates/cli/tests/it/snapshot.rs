//! `drydock snapshot`.

use std::{fs, path::Path, process::Stdio};

use drydock_testkit::folder;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::command::{Serving, at, failed_with, printed, servers, sql, wait_until};

fn list(data: &Path) -> Vec<Value> {
    let text = printed(data, &["snapshot", "list", "--json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["damaged"], Value::Array(Vec::new()), "{told}");
    told["snapshots"].as_array().unwrap().clone()
}

fn names(data: &Path) -> Vec<String> {
    list(data).iter().map(|snapshot| snapshot["name"].as_str().unwrap().to_owned()).collect()
}

const WORD: &str = "select word from kept.words";

#[test]
fn a_state_is_saved_restored_and_the_restore_undone() {
    let folder = folder();
    let data = folder.path().join("data");
    sql(
        &data,
        "create schema kept; create table kept.words (word text); insert into kept.words values ('first')",
    );
    let said = printed(&data, &["snapshot", "create", "  before the change ", "--note", "the note"]);
    assert!(said.starts_with("Saved \"before the change\" as "), "{said}");
    sql(&data, "update kept.words set word = 'second'");

    let [snapshot] = &list(&data)[..] else { panic!("{:?}", list(&data)) };
    assert_eq!((&snapshot["name"], &snapshot["note"]), (&"before the change".into(), &"the note".into()));
    let id = snapshot["id"].as_str().unwrap();
    let table = printed(&data, &["snapshot", "list"]);
    assert!(
        table.contains(id) && table.contains("before the change") && table.contains("the note"),
        "{table}"
    );

    let said = printed(&data, &["snapshot", "restore", "before the change", "--yes"]);
    assert!(said.contains("reset --undo"), "{said}");
    assert_eq!(sql(&data, WORD), "first");
    printed(&data, &["reset", "--undo"]);
    assert_eq!(sql(&data, WORD), "second");
    printed(&data, &["snapshot", "restore", id, "--yes"]);
    assert_eq!(sql(&data, WORD), "first");
    assert!(servers(&data).is_empty());
}

/// Work on the files alone starts no server: the next Drydock that stays keeps what was done.
#[test]
fn the_history_has_what_the_command_line_did() {
    const HISTORY: &str =
        "select string_agg(action || ' ' || coalesce(snapshot_name, '-'), ', ' order by created_at)
                           from migration.snapshot_history where actor_user_id is null and app_version <> ''";
    let folder = folder();
    let data = folder.path().join("data");
    let file = folder.path().join("one.drydock");
    printed(&data, &["snapshot", "create", "one"]);
    printed(&data, &["snapshot", "rename", "one", "uno"]);
    printed(&data, &["snapshot", "export", "uno", file.to_str().unwrap()]);
    printed(&data, &["snapshot", "delete", "uno", "--yes"]);
    assert!(servers(&data).is_empty());
    let serving = Serving::start(&data);
    let told = || sql(&data, HISTORY);
    wait_until("the journal is taken in", || told() == "created one, renamed uno, exported uno, deleted uno");
    assert!(!data.join("snapshots/history.journal").exists());

    printed(&data, &["snapshot", "import", file.to_str().unwrap()]);
    assert_eq!(
        told(),
        "created one, renamed uno, exported uno, deleted uno, imported uno",
        "beside a running one"
    );
    drop(serving);
    printed(&data, &["reset", "--yes"]);
    assert_eq!(told(), "reset -");
}

#[test]
fn one_is_renamed_and_deleted_by_name_or_id() {
    let folder = folder();
    let data = folder.path().join("data");
    printed(&data, &["snapshot", "create", "one"]);
    printed(&data, &["snapshot", "create", "two"]);
    printed(&data, &["snapshot", "rename", "one", "uno", "--note", "in Italian"]);
    assert_eq!(names(&data), ["two", "uno"]);
    assert_eq!(list(&data)[1]["note"], "in Italian");
    printed(&data, &["snapshot", "rename", "uno", "two"]);
    assert_eq!(list(&data)[1]["note"], "in Italian", "a note stays unless another is given");

    let said = failed_with(
        &at(&data, &["snapshot", "delete", "two", "--yes"]).output().unwrap(),
        "snapshot.name_ambiguous",
    );
    assert!(said.contains("2 snapshots"), "{said}");
    failed_with(&at(&data, &["snapshot", "delete", "one", "--yes"]).output().unwrap(), "snapshot.not_found");
    failed_with(
        &at(&data, &["snapshot", "rename", "two"]).arg(" ").output().unwrap(),
        "snapshot.name_ambiguous",
    );

    let id = list(&data)[0]["id"].as_str().unwrap().to_owned();
    failed_with(&at(&data, &["snapshot", "delete", &id]).output().unwrap(), "command.unconfirmed");
    failed_with(&at(&data, &["snapshot", "rename", &id, " "]).output().unwrap(), "snapshot.name_invalid");
    assert_eq!(list(&data).len(), 2);
    printed(&data, &["snapshot", "delete", &id, "--yes"]);
    assert_eq!(list(&data).len(), 1);
    failed_with(&at(&data, &["snapshot", "restore", &id, "--yes"]).output().unwrap(), "snapshot.not_found");
}

#[test]
fn an_exported_one_is_imported_elsewhere_and_a_damaged_one_is_not() {
    let folder = folder();
    let (data, elsewhere) = (folder.path().join("data"), folder.path().join("elsewhere"));
    let file = folder.path().join("state.drydock");
    sql(
        &data,
        "create schema kept; create table kept.words (word text); insert into kept.words values ('carried')",
    );
    printed(&data, &["snapshot", "create", "state"]);
    let export = ["snapshot", "export", "state", file.to_str().unwrap()];
    printed(&data, &export);
    failed_with(&at(&data, &export).output().unwrap(), "snapshot.file_exists");
    printed(&data, &[&export[..], &["--replace"]].concat());

    let import = ["snapshot", "import", file.to_str().unwrap()];
    printed(&elsewhere, &import);
    printed(&elsewhere, &["snapshot", "restore", "state", "--yes"]);
    assert_eq!(sql(&elsewhere, WORD), "carried");

    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    failed_with(&at(&elsewhere, &import).output().unwrap(), "snapshot.damaged");
    // One that has been damaged in its place is no use, and can be deleted.
    let damaged = "0190c9ad-0000-7000-8000-000000000000";
    fs::write(elsewhere.join("snapshots").join(format!("{damaged}.drydock")), &bytes[..middle]).unwrap();
    failed_with(
        &at(&elsewhere, &["snapshot", "restore", damaged, "--yes"]).output().unwrap(),
        "snapshot.damaged",
    );
    printed(&elsewhere, &["snapshot", "delete", damaged, "--yes"]);
    failed_with(&at(&elsewhere, &["snapshot", "import", "/nonexistent"]).output().unwrap(), "postgres.io");
    // A pipe that nobody writes to would be waited for.
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    failed_with(&at(&elsewhere, &["snapshot", "import", pipe]).output().unwrap(), "postgres.io");
    let export = ["snapshot", "export", "state", pipe, "--replace"];
    failed_with(&at(&data, &export).output().unwrap(), "snapshot.file_exists");
    assert_eq!(names(&elsewhere), ["state"]);
}

#[test]
fn beside_a_running_drydock_states_are_saved_and_exported_and_nothing_is_changed_under_it() {
    let folder = folder();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    printed(&data, &["snapshot", "create", "live"]);
    assert_eq!(names(&data), ["live"]);
    let file = folder.path().join("live.drydock");
    printed(&data, &["snapshot", "export", "live", file.to_str().unwrap()]);
    printed(&data, &["snapshot", "import", file.to_str().unwrap()]);
    for refused in
        [&["restore", "live", "--yes"][..], &["rename", "live", "other"], &["delete", "live", "--yes"]]
    {
        let output = at(&data, &[&["snapshot"], refused].concat()).output().unwrap();
        let said = failed_with(&output, "data.in_use");
        assert!(said.contains("serve") && said.contains(&serving.child.id().to_string()), "{said}");
    }
    assert_eq!(names(&data), ["live"], "the very same one is not taken in twice");
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
}

/// The dump waits for a lock that somebody holds, so the signal finds it at work.
#[test]
fn ctrl_c_cancels_and_leaves_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    let _serving = Serving::start(&data);
    let mut holder =
        at(&data, &["psql", "--", "-XAtq"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = holder.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"begin; lock table migration.assets; select 'locked';\n").unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.stdout.take().unwrap()), &mut line)
        .unwrap();
    assert_eq!(line.trim(), "locked");

    let create = at(&data, &["snapshot", "create", "never"]).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the dump's waiting", || {
        sql(
            &data,
            "select count(*) from pg_locks where not granted and relation = 'migration.assets'::regclass",
        ) == "1"
    });
    crate::command::signal(&create, Signal::SIGINT);
    failed_with(&create.wait_with_output().unwrap(), "snapshot.cancelled");
    drop(input);
    holder.wait().unwrap();
    assert!(list(&data).is_empty());
    let entries = fs::read_dir(data.join("snapshots")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = entries.filter(|name| name != "lock").collect();
    assert!(left.is_empty(), "{left:?}");
}
