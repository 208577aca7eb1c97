//! Every scenario of the lab, from the fault to the proof that it is gone: one test each, made from the list of their folders. A few of
//! each group are played here; `cargo xtask lab`, or `--include-ignored`, plays all.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use drydock_boot::{Settings, history::Migrations, make_template};
use drydock_lab::{
    Order, Person, Report, Shipped, Sources, doctor, gather, judge, observe::Source, replay, scenario,
};
use drydock_testkit::{Database, folder, resources};
use tokio::sync::OnceCell;

use crate::history::{Fresh, everything, sql};

/// What the throw-away clusters are unpacked from; made once for all tests of this process.
async fn template() -> PathBuf {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lab-template.tar.zst");
        make_template(&settings(Vec::new()), &file).await.unwrap();
        file
    })
    .await
    .clone()
}

fn settings(templates: Vec<PathBuf>) -> Settings {
    Settings { data_dir: None, resources: resources(), templates, ..Settings::from_environment("test") }
}

async fn play(ids: &[&str]) -> Report {
    let person = folder();
    std::fs::write(person.path().join("rows"), "a person's").unwrap();
    let order = Order {
        scenarios: ids.iter().map(|id| scenario(id).unwrap()).collect(),
        person: Some(Person::Folder(person.path().to_owned())),
    };
    let told = Arc::new(Mutex::new(0_usize));
    let counted = Arc::clone(&told);
    let listener = Arc::new(move |_: &drydock_lab::Event| *counted.lock().unwrap() += 1);
    let settings = settings(vec![template().await]);
    // As a task, as the router runs it.
    let played = tokio::spawn(async move { drydock_lab::run(order, &settings, listener).await });
    let report = played.await.unwrap().unwrap();
    assert!(*told.lock().unwrap() > 10, "a run tells how it goes");
    report
}

async fn holds(id: &str) {
    let report = play(&[id]).await;
    let failed: Vec<_> = report.proofs.iter().filter(|proof| !proof.holds).collect();
    assert!(failed.is_empty(), "{id}: {failed:#?}\n{:#?}\n{:#?}", report.symptoms, report.findings);
    assert_eq!(
        report.proofs.iter().map(|proof| proof.rule).collect::<Vec<_>>(),
        ["R1", "R2", "R3", "R4", "R5", "R6"]
    );
}

/// Two faults at once: both are named. The long form is `cargo xtask lab`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_faults_both_are_named() {
    let settings = settings(vec![template().await]);
    let all = drydock_lab::in_order();
    for pair in judge::pairs(&all, 3, 20) {
        let judged = judge::pair(pair, &settings).await;
        assert!(judged.holds(), "{judged:#?}");
    }
}

#[test]
fn every_scenario_says_what_a_person_needs_and_is_called_as_its_folder() {
    let folders = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/lab/scenarios");
    let mut ids = std::collections::BTreeSet::new();
    for scenario in drydock_lab::SCENARIOS {
        let id = scenario.id;
        assert!(folders.join(id).is_dir(), "{id} is in a folder of another name");
        assert!(ids.insert(id), "{id} is there twice");
        let texts = [scenario.title, scenario.cause, scenario.remedy, scenario.band_aid, scenario.source];
        assert!(texts.iter().all(|text| text.len() > 10), "{id} says too little");
        assert!(!scenario.commands.is_empty() && !scenario.says.is_empty(), "{id} says too little");
        for other in scenario.excludes.iter().filter(|other| **other != "*") {
            assert!(folders.join(other).is_dir(), "{id} excludes {other}, which is none");
        }
    }
    for incident in replay::incidents() {
        assert!(!incident.what.is_empty());
    }
}

async fn found(source: Source, shipped: Option<Shipped>) -> Vec<String> {
    let sources = Sources { database: Some(source), shipped, ..Sources::default() };
    let evidence = gather(&sources).await;
    assert!(evidence.refusal.is_none() && evidence.notes.is_empty(), "{evidence:#?}");
    doctor(&evidence).into_iter().map(|finding| finding.to_string()).collect()
}

/// Nothing is found in a database of ours that is as it must be, whoever looks, and looking changes nothing.
#[tokio::test]
async fn a_healthy_database_of_ours_is_found_healthy() {
    let database = Database::new().await;
    let target = database.target();
    let before = everything(target);
    for role in ["postgres", "drydock_owner", "drydock_readonly"] {
        let source = Source::Own { target: target.clone(), role: role.to_owned() };
        for shipped in [None, Some(Shipped::of(Migrations::shipped()))] {
            assert_eq!(found(source.clone(), shipped).await, [""; 0], "as {role}");
        }
    }
    assert!(everything(target) == before, "looking changed something");
}

