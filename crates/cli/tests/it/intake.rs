//! `drydock intake`: a deployment's dump, looked at here.

use std::{fs, path::Path, process::Output};

use drydock_testkit::folder;
use serde_json::{Value, json};

use crate::command::{Serving, failed_with, servers, sql, tree};

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/deployment.sql");

fn intake(dump: &Path, keep: &Path, more: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(["intake", "--no-serve", "--json", "--keep"])
        .arg(keep)
        .args(more)
        .arg(dump)
        .current_dir(keep.parent().unwrap())
        .env("DRYDOCK_POSTGRES", tree())
        .env_remove("DRYDOCK_LOG")
        .output()
        .unwrap()
}

fn taken(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn table<'a>(taken: &'a Value, name: &str) -> &'a Value {
    taken["intake"]["tables"].as_array().unwrap().iter().find(|table| table["table"] == name).unwrap()
}

#[test]
fn a_deployment_s_rows_are_here_under_our_rules_and_what_does_not_fit_is_counted() {
    let folder = folder();
    let data = folder.path().join("repro");
    let taken = taken(&intake(Path::new(DUMP), &data, &[]));
    assert_eq!(taken["intake"]["schema"], "migration");
    assert!(!folder.path().join("ran-a-program").exists());
    let said = taken["intake"]["refused"].to_string();
    assert!(said.contains("restricted"), "{said}");

    let found: Vec<_> =
        taken["intake"]["findings"].as_array().unwrap().iter().map(|finding| &finding["id"]).collect();
    // Statuses in upper case are none that the platform lets in.
    assert_eq!(found, ["auth-rbac-tables-missing", "auth-profile-not-active"]);

    let counts = |name| (table(&taken, name)["found"].clone(), table(&taken, name)["taken"].clone());
    for (name, found, here) in [
        ("client_accounts", 1, 1),
        ("users", 2, 2),
        ("user_profiles", 2, 2),
        ("engagements", 1, 1),
        ("engagement_access", 1, 1),
        ("assets", 3, 2),
        ("assessments", 1, 1),
    ] {
        assert_eq!(counts(name), (found.into(), here.into()), "{name}");
    }
    assert_eq!(table(&taken, "users")["unknown_columns"], json!(["favourite_colour"]));
    assert_eq!(
        table(&taken, "users")["emptied"],
        json!({ "default_client_id against fk_users_default_client_id": 1 })
    );
    assert_eq!(
        table(&taken, "assets")["emptied"],
        json!({ "created_by against fk_assets_created_by": 1, "criticality against ck_assets_criticality": 1 })
    );
    assert_eq!(table(&taken, "assets")["refused"], json!({ "against fk_assets_engagement_id": 1 }));
    assert!(taken["intake"]["others"].to_string().contains("migration.llm_usage_logs"));
    assert!(taken["intake"]["missing"].to_string().contains("discovery_flows"));

    // The product opens on it, and says what it is.
    let serving = Serving::start(&data);
    assert!(!serving.welcome.contains("Demo accounts"), "{}", serving.welcome);
    assert!(serving.get("/readyz").contains("200 OK"));
    assert!(serving.get("/api/v1/boot").contains("\"profile\":\"repro\""));
    drop(serving);
    assert_eq!(
        sql(&data, "select profile from migration.seed_history order by created_at desc limit 1"),
        "repro"
    );
    assert_eq!(
        sql(
            &data,
            "select email || ' ' || status from migration.users join migration.user_profiles on user_id = id where email like '%northwind%' order by 1"
        ),
        "ines@northwind.example active\nkim@northwind.example pending_approval"
    );
    assert!(servers(&data).is_empty());
}

#[test]
fn anonymised_nothing_that_tells_who_is_left() {
    let folder = folder();
    let data = folder.path().join("repro");
    let taken = taken(&intake(Path::new(DUMP), &data, &["--anonymise"]));
    assert_eq!(taken["intake"]["anonymised"], true);
    let all = sql(
        &data,
        "set app.client_account_id = '10000000-0000-4000-8000-000000000001';
         select to_jsonb(t) from migration.client_accounts t union all select to_jsonb(t) from migration.users t
         union all select to_jsonb(t) from migration.user_profiles t union all select to_jsonb(t) from migration.assets t",
    );
    for name in ["northwind", "ines@", "okafor", "10.20.30", "nwf-", "+49"] {
        assert!(!all.to_lowercase().contains(name), "{name} in {all}");
    }
    assert!(all.contains("Person 1 asked; mail user-1@example.invalid, see host-00002 at 10.0.0.1"), "{all}");
}

#[test]
fn what_is_no_dump_or_no_new_folder_is_refused_and_nothing_is_left() {
    let folder = folder();
    let data = folder.path().join("repro");
    let file = folder.path().join("dump");
    fs::write(&file, b"\x1f\x8b\x08").unwrap();
    failed_with(&intake(&file, &data, &[]), "intake.dump_unknown");
    assert!(!data.exists());
    fs::write(&file, "CREATE TABLE t (id integer);\n").unwrap();
    failed_with(&intake(&file, &data, &[]), "intake.unknown");
    assert!(servers(&data).is_empty());
    failed_with(&intake(Path::new(DUMP), folder.path(), &[]), "intake.failed");
}
