//! Every page is let in, with credentials.

use crate::{
    deployed,
    listener::{Cors, Origins, Server, path},
    probe::Probe,
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-wildcard-credentials",
    title: "Every page is let in, with credentials.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "The allowed origins are a wildcard and credentials are allowed. Some servers send * and every browser refuses that; others send back whoever asks, and every page may act as the user.",
    remedy: "List the origins, allow credentials for those alone, and send Vary: Origin.",
    commands: &[Setting("ALLOWED_ORIGINS=https://app.example.com")],
    band_aid: "Sending back the Origin that comes in: the console is silent, and the door is open.",
    source: "Starlette 1.10.0 middleware/cors.py; Chromium cors_error_string.cc; ASVS 5.0, 3.4.2",
    inject: &[Step::Do("Deploys an API that allows * with credentials.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("A page that nobody knows calls, and the front end calls a server that sends a literal *.", symptom)],
    says: &["https://evil.invalid gets 200, Access-Control-Allow-Origin: https://evil.invalid", "must not be the wildcard '*' when the request's credentials mode is 'include'", "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.", "is '*'"],
    cure: &[Step::Do("Deploys it with a list.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::deploy(stand, deployed::with(deployed::listed(&["*"])), path::ITEMS).await })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?.with_credentials();
        let seen = Probe::new()?.call(call.clone(), "https://evil.invalid").await?;
        stand.say("POST", format!("https://evil.invalid gets {}", seen.answer.summary()));
        let literal = Server::start(deployed::with(Cors::for_origins(Origins::LiteralWildcard))).await?;
        let call = crate::probe::Call { url: literal.url(path::ITEMS), ..call };
        deployed::browse(stand, call).await?;
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

/// A page that nobody knows is let in.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    http.lets_in_everybody.then(|| vec![format!("{} lets in https://evil.invalid", http.url)])
}
