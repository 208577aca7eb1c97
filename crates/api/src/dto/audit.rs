//! What the audit routes take and give.

use drydock_store::audit::{Broken, ChainReport, Entry as Row};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which entries are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// Entries on a page, 1 to 200; 50 when not given.
    pub(crate) limit: Option<u16>,
    /// `next_before` of the page before.
    pub(crate) before: Option<i64>,
    /// Only entries of somebody, or about somebody, whose address contains this.
    pub(crate) who: Option<String>,
    /// Only this event, such as `sign_in.failed`, or all with this noun, such as `sign_in`.
    pub(crate) event: Option<String>,
    /// Only `success`, `denied` or `error`.
    pub(crate) outcome: Option<String>,
    /// Not before this moment.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) from: Option<OffsetDateTime>,
    /// Before this moment.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) until: Option<OffsetDateTime>,
    /// Only entries whose text, path, request id or details contain this, in any case.
    pub(crate) q: Option<String>,
}

/// A page of entries, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage {
    pub(crate) entries: Vec<AuditEntry>,
    /// Send as `before` for the next page; null on the last one.
    pub(crate) next_before: Option<i64>,
    /// Every event that this log can hold.
    pub(crate) events: Vec<AuditEventName>,
}

/// An event by its word and as a person reads it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEventName {
    pub(crate) event: &'static str,
    pub(crate) title: &'static str,
}

/// An entry of an audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    id: Uuid,
    /// Place in the chain, from 1.
    number: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[schema(example = "sign_in.failed")]
    event: String,
    title: String,
    /// `info`, `warning` or `critical`.
    severity: String,
    /// `success`, `denied` or `error`.
    outcome: String,
    /// Who did it; null when nobody was known.
    actor_id: Option<Uuid>,
    actor_email: Option<String>,
    actor_role: Option<String>,
    target_id: Option<Uuid>,
    target_email: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<String>,
    client_account_id: Option<Uuid>,
    engagement_id: Option<Uuid>,
    description: String,
    ip_address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    request_method: Option<String>,
    request_path: Option<String>,
    /// Further facts, by name.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// SHA-256 in hexadecimal digits.
    entry_hash: String,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            number: row.number,
            at: row.at,
            title: row.title().to_owned(),
            event: row.event,
            severity: row.severity,
            outcome: row.outcome,
            actor_id: row.actor_id,
            actor_email: row.actor_email,
            actor_role: row.actor_role,
            target_id: row.target_id,
            target_email: row.target_email,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            client_account_id: row.client_account_id,
            engagement_id: row.engagement_id,
            description: row.description,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            request_id: row.request_id,
            request_method: row.request_method,
            request_path: row.request_path,
            details: row.details,
            entry_hash: row.entry_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// How a log's chain stands, followed from its first entry on for this answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditChain {
    /// Entries that are as they were written, from the first on.
    verified: u64,
    /// When the last of those was written; null where there is none.
    #[serde(with = "time::serde::rfc3339::option")]
    verified_until: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    looked_at: OffsetDateTime,
    /// The first place at which the chain is broken; null where it is whole.
    broken: Option<AuditBreach>,
}

/// Where and how a chain is broken.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditBreach {
    /// Always `verify.audit_broken`, explained in docs/errors.md.
    code: &'static str,
    number: i64,
    /// The entry; null where it is missing.
    id: Option<Uuid>,
    /// `missing`, `changed`, `unlinked`, `cut` or `beyond`.
    breach: &'static str,
    sentence: &'static str,
    next_step: &'static str,
}

impl From<Broken> for AuditBreach {
    fn from(broken: Broken) -> Self {
        let code = drydock_domain::ErrorCode::AuditBroken;
        Self {
            code: code.as_str(),
            number: broken.entry_number,
            id: broken.entry_id,
            breach: broken.breach.as_str(),
            sentence: broken.breach.sentence(),
            next_step: code.next_step(),
        }
    }
}

impl From<ChainReport> for AuditChain {
    fn from(report: ChainReport) -> Self {
        Self {
            verified: report.verified,
            verified_until: report.verified_until,
            looked_at: report.looked_at,
            broken: report.broken.map(Into::into),
        }
    }
}

/// A log that was saved.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditFile {
    /// The file.
    pub(crate) path: String,
    /// Entries in it.
    pub(crate) entries: usize,
}
