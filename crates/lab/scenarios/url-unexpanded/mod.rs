//! DATABASE_URL is not a URL: nobody has put the value in.

use drydock_domain::database_url::Flaw;

use crate::deployed;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "url-unexpanded",
    title: "DATABASE_URL is not a URL: nobody has put the value in.",
    stage: Stage::NormaliseUrl,
    fidelity: Live("live where Drydock reads the URL; what the Python drivers say of it is derived from their own rules"),
    world: World::None,
    cause: "The variable is not set, or holds a reference that nothing replaced, quotes, or a line end.",
    remedy: "Set the variable, or repair the reference; take away quotes and blanks. Refuse to start without it.",
    commands: &[Setting("DATABASE_URL=${{Postgres.DATABASE_URL}}  # the name of a service of the same project"), Shell("printf %s \"$DATABASE_URL\" | drydock url -")],
    band_aid: "Falling back to localhost:5432 without a word.",
    source: "Railway documentation, variable references; runs of each driver",
    inject: &[Step::Do("Sets DATABASE_URL.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("Every consumer is given the URL.", symptom)],
    says: &["error with configuration: relative URL without a base", "Could not parse SQLAlchemy URL from given URL string"],
    transcript: &[Quote { tool: "PostgreSQL", line: "FATAL: database \"app\\n\" does not exist" }],
    cure: &[Step::Do("Sets it as it must be.", cure)],
    excludes: &["url-scheme-and-driver", "url-default-driver-drift", "url-sslmode", "url-special-chars", "net-ipv6-or-dns"],
    detect,
    ..Scenario::BASE
};

const BROKEN: &str = "${{Postgres.DATABASE_URL}}";
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
        matches!(
            flaw,
            Flaw::Unset | Flaw::Unexpanded(_) | Flaw::Quoted | Flaw::Whitespace | Flaw::NotAUrl | Flaw::KeyValue
        )
    };
    let lines: Vec<String> = facts.flaws.iter().filter(named).map(ToString::to_string).collect();
    (!lines.is_empty()).then_some(lines)
}
