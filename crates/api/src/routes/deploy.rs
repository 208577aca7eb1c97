//! Connection URLs and environments: what each consumer and each rule makes of them. Nothing of a body is logged.

use axum::{Json, extract::State};
use drydock_domain::origin::Origin;

use crate::{
    ApiState,
    dto::deploy::{EnvironmentAnswer, EnvironmentQuestion, Preset, RuleAnswer, UrlAnswer, UrlQuestion},
    envelope::{ApiError, ErrorEnvelope},
    extract::{Administrator, JsonBody, needs},
    simulator::{Play, Stack},
};

/// Most variables of a deployment.
const VARIABLES: usize = 200;

/// What each consumer of a connection URL does with a text, and the form it wants
#[utoipa::path(
    post, path = "/api/v1/deploy/url", operation_id = "read_url", tag = "deploy", security(("session" = [])),
    request_body = UrlQuestion,
    responses(
        (status = OK, body = UrlAnswer),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = PAYLOAD_TOO_LARGE, body = ErrorEnvelope),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn url(
    _administrator: Administrator<needs::LabUse>,
    JsonBody(question): JsonBody<UrlQuestion>,
) -> Json<UrlAnswer> {
    Json(question.answer())
}

/// The variables that deployments on well-known hosts have
#[utoipa::path(
    get, path = "/api/v1/deploy/presets", operation_id = "deploy_presets", tag = "deploy", security(("session" = [])),
    responses(
        (status = OK, body = [Preset]),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn presets(_administrator: Administrator<needs::LabUse>) -> Json<Vec<Preset>> {
    Json(Preset::all())
}

/// What each rule concludes from a deployment's variables, and what then comes of calls to a real port
///
/// For each rule that starts, an API is deployed on a free port of 127.0.0.1, called as a browser would, and taken away again.
#[utoipa::path(
    post, path = "/api/v1/deploy/environment", operation_id = "try_environment", tag = "deploy",
    security(("session" = [])), request_body = EnvironmentQuestion,
    responses(
        (status = OK, body = EnvironmentAnswer),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = PAYLOAD_TOO_LARGE, body = ErrorEnvelope),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn environment(
    State(state): State<ApiState>,
    _administrator: Administrator<needs::LabUse>,
    JsonBody(question): JsonBody<EnvironmentQuestion>,
) -> Result<Json<EnvironmentAnswer>, ApiError> {
    if question.variables.len() > VARIABLES {
        let message = format!("A deployment has {VARIABLES} variables at most here.");
        return Err(ApiError::invalid_field("/variables", "too_many", message));
    }
    let origin = question.origin.trim().to_owned();
    let origin_flaw = origin.parse::<Origin>().err().map(|error| format!("{error}."));
    let mut rules = RuleAnswer::all(&question.variables);
    let playable = !origin.is_empty() && origin.chars().all(|char| char.is_ascii_graphic());
    if let Some(simulator) = state.simulator().filter(|_| playable) {
        for rule in rules.iter_mut().filter(|rule| rule.starts()) {
            let stack = match rule.id {
                "ours" => Stack::Ours,
                _ => Stack::Original {
                    authentication_outermost: question.authentication_outermost,
                    errors_inside: question.errors_inside,
                },
            };
            let play = Play { stack, origins: rule.origins.clone(), origin: origin.clone() };
            rule.calls = simulator.play(play).await?.into_iter().map(Into::into).collect();
        }
    }
    Ok(Json(EnvironmentAnswer { origin_flaw, rules }))
}
