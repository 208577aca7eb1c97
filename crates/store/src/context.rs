//! Where a user begins: the client account and the engagement that are opened for them first.

use drydock_domain::{ClientAccountId, EngagementId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Store, StoreError, TenantTx, VerifiedSession,
    client_accounts::ClientAccount,
    engagements::{self, Engagement},
};

/// Where a user begins.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The client account: the saved one if it is still theirs, else the first by name.
    pub client_account: Option<Dated<ClientAccount>>,
    /// The engagement: the saved one if it is still there, else the first by name.
    pub engagement: Option<Engagement>,
    /// Flows of the engagement that have not ended, latest first.
    pub flows: Vec<Flow>,
}

/// With its times.
#[derive(Clone, Debug)]
pub struct Dated<T> {
    /// What.
    pub value: T,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// A flow that has not ended.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: Option<String>,
    /// Such as `discovery`.
    pub flow_type: String,
    /// Such as `active`.
    pub status: String,
}

impl Store {
    /// Where the session's user begins. Nothing where they have access to nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn context(&self, session: &VerifiedSession) -> Result<Context, StoreError> {
        let accounts = self.client_accounts(session).await?;
        let Some(account) =
            accounts.iter().find(|account| account.is_default).or_else(|| accounts.first()).cloned()
        else {
            return Ok(Context::default());
        };
        let mut tx = self.tenant(session, account.id).await?;
        let times = sqlx::query!(
            "select created_at, updated_at from migration.client_accounts where id = $1",
            account.id.0
        )
        .fetch_one(tx.connection())
        .await?;
        let saved = sqlx::query_scalar!(
            "select default_engagement_id from migration.users where id = $1",
            session.user_id().0
        )
        .fetch_one(tx.connection())
        .await?;
        let engagements = engagements::list(&mut tx).await?;
        let engagement = engagements
            .iter()
            .find(|engagement| Some(engagement.id.0) == saved)
            .or_else(|| engagements.first())
            .cloned();
        let flows = match &engagement {
            Some(engagement) => flows(&mut tx, engagement.id).await?,
            None => Vec::new(),
        };
        tx.commit().await?;
        let client_account =
            Some(Dated { value: account, created_at: times.created_at, updated_at: times.updated_at });
        Ok(Context { client_account, engagement, flows })
    }

    /// Saves where the session's user begins: the transaction's client account, and an engagement of it or none.
    ///
    /// # Errors
    /// [`StoreError::EngagementNotFound`].
    pub async fn begin_in(
        mut tx: TenantTx,
        engagement: Option<EngagementId>,
    ) -> Result<ClientAccountId, StoreError> {
        if let Some(engagement) = engagement {
            engagements::open(&mut tx, engagement).await?;
        }
        let (client_account, user) = (tx.client_account_id(), tx.user_id());
        sqlx::query!(
            "update migration.users set default_client_id = $2, default_engagement_id = $3 where id = $1",
            user.0,
            client_account.0,
            engagement.map(|id| id.0),
        )
        .execute(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(client_account)
    }
}

async fn flows(tx: &mut TenantTx, engagement: EngagementId) -> Result<Vec<Flow>, StoreError> {
    let client_account = tx.client_account_id();
    Ok(sqlx::query_as!(
        Flow,
        "select flow_id as id, flow_name as name, flow_type, flow_status as status
         from migration.crewai_flow_state_extensions
         where client_account_id = $1 and engagement_id = $2
           and flow_status not in ('completed', 'failed', 'cancelled', 'deleted')
         order by updated_at desc, flow_id limit 50",
        client_account.0,
        engagement.0,
    )
    .fetch_all(tx.connection())
    .await?)
}
