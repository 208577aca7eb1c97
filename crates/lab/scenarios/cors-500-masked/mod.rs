//! A server error looks like a CORS error.

use crate::{
    deployed,
    listener::{Setup, path},
    probe::{Call, Probe},
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-500-masked",
    title: "A server error looks like a CORS error.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "An exception that nobody catches is answered by the outermost layer, outside of CORS: the 500 has no CORS header, and the console speaks of CORS instead of the missing table.",
    remedy: "Catch exceptions inside of CORS and answer with JSON and the request's id. Then repair what raised it: ask without an Origin to see it.",
    commands: &[Shell("curl -i https://api.example.com/api/v1/broken"), File("@app.exception_handler(Exception)\nasync def failed(request, error):\n    return JSONResponse({\"detail\": \"Internal Server Error\"}, status_code=500)")],
    band_aid: "Editing the list of origins, which was right.",
    source: "FastAPI issues 775, 457 and 4071; Starlette issue 1116, ServerErrorMiddleware",
    inject: &[Step::Do("Deploys an API with a route that raises an exception.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The front end asks for it, and so does somebody without a browser.", symptom)],
    says: &["500 Internal Server Error, no Access-Control-Allow-Origin", "No 'Access-Control-Allow-Origin' header", "without an Origin: 500 Internal Server Error"],
    cure: &[Step::Do("Catches the exception inside of CORS and repairs the route.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let setup = Setup { errors_inside: false, repaired: false, ..deployed::right() };
        deployed::deploy(stand, setup, path::BROKEN).await
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = Call::get(deployed::url(stand)?);
        deployed::browse(stand, call).await?;
        let plain = Probe::new()?.ask("GET", &deployed::url(stand)?, &[]).await?;
        stand.say("curl", format!("without an Origin: {} {}", plain.status, plain.body));
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

/// The page is let in by the preflight, and the answer is a server error that it cannot read.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    let exchange = http.exchange.as_ref()?;
    let welcome = http.preflight().is_some_and(|preflight| preflight.is_ok() && preflight.allowed_origin().is_some());
    let masked = exchange.answer.status >= 500 && exchange.answer.allowed_origin().is_none();
    (welcome && masked).then(|| {
        let plain = http.plain.as_ref().map_or(0, |plain| plain.status);
        vec![
            format!("GET {} answers {}", http.url, exchange.answer.summary()),
            format!("without an Origin it answers {plain} as well, and the preflight is fine: it is not CORS"),
        ]
    })
}
