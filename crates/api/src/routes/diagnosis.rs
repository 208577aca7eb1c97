//! The doctor, the Deploy Lab, and their reports.

use std::time::Duration;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use crate::{
    diagnosis::{Catalogue, Examination, NewExamination, Run},
    dto::diagnosis::{NewRun, ReportQuery, RunQuery, Runs, SavedReport},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{Diagnose, JsonBody, PathId, QueryOf},
    report::{Format, Report},
};

/// How long a caller that waits for the next revision is kept waiting.
const LONG_POLL: Duration = Duration::from_secs(10);
/// Scenarios that are played at a time.
const SCENARIOS: usize = 8;
/// Longest URL and origin, in bytes.
const URL_LIMIT: usize = 2_000;
/// Longest list of variables, in bytes.
const ENVIRONMENT_LIMIT: usize = 64 * 1024;
/// Files of a folder of revisions.
const REVISIONS: usize = 2_000;

/// Look at a deployment and say what is wrong with it
///
/// Reads and changes nothing. What is left out of the body is not looked at; a database is read in a read-only transaction.
#[utoipa::path(
    post, path = "/api/v1/doctor", operation_id = "examine", tag = "doctor", security(("session" = [])),
    request_body = NewExamination,
    responses(
        (status = OK, body = Examination),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = PAYLOAD_TOO_LARGE, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn examine(
    Diagnose { store, diagnosis, .. }: Diagnose,
    JsonBody(what): JsonBody<NewExamination>,
) -> Result<Json<Examination>, ApiError> {
    let what = checked(what)?;
    Ok(Json(diagnosis.examine(what, store.target().clone()).await?))
}

/// The body without what is empty, or what is wrong with it.
fn checked(what: NewExamination) -> Result<NewExamination, ApiError> {
    let text = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let what = NewExamination {
        database_url: text(what.database_url),
        api: text(what.api),
        origin: text(what.origin),
        environment: text(what.environment),
        ..what
    };
    let mut fields = Vec::new();
    let mut refuse = |path: &str, code, message: String| {
        fields.push(FieldError { path: path.to_owned(), code, message });
    };
    for (path, value, limit) in [
        ("/database_url", &what.database_url, URL_LIMIT),
        ("/api", &what.api, URL_LIMIT),
        ("/origin", &what.origin, URL_LIMIT),
        ("/environment", &what.environment, ENVIRONMENT_LIMIT),
    ] {
        if value.as_ref().is_some_and(|value| value.len() > limit) {
            refuse(path, "too_long", format!("This is longer than {limit} bytes."));
        }
    }
    if let Some(api) = &what.api
        && !(api.starts_with("http://") || api.starts_with("https://"))
    {
        refuse("/api", "url", "The address of an API begins with http:// or https://.".to_owned());
    }
    if what.origin.is_some() && what.api.is_none() {
        refuse("/api", "required", "An origin asks an API: say where it answers.".to_owned());
    }
    if what.own && what.database_url.is_some() {
        refuse(
            "/database_url",
            "either",
            "One database is looked at: this one, or the one of the URL.".to_owned(),
        );
    }
    if what.revisions.len() > REVISIONS {
        refuse("/revisions", "too_many", format!("There are more than {REVISIONS} files."));
    }
    if what.revisions.iter().any(|file| file.name.is_empty() || file.name.contains(['/', '\\', '\0'])) {
        refuse("/revisions", "name", "A file of revisions has a name without a folder.".to_owned());
    }
    let nothing = !what.own
        && what.database_url.is_none()
        && what.api.is_none()
        && what.environment.is_none()
        && what.revisions.is_empty();
    if nothing {
        refuse("/own", "required", "Say what to look at.".to_owned());
    }
    if fields.is_empty() { Ok(what) } else { Err(ApiError::invalid(fields)) }
}

/// What the doctor found
#[utoipa::path(
    get, path = "/api/v1/doctor/{id}", operation_id = "examination", tag = "doctor", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The examination")),
    responses(
        (status = OK, body = Examination),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn examination(
    Diagnose { diagnosis, .. }: Diagnose,
    PathId(id): PathId,
) -> Result<Json<Examination>, ApiError> {
    Ok(Json(diagnosis.examination(id)?))
}

/// What the doctor found, as one file
#[utoipa::path(
    get, path = "/api/v1/doctor/{id}/report", operation_id = "examination_report", tag = "doctor", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The examination"), ReportQuery),
    responses(
        (status = OK, body = String, content_type = "text/markdown"),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn examination_report(
    Diagnose { diagnosis, .. }: Diagnose,
    PathId(id): PathId,
    QueryOf(query): QueryOf<ReportQuery>,
) -> Result<Response, ApiError> {
    let report = Report::of_examination(&diagnosis.examination(id)?, query.finding.as_deref());
    Ok(answer(&report, query.format()?))
}

/// Write what the doctor found into the folder of downloads
#[utoipa::path(
    post, path = "/api/v1/doctor/{id}/report", operation_id = "save_examination_report", tag = "doctor", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The examination"), ReportQuery),
    responses(
        (status = OK, body = SavedReport),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
        (status = INTERNAL_SERVER_ERROR, body = ErrorEnvelope),
    )
)]
pub(crate) async fn save_examination_report(
    Diagnose { diagnosis, downloads, .. }: Diagnose,
    PathId(id): PathId,
    QueryOf(query): QueryOf<ReportQuery>,
) -> Result<Json<SavedReport>, ApiError> {
    let report = Report::of_examination(&diagnosis.examination(id)?, query.finding.as_deref());
    save(&report, query.format()?, &downloads).await
}

/// Every scenario, and the night on which they were found
#[utoipa::path(
    get, path = "/api/v1/lab/scenarios", operation_id = "lab_scenarios", tag = "lab", security(("session" = [])),
    responses(
        (status = OK, body = Catalogue),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn scenarios(Diagnose { diagnosis, .. }: Diagnose) -> Json<Catalogue> {
    Json(diagnosis.catalogue())
}

/// The runs that are remembered, newest first
#[utoipa::path(
    get, path = "/api/v1/lab/runs", operation_id = "lab_runs", tag = "lab", security(("session" = [])),
    responses(
        (status = OK, body = Runs),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn runs(Diagnose { diagnosis, .. }: Diagnose) -> Json<Runs> {
    Json(Runs { runs: diagnosis.runs().into_iter().map(Into::into).collect() })
}

/// Play scenarios on a throw-away cluster
///
/// The fault is injected, booted into and named by the doctor, who is not told which it is. The live data are not touched.
#[utoipa::path(
    post, path = "/api/v1/lab/runs", operation_id = "begin_lab_run", tag = "lab", security(("session" = [])),
    request_body = NewRun,
    responses(
        (status = ACCEPTED, body = Run),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn begin(
    Diagnose { store, diagnosis, .. }: Diagnose,
    JsonBody(NewRun { mut scenarios }): JsonBody<NewRun>,
) -> Result<(StatusCode, Json<Run>), ApiError> {
    let mut seen = std::collections::BTreeSet::new();
    scenarios.retain(|id| seen.insert(id.clone()));
    if scenarios.is_empty() || scenarios.len() > SCENARIOS {
        let message = format!("From 1 to {SCENARIOS} scenarios are played at a time.");
        return Err(ApiError::invalid_field("/scenarios", "length", message));
    }
    Ok((StatusCode::ACCEPTED, Json(diagnosis.begin(&scenarios, store.target().clone())?)))
}

/// How far a run is
///
/// With `after` the answer waits until the revision is another, or ten seconds.
#[utoipa::path(
    get, path = "/api/v1/lab/runs/{id}", operation_id = "lab_run", tag = "lab", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The run"), RunQuery),
    responses(
        (status = OK, body = Run),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn run(
    Diagnose { diagnosis, .. }: Diagnose,
    PathId(id): PathId,
    QueryOf(query): QueryOf<RunQuery>,
) -> Result<Json<Run>, ApiError> {
    let mut watcher = diagnosis.watch(id)?;
    if let Some(after) = query.after {
        let news = watcher.wait_for(|run| run.revision != after || !run.state.is_live());
        // However it ends, the run as it is then is the answer.
        let _ = tokio::time::timeout(LONG_POLL, news).await;
    }
    let run = watcher.borrow().clone();
    Ok(Json(run))
}

/// Apply the remedy of a diagnosed run and boot again, twice
#[utoipa::path(
    post, path = "/api/v1/lab/runs/{id}/remedy", operation_id = "cure_lab_run", tag = "lab", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The run")),
    responses(
        (status = ACCEPTED, body = Run),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn cure(
    Diagnose { diagnosis, .. }: Diagnose,
    PathId(id): PathId,
) -> Result<(StatusCode, Json<Run>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(diagnosis.cure(id)?)))
}

/// End a run and remove its cluster
///
/// What was seen stays to be read.
#[utoipa::path(
    delete, path = "/api/v1/lab/runs/{id}", operation_id = "end_lab_run", tag = "lab", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The run")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn end(
    Diagnose { diagnosis, .. }: Diagnose,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    diagnosis.end(id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was seen of a run, as one file
#[utoipa::path(
    get, path = "/api/v1/lab/runs/{id}/report", operation_id = "lab_report", tag = "lab", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The run"), ReportQuery),
    responses(
        (status = OK, body = String, content_type = "text/markdown"),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn run_report(
    Diagnose { diagnosis, .. }: Diagnose,
    PathId(id): PathId,
    QueryOf(query): QueryOf<ReportQuery>,
) -> Result<Response, ApiError> {
    Ok(answer(&of_run(&*diagnosis, id)?, query.format()?))
}

/// Write what was seen of a run into the folder of downloads
#[utoipa::path(
    post, path = "/api/v1/lab/runs/{id}/report", operation_id = "save_lab_report", tag = "lab", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The run"), ReportQuery),
    responses(
        (status = OK, body = SavedReport),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
        (status = INTERNAL_SERVER_ERROR, body = ErrorEnvelope),
    )
)]
pub(crate) async fn save_run_report(
    Diagnose { diagnosis, downloads, .. }: Diagnose,
    PathId(id): PathId,
    QueryOf(query): QueryOf<ReportQuery>,
) -> Result<Json<SavedReport>, ApiError> {
    let report = of_run(&*diagnosis, id)?;
    save(&report, query.format()?, &downloads).await
}

fn of_run(diagnosis: &dyn crate::diagnosis::Diagnosis, id: Uuid) -> Result<Report, ApiError> {
    let run = diagnosis.watch(id)?.borrow().clone();
    Ok(Report::of_run(&run, &diagnosis.catalogue().scenarios))
}

fn answer(report: &Report, format: Format) -> Response {
    ([(header::CONTENT_TYPE, format.content_type())], report.write(format)).into_response()
}

async fn save(
    report: &Report,
    format: Format,
    folder: &std::path::Path,
) -> Result<Json<SavedReport>, ApiError> {
    let text = report.write(format);
    let path = crate::export::write_file(folder, &report.stem(), format.ending(), text.as_bytes()).await?;
    Ok(Json(SavedReport { path: path.display().to_string() }))
}
