//! One row of figures for each client account one may see.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Totals;
use crate::{
    Store, StoreError, TenantTx, VerifiedSession,
    client_accounts::{ClientAccount, memberships},
    engagements::{self, CLOSED},
};

/// The figures of one client account, over all of its engagements.
#[derive(Clone, Debug)]
pub struct Across {
    /// Whose they are.
    pub client_account: ClientAccount,
    /// Engagements that are not completed or cancelled.
    pub open_engagements: i64,
    /// Sums over its assets.
    pub totals: Totals,
    /// Assets with a 6R decision.
    pub decided: i64,
    /// Assets that are ready to be assessed.
    pub ready: i64,
    /// Data imports that are complete.
    pub imports: i64,
    /// Assessments that are complete.
    pub assessments_completed: i64,
    /// All assessments.
    pub assessments: i64,
    /// When an import, a discovery or an assessment was last touched; `None` where there has been none.
    pub last_activity: Option<OffsetDateTime>,
}

/// The figures of every client account that the session's user may see, by name. Each is read inside its own client account, and from
/// those engagements that the user may see: row-level security shows one client account at a time.
///
/// # Errors
/// When the database fails.
pub async fn across(store: &Store, session: &VerifiedSession) -> Result<Vec<Across>, StoreError> {
    let mut tx = store.begin().await?;
    let accounts = memberships(&mut tx, session.user_id(), None).await?;
    let mut across = Vec::with_capacity(accounts.len());
    for account in accounts {
        let mut tenant = TenantTx::enter(tx, session, &account).await?;
        across.push(of(&mut tenant, account).await?);
        tx = tenant.leave().await?;
    }
    tx.commit().await?;
    Ok(across)
}

async fn of(tx: &mut TenantTx, mut client_account: ClientAccount) -> Result<Across, StoreError> {
    let id = tx.client_account_id();
    let engagements = engagements::list(tx).await?;
    let seen: Vec<Uuid> = engagements.iter().map(|engagement| engagement.id.0).collect();
    let open = engagements.iter().filter(|engagement| !CLOSED.contains(&engagement.status.as_str())).count();
    let assets = sqlx::query!(
        r#"select count(*) as "assets!", coalesce(sum(cpu_cores), 0) as "cpu_cores!",
                  coalesce(sum(memory_gb), 0) as "memory_gb!", coalesce(sum(storage_gb), 0) as "storage_gb!",
                  coalesce(sum(current_monthly_cost), 0) as "current_cost!", count(current_monthly_cost) as "with_current_cost!",
                  coalesce(sum(estimated_cloud_cost), 0) as "estimated_cost!", count(estimated_cloud_cost) as "with_estimated_cost!",
                  count(six_r_strategy) as "decided!", count(*) filter (where assessment_readiness = 'ready') as "ready!"
           from migration.assets where client_account_id = $1 and engagement_id = any($2)"#,
        id.0,
        &seen
    )
    .fetch_one(tx.connection())
    .await?;
    let work = sqlx::query!(
        r#"with imports as (select status, updated_at from migration.data_imports where client_account_id = $1 and engagement_id = any($2)),
                assessments as (
                    select status, updated_at from migration.assessment_flows where client_account_id = $1 and engagement_id = any($2))
           select (select count(*) from imports where status = 'completed') as "imports!",
                  (select count(*) from assessments) as "assessments!",
                  (select count(*) from assessments where status = 'completed') as "completed!",
                  greatest((select max(updated_at) from imports), (select max(updated_at) from assessments),
                           (select max(updated_at) from migration.discovery_flows
                            where client_account_id = $1 and engagement_id = any($2))) as last_activity"#,
        id.0,
        &seen
    )
    .fetch_one(tx.connection())
    .await?;
    client_account.engagements = seen.len().try_into().unwrap_or(i64::MAX);
    client_account.assets = assets.assets;
    Ok(Across {
        client_account,
        open_engagements: open.try_into().unwrap_or(i64::MAX),
        totals: Totals {
            assets: assets.assets,
            cpu_cores: assets.cpu_cores,
            memory_gb: assets.memory_gb,
            storage_gb: assets.storage_gb,
            current_monthly_cost: assets.current_cost,
            with_current_cost: assets.with_current_cost,
            estimated_cloud_cost: assets.estimated_cost,
            with_estimated_cost: assets.with_estimated_cost,
        },
        decided: assets.decided,
        ready: assets.ready,
        imports: work.imports,
        assessments: work.assessments,
        assessments_completed: work.completed,
        last_activity: work.last_activity,
    })
}