/// Nor in one of the platform's, in either schema that its tables may be in.
#[tokio::test]
async fn a_healthy_database_of_the_platforms_is_found_healthy() {
    const SCHEMA: &str = include_str!("../../crates/lab/src/platform/schema.sql");
    const SEED: &str = include_str!("../../crates/lab/src/platform/seed.sql");
    for schema in ["public", "migration"] {
        let fresh = Fresh::empty().await;
        sql(fresh.target(), "postgres", "create extension vector schema public");
        let place = format!("create schema if not exists {schema}; set search_path = {schema}, public;");
        sql(fresh.target(), "postgres", &format!("{place}{SCHEMA}{SEED}"));
        for shipped in [None, Some(revisions())] {
            assert_eq!(
                found(Source::own(fresh.target().clone()), shipped).await,
                [""; 0],
                "in schema {schema}"
            );
        }
    }
}

/// The platform's revisions as the lab has them.
fn revisions() -> Shipped {
    Shipped::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/lab/src/platform"))
        .unwrap()
}

/// What the platform's own history can be in, beside what the lab plays.
#[tokio::test]
async fn alembic_histories_are_understood() {
    const SCHEMA: &str = include_str!("../../crates/lab/src/platform/schema.sql");
    for (happens, id) in [
        ("update alembic_version set version_num = '004_add_user_roles_table'", "mig-deleted-revision"),
        ("update alembic_version set version_num = '099_of_a_newer_build'", "mig-schema-ahead"),
        ("insert into alembic_version values ('001_comprehensive_initial_schema')", "mig-multiple-heads"),
        ("alter table alembic_version alter column version_num type varchar(39)", ""),
        (
            "update alembic_version set version_num = '001'; alter table alembic_version alter column version_num type varchar(32); update alembic_version set version_num = '001_comprehensive_initial_schema'",
            "mig-version-too-long",
        ),
        ("create schema migration; alter table alembic_version set schema migration", "mig-wrong-schema"),
        ("delete from alembic_version", "mig-tables-without-stamp"),
        ("drop table user_roles cascade", "auth-rbac-tables-missing"),
        (
            "alter table assets enable row level security; create policy p on assets using (true)",
            "rls-not-enforced",
        ),
    ] {
        let fresh = Fresh::empty().await;
        sql(fresh.target(), "postgres", "create extension vector schema public");
        sql(
            fresh.target(),
            "postgres",
            &format!("{SCHEMA}{}", include_str!("../../crates/lab/src/platform/seed.sql")),
        );
        sql(fresh.target(), "postgres", happens);
        let sources = Sources {
            database: Some(Source::own(fresh.target().clone())),
            shipped: Some(revisions()),
            ..Sources::default()
        };
        let named: Vec<&str> = doctor(&gather(&sources).await).iter().map(|finding| finding.id).collect();
        let wanted: Vec<&str> = [id].into_iter().filter(|id| !id.is_empty()).collect();
        assert_eq!(named, wanted, "{happens}");
    }
}

/// What cannot be looked at is said, without the password.
#[tokio::test]
async fn a_database_that_is_not_there_is_no_finding() {
    let database = Database::new().await;
    let absent = Source::own(database.target().with_database("not_there"));
    let evidence = gather(&Sources { database: Some(absent), ..Sources::default() }).await;
    let refusal = evidence.refusal.clone().unwrap();
    assert_eq!(refusal.sqlstate.as_deref(), Some("3D000"));
    assert!(refusal.next_step().contains("Waiting does not help"));
    assert!(doctor(&evidence).is_empty());
    let url = Source::Url("postgres://app:hunter2@127.0.0.1:1/app".to_owned());
    let evidence = gather(&Sources { database: Some(url), ..Sources::default() }).await;
    let told = format!("{:?} {:?}", evidence.refusal, evidence.notes);
    assert!(evidence.refusal.is_some() && !told.contains("hunter2"), "{told}");
}

macro_rules! of_one {
    (short, $name:ident, $id:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            holds($id).await;
        }
    };
    (long, $name:ident, $id:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "`cargo xtask lab` plays all of them"]
        async fn $name() {
            holds($id).await;
        }
    };
}

mod scenario_by_scenario {
    use super::holds;

    drydock_lab::for_each_scenario!(of_one);
}
