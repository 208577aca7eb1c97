//! The name of the database's host has no address here, or one that nobody listens on.


use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "net-ipv6-or-dns",
    title: "The name of the database's host has no address here, or one that nobody listens on.",
    stage: Stage::WaitDb,
    fidelity: Live("live: the name is looked up, the addresses are tried"),
    world: World::None,
    cause: "A private name is used outside of its project, or at build time, when there is no private network; or the name has IPv6 addresses only and one side knows IPv4.",
    remedy: "Inside of the project use the private URL, outside the public one. Listen on :: for both families. Migrate at the start, not in the build.",
    commands: &[Setting("DATABASE_URL=${{Postgres.DATABASE_PUBLIC_URL}}  # from outside of the project"), Shell("getent ahosts postgres.railway.internal")],
    band_aid: "An address in place of the name; opening the database to the world.",
    source: "Railway documentation, private networking; knadh/listmonk issue 2341",
    inject: &[Step::Do("Sets DATABASE_URL.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The name is looked up.", symptom)],
    says: &["postgres.railway.internal"],
    transcript: &[Quote { tool: "psycopg", line: "failed to resolve host 'postgres.railway.internal': [Errno -2] Name or service not known" }],
    cure: &[Step::Do("Sets it as it must be.", cure)],
    excludes: &["url-scheme-and-driver", "url-default-driver-drift", "url-sslmode", "url-special-chars", "url-unexpanded"],
    detect,
    ..Scenario::BASE
};

const BROKEN: &str = "postgresql+psycopg://app:pw@postgres.railway.internal:5432/railway";
const RIGHT: &str = "postgresql+psycopg://app:pw@127.0.0.1:1/app";

fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let host = "postgres.railway.internal";
        match tokio::net::lookup_host((host, 5432)).await {
            Ok(found) => stand.say("resolver", format!("{host} has {} addresses", found.count())),
            Err(error) => stand.say("resolver", format!("{host}: {error}")),
        }
        Ok(())
     })
}
fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { stand.sources.database_url = Some(BROKEN.to_owned()); Ok(()) })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { stand.sources.database_url = Some(RIGHT.to_owned()); Ok(()) })
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let facts = evidence.url.as_ref()?;
    let host = facts.url.as_ref()?.hosts.first()?;
    if let Some(why) = &facts.unresolved {
        return Some(vec![format!("{}: {why}", host.name)]);
    }
    let only_ipv6 = !facts.addresses.is_empty() && facts.addresses.iter().all(|(address, _)| address.is_ipv6());
    let refused = facts.addresses.iter().all(|(_, accepted)| !accepted);
    let tried = || facts.addresses.iter().map(|(address, _)| format!("{address} does not accept"));
    match facts.accepted_instead {
        Some(other) => Some(tried().chain([format!("{other} does")]).collect()),
        None if only_ipv6 && refused => Some(tried().collect()),
        None => None,
    }
}
