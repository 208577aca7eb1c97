//! The API listens elsewhere than the host looks.

use crate::{Api, deployed, listener::{Server, path}, probe::Probe};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "http-bind-or-port",
    title: "The API listens elsewhere than the host looks.",
    stage: Stage::Serve,
    fidelity: Live("live over HTTP; what the platforms say of it is quoted"),
    world: World::None,
    cause: "The process listens on a fixed port, or on 127.0.0.1, and the host asks the port that it has put into PORT; or the migrations take longer than the host waits.",
    remedy: "In the cloud listen on 0.0.0.0 (or ::) and on $PORT, and run long migrations before the start. On a laptop stay on 127.0.0.1.",
    commands: &[Shell("uvicorn app.main:app --host 0.0.0.0 --port $PORT")],
    band_aid: "A longer health-check timeout; 0.0.0.0 in a program for the desktop.",
    source: "Railway documentation, Application failed to respond; Render and Heroku log lines",
    inject: &[Step::Do("Deploys an API on another port than PORT says.", inject)],
    boot: Expect::Skip,
    symptom: &[Step::Do("The host's health check asks.", symptom)],
    says: &["refused"],
    transcript: &[Quote { tool: "Railway", line: "Application failed to respond" }, Quote { tool: "Render", line: "==> Port scan timeout reached, no open ports detected on 0.0.0.0. Detected open ports on localhost -- did you mean to bind one of these to 0.0.0.0?" }, Quote { tool: "Heroku", line: "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch" }],
    cure: &[Step::Do("Has it listen on the port of PORT.", cure)],
    excludes: &["cors-origin-missing", "cors-origin-format", "cors-wildcard-credentials", "cors-preflight-blocked-by-middleware", "cors-500-masked", "cors-preview-subdomain", "cors-redirect", "cors-header-or-method-not-allowed", "cookie-samesite-cross-site", "auth-secret-rotated", "auth-clock-skew"],
    detect,
    ..Scenario::BASE
};

fn inject(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let wanted = deployed::free_port().await?;
        let server = Server::start(deployed::right()).await?;
        stand.kept.push(Box::new(server));
        stand.sources.environment = Some([("PORT".to_owned(), wanted.to_string())].into());
        let url = format!("http://{}{}", deployed::local(wanted), path::HEALTH);
        stand.sources.api = Some(Api { url, origin: None });
        Ok(())
     })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let url = deployed::url(stand)?;
        match Probe::new()?.ask("GET", &url, &[]).await {
            Ok(answer) => stand.say("health check", answer.summary()),
            Err(error) => stand.say("health check", error.to_string()),
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let port = stand.sources.environment.as_ref().and_then(|variables| variables.get("PORT")?.parse().ok());
        let port = port.ok_or_else(|| LabError::Unplayable("PORT is not set".to_owned()))?;
        let server = Server::start_at(port, deployed::right()).await?;
        stand.cured.push(Box::new(server));
        Ok(())
     })
}

/// Nothing answers where the variables say that it does.
fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let http = evidence.http.as_ref()?;
    let why = http.unreachable.as_ref()?;
    let port = evidence.environment.as_ref()?.port?;
    http.url.contains(&format!(":{port}/")).then(|| vec![format!("PORT is {port}"), format!("{}: {why}", http.url)])
}
