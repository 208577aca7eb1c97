//! Following every chain from its first entry, and naming the first that is broken.

use drydock_domain::ClientAccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    chain::{Broken, Link, Walk},
    entry::{AccessRow, SecurityRow},
};
use crate::{Store, StoreError, tenant};

/// Entries read at a time.
const PAGE: i64 = 1_000;

/// How a chain stands.
#[derive(Clone, Debug)]
pub struct ChainReport {
    /// Whose log; `None` for the security log.
    pub client_account_id: Option<ClientAccountId>,
    /// Entries that are as they were written, from the first on.
    pub verified: u64,
    /// When the last of those was written.
    pub verified_until: Option<OffsetDateTime>,
    /// When it was looked at.
    pub looked_at: OffsetDateTime,
    /// The first place at which it is broken.
    pub broken: Option<Broken>,
}

/// Follows the chain of the security log (`None`) or of a client account, as it stands at one moment.
///
/// # Errors
/// When the database fails. A broken chain is a report, not an error.
pub async fn verify(store: &Store, chain: Option<ClientAccountId>) -> Result<ChainReport, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
    if let Some(id) = chain {
        tenant::show(&mut tx, id).await?;
    }
    let report = follow(&mut tx, chain).await?;
    tx.rollback().await?;
    Ok(report)
}

/// Follows the last `entries` of the security log, believing the one before them: what a boot has time for.
///
/// # Errors
/// When the database fails.
pub(crate) async fn recent(
    connection: &mut PgConnection,
    entries: i64,
) -> Result<Option<Broken>, StoreError> {
    let (count, head) = end(connection, None).await?;
    let from = (count - entries).max(0);
    let mut walk = Walk::begin(None);
    let mut page = security_page(connection, (from - 1).max(0), entries + 2).await?.into_iter();
    if from > 0 {
        // The one before comes first, unless it is gone, and then the next is the one to be named.
        if let Some(before) = page.next() {
            match Walk::after(&before, from) {
                Ok(after) => walk = after,
                Err(broken) => return Ok(Some(broken)),
            }
        }
    }
    let walked = page.try_for_each(|entry| walk.next(&entry));
    Ok(walked.and_then(|()| walk.finish(count, &head)).err())
}

/// The chains there are: the security log's, then the client accounts' by id.
///
/// # Errors
/// When the database fails.
pub async fn chains(store: &Store) -> Result<Vec<Option<ClientAccountId>>, StoreError> {
    let ids = sqlx::query_scalar!("select id from migration.client_accounts order by id")
        .fetch_all(&mut *store.acquire().await?)
        .await?;
    Ok(std::iter::once(None).chain(ids.into_iter().map(|id| Some(ClientAccountId(id)))).collect())
}

async fn follow(
    connection: &mut PgConnection,
    chain: Option<ClientAccountId>,
) -> Result<ChainReport, StoreError> {
    let (count, head) = end(connection, chain).await?;
    let mut report = ChainReport {
        client_account_id: chain,
        verified: 0,
        verified_until: None,
        looked_at: OffsetDateTime::now_utc(),
        broken: None,
    };
    let mut walk = Walk::begin(chain);
    // By the number last read, not by the last that was right: a gap must not be read for ever.
    let mut from = 0;
    loop {
        let (read, walked) = match chain {
            None => take(&mut walk, &mut report, &security_page(connection, from, PAGE).await?),
            Some(id) => take(&mut walk, &mut report, &access_page(connection, id, from, PAGE).await?),
        };
        report.broken = walked.err();
        match read {
            Some(last) if report.broken.is_none() => from = last,
            _ => break,
        }
    }
    report.verified = walk.number().unsigned_abs();
    report.broken = report.broken.or_else(|| walk.finish(count, &head).err());
    Ok(report)
}

/// Follows a page; gives the number of its last entry, if it has any.
fn take(walk: &mut Walk, report: &mut ChainReport, page: &[impl Link]) -> (Option<i64>, Result<(), Broken>) {
    let walked = page.iter().try_for_each(|entry| {
        walk.next(entry)?;
        report.verified_until = Some(entry.written_at());
        Ok(())
    });
    (page.last().map(Link::number), walked)
}

/// How many entries a chain has and its last hash. A chain without a row has no entry.
async fn end(
    connection: &mut PgConnection,
    chain: Option<ClientAccountId>,
) -> Result<(i64, Vec<u8>), StoreError> {
    let end = sqlx::query!(
        "select entry_count, head_hash from migration.audit_chains where client_account_id is not distinct from $1",
        chain.map(|id| id.0)
    )
    .fetch_optional(connection)
    .await?;
    Ok(end.map_or_else(|| (0, super::chain::genesis(chain).to_vec()), |end| (end.entry_count, end.head_hash)))
}

async fn security_page(
    connection: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<SecurityRow>, StoreError> {
    Ok(sqlx::query_as!(
        SecurityRow,
        r#"select id, entry_number, event_type, event_category, severity, actor_user_id, actor_email, actor_role, target_user_id,
                  target_email, client_account_id, ip_address, user_agent, request_id, request_method, request_path, description,
                  details::text as "details!", is_suspicious, requires_review, is_blocked, created_at, previous_hash, entry_hash
           from migration.security_audit_logs
           where entry_number > $1
           order by entry_number
           limit $2"#,
        after,
        limit
    )
    .fetch_all(connection)
    .await?)
}

async fn access_page(
    connection: &mut PgConnection,
    id: ClientAccountId,
    after: i64,
    limit: i64,
) -> Result<Vec<AccessRow>, StoreError> {
    Ok(sqlx::query_as!(
        AccessRow,
        r#"select client_account_id, id, entry_number, user_id, action_type, resource_type, resource_id, engagement_id, result,
                  reason, ip_address, user_agent, request_id, request_method, request_path, details::text as "details!",
                  created_at, previous_hash, entry_hash
           from migration.access_audit_log
           where client_account_id = $1 and entry_number > $2
           order by entry_number
           limit $3"#,
        id.0,
        after,
        limit
    )
    .fetch_all(connection)
    .await?)
}
