//! Snapshots of the database.

use axum::{
    Json,
    extract::Request,
    http::{StatusCode, header},
};
use drydock_domain::ErrorCode;

use crate::{
    dto::maintenance::{NewSnapshot, Snapshot, SnapshotChange, Snapshots, Task},
    envelope::{ApiError, ErrorEnvelope, FieldError},
    extract::{Administrator, JsonBody, PathId, needs},
    upload::BodyReader,
};

/// Longest name in characters.
const NAME_LIMIT: usize = 80;
/// Longest note in characters.
const NOTE_LIMIT: usize = 500;
/// Largest file taken in, in bytes. It is streamed over TCP; the in-process door holds it in memory.
const FILE_LIMIT: u64 = 8 * 1024 * 1024 * 1024;
/// What the body of an import is sent as.
const BYTES: &str = "application/octet-stream";

/// The snapshots, newest first
#[utoipa::path(
    get, path = "/api/v1/snapshots", operation_id = "snapshots", tag = "snapshots",
    security(("session" = [])),
    responses(
        (status = OK, body = Snapshots),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(
    administrator: Administrator<needs::DataSnapshot>,
) -> Result<Json<Snapshots>, ApiError> {
    Ok(Json(administrator.maintenance.snapshots().await?.into()))
}

/// Begin a snapshot of all data
///
/// `GET /api/v1/maintenance` tells how far it is.
#[utoipa::path(
    post, path = "/api/v1/snapshots", operation_id = "create_snapshot", tag = "snapshots",
    security(("session" = [])), request_body = NewSnapshot,
    responses(
        (status = ACCEPTED, body = Task),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
        (status = INSUFFICIENT_STORAGE, body = ErrorEnvelope),
    )
)]
pub(crate) async fn create(
    administrator: Administrator<needs::DataSnapshot>,
    JsonBody(snapshot): JsonBody<NewSnapshot>,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    let (name, note) = validate(Some(snapshot.name), Some(snapshot.note))?;
    let actor = administrator.session.user_id();
    let task =
        administrator.maintenance.create(name.unwrap_or_default(), note.unwrap_or_default(), actor).await?;
    Ok((StatusCode::ACCEPTED, Json(task.into())))
}

/// Take an exported file in
///
/// Answers when the file is whole, verified and listed. It may hold 8 GiB; a file that was cut off or edited is refused.
#[utoipa::path(
    post, path = "/api/v1/snapshots/import", operation_id = "import_snapshot", tag = "snapshots",
    security(("session" = [])),
    request_body(content_type = "application/octet-stream", description = "The file as it is"),
    responses(
        (status = CREATED, body = Snapshot),
        (status = BAD_REQUEST, body = ErrorEnvelope),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = PAYLOAD_TOO_LARGE, body = ErrorEnvelope),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
        (status = INSUFFICIENT_STORAGE, body = ErrorEnvelope),
    )
)]
pub(crate) async fn import(
    administrator: Administrator<needs::DataSnapshot>,
    request: Request,
) -> Result<(StatusCode, Json<Snapshot>), ApiError> {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let length: Option<u64> = header(header::CONTENT_LENGTH).and_then(|value| value.parse().ok());
    let bytes = header(header::CONTENT_TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case(BYTES));
    if !bytes {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "The body is not sent as bytes.")
            .with_next_step("Send the file as it is, with content-type application/octet-stream."));
    }
    if length.is_some_and(|length| length > FILE_LIMIT) {
        let detail = format!("A file may hold {FILE_LIMIT} bytes at most.");
        return Err(ApiError::new(ErrorCode::RequestTooLarge, detail));
    }
    let (reader, remains) = BodyReader::new(body, FILE_LIMIT);
    match administrator.maintenance.import(Box::new(reader), length, administrator.session.user_id()).await {
        Ok(snapshot) => Ok((StatusCode::CREATED, Json(snapshot.into()))),
        Err(problem) => Err(remains.settle().await.unwrap_or_else(|| problem.into())),
    }
}

