//! The session's cookie is not sent back, because page and API are different sites.

use crate::{
    deployed,
    listener::{Setup, path},
    probe::{Call, Probe},
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cookie-samesite-cross-site",
    title: "The session's cookie is not sent back, because page and API are different sites.",
    stage: Stage::Login,
    fidelity: Live("live over HTTP up to what the browser keeps back, which is judged by its rules"),
    world: World::None,
    cause: "Page and API lie under different registrable domains (vercel.app and railway.app), and the cookie is SameSite=Lax, as it is where nothing is said.",
    remedy: "Put both under one domain, or send a bearer token that is kept in memory. If it has to be a cookie: SameSite=None, Secure, and a token against forged requests.",
    commands: &[Setting("ALLOWED_ORIGINS=https://app.example.com"), Shell("curl -si -X POST https://api.example.com/api/v1/login | grep -i '^set-cookie'")],
    band_aid: "A token in localStorage; SameSite=None without Secure, which browsers drop.",
    source: "RFC 6265bis, section 5.2; ASVS 5.0, V3.3; Chrome DevTools, cookie issues",
    inject: &[Step::Do("Deploys an API whose sign-in sets a cookie with SameSite=Lax.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The page signs in and asks for its user.", symptom)],
    says: &["login answers 200 and sets session=", "the next request answers 401"],
    transcript: &[Quote { tool: "Chrome DevTools", line: "This Set-Cookie header didn't specify a \"SameSite\" attribute and was defaulted to \"SameSite=Lax,\" and was blocked because it came from a cross-site response which was not the response to a top-level navigation." }],
    cure: &[Step::Do("Has the sign-in set SameSite=None; Secure.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let cookie = Some("session=opaque; Path=/; HttpOnly; SameSite=Lax".to_owned());
        deployed::deploy(stand, Setup { cookie, ..deployed::right() }, path::LOGIN).await
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let login = deployed::url(stand)?;
        let probe = Probe::new()?;
        let answer = probe.ask("POST", &login, &[]).await?;
        let cookie = answer.header("set-cookie").unwrap_or_default().to_owned();
        stand.say("POST", format!("login answers {} and sets {cookie}", answer.status));
        // A browser keeps the cookie back, so there is none in the next request.
        let me = Call::get(login.replace(path::LOGIN, path::ME));
        let answer = probe.ask("GET", &me.url, &[]).await?;
        stand.say("GET", format!("the next request answers {} {}", answer.status, answer.body));
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let cookie = Some("session=opaque; Path=/; HttpOnly; SameSite=None; Secure".to_owned());
        deployed::redeploy(stand, Setup { cookie, ..deployed::right() }).await
     })
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    let cookie = http.lost_cookie()?;
    let attributes = cookie.split_once(';').map_or("no attribute", |(_, attributes)| attributes.trim());
    Some(vec![
        format!("{} sets a cookie with {attributes}", http.url),
        format!("{} is another site", http.origin.as_deref().unwrap_or_default()),
    ])
}
