//! The front end is not among the origins that may call.

use crate::{deployed, listener::path, probe::Blocked};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-origin-missing",
    title: "The front end is not among the origins that may call.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "The front end has a new address, and the list of allowed origins, often kept in several places, was not changed with it.",
    remedy: "Keep one list in ALLOWED_ORIGINS, exact and for each environment, and add the origin there. Nothing else decides.",
    commands: &[Setting("ALLOWED_ORIGINS=https://app.example.com")],
    band_aid: "A wildcard, or sending back whatever Origin comes in: with credentials that lets every page act as the user.",
    source: "The seeded incident, commits 63f577c1d and 6d605b04e; Starlette 1.10.0 middleware/cors.py; Fetch standard, CORS protocol",
    inject: &[Step::Do("Deploys an API whose list has another front end.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The front end sends a POST.", symptom)],
    says: &["400 Disallowed CORS origin, no Access-Control-Allow-Origin", "200, no Access-Control-Allow-Origin", "blocked by CORS policy: Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header", "Preflight response is not successful. Status code: 400", "(Reason: CORS header 'Access-Control-Allow-Origin' missing)", "1 request was carried out"],
    cure: &[Step::Do("Deploys it with the front end in the list.", cure)],
    excludes: &["cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::deploy(stand, deployed::with(deployed::listed(&["https://app.example.com"])), path::ITEMS).await })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?;
        let seen = deployed::browse(stand, call).await?;
        if seen.answer.is_ok() {
            stand.say("API", "1 request was carried out, and the page was told nothing of it");
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

/// A CORS layer refuses the page in every form that a careless list could have.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    let preflight = http.preflight()?;
    let refused = matches!(http.blocked()?, Blocked::OriginMissing)
        && preflight.allowed_origin().is_none()
        && deployed::has_cors(preflight);
    let known = http.lets_in_everybody || !http.lets_in_forms.is_empty() || !http.lets_in_neighbours.is_empty();
    let malformed =
        evidence.environment.as_ref().is_some_and(|facts| super::cors_origin_format::malformed(facts).is_some());
    (refused && !known && !malformed).then(|| {
        vec![
            format!("{} asks {}", http.origin.as_deref().unwrap_or_default(), http.url),
            format!("preflight: {}", preflight.summary()),
        ]
    })
}
