//! The platform's own migration tool finds this database at its head: Alembic itself, with the revision id of the platform's first.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

use drydock_store::Target;
use drydock_testkit::Database;

use crate::history::{everything, sql};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/alembic")
}

/// The first Python that has both pip and venv.
fn python() -> Option<&'static str> {
    ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        ["pip", "venv", "ensurepip"].into_iter().all(|module| {
            let asked = Command::new(python).args(["-m", module, "--help"]).output();
            asked.is_ok_and(|output| output.status.success())
        })
    })
}

/// A Python with Alembic, kept for the next run as long as what is pinned stays the same.
fn alembic() -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _held = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);

    let requirements = fixture().join("requirements.txt");
    let pinned = fs::read_to_string(&requirements).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/alembic");
    let (program, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    if program.is_file() && fs::read_to_string(&installed).is_ok_and(|there| there == pinned) {
        return Some(program);
    }
    let python = python()?;
    let made = Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let done = Command::new(&program)
        .args(["-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--no-input", "--quiet"])
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .output()
        .unwrap();
    assert!(done.status.success(), "pip: {}", String::from_utf8_lossy(&done.stderr));
    fs::write(installed, pinned).unwrap();
    Some(program)
}

/// Runs Alembic on the database, as its owner.
fn run(python: &Path, target: &Target, arguments: &[&str]) -> Output {
    let socket = target.socket_dir().join(format!(".s.PGSQL.{}", target.port()));
    let url = format!(
        "postgresql+pg8000://drydock_owner@/{}?unix_sock={}",
        target.database(),
        socket.display().to_string().replace('/', "%2F")
    );
    Command::new(python)
        // Leaves nothing beside the fixture.
        .args(["-B", "-m", "alembic", "--config"])
        .arg(fixture().join("alembic.ini"))
        .args(arguments)
        .env("ALEMBIC_DATABASE_URL", url)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn alembic_finds_the_database_at_its_head_and_changes_nothing() {
    let Some(python) = alembic() else {
        eprintln!("skipped: there is no Python with pip and venv (packages python3-pip and python3-venv)");
        return;
    };
    let database = Database::new().await;
    let target = database.target();
    let before = everything(target);

    let current = run(&python, target, &["current"]);
    assert!(current.status.success(), "{}", text(&current));
    let told = String::from_utf8_lossy(&current.stdout);
    assert_eq!(told.trim(), "001_comprehensive_initial_schema (head)");

    let check = run(&python, target, &["current", "--check-heads"]);
    assert!(check.status.success(), "{}", text(&check));
    // Its first revision would fail if it were run.
    let upgrade = run(&python, target, &["upgrade", "head"]);
    assert!(upgrade.status.success(), "{}", text(&upgrade));
    assert!(everything(target) == before, "Alembic changed something");

    // What it would say of a database that is not in step, so that the lines above mean something.
    sql(target, "postgres", "update migration.alembic_version set version_num = '002_add_raw'");
    let lost = run(&python, target, &["current"]);
    assert!(!lost.status.success() && text(&lost).contains("Can't locate revision"), "{}", text(&lost));
    sql(target, "postgres", "delete from migration.alembic_version");
    let again = run(&python, target, &["upgrade", "head"]);
    assert!(!again.status.success() && text(&again).contains("001 is applied already"), "{}", text(&again));
}
