//! The preflight does not reach the CORS layer.

use crate::{
    deployed,
    listener::{Order, Setup, path},
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-preflight-blocked-by-middleware",
    title: "The preflight does not reach the CORS layer.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "Authentication, or a check of tenant headers, lies outside of CORS and refuses the preflight, which carries neither; its refusals are unreadable, too. In Starlette the middleware that was added last is outermost.",
    remedy: "Make CORS the outermost layer, and test a preflight without a token and a 401 with an Origin.",
    commands: &[File("app.add_middleware(AuthenticationMiddleware)\napp.add_middleware(CORSMiddleware, ...)  # last: outermost"), Shell("curl -i -X OPTIONS -H 'Origin: https://app.example.com' -H 'Access-Control-Request-Method: POST' https://api.example.com/api/v1/me")],
    band_aid: "Taking authentication off the path.",
    source: "The seeded incident, commits 6d5649534, 2ccb36ef0 and c08549c79; Starlette documentation, Middleware",
    inject: &[Step::Do("Deploys an API with authentication outside of CORS.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The front end sends a POST, and one whose token has expired.", symptom)],
    says: &["401 {\"detail\":\"Not authenticated\"}, no Access-Control-Allow-Origin", "doesn't pass access control check: No 'Access-Control-Allow-Origin' header", "Preflight response is not successful. Status code: 401"],
    cure: &[Step::Do("Deploys it with CORS outermost.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let setup = Setup { order: Order::AuthenticationOutermost, ..deployed::right() };
        deployed::deploy(stand, setup, path::ME).await
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?;
        deployed::browse(stand, call).await?;
        let call = crate::probe::Call::get(deployed::url(stand)?);
        deployed::browse(stand, call).await?;
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

/// Something other than a CORS layer answers the preflight, and it is no redirect.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    let preflight = http.preflight()?;
    (!preflight.is_redirect() && !deployed::has_cors(preflight) && preflight.allowed_origin().is_none()).then(|| {
        let mut lines = vec![format!("OPTIONS {} answers {}", http.url, preflight.summary())];
        if let Some(exchange) = http.exchange.as_ref().filter(|exchange| exchange.answer.allowed_origin().is_none()) {
            lines.push(format!("the request itself answers {}", exchange.answer.summary()));
        }
        lines
    })
}
