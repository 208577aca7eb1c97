//! Pages of strangers match the pattern for previews.

use crate::{
    deployed,
    listener::{Cors, Origins, path},
    probe::Probe,
};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "cors-preview-subdomain",
    title: "Pages of strangers match the pattern for previews.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; the console texts are derived from the real answers"),
    world: World::None,
    cause: "Every preview deployment has a host name of its own; a pattern that takes them all in takes in what anybody else deploys on the same host.",
    remedy: "Anchor project and team in the pattern, use it in the preview environment alone and without credentials; or have the preview reach the API through its own origin.",
    commands: &[Setting("ALLOWED_ORIGINS=https://app-git-main-acme-projects.vercel.app")],
    band_aid: ".*\\.vercel\\.app: whoever deploys there is let in.",
    source: "The seeded incident, commits eb402a778 and 79b620095; CWE-942",
    inject: &[Step::Do("Deploys an API that lets in https://…-projects.vercel.app with credentials.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("A preview calls, and so does a page of somebody else.", symptom)],
    says: &["https://evil-a-b-projects.vercel.app gets 200, Access-Control-Allow-Origin: https://evil-a-b-projects.vercel.app"],
    cure: &[Step::Do("Deploys it with the preview by its name.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "http-bind-or-port", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

const PREVIEW: &str = "https://aiforce-assess-git-main-acme-projects.vercel.app";

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let pattern = Origins::Between("https://".to_owned(), "-projects.vercel.app".to_owned());
        deployed::deploy(stand, deployed::with(Cors::for_origins(pattern)), path::ITEMS).await?;
        if let Some(api) = &mut stand.sources.api {
            api.origin = Some(PREVIEW.to_owned());
        }
        Ok(())
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let call = deployed::call(stand, "POST")?;
        let probe = Probe::new()?;
        for origin in [PREVIEW, "https://evil-a-b-projects.vercel.app"] {
            let seen = probe.call(call.clone(), origin).await?;
            stand.say("POST", format!("{origin} gets {}", seen.answer.summary()));
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { deployed::redeploy(stand, deployed::with(deployed::listed(&[PREVIEW]))).await })
}

/// Pages of others under the same shared site are let in, though not every page is.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = deployed::answering(evidence)?;
    (!http.lets_in_neighbours.is_empty())
        .then(|| http.lets_in_neighbours.iter().map(|origin| format!("{origin} is let in")).collect())
}
