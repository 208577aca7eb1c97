//! The API redirects, and a preflight may not be.

use crate::{
    deployed,
    listener::{Setup, path},
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-redirect",
    title: "The API redirects, and a preflight may not be.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "The base URL says http://, lacks or has a slash too many, or names an alias of the domain; the server answers with a redirect.",
    remedy: "Call the address itself: https, the host that answers, the exact path. Behind a proxy have the server trust X-Forwarded-Proto.",
    commands: &[Shell("curl -sI https://api.example.com/api/v1/items | grep -i '^location'"), Setting("VITE_BACKEND_URL=https://api.example.com")],
    band_aid: "Content types that need no preflight: the redirected POST arrives as a GET.",
    source: "Chromium cors_error_string.cc; Railway documentation, 405 Method Not Allowed; Starlette redirect_slashes",
    inject: &[Step::Do("Deploys an API behind a redirect to https.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The front end sends a POST.", symptom)],
    says: &["301", "Redirect is not allowed for a preflight request.", "CORS request external redirect not allowed", "Preflight response is not successful. Status code: 301"],
    cure: &[Step::Do("Calls the address itself.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::deploy(stand, Setup { moved: true, ..deployed::right() }, path::ITEMS).await })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?;
        deployed::browse(stand, call).await?;
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    let preflight = http.preflight()?;
    preflight.is_redirect().then(|| {
        vec![format!(
            "OPTIONS {} answers {} to {}",
            http.url,
            preflight.status,
            preflight.header("location").unwrap_or("nowhere")
        )]
    })
}
