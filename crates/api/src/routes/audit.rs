//! The audit logs: the platform's security log, and the log of a client account.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use drydock_domain::{
    Permission,
    audit::{AccessEvent, Outcome, SecurityEvent},
};
use drydock_store::{
    Store, TenantTx, VerifiedSession,
    audit::{self, AccessEntry, Entry, Filter, SecurityEntry},
};
use time::OffsetDateTime;

use crate::{
    ApiState,
    dto::audit::{AuditChain, AuditEventName, AuditFile, AuditPage, AuditQuery},
    envelope::{ApiError, ErrorEnvelope},
    export,
    extract::{PathId, QueryOf, Session},
};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;
/// Longest filter value in bytes.
const FILTER_LIMIT: usize = 255;

/// The security log
#[utoipa::path(
    get, path = "/api/v1/admin/audit", operation_id = "security_log", tag = "audit", security(("session" = [])), params(AuditQuery),
    responses(
        (status = OK, body = AuditPage),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn security(
    Session { store, session }: Session,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    store.require_everywhere(&session, Permission::AuditView).await?;
    let (limit, filter) = (limit(&query)?, filter(&query)?);
    let entries = audit::security_entries(&store, &filter, query.before, i64::from(limit) + 1).await?;
    let events = SecurityEvent::ALL
        .iter()
        .map(|event| AuditEventName { event: event.as_str(), title: event.title() })
        .collect();
    Ok(Json(page(entries, limit, events)))
}

/// The log of a client account
#[utoipa::path(
    get, path = "/api/v1/admin/clients/{id}/audit", operation_id = "client_account_log", tag = "audit", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client account"), AuditQuery),
    responses(
        (status = OK, body = AuditPage),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn client_account(
    session: Session,
    PathId(id): PathId,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let mut tx = session.enter(id, Permission::AuditView).await?;
    let (limit, filter) = (limit(&query)?, filter(&query)?);
    let entries = audit::access_entries(&mut tx, &filter, query.before, i64::from(limit) + 1).await?;
    tx.commit().await?;
    let events = AccessEvent::ALL
        .iter()
        .map(|event| AuditEventName { event: event.as_str(), title: event.title() })
        .collect();
    Ok(Json(page(entries, limit, events)))
}

/// Whether the security log is as it was written
#[utoipa::path(
    get, path = "/api/v1/admin/audit/chain", operation_id = "security_log_chain", tag = "audit", security(("session" = [])),
    responses(
        (status = OK, body = AuditChain),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
    )
)]
pub(crate) async fn security_chain(
    Session { store, session }: Session,
) -> Result<Json<AuditChain>, ApiError> {
    store.require_everywhere(&session, Permission::AuditView).await?;
    Ok(Json(audit::verify(&store, None).await?.into()))
}

/// Whether a client account's log is as it was written
#[utoipa::path(
    get, path = "/api/v1/admin/clients/{id}/audit/chain", operation_id = "client_account_log_chain", tag = "audit", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client account")),
    responses(
        (status = OK, body = AuditChain),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
    )
)]
pub(crate) async fn client_account_chain(
    session: Session,
    PathId(id): PathId,
) -> Result<Json<AuditChain>, ApiError> {
    let tx = session.enter(id, Permission::AuditView).await?;
    let of = tx.client_account_id();
    tx.commit().await?;
    Ok(Json(audit::verify(&session.store, Some(of)).await?.into()))
}

