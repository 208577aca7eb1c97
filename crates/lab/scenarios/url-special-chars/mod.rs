//! The password takes the URL apart.

use drydock_domain::database_url::Flaw;

use crate::deployed;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "url-special-chars",
    title: "The password takes the URL apart.",
    stage: Stage::NormaliseUrl,
    fidelity: Live("live where Drydock reads the URL; what the Python drivers say of it is derived from their own rules"),
    world: World::None,
    cause: "The password holds @ : / # or %, and was put into the URL as it is; where the URL then ends differs by consumer.",
    remedy: "Percent-encode user and password, or build the URL from its parts. In alembic.ini write each % twice.",
    commands: &[Shell("drydock url --for libpq --show-secrets"), Shell("python3 -c 'import urllib.parse,getpass; print(urllib.parse.quote(getpass.getpass(), safe=\"\"))'")],
    band_aid: "A password of letters only; printing the URL to look at it.",
    source: "RFC 3986, section 3.2.1; runs of each driver",
    inject: &[Step::Do("Sets DATABASE_URL.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("Every consumer is given the URL.", symptom)],
    says: &["invalid literal for int() with base 10", "error with configuration: invalid port number"],
    transcript: &[Quote { tool: "alembic", line: "ValueError: invalid interpolation syntax in 'postgresql://app:p%40ss@...' at position 18" }],
    cure: &[Step::Do("Sets it as it must be.", cure)],
    excludes: &["url-scheme-and-driver", "url-default-driver-drift", "url-sslmode", "url-unexpanded", "net-ipv6-or-dns"],
    detect,
    ..Scenario::BASE
};

const BROKEN: &str = "postgresql+psycopg://app:p@ss:w/rd#1%2@127.0.0.1:1/app";
const RIGHT: &str = "postgresql+psycopg://app:p%40ss%3Aw%2Frd%231%252@127.0.0.1:1/app";

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
        matches!(flaw, Flaw::SpecialCharacters(_) | Flaw::BareIpv6 | Flaw::Host | Flaw::Port)
    };
    let lines: Vec<String> = facts.flaws.iter().filter(named).map(ToString::to_string).collect();
    (!lines.is_empty()).then_some(lines)
}
