//! Adding entries to a chain.

use drydock_domain::{ClientAccountId, audit::Severity};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    AccessEntry, Actor, SecurityEntry,
    chain::{Hash, Link as _, genesis, hash, microseconds},
    entry::{AccessRow, SecurityRow, clean, one_line},
};
use crate::StoreError;

/// Locks the users that entries refer to, as their foreign keys will: after the end of the chain it could be a circle, with
/// somebody who has changed such a user and waits for the chain.
async fn hold_users(connection: &mut PgConnection, users: Vec<Uuid>) -> Result<(), StoreError> {
    sqlx::query!("select id from migration.users where id = any($1) order by id for key share", &users)
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// The end of a chain, which nobody else can move until the transaction ends.
struct Head {
    chain: Option<ClientAccountId>,
    count: i64,
    hash: Hash,
    at: OffsetDateTime,
}

impl Head {
    /// Locks the end of the chain. Also gives `details` as PostgreSQL prints them, in which form they are hashed.
    async fn lock(
        connection: &mut PgConnection,
        chain: Option<ClientAccountId>,
        details: &[String],
    ) -> Result<(Self, Vec<String>), StoreError> {
        loop {
            let found = sqlx::query!(
                r#"select entry_count, head_hash, last_entry_at,
                          array(select given.text::jsonb::text
                                from unnest($2::text[]) with ordinality as given (text, place)
                                order by place) as "details!"
                   from migration.audit_chains
                   where client_account_id is not distinct from $1
                   for update"#,
                chain.map(|id| id.0),
                details
            )
            .fetch_optional(&mut *connection)
            .await?;
            if let Some(found) = found {
                let hash = found.head_hash.try_into().map_err(|_| {
                    StoreError::UnexpectedValue("the head of an audit chain has no 32 bytes".to_owned())
                })?;
                let head = Self { chain, count: found.entry_count, hash, at: found.last_entry_at };
                return Ok((head, found.details));
            }
            // The first entry. Of two at once one makes the row, and the other waits here until it is there.
            let first = genesis(chain);
            sqlx::query!(
                "insert into migration.audit_chains (client_account_id, head_hash, last_entry_at)
                 values ($1, $2, 'epoch')
                 on conflict do nothing",
                chain.map(|id| id.0),
                first.as_slice()
            )
            .execute(&mut *connection)
            .await?;
        }
    }

    /// When the next entry is written: now, and not before the last one.
    fn now(&self) -> Result<OffsetDateTime, StoreError> {
        let whole = microseconds(OffsetDateTime::now_utc()) * 1_000;
        let now = OffsetDateTime::from_unix_timestamp_nanos(whole)
            .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
        Ok(now.max(self.at))
    }

    async fn keep(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query!(
            "update migration.audit_chains set entry_count = $2, head_hash = $3, last_entry_at = $4
             where client_account_id is not distinct from $1",
            self.chain.map(|id| id.0),
            self.count,
            self.hash.as_slice(),
            self.at
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn json(details: Map<String, Value>) -> String {
    clean(Value::Object(details)).to_string()
}

fn limited(text: Option<&str>, limit: usize) -> Option<String> {
    text.map(|text| one_line(text, limit))
}

pub(super) async fn append_security(
    connection: &mut PgConnection,
    actor: &Actor,
    mut events: Vec<SecurityEntry>,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let details: Vec<String> =
        events.iter_mut().map(|event| json(std::mem::take(&mut event.details))).collect();
    let targets = events.iter().filter_map(|event| Some(event.target.as_ref()?.0));
    hold_users(connection, actor.user_id.into_iter().chain(targets).map(|id| id.0).collect()).await?;
    let (mut head, details) = Head::lock(connection, None, &details).await?;
    for (event, details) in events.into_iter().zip(details) {
        let origin = &actor.origin;
        let (target_user_id, target_email) = event.target.unzip();
        let severity = event.event.severity();
        let mut entry = SecurityRow {
            id: Uuid::new_v4(),
            entry_number: head.count + 1,
            event_type: event.event.as_str().to_owned(),
            event_category: event.event.category().to_owned(),
            severity: severity.as_str().to_owned(),
            actor_user_id: actor.user_id.map(|id| id.0),
            actor_email: limited(actor.email.as_deref(), 255),
            actor_role: actor.role.map(|role| role.as_str().to_owned()),
            target_user_id: target_user_id.map(|id| id.0),
            target_email: limited(target_email.as_deref(), 255),
            client_account_id: event.client_account_id.map(|id| id.0),
            ip_address: limited(origin.ip_address.as_deref(), 45),
            user_agent: limited(origin.user_agent.as_deref(), 200),
            request_id: limited(origin.request_id.as_deref(), 64),
            request_method: limited(origin.method.as_deref(), 10),
            request_path: limited(origin.path.as_deref(), 500),
            description: one_line(&event.description, 1_000),
            details,
            is_suspicious: severity > Severity::Info,
            requires_review: severity == Severity::Critical,
            is_blocked: event.blocked,
            created_at: head.now()?,
            previous_hash: head.hash.to_vec(),
            entry_hash: Vec::new(),
        };
        let hash = hash(&head.hash, &entry.fields());
        entry.entry_hash = hash.to_vec();
        insert_security(connection, &entry).await?;
        (head.count, head.hash, head.at) = (entry.entry_number, hash, entry.created_at);
    }
    head.keep(connection).await
}

async fn insert_security(connection: &mut PgConnection, entry: &SecurityRow) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into migration.security_audit_logs (
             id, entry_number, event_type, event_category, severity, actor_user_id, actor_email, actor_role, target_user_id,
             target_email, client_account_id, ip_address, user_agent, request_id, request_method, request_path, description,
             details, is_suspicious, requires_review, is_blocked, created_at, previous_hash, entry_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::text::jsonb, $19, $20, $21,
                 $22, $23, $24)",
        entry.id,
        entry.entry_number,
        entry.event_type,
        entry.event_category,
        entry.severity,
        entry.actor_user_id,
        entry.actor_email,
        entry.actor_role,
        entry.target_user_id,
        entry.target_email,
        entry.client_account_id,
        entry.ip_address,
        entry.user_agent,
        entry.request_id,
        entry.request_method,
        entry.request_path,
        entry.description,
        entry.details,
        entry.is_suspicious,
        entry.requires_review,
        entry.is_blocked,
        entry.created_at,
        entry.previous_hash,
        entry.entry_hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds entries to the log of the client account that the transaction is in.
pub(crate) async fn append_access(
    connection: &mut PgConnection,
    client_account_id: ClientAccountId,
    actor: &Actor,
    mut events: Vec<AccessEntry>,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let Some(user_id) = actor.user_id else {
        return Err(StoreError::UnexpectedValue("an entry of an access log without a user".to_owned()));
    };
    let details: Vec<String> =
        events.iter_mut().map(|event| json(std::mem::take(&mut event.details))).collect();
    hold_users(connection, vec![user_id.0]).await?;
    let (mut head, details) = Head::lock(connection, Some(client_account_id), &details).await?;
    for (event, details) in events.into_iter().zip(details) {
        let origin = &actor.origin;
        let (resource_type, resource_id) = event.resource.unzip();
        let mut entry = AccessRow {
            client_account_id: client_account_id.0,
            id: Uuid::new_v4(),
            entry_number: head.count + 1,
            user_id: user_id.0,
            action_type: event.event.as_str().to_owned(),
            resource_type: limited(resource_type.as_deref(), 50),
            resource_id: limited(resource_id.as_deref(), 255),
            engagement_id: event.engagement_id.map(|id| id.0),
            result: event.outcome.as_str().to_owned(),
            reason: limited(event.reason.as_deref(), 1_000),
            ip_address: limited(origin.ip_address.as_deref(), 45),
            user_agent: limited(origin.user_agent.as_deref(), 200),
            request_id: limited(origin.request_id.as_deref(), 64),
            request_method: limited(origin.method.as_deref(), 10),
            request_path: limited(origin.path.as_deref(), 500),
            details,
            created_at: head.now()?,
            previous_hash: head.hash.to_vec(),
            entry_hash: Vec::new(),
        };
        let hash = hash(&head.hash, &entry.fields());
        entry.entry_hash = hash.to_vec();
        insert_access(connection, &entry).await?;
        (head.count, head.hash, head.at) = (entry.entry_number, hash, entry.created_at);
    }
    head.keep(connection).await
}

async fn insert_access(connection: &mut PgConnection, entry: &AccessRow) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into migration.access_audit_log (
             client_account_id, id, entry_number, user_id, action_type, resource_type, resource_id, engagement_id, result, reason,
             ip_address, user_agent, request_id, request_method, request_path, details, created_at, previous_hash, entry_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::text::jsonb, $17, $18, $19)",
        entry.client_account_id,
        entry.id,
        entry.entry_number,
        entry.user_id,
        entry.action_type,
        entry.resource_type,
        entry.resource_id,
        entry.engagement_id,
        entry.result,
        entry.reason,
        entry.ip_address,
        entry.user_agent,
        entry.request_id,
        entry.request_method,
        entry.request_path,
        entry.details,
        entry.created_at,
        entry.previous_hash,
        entry.entry_hash
    )
    .execute(connection)
    .await?;
    Ok(())
}
