//! Reading both logs, newest first.

use drydock_domain::{
    ClientAccountId,
    audit::{AccessEvent, Outcome, SecurityEvent},
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Store, StoreError, TenantTx};

/// Which entries are asked for; an empty filter asks for all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the address of whoever did it, or had it done to them.
    pub who: Option<String>,
    /// The event's word, or the noun before its dot.
    pub event: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before.
    pub from: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
    /// Words that are in the entry's text, path, ids or details.
    pub words: Option<String>,
}

/// An entry of either log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// Its place in the chain.
    pub number: i64,
    /// When it was written.
    pub at: OffsetDateTime,
    /// The event's word.
    pub event: String,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// `success`, `denied` or `error`.
    pub outcome: String,
    /// Who did it.
    pub actor_id: Option<Uuid>,
    /// Their address then, or the one that was tried.
    pub actor_email: Option<String>,
    /// Their role then; not in a client account's log.
    pub actor_role: Option<String>,
    /// Whom it was done to.
    pub target_id: Option<Uuid>,
    /// Their address then.
    pub target_email: Option<String>,
    /// The kind of thing it was done to; in a client account's log only.
    pub resource_type: Option<String>,
    /// Its id.
    pub resource_id: Option<String>,
    /// The client account it touches.
    pub client_account_id: Option<Uuid>,
    /// The engagement it was done in.
    pub engagement_id: Option<Uuid>,
    /// What happened, as a sentence.
    pub description: String,
    /// The peer's address.
    pub ip_address: Option<String>,
    /// What the caller said it is.
    pub user_agent: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// The request's method.
    pub request_method: Option<String>,
    /// The request's path.
    pub request_path: Option<String>,
    /// Further facts.
    pub details: Value,
    /// The hash that chains it.
    pub entry_hash: Vec<u8>,
}

impl Entry {
    /// The event as a person reads it; its word where this build does not know it.
    #[must_use]
    pub fn title(&self) -> &str {
        let security = || self.event.parse::<SecurityEvent>().map(SecurityEvent::title).ok();
        let access = || self.event.parse::<AccessEvent>().map(AccessEvent::title).ok();
        let known = if self.resource_type.is_some() {
            access().or_else(security)
        } else {
            security().or_else(access)
        };
        known.unwrap_or(&self.event)
    }
}

/// Text as `LIKE` takes it to be anywhere.
fn anywhere(text: Option<&str>) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    Some(format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")))
}

/// Entries of the security log before number `before`, newest first; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn security_entries(
    store: &Store,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    Ok(sqlx::query_as!(
        Entry,
        r#"select id, entry_number as number, created_at as at, event_type as event, severity,
                  case when is_blocked then 'denied' else 'success' end as "outcome!",
                  actor_user_id as actor_id, actor_email, actor_role, target_user_id as target_id, target_email,
                  null as resource_type, null as resource_id, client_account_id, null::uuid as engagement_id, description,
                  ip_address, user_agent, request_id, request_method, request_path, details, entry_hash
           from migration.security_audit_logs
           where ($1::bigint is null or entry_number < $1)
             and ($2::text is null or actor_email ilike $2 or target_email ilike $2)
             and ($3::text is null or event_type = $3 or event_category = $3)
             and ($4::text is null or $4 = case when is_blocked then 'denied' else 'success' end)
             and ($5::timestamptz is null or created_at >= $5)
             and ($6::timestamptz is null or created_at < $6)
             and ($7::text is null or concat_ws(' ', description, request_path, request_id, details::text) ilike $7)
           order by entry_number desc
           limit $8"#,
        before,
        anywhere(filter.who.as_deref()),
        filter.event,
        filter.outcome.map(Outcome::as_str),
        filter.from,
        filter.until,
        anywhere(filter.words.as_deref()),
        limit
    )
    .fetch_all(&mut *store.acquire().await?)
    .await?)
}

/// The same of the log of the transaction's client account.
///
/// # Errors
/// When the database fails.
pub async fn access_entries(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let ClientAccountId(client_account) = tx.client_account_id();
    let mut entries = sqlx::query_as!(
        Entry,
        r#"select l.id, l.entry_number as number, l.created_at as at, l.action_type as event, 'info' as "severity!",
                  l.result as outcome, l.user_id as "actor_id?", u.email as "actor_email?", null as actor_role,
                  null::uuid as target_id, null as target_email, l.resource_type, l.resource_id,
                  l.client_account_id as "client_account_id?", l.engagement_id, coalesce(l.reason, '') as "description!",
                  l.ip_address, l.user_agent, l.request_id, l.request_method, l.request_path, l.details, l.entry_hash
           from migration.access_audit_log l
           join migration.users u on u.id = l.user_id
           where l.client_account_id = $9
             and ($1::bigint is null or l.entry_number < $1)
             and ($2::text is null or u.email ilike $2)
             and ($3::text is null or l.action_type = $3 or split_part(l.action_type, '.', 1) = $3)
             and ($4::text is null or l.result = $4)
             and ($5::timestamptz is null or l.created_at >= $5)
             and ($6::timestamptz is null or l.created_at < $6)
             and ($7::text is null
                  or concat_ws(' ', l.reason, l.resource_id, l.request_path, l.request_id, l.details::text) ilike $7)
           order by l.entry_number desc
           limit $8"#,
        before,
        anywhere(filter.who.as_deref()),
        filter.event,
        filter.outcome.map(Outcome::as_str),
        filter.from,
        filter.until,
        anywhere(filter.words.as_deref()),
        limit,
        client_account
    )
    .fetch_all(tx.connection())
    .await?;
    for entry in &mut entries {
        if let Ok(event) = entry.event.parse::<AccessEvent>() {
            event.severity().as_str().clone_into(&mut entry.severity);
            if entry.description.is_empty() {
                entry.description = format!("{}.", event.title());
            }
        }
    }
    Ok(entries)
}
