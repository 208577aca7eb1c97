//! The clock of the server is wrong.

use drydock_domain::finding::Secret;

use crate::{
    deployed,
    listener::{Sessions, Setup, path},
    probe::Probe,
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-clock-skew",
    title: "The clock of the server is wrong.",
    stage: Stage::Login,
    fidelity: Live("live over HTTP; the clock of the signer is set ahead"),
    world: World::None,
    cause: "Whoever signs tokens has a clock ahead of, or behind, the one they are checked by; often a laptop that has slept.",
    remedy: "Have the machines follow a time server, allow a leeway of a minute at most, or keep sessions in the database and judge them by its clock.",
    commands: &[Shell("timedatectl status"), Shell("date -u; curl -sI https://api.example.com/health | grep -i '^date'")],
    band_aid: "Tokens that never expire; a leeway of hours.",
    source: "PyJWT 2, ImmatureSignatureError; RFC 7519, section 4.1.6",
    inject: &[Step::Do("Deploys an API whose signer is two minutes ahead.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("Somebody signs in and asks for their user.", symptom)],
    says: &["401 {\"detail\":\"Could not validate credentials\"}", "ImmatureSignatureError: The token is not yet valid (iat)"],
    cure: &[Step::Do("Deploys it with a clock that is right.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated"],
    detect,
    ..Scenario::BASE
};

/// From how many seconds on a clock is wrong.
const TOLERATED: i64 = 30;

fn clock(ahead: i64) -> Setup {
    let sessions = Sessions { key: Secret::new("lab-key"), ahead };
    Setup { sessions: Some(sessions), ..deployed::right() }
}

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::deploy(stand, clock(120), path::HEALTH).await })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let probe = Probe::new()?;
        let url = deployed::url(stand)?;
        let answer = probe.ask("POST", &url.replace(path::HEALTH, path::LOGIN), &[]).await?;
        let token = answer.body.split('"').nth(3).unwrap_or_default().to_owned();
        let bearer = format!("Bearer {token}");
        let me = url.replace(path::HEALTH, path::ME);
        let answer = probe.ask("GET", &me, &[("authorization", &bearer)]).await?;
        stand.say("GET", format!("{} {}", answer.status, answer.body));
        if let Some(why) = (Sessions { key: Secret::new("lab-key"), ahead: 0 }).refuses(&token) {
            stand.say("API log", format!("ImmatureSignatureError: {why}"));
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, clock(0)).await })
}

/// The header `Date` is more than half a minute from the time here.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let ahead = deployed::answering(evidence)?.ahead.filter(|ahead| ahead.abs() > TOLERATED)?;
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    Some(vec![format!("the API's clock is {} s {way} this machine's", ahead.abs())])
}
