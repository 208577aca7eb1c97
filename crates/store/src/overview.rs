//! The figures of one engagement, all computed from its assets.

use drydock_domain::EngagementId;

use crate::{StoreError, TenantTx};

/// Sums over all assets of an engagement.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Number of assets.
    pub assets: i64,
    /// Cores recorded.
    pub cpu_cores: i64,
    /// Memory recorded, in GB.
    pub memory_gb: f64,
    /// Storage recorded, in GB.
    pub storage_gb: f64,
}

/// How many assets hold one value.
#[derive(Clone, Debug)]
pub struct Share {
    /// The value; `None` where nothing is recorded.
    pub value: Option<String>,
    /// Assets with it.
    pub count: i64,
}

/// The figures.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Sums.
    pub totals: Totals,
    /// By `asset_type`, most first.
    pub by_type: Vec<Share>,
    /// By `environment`, most first.
    pub by_environment: Vec<Share>,
    /// By `criticality`, most first.
    pub by_criticality: Vec<Share>,
    /// By `status`, most first.
    pub by_status: Vec<Share>,
}

/// Computes the figures of `engagement`.
///
/// # Errors
/// When the database fails.
pub async fn of(tx: &mut TenantTx, engagement: EngagementId) -> Result<Overview, StoreError> {
    let client_account = tx.client_account_id();
    let totals = sqlx::query_as!(
        Totals,
        r#"select count(*) as "assets!", coalesce(sum(cpu_cores), 0) as "cpu_cores!",
                  coalesce(sum(memory_gb), 0) as "memory_gb!", coalesce(sum(storage_gb), 0) as "storage_gb!"
           from migration.assets where client_account_id = $1 and engagement_id = $2"#,
        client_account.0,
        engagement.0
    )
    .fetch_one(tx.connection())
    .await?;
    // One pass for all four breakdowns; grouping() tells which one a row belongs to.
    let rows = sqlx::query!(
        r#"select case 0 when grouping(asset_type) then 'type' when grouping(environment) then 'environment'
                         when grouping(criticality) then 'criticality' else 'status' end as "dimension!",
                  coalesce(asset_type, environment, criticality, status) as value,
                  count(*) as "count!"
           from migration.assets where client_account_id = $1 and engagement_id = $2
           group by grouping sets ((asset_type), (environment), (criticality), (status))
           order by 3 desc, 2 nulls last"#,
        client_account.0,
        engagement.0
    )
    .fetch_all(tx.connection())
    .await?;
    let shares = |dimension: &str| {
        rows.iter()
            .filter(|row| row.dimension == dimension)
            .map(|row| Share { value: row.value.clone(), count: row.count })
            .collect()
    };
    Ok(Overview {
        totals,
        by_type: shares("type"),
        by_environment: shares("environment"),
        by_criticality: shares("criticality"),
        by_status: shares("status"),
    })
}
