//! Every scenario of the lab, from the fault to the proof that it is gone: one test each, made from the list of their folders.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use drydock_boot::{Settings, make_template};
use drydock_lab::{Order, Person, Report, scenario};
use drydock_testkit::{folder, resources};
use tokio::sync::OnceCell;

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
    let report = drydock_lab::run(order, &settings(vec![template().await]), listener).await.unwrap();
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

macro_rules! of_one {
    ($name:ident, $id:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            holds($id).await;
        }
    };
}

mod scenario_by_scenario {
    use super::holds;

    drydock_lab::for_each_scenario!(of_one);
}