/// Change a snapshot's name or note
#[utoipa::path(
    patch, path = "/api/v1/snapshots/{id}", operation_id = "change_snapshot", tag = "snapshots",
    security(("session" = [])),
    params(("id" = Uuid, Path, description = "The snapshot")), request_body = SnapshotChange,
    responses(
        (status = OK, body = Snapshot),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn edit(
    administrator: Administrator<needs::DataSnapshot>,
    PathId(id): PathId,
    JsonBody(change): JsonBody<SnapshotChange>,
) -> Result<Json<Snapshot>, ApiError> {
    let (name, note) = validate(change.name, change.note)?;
    Ok(Json(administrator.maintenance.edit(id, name, note, administrator.session.user_id()).await?.into()))
}

/// Take a snapshot from the list
///
/// It can be put back until the next start.
#[utoipa::path(
    delete, path = "/api/v1/snapshots/{id}", operation_id = "remove_snapshot", tag = "snapshots",
    security(("session" = [])),
    params(("id" = Uuid, Path, description = "The snapshot")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn remove(
    administrator: Administrator<needs::DataSnapshot>,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    administrator.maintenance.remove(id, administrator.session.user_id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a removed snapshot again
#[utoipa::path(
    post, path = "/api/v1/snapshots/{id}/put-back", operation_id = "put_snapshot_back", tag = "snapshots",
    security(("session" = [])),
    params(("id" = Uuid, Path, description = "The snapshot")),
    responses(
        (status = OK, body = Snapshot),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn put_back(
    administrator: Administrator<needs::DataSnapshot>,
    PathId(id): PathId,
) -> Result<Json<Snapshot>, ApiError> {
    Ok(Json(administrator.maintenance.put_back(id, administrator.session.user_id()).await?.into()))
}

/// Begin to replace all data by a snapshot's
///
/// The snapshot is verified first. What it replaces is kept until the next reset, undo or restore.
#[utoipa::path(
    post, path = "/api/v1/snapshots/{id}/restore", operation_id = "restore_snapshot", tag = "snapshots",
    security(("session" = [])),
    params(("id" = Uuid, Path, description = "The snapshot")),
    responses(
        (status = ACCEPTED, body = Task),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn restore(
    administrator: Administrator<needs::DataSnapshot>,
    PathId(id): PathId,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    let Administrator { session, maintenance, .. } = administrator;
    Ok((StatusCode::ACCEPTED, Json(maintenance.restore(id, session).await?.into())))
}

/// Begin to write a snapshot as one file
///
/// The file goes into the folder of downloads of the person who runs Drydock; the task's path says where.
#[utoipa::path(
    post, path = "/api/v1/snapshots/{id}/export", operation_id = "export_snapshot", tag = "snapshots",
    security(("session" = [])),
    params(("id" = Uuid, Path, description = "The snapshot")),
    responses(
        (status = ACCEPTED, body = Task),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = CONFLICT, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn export(
    administrator: Administrator<needs::DataSnapshot>,
    PathId(id): PathId,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    Ok((
        StatusCode::ACCEPTED,
        Json(administrator.maintenance.export(id, administrator.session.user_id()).await?.into()),
    ))
}

/// Name and note without the space around them, or what is wrong with each.
fn validate(
    name: Option<String>,
    note: Option<String>,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let name = name.map(|name| name.trim().to_owned());
    let note = note.map(|note| note.trim().to_owned());
    let mut fields = Vec::new();
    let mut refuse = |path: &str, code, message: String| {
        fields.push(FieldError { path: path.to_owned(), code, message });
    };
    if let Some(name) = &name {
        if name.is_empty() {
            refuse("/name", "required", "The name is empty.".to_owned());
        } else if name.chars().count() > NAME_LIMIT {
            refuse("/name", "too_long", format!("The name is longer than {NAME_LIMIT} characters."));
        } else if name.contains(char::is_control) {
            refuse("/name", "character", "The name must be one line without control characters.".to_owned());
        }
    }
    if let Some(note) = &note {
        if note.chars().count() > NOTE_LIMIT {
            refuse("/note", "too_long", format!("The note is longer than {NOTE_LIMIT} characters."));
        } else if note.contains(|character: char| character.is_control() && character != '\n') {
            refuse("/note", "character", "The note holds a control character.".to_owned());
        }
    }
    if fields.is_empty() { Ok((name, note)) } else { Err(ApiError::invalid(fields)) }
}
