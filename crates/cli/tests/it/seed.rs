//! `drydock seed`, and what a new data directory is seeded with.

use drydock_testkit::folder;

use crate::command::{Serving, at, failed_with, printed, servers, sql};

const PLAN: &str = "select profile, seed_number, anchor_date from migration.seed_history";

#[test]
fn it_replaces_the_database_and_undo_brings_back_what_was_there() {
    let folder = folder();
    let data = folder.path().join("data");
    let said =
        printed(&data, &["seed", "--profile", "qa", "--anchor", "2026-01-15", "--seed", "12", "--yes"]);
    assert!(
        said.starts_with("Seeded: profile qa, number 12, as of 2026-01-15: ")
            && said.contains("reset --undo"),
        "{said}"
    );
    assert_eq!(sql(&data, PLAN), "qa|12|2026-01-15");
    // A reset goes back to the same plan, whatever the settings want of new databases.
    printed(&data, &["reset", "--yes"]);
    assert_eq!(sql(&data, PLAN), "qa|12|2026-01-15");
    let seeded = printed(
        &data,
        &[
            "seed",
            "--profile",
            "scale",
            "--tenants",
            "2",
            "--assets",
            "150",
            "--anchor",
            "2026-01-15",
            "--json",
            "--yes",
        ],
    );
    let seeded: serde_json::Value = serde_json::from_str(&seeded).unwrap();
    assert_eq!(
        (&seeded["profile"], &seeded["tenants"], &seeded["assets"]),
        (&"scale".into(), &2.into(), &150.into())
    );
    assert_eq!(
        sql(&data, "select row_count + 1 from migration.seed_history"),
        (seeded["rows"].as_u64().unwrap()).to_string()
    );
    printed(&data, &["reset", "--undo"]);
    assert_eq!(sql(&data, PLAN), "qa|12|2026-01-15");
    assert!(servers(&data).is_empty());
}

#[test]
fn unconfirmed_wrong_or_beside_a_running_drydock_it_touches_nothing() {
    let folder = folder();
    let data = folder.path().join("data");
    failed_with(&at(&data, &["seed", "--profile", "demo"]).output().unwrap(), "command.unconfirmed");
    for wrong in [
        &["--profile", "production"][..],
        &["--profile", "demo", "--anchor", "15.1.2026"],
        &["--profile", "demo", "--seed", "-1"],
        &["--profile", "scale", "--tenants", "0"],
        &["--profile", "demo", "--tenants", "2"],
        &["--profile", "qa", "--assets", "5"],
        &[],
    ] {
        let output = at(&data, &[&["seed", "--yes"], wrong].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    assert!(!data.exists());

    let serving = Serving::start(&data);
    failed_with(&at(&data, &["seed", "--profile", "qa", "--yes"]).output().unwrap(), "data.in_use");
    drop(serving);
}

#[test]
fn settings_say_what_a_new_data_directory_is_seeded_with_and_change_none_that_is_there() {
    let folder = folder();
    let data = folder.path().join("data");
    let check =
        |variables: &[(&str, &str)]| at(&data, &["check"]).envs(variables.iter().copied()).output().unwrap();
    for (variable, value) in
        [("DRYDOCK_PROFILE", "production"), ("DRYDOCK_SEED", "seven"), ("DRYDOCK_ANCHOR", "tomorrow")]
    {
        let said = failed_with(&check(&[(variable, value)]), "configure.settings_invalid");
        assert!(said.contains(value), "{said}");
    }
    assert!(!data.exists());

    let wanted = [("DRYDOCK_PROFILE", "empty"), ("DRYDOCK_SEED", "3"), ("DRYDOCK_ANCHOR", "2026-01-15")];
    assert!(check(&wanted).status.success());
    assert_eq!(sql(&data, PLAN), "empty|3|2026-01-15");
    assert!(check(&[("DRYDOCK_PROFILE", "demo")]).status.success());
    assert_eq!(sql(&data, PLAN), "empty|3|2026-01-15");
    assert_eq!(sql(&data, "select count(*) from migration.users"), "0");
}
