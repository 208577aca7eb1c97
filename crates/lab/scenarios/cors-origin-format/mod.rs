//! The front end is among the allowed origins, in a form that no browser sends.

use drydock_domain::{deployment::{ConfigurationError, VERCEL_ORIGIN}, origin::read_list};

use crate::{deployed, evidence::EnvironmentFacts, listener::path};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-origin-format",
    title: "The front end is among the allowed origins, in a form that no browser sends.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "An item of the list ends with a slash, has another scheme, capitals, quotes or two origins in one; or the list is a text, in which a framework looks for a part.",
    remedy: "Read the list once at the start, refuse every item that is not scheme://host[:port] in lower case, and compare whole origins.",
    commands: &[Setting("ALLOWED_ORIGINS=https://app.example.com")],
    band_aid: "Trimming and startsWith() where origins are compared: https://app.example.com.evil.invalid begins alike.",
    source: "The original's validator of origins; Starlette 1.10.0 middleware/cors.py; RFC 6454, section 6.2",
    inject: &[Step::Do("Deploys an API whose list has the front end with a slash.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The front end sends a POST.", symptom)],
    says: &["400 Disallowed CORS origin", "No 'Access-Control-Allow-Origin' header", "\"https://aiforce-assess.vercel.app/\" is no origin: it ends with a slash"],
    cure: &[Step::Do("Deploys it with the origin as browsers send it.", cure)],
    excludes: &["cors-origin-missing", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

const WITH_SLASH: &str = "https://aiforce-assess.vercel.app/";

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::deploy(stand, deployed::with(deployed::listed(&[WITH_SLASH])), path::ITEMS).await })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?;
        deployed::browse(stand, call).await?;
        if let Err(error) = read_list(WITH_SLASH) {
            stand.say("Drydock, configure", format!("ALLOWED_ORIGINS: {error}."));
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::right()).await })
}

/// What is wrong with the form of an origin in the variables.
pub(super) fn malformed(facts: &EnvironmentFacts) -> Option<String> {
    match &facts.configuration {
        Err(
            error @ (ConfigurationError::Origin(_)
            | ConfigurationError::OriginLocal { .. }
            | ConfigurationError::OriginPlain { .. }),
        ) => Some(error.to_string()),
        _ => None,
    }
}

/// The variables have a malformed item, or the API lets in a form of the origin that is not the origin.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let mut lines: Vec<String> = evidence.environment.as_ref().and_then(malformed).into_iter().collect();
    // A pattern that takes strangers in takes in forms as well; that is another fault.
    if let Some(http) = deployed::answering(evidence).filter(|http| http.lets_in_neighbours.is_empty()) {
        let origin = http.origin.as_deref().unwrap_or(VERCEL_ORIGIN);
        lines.extend(http.lets_in_forms.iter().map(|form| format!("{form} is let in, where {origin} calls")));
    }
    (!lines.is_empty()).then_some(lines)
}
