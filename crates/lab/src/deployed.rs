//! What the scenarios of URLs, variables and endpoints share.

use std::net::{Ipv4Addr, SocketAddr};

use drydock_domain::{
    database_url::{Consumer, Outcome, Secrets, ServerTls},
    deployment::VERCEL_ORIGIN,
};

use crate::{
    Api, Evidence, LabError, Stand,
    evidence::HttpProbe,
    listener::{Cors, Origins, Server, Setup},
    probe::{Answer, Call, Exchange, Probe, ProbeError, console},
};

impl From<ProbeError> for LabError {
    fn from(error: ProbeError) -> Self {
        Self::Unplayable(error.to_string())
    }
}

/// A list with these origins.
pub(crate) fn listed(origins: &[&str]) -> Cors {
    Cors::for_origins(Origins::List(origins.iter().map(|origin| (*origin).to_owned()).collect()))
}

/// An API with this CORS and nothing else.
pub(crate) fn with(cors: Cors) -> Setup {
    Setup { cors: Some(cors), ..Setup::default() }
}

/// As it is meant: the front end listed, CORS outermost, errors inside.
pub(crate) fn right() -> Setup {
    Setup { errors_inside: true, repaired: true, ..with(listed(&[VERCEL_ORIGIN])) }
}

/// Deploys an API whose fault `setup` is, called by the platform's front end at `path`.
pub(crate) async fn deploy(stand: &mut Stand, setup: Setup, path: &str) -> Result<(), LabError> {
    let server = Server::start(setup).await?;
    let api = Api { url: server.url(path), origin: Some(VERCEL_ORIGIN.to_owned()) };
    stand.sources.api = Some(api);
    stand.kept.push(Box::new(server));
    Ok(())
}

/// Deploys it without the fault, to the end of the run.
pub(crate) async fn redeploy(stand: &mut Stand, setup: Setup) -> Result<(), LabError> {
    let server = Server::start(setup).await?;
    if let Some(api) = &mut stand.sources.api {
        let path =
            api.url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
        api.url = server.url(&path.unwrap_or_default());
    }
    stand.cured.push(Box::new(server));
    Ok(())
}

/// The address of the API.
pub(crate) fn url(stand: &Stand) -> Result<String, LabError> {
    let api = stand.sources.api.as_ref();
    api.map(|api| api.url.clone()).ok_or_else(|| LabError::Unplayable("there is no API".to_owned()))
}

/// A call of the front end: a token, a client account, JSON.
pub(crate) fn call(stand: &Stand, method: &'static str) -> Result<Call, LabError> {
    Ok(Call::get(url(stand)?)
        .by(method)
        .with("authorization", "Bearer token")
        .with("content-type", "application/json")
        .with("x-client-account-id", "11111111-1111-1111-1111-111111111111"))
}

/// Makes the front end call, and tells what goes over the wire and what the three consoles say.
pub(crate) async fn browse(stand: &mut Stand, call: Call) -> Result<Exchange, LabError> {
    browse_from(stand, call, VERCEL_ORIGIN).await
}

/// As [`browse`], from a page of another origin.
pub(crate) async fn browse_from(stand: &mut Stand, call: Call, origin: &str) -> Result<Exchange, LabError> {
    let seen = Probe::new()?.call(call, origin).await?;
    if let Some(preflight) = &seen.preflight {
        stand.say("OPTIONS", preflight.summary());
    }
    stand.say(seen.call.method, seen.answer.summary());
    for line in console(&seen) {
        stand.say(line.browser.name(), line.text);
    }
    Ok(seen)
}

/// The API as it was seen, where it answers.
pub(crate) fn answering(evidence: &Evidence) -> Option<&HttpProbe> {
    evidence.http.as_ref().filter(|http| http.plain.is_some())
}

/// Whether the preflight was answered by a CORS layer, whatever it said.
pub(crate) fn has_cors(preflight: &Answer) -> bool {
    preflight.is_ok() && preflight.header("access-control-allow-methods").is_some()
        || preflight.status == 400 && preflight.body.starts_with("Disallowed CORS")
}

/// What every consumer says of the URL of the deployment.
pub(crate) fn consumers(stand: &mut Stand) -> Result<(), LabError> {
    let text = stand.sources.database_url.clone();
    let text = text.ok_or_else(|| LabError::Unplayable("there is no URL".to_owned()))?;
    for consumer in Consumer::ALL {
        let says = match consumer.reads(&text, ServerTls::Missing, Secrets::Hidden) {
            Outcome::Accepted { note } => format!("accepted. {}", note.unwrap_or_default()),
            Outcome::Misread { reads } => reads,
            Outcome::Refused { error } => error,
        };
        stand.say(consumer.title(), says.trim());
    }
    Ok(())
}

/// A port of this machine that nothing listens on.
pub(crate) async fn free_port() -> Result<u16, LabError> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    Ok(listener.local_addr()?.port())
}

/// An address of this machine.
pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
