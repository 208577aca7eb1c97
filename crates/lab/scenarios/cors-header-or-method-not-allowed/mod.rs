//! The front end sends a header, or uses a method, that is not allowed.

use drydock_domain::deployment::VERCEL_ORIGIN;

use crate::{
    deployed,
    listener::{Cors, Server, Setup, path},
    probe::{Blocked, Call},
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-header-or-method-not-allowed",
    title: "The front end sends a header, or uses a method, that is not allowed.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "The front end got a new header or method and the server's lists did not; by default Starlette allows GET alone.",
    remedy: "Keep one list of headers and methods, and make both sides from it. Expose X-Request-ID.",
    commands: &[File("allow_headers=[\"Authorization\", \"Content-Type\", \"X-Client-Account-ID\", \"X-Engagement-ID\"]\nallow_methods=[\"GET\", \"POST\", \"PUT\", \"PATCH\", \"DELETE\"]")],
    band_aid: "A star together with credentials: it is then the name of a header, not a wildcard.",
    source: "The seeded incident, commits a2f2a85e3 and 824aaa259; Starlette 1.10.0 middleware/cors.py; Fetch standard",
    inject: &[Step::Do("Deploys an API that allows Authorization and Content-Type alone.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The front end sends its tenant header, to this server and to one that answers 200.", symptom)],
    says: &["400 Disallowed CORS headers", "Request header field x-user-id is not allowed by Access-Control-Allow-Headers in preflight response.", "missing token 'x-user-id' in CORS header 'Access-Control-Allow-Headers' from CORS preflight channel", "Method PROPFIND is not allowed by Access-Control-Allow-Methods in preflight response."],
    cure: &[Step::Do("Deploys it with the headers that the front end sends.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let cors = Cors { headers: vec!["Authorization".to_owned()], ..deployed::listed(&[VERCEL_ORIGIN]) };
        deployed::deploy(stand, Setup { cors: Some(cors), ..deployed::right() }, path::ITEMS).await
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?;
        deployed::browse(stand, call.clone()).await?;
        // Drydock's own door says what it allows with a 200.
        let origin = VERCEL_ORIGIN.parse().map_err(|error| LabError::Unplayable(format!("{error}")))?;
        let ours = Server::ours(&[origin]).await?;
        deployed::browse(stand, Call::get(ours.url(path::ITEMS)).with("x-user-id", "u")).await?;
        deployed::browse(stand, Call::get(ours.url(path::ITEMS)).by("PROPFIND")).await?;
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

/// The page is let in, and what it sends is not.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    let preflight = http.preflight()?;
    let refused = preflight.status == 400
        && preflight.body.starts_with("Disallowed CORS")
        && !preflight.body.contains("origin");
    let listed = matches!(http.blocked(), Some(Blocked::Header { .. } | Blocked::Method { .. }));
    let mut lines = Vec::new();
    if refused || listed {
        lines.push(format!("preflight: {}", preflight.summary()));
        let allowed = preflight.header("access-control-allow-headers").unwrap_or("none");
        lines.push(format!("allowed headers: {allowed}"));
    }
    if preflight.is_ok() && !http.blocked_methods.is_empty() {
        lines.push(format!("not allowed: {}", http.blocked_methods.join(", ")));
    }
    (!lines.is_empty()).then_some(lines)
}
