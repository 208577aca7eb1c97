//! The driver that SQLAlchemy takes by itself is not installed.

use crate::deployed;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "url-default-driver-drift",
    title: "The driver that SQLAlchemy takes by itself is not installed.",
    stage: Stage::NormaliseUrl,
    fidelity: Live("live where Drydock reads the URL; what the Python drivers say of it is derived from their own rules"),
    world: World::None,
    cause: "SQLAlchemy 2.1 loads psycopg 3 where 2.0 loaded psycopg2, and no version was pinned.",
    remedy: "Name the driver in the URL, and pin SQLAlchemy and the driver.",
    commands: &[Shell("pip freeze | grep -i 'sqlalchemy\\|psycopg'"), Setting("DATABASE_URL=postgresql+psycopg2://…")],
    band_aid: "Installing both drivers.",
    source: "SQLAlchemy 2.1, migration notes; gramps-project/gramps-web-api 3.22.3",
    inject: &[Step::Do("Sets DATABASE_URL.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("Every consumer is given the URL.", symptom)],
    says: &["No module named 'psycopg'"],
    cure: &[Step::Do("Sets it as it must be.", cure)],
    excludes: &["url-scheme-and-driver", "url-sslmode", "url-special-chars", "url-unexpanded", "net-ipv6-or-dns"],
    detect,
    ..Scenario::BASE
};

const BROKEN: &str = "postgresql://app:pw@127.0.0.1:1/app";
const RIGHT: &str = "postgresql+psycopg2://app:pw@127.0.0.1:1/app";

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let freeze = "SQLAlchemy==2.1.9 psycopg2==2.9.13".to_owned();
        stand.sources.environment = Some([("REQUIREMENTS".to_owned(), freeze)].into());
        stand.sources.database_url = Some(BROKEN.to_owned()); Ok(()) })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::consumers(stand) })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { stand.sources.database_url = Some(RIGHT.to_owned()); Ok(()) })
}

/// What `REQUIREMENTS` pins, as `pip freeze` prints it, lacks the driver that this version of SQLAlchemy takes by itself.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let (url, facts) = (evidence.url.as_ref()?.url.as_ref()?, evidence.environment.as_ref()?);
    let version = facts.version_of("sqlalchemy")?;
    if url.driver.is_some() {
        return None;
    }
    let old = version.starts_with("1.") || version.starts_with("2.0");
    let (driver, other) = if old { ("psycopg2", "psycopg2-binary") } else { ("psycopg", "psycopg-binary") };
    let missing = facts.version_of(driver).is_none() && facts.version_of(other).is_none();
    missing.then(|| {
        vec![
            format!("the URL names no driver, and SQLAlchemy {version} then loads {driver}"),
            format!("{driver} is not among what is installed"),
        ]
    })
}
