//! The one way to tenant-owned rows.

use drydock_domain::{Access, ClientAccountId, UserId};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use crate::{
    Store, StoreError, VerifiedSession,
    audit::{self, AccessEntry, Actor},
    client_accounts::{self, ClientAccount},
};

/// A transaction in which row-level security shows the rows of one client account and no others.
///
/// Made by [`Store::tenant`] from a verified session and a membership checked in the same transaction.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    client_account_id: ClientAccountId,
    client_account_name: String,
    user_id: UserId,
    access: Access,
    /// Whether the engagement that was opened last is closed.
    closed: bool,
    /// Who works in it, for the entries in the client account's log.
    actor: Actor,
    /// Those entries, which are written last.
    notes: Vec<AccessEntry>,
}

impl TenantTx {
    /// Enters a client account. Who may, has been settled by the caller: [`Store::tenant`] and the list of client
    /// accounts by a membership read in this transaction, the seeds by writing their own tenants only.
    pub(crate) async fn enter(
        mut tx: Transaction<'static, Postgres>,
        session: &VerifiedSession,
        account: &ClientAccount,
    ) -> Result<Self, StoreError> {
        show(&mut tx, account.id).await?;
        Ok(Self {
            tx,
            client_account_id: account.id,
            client_account_name: account.name.clone(),
            user_id: session.user_id(),
            access: account.access,
            closed: false,
            actor: session.actor().clone(),
            notes: Vec::new(),
        })
    }

    pub(crate) fn note(&mut self, entry: AccessEntry) {
        self.notes.push(entry);
    }

    async fn write_notes(&mut self) -> Result<(), StoreError> {
        let notes = std::mem::take(&mut self.notes);
        audit::append_access(&mut self.tx, self.client_account_id, &self.actor, notes).await
    }

    /// Leaves the client account: until another is entered, no tenant-owned row is visible.
    pub(crate) async fn leave(mut self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.write_notes().await?;
        sqlx::raw_sql("SET LOCAL app.client_account_id = ''").execute(&mut *self.tx).await?;
        Ok(self.tx)
    }

    /// Whose rows are visible.
    #[must_use]
    pub fn client_account_id(&self) -> ClientAccountId {
        self.client_account_id
    }

    /// The client account's name.
    #[must_use]
    pub fn client_account_name(&self) -> &str {
        &self.client_account_name
    }

    /// Whose transaction it is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// What the user has in the client account, or in the engagement that was opened last.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether nothing in the engagement that was opened last is changed any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Tells what the user has in the engagement that was just opened, and whether it is closed.
    pub(crate) fn opened(&mut self, access: Access, closed: bool) {
        (self.access, self.closed) = (access, closed);
    }

    /// The client accounts whose engagements are in sight, asked for without any predicate: row-level security alone answers. It
    /// must be this one, or none where this one has no engagement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn in_sight(&mut self) -> Result<Vec<ClientAccountId>, StoreError> {
        in_sight(&mut self.tx).await
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Keeps what was written, and what was noted for the log. Dropping the transaction instead undoes it.
    ///
    /// # Errors
    /// When the commit fails; nothing is kept then.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.write_notes().await?;
        Ok(self.tx.commit().await?)
    }
}

impl Store {
    /// As [`TenantTx::in_sight`], outside of any client account: it must be none, whatever ran on the connection before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn in_sight(&self) -> Result<Vec<ClientAccountId>, StoreError> {
        let mut connection = self.acquire().await?;
        let seen = in_sight(&mut connection).await?;
        Store::give_back(connection).await;
        Ok(seen)
    }

    /// Opens a transaction in the client account, if the session's user is a member of it or a platform
    /// administrator.
    ///
    /// # Errors
    /// [`StoreError::ClientAccountNotFound`] for one that does not exist and for one that is not theirs: the
    /// answer does not tell the two apart.
    pub async fn tenant(
        &self,
        session: &VerifiedSession,
        client_account_id: ClientAccountId,
    ) -> Result<TenantTx, StoreError> {
        let mut tx = self.begin().await?;
        let account = client_accounts::member_of(&mut tx, session.user_id(), client_account_id).await?;
        TenantTx::enter(tx, session, &account).await
    }
}

/// Lets row-level security show the rows of one client account until the transaction ends.
pub(crate) async fn show(connection: &mut PgConnection, id: ClientAccountId) -> Result<(), StoreError> {
    // `SET LOCAL` with a literal rather than `set_config`: a statement is forwarded to the workers of a
    // tenant-distributed PostgreSQL, a function call is not. A uuid's text form holds only hexadecimal
    // digits and dashes.
    let statement = format!("SET LOCAL app.client_account_id = '{}'", id.0.as_hyphenated());
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

async fn in_sight(connection: &mut PgConnection) -> Result<Vec<ClientAccountId>, StoreError> {
    let seen = sqlx::query_scalar!("select distinct client_account_id from migration.engagements order by 1")
        .fetch_all(connection)
        .await?;
    Ok(seen.into_iter().map(ClientAccountId).collect())
}
