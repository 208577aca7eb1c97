//! The two audit logs: who did what, when and from where, in chains that show when an entry was changed or taken out.
//!
//! An entry is written in the transaction of the change that it tells of, as the last thing before the commit: adding
//! one locks the end of its chain, and whoever took other locks after that could wait in a circle. A [`TenantTx`] keeps
//! what is noted with [`access`] until its commit and so needs no care; with [`security`], the caller sees to it.
//! Several client accounts in one transaction are gone through in the order of their ids, then comes the security log.
//!
//! docs/audit.md describes the encoding that is hashed.

mod chain;
mod entry;
mod export;
mod read;
mod verify;
mod write;

use drydock_domain::{
    ClientAccountId, EngagementId, Role, UserId,
    audit::{AccessEvent, Outcome, SecurityEvent},
};
use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::{Store, StoreError, TenantTx};

pub use chain::{Breach, Broken};
pub use export::{csv_head, csv_lines};
pub use read::{Entry, Filter, access_entries, security_entries};
pub(crate) use verify::recent;
pub use verify::{ChainReport, chains, verify};
pub(crate) use write::append_access;

/// Where a request came from and what it asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its id, as in the answer's `x-request-id`.
    pub request_id: Option<String>,
    /// Its method.
    pub method: Option<String>,
    /// Its path, without the query.
    pub path: Option<String>,
    /// The peer's address; `None` in process.
    pub ip_address: Option<String>,
    /// What the caller says it is.
    pub user_agent: Option<String>,
}

/// Who does something, and from where. Made by the API's extractors, so that no handler puts it together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The user; `None` when nobody is known, as for a failed sign-in.
    pub user_id: Option<UserId>,
    /// Their address, or the one that was tried.
    pub email: Option<String>,
    /// The strongest role that was active.
    pub role: Option<Role>,
    /// Where the request came from.
    pub origin: Origin,
}

impl Actor {
    /// Somebody who is not signed in.
    #[must_use]
    pub fn unknown(origin: &Origin) -> Self {
        Self { origin: origin.clone(), ..Self::default() }
    }
}

/// An entry of the security log, to be completed by its [`Actor`].
#[derive(Clone, Debug)]
pub struct SecurityEntry {
    pub(crate) event: SecurityEvent,
    pub(crate) description: String,
    pub(crate) target: Option<(UserId, String)>,
    pub(crate) client_account_id: Option<ClientAccountId>,
    pub(crate) blocked: bool,
    pub(crate) details: Map<String, Value>,
}

impl SecurityEntry {
    /// What happened, as a sentence for people. It never holds a secret.
    pub fn new(event: SecurityEvent, description: impl Into<String>) -> Self {
        Self {
            event,
            description: description.into(),
            target: None,
            client_account_id: None,
            blocked: false,
            details: Map::new(),
        }
    }

    /// Whom it happened to.
    #[must_use]
    pub fn to(mut self, user: UserId, email: impl Into<String>) -> Self {
        self.target = Some((user, email.into()));
        self
    }

    /// The client account that it touches.
    #[must_use]
    pub fn in_client_account(mut self, id: ClientAccountId) -> Self {
        self.client_account_id = Some(id);
        self
    }

    /// That what was tried was kept from happening.
    #[must_use]
    pub fn blocked(mut self) -> Self {
        self.blocked = true;
        self
    }

    /// A further fact, never a secret.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}

/// An entry of a client account's log, to be completed by the transaction's [`Actor`].
#[derive(Clone, Debug)]
pub struct AccessEntry {
    pub(crate) event: AccessEvent,
    pub(crate) resource: Option<(String, String)>,
    pub(crate) engagement_id: Option<EngagementId>,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    pub(crate) details: Map<String, Value>,
}

impl AccessEntry {
    /// Something that was done.
    #[must_use]
    pub fn new(event: AccessEvent) -> Self {
        Self {
            event,
            resource: None,
            engagement_id: None,
            outcome: Outcome::Success,
            reason: None,
            details: Map::new(),
        }
    }

    /// What it was done to: a kind, such as `asset`, and an id.
    #[must_use]
    pub fn on(mut self, kind: &str, id: impl ToString) -> Self {
        self.resource = Some((kind.to_owned(), id.to_string()));
        self
    }

    /// The engagement in which it was done.
    #[must_use]
    pub fn in_engagement(mut self, id: EngagementId) -> Self {
        self.engagement_id = Some(id);
        self
    }

    /// That it was refused or failed, and why.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome, reason: impl Into<String>) -> Self {
        self.outcome = outcome;
        self.reason = Some(reason.into());
        self
    }

    /// A further fact, never a secret.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}

/// Adds an entry to the security log. The last statement before the commit.
///
/// # Errors
/// When the database fails; the transaction must then be given up.
pub async fn security(
    connection: &mut PgConnection,
    actor: &Actor,
    event: SecurityEntry,
) -> Result<(), StoreError> {
    write::append_security(connection, actor, vec![event]).await
}

/// As [`security`], several entries at once.
///
/// # Errors
/// As there.
pub async fn security_all(
    connection: &mut PgConnection,
    actor: &Actor,
    events: Vec<SecurityEntry>,
) -> Result<(), StoreError> {
    write::append_security(connection, actor, events).await
}

/// Adds an entry to the security log in a transaction of its own, for what changes nothing else.
///
/// # Errors
/// When the database fails.
pub async fn record(store: &Store, actor: &Actor, event: SecurityEntry) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    security(&mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes an entry for the log of the transaction's client account; it is written by the commit.
pub fn access(tx: &mut TenantTx, event: AccessEntry) {
    tx.note(event);
}
