//! The parameters of the URL are another consumer's.

use drydock_domain::database_url::Flaw;

use crate::deployed;

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "url-sslmode",
    title: "The parameters of the URL are another consumer's.",
    stage: Stage::NormaliseUrl,
    fidelity: Live("live where Drydock reads the URL; what the Python drivers say of it is derived from their own rules"),
    world: World::None,
    cause: "What stands behind the question mark is handed on as it is: libpq knows sslmode and not pgbouncer, asyncpg through SQLAlchemy knows ssl and not sslmode.",
    remedy: "Translate sslmode and ssl for each consumer, leave out what it does not know, and keep TLS wherever the host is not this machine.",
    commands: &[Shell("drydock url"), Shell("drydock url --for sqlalchemy-async")],
    band_aid: "Leaving sslmode out for a remote database; sslmode=prefer, which goes unencrypted without a word.",
    source: "asyncpg issue 737; SQLAlchemy issue 6275; PostgreSQL documentation, SSL Support",
    inject: &[Step::Do("Sets DATABASE_URL.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("Every consumer is given the URL.", symptom)],
    says: &["connect() got an unexpected keyword argument"],
    transcript: &[Quote { tool: "libpq", line: "server does not support SSL, but SSL was required" }],
    cure: &[Step::Do("Sets it as it must be.", cure)],
    excludes: &["url-scheme-and-driver", "url-default-driver-drift", "url-special-chars", "url-unexpanded", "net-ipv6-or-dns"],
    detect,
    ..Scenario::BASE
};

const BROKEN: &str = "postgresql+asyncpg://app:pw@127.0.0.1:1/app?sslmode=require&pgbouncer=true";
const RIGHT: &str = "postgresql+asyncpg://app:pw@127.0.0.1:1/app?ssl=prefer";

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
    let url = facts.url.as_ref()?;
    let named = |flaw: &&Flaw| {
        matches!(
            flaw,
            Flaw::SslMode(_) | Flaw::Plaintext(_) | Flaw::ForeignParameter(_) | Flaw::ParameterWithoutValue
        )
    };
    let mut lines: Vec<String> = facts.flaws.iter().filter(named).map(ToString::to_string).collect();
    let by_asyncpg = url.driver.as_deref() == Some("asyncpg");
    if by_asyncpg && facts.says_sslmode {
        lines.push("asyncpg, called by SQLAlchemy, takes ssl and not sslmode".to_owned());
    }
    let wanted = url.parameter("sslmode").filter(|mode| ["require", "verify-ca", "verify-full"].contains(mode));
    if let (Some(mode), Some(false)) = (wanted, facts.tls) {
        lines.push(format!("sslmode={mode}, and the server offers no TLS"));
    }
    (!lines.is_empty()).then_some(lines)
}
