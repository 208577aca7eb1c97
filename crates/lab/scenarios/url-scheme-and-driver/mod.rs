//! The URL begins as another consumer wants it.

use drydock_domain::database_url::{Consumer, Flaw, Outcome};

use crate::deployed;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "url-scheme-and-driver",
    title: "The URL begins as another consumer wants it.",
    stage: Stage::NormaliseUrl,
    fidelity: Live("live where Drydock reads the URL; what the Python drivers say of it is derived from their own rules"),
    world: World::None,
    cause: "Every layer wants another beginning: the host gives out postgres://, SQLAlchemy wants postgresql with its driver, libpq wants none, and sqlx does not look at it at all.",
    remedy: "Read the URL once at the boundary, and render it for each consumer.",
    commands: &[Shell("drydock url"), Shell("drydock url --for sqlalchemy-2.1 --show-secrets")],
    band_aid: "url.replace('postgresql+asyncpg://', 'postgresql://'): it misses postgres:// and every other driver.",
    source: "SQLAlchemy issues 6105 and 5799; the seeded incident, commit e5cefb207",
    inject: &[Step::Do("Sets DATABASE_URL.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("Every consumer is given the URL.", symptom)],
    says: &["Can't load plugin: sqlalchemy.dialects:postgres"],
    transcript: &[Quote { tool: "SQLAlchemy, sync engine", line: "sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called; can't call await_() here." }, Quote { tool: "libpq", line: "missing \"=\" after \"postgresql+asyncpg://...\" in connection info string" }],
    cure: &[Step::Do("Sets it as it must be.", cure)],
    excludes: &["url-default-driver-drift", "url-sslmode", "url-special-chars", "url-unexpanded", "net-ipv6-or-dns"],
    detect,
    ..Scenario::BASE
};

const BROKEN: &str = "postgres://app:pw@127.0.0.1:1/app";
const RIGHT: &str = "postgresql+psycopg://app:pw@127.0.0.1:1/app";

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { stand.sources.database_url = Some(BROKEN.to_owned()); Ok(()) })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::consumers(stand) })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { stand.sources.database_url = Some(RIGHT.to_owned()); Ok(()) })
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let facts = evidence.url.as_ref()?;
    let named = |flaw: &&Flaw| {
        matches!(flaw, Flaw::OtherDatabase(_) | Flaw::SchemeCase | Flaw::UnknownDriver(_))
    };
    let mut lines: Vec<String> = facts.flaws.iter().filter(named).map(ToString::to_string).collect();
    if let Some(Outcome::Refused { error }) = facts.outcome(Consumer::SqlalchemySync21)
        && error.starts_with("Can't load plugin")
    {
        lines.push(format!("SQLAlchemy says of {}: {error}", facts.redacted));
    }
    (!lines.is_empty()).then_some(lines)
}
