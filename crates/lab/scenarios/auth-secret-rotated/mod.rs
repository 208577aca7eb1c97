//! The key that sessions are signed with is another one.

use drydock_domain::finding::Secret;

use crate::{
    deployed,
    listener::{Server, Sessions, Setup, path},
    probe::Probe,
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-secret-rotated",
    title: "The key that sessions are signed with is another one.",
    stage: Stage::Login,
    fidelity: Live("live over HTTP, with signed tokens of the lab's own"),
    world: World::None,
    cause: "SECRET_KEY is made at random at each start, differs between replicas, or was changed by the deploy; every session that was signed with the old one is refused.",
    remedy: "Set SECRET_KEY explicitly and keep it; note its fingerprint. To change it, accept the old key beside the new one for as long as sessions last.",
    commands: &[Setting("SECRET_KEY=(the value from before)"), Shell("printf %s \"$SECRET_KEY\" | sha256sum | cut -c1-8")],
    band_aid: "Not checking signatures; a constant key in the code; a fallback token that anybody can make.",
    source: "PyJWT 2, InvalidSignatureError; the original's authentication service",
    inject: &[Step::Do("Signs somebody in, and deploys with another key.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The session from before is used.", symptom)],
    says: &["before the deploy: 200", "after it: 401 {\"detail\":\"Could not validate credentials\"}", "InvalidSignatureError: Signature verification failed"],
    cure: &[Step::Do("Deploys with the key from before.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

const BEFORE: &str = "lab-key-before";
const AFTER: &str = "lab-key-after";

fn sessions(key: &str) -> Setup {
    let sessions = Sessions { key: Secret::new(key), ahead: 0 };
    Setup { sessions: Some(sessions), ..deployed::right() }
}

fn variables(key: &str) -> std::collections::BTreeMap<String, String> {
    [
        ("SECRET_KEY".to_owned(), key.to_owned()),
        ("SECRET_KEY_FINGERPRINT".to_owned(), Secret::new(BEFORE).fingerprint()),
    ]
    .into()
}

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        stand.sources.environment = Some(variables(AFTER));
        deployed::deploy(stand, sessions(AFTER), path::HEALTH).await
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let probe = Probe::new()?;
        let before = Server::start(sessions(BEFORE)).await?;
        let answer = probe.ask("POST", &before.url(path::LOGIN), &[]).await?;
        let token = answer.body.split('"').nth(3).unwrap_or_default().to_owned();
        let bearer = format!("Bearer {token}");
        let answer = probe.ask("GET", &before.url(path::ME), &[("authorization", &bearer)]).await?;
        stand.say("GET", format!("before the deploy: {}", answer.status));
        let me = deployed::url(stand)?.replace(path::HEALTH, path::ME);
        let answer = probe.ask("GET", &me, &[("authorization", &bearer)]).await?;
        stand.say("GET", format!("after it: {} {}", answer.status, answer.body));
        if let Some(why) = (Sessions { key: Secret::new(AFTER), ahead: 0 }).refuses(&token) {
            stand.say("API log", format!("InvalidSignatureError: {why}"));
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        stand.sources.environment = Some(variables(BEFORE));
        deployed::redeploy(stand, sessions(BEFORE)).await
     })
}

/// The fingerprint that was noted is not that of the key. The key itself is never shown.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let facts = evidence.environment.as_ref()?;
    let noted = facts.noted_key.as_ref()?;
    match &facts.key {
        Some(key) if key == noted => None,
        Some(key) => Some(vec![format!("the key's fingerprint was {noted} and is {key}")]),
        None => Some(vec![format!("the key's fingerprint was {noted}, and SECRET_KEY is not set")]),
    }
}