/// The security log as CSV
///
/// Exactly the entries that the same query lists, oldest last. A cell that a spreadsheet would compute is led by an apostrophe.
#[utoipa::path(
    get, path = "/api/v1/admin/audit/export", operation_id = "export_security_log", tag = "audit", security(("session" = [])), params(AuditQuery),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn security_export(
    Session { store, session }: Session,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<Response, ApiError> {
    store.require_everywhere(&session, Permission::AuditExport).await?;
    let filter = filter(&query)?;
    let (csv, entries) = security_csv(&store, &filter).await?;
    note_export(&store, &session, entries).await?;
    Ok(file(csv, "security-log.csv"))
}

/// A client account's log as CSV
///
/// As the security log's.
#[utoipa::path(
    get, path = "/api/v1/admin/clients/{id}/audit/export", operation_id = "export_client_account_log", tag = "audit", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client account"), AuditQuery),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn client_account_export(
    session: Session,
    PathId(id): PathId,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<Response, ApiError> {
    let tx = session.enter(id, Permission::AuditExport).await?;
    let (csv, _) = client_account_csv(tx, &filter(&query)?).await?;
    Ok(file(csv, "client-account-log.csv"))
}

/// Save the security log as a CSV file
///
/// As its export, written into the folder of downloads of the person who runs Drydock.
#[utoipa::path(
    post, path = "/api/v1/admin/audit/export", operation_id = "save_security_log", tag = "audit", security(("session" = [])), params(AuditQuery),
    responses(
        (status = CREATED, body = AuditFile),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn security_save(
    State(state): State<ApiState>,
    Session { store, session }: Session,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<(StatusCode, Json<AuditFile>), ApiError> {
    store.require_everywhere(&session, Permission::AuditExport).await?;
    let (csv, entries) = security_csv(&store, &filter(&query)?).await?;
    note_export(&store, &session, entries).await?;
    saved(&state, "Security log", &csv, entries).await
}

/// Save a client account's log as a CSV file
///
/// As the security log's.
#[utoipa::path(
    post, path = "/api/v1/admin/clients/{id}/audit/export", operation_id = "save_client_account_log", tag = "audit", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client account"), AuditQuery),
    responses(
        (status = CREATED, body = AuditFile),
        (status = UNAUTHORIZED, body = ErrorEnvelope),
        (status = FORBIDDEN, body = ErrorEnvelope),
        (status = NOT_FOUND, body = ErrorEnvelope),
        (status = UNPROCESSABLE_ENTITY, body = ErrorEnvelope),
    )
)]
pub(crate) async fn client_account_save(
    State(state): State<ApiState>,
    session: Session,
    PathId(id): PathId,
    QueryOf(query): QueryOf<AuditQuery>,
) -> Result<(StatusCode, Json<AuditFile>), ApiError> {
    let tx = session.enter(id, Permission::AuditExport).await?;
    let name = format!("{} activity", tx.client_account_name());
    let (csv, entries) = client_account_csv(tx, &filter(&query)?).await?;
    saved(&state, &name, &csv, entries).await
}

/// The file, under a name with today's date.
async fn saved(
    state: &ApiState,
    name: &str,
    csv: &[u8],
    entries: usize,
) -> Result<(StatusCode, Json<AuditFile>), ApiError> {
    let name = format!("{name} {}", OffsetDateTime::now_utc().date());
    let path = export::write_file(&state.downloads()?, &export::file_stem(&name), "csv", csv).await?;
    Ok((StatusCode::CREATED, Json(AuditFile { path: path.display().to_string(), entries })))
}

/// The log as CSV and how many entries that are, which is noted.
async fn client_account_csv(mut tx: TenantTx, filter: &Filter) -> Result<(Vec<u8>, usize), ApiError> {
    let mut csv = audit::csv_head()?;
    let (mut before, mut written) = (None, 0);
    loop {
        let entries = audit::access_entries(&mut tx, filter, before, PIECE).await?;
        let Some(last) = entries.last() else { break };
        before = Some(last.number);
        written += entries.len();
        csv.extend(audit::csv_lines(&entries)?);
    }
    audit::access(&mut tx, AccessEntry::new(AccessEvent::LogExported).with("entries", written));
    tx.commit().await?;
    Ok((csv, written))
}

/// Entries read at a time for an export.
const PIECE: i64 = 1_000;

async fn security_csv(store: &Store, filter: &Filter) -> Result<(Vec<u8>, usize), ApiError> {
    let mut csv = audit::csv_head()?;
    let (mut before, mut written) = (None, 0);
    loop {
        let entries = audit::security_entries(store, filter, before, PIECE).await?;
        let Some(last) = entries.last() else { break };
        before = Some(last.number);
        written += entries.len();
        csv.extend(audit::csv_lines(&entries)?);
    }
    Ok((csv, written))
}

async fn note_export(store: &Store, session: &VerifiedSession, entries: usize) -> Result<(), ApiError> {
    let who = session.actor().email.as_deref().unwrap_or("Somebody");
    let text = format!("{who} exported {entries} entries of the security log.");
    let entry = SecurityEntry::new(SecurityEvent::AuditExported, text).with("entries", entries);
    Ok(audit::record(store, session.actor(), entry).await?)
}

fn file(csv: Vec<u8>, name: &'static str) -> Response {
    let mut response = Response::new(Body::from(csv));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn limit(query: &AuditQuery) -> Result<u16, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::invalid_field("limit", "range", format!("limit must be 1 to {MAX_LIMIT}.")))
    }
}

/// An empty parameter is none.
fn text(name: &'static str, value: Option<&String>) -> Result<Option<String>, ApiError> {
    match value.map(String::as_str) {
        None | Some("") => Ok(None),
        Some(value) if value.len() > FILTER_LIMIT || value.contains(char::is_control) => {
            Err(ApiError::invalid_field(
                name,
                "text",
                format!("{name} must be text of at most {FILTER_LIMIT} bytes without control characters."),
            ))
        }
        Some(value) => Ok(Some(value.to_owned())),
    }
}

fn filter(query: &AuditQuery) -> Result<Filter, ApiError> {
    let outcome = text("outcome", query.outcome.as_ref())?
        .map(|word| {
            Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word).ok_or_else(|| {
                ApiError::invalid_field("outcome", "unknown", "outcome must be success, denied or error.")
            })
        })
        .transpose()?;
    if query.from.zip(query.until).is_some_and(|(from, until)| from >= until) {
        return Err(ApiError::invalid_field("until", "range", "until must be after from."));
    }
    Ok(Filter {
        who: text("who", query.who.as_ref())?,
        event: text("event", query.event.as_ref())?,
        outcome,
        from: query.from,
        until: query.until,
        words: text("q", query.q.as_ref())?,
    })
}

/// `entries` has one more than a page, if there is a next one.
fn page(mut entries: Vec<Entry>, limit: u16, events: Vec<AuditEventName>) -> AuditPage {
    let more = entries.len() > usize::from(limit);
    entries.truncate(usize::from(limit));
    AuditPage {
        next_before: entries.last().filter(|_| more).map(|entry| entry.number),
        entries: entries.into_iter().map(Into::into).collect(),
        events,
    }
}
