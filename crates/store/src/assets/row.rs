//! One asset as it is read.

use drydock_domain::{EngagementId, asset::Column};
use sqlx::{FromRow, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{StoreError, TenantTx};

/// One asset with every column of [`Column`].
#[derive(Clone, Debug, FromRow)]
#[allow(missing_docs, reason = "the columns of migration.assets, described there")]
pub struct Asset {
    pub id: Uuid,
    /// Grows with every change: `updated_at` in microseconds since 1970.
    pub version: i64,
    pub name: String,
    pub asset_type: String,
    pub environment: Option<String>,
    pub criticality: Option<String>,
    pub status: Option<String>,
    pub cpu_cores: Option<i32>,
    pub memory_gb: Option<f64>,
    pub storage_gb: Option<f64>,
    pub operating_system: Option<String>,
    pub os_version: Option<String>,
    pub ip_address: Option<String>,
    pub hostname: Option<String>,
    pub fqdn: Option<String>,
    pub mac_address: Option<String>,
    pub application_name: Option<String>,
    pub technology_stack: Option<String>,
    pub department: Option<String>,
    pub business_owner: Option<String>,
    pub technical_owner: Option<String>,
    pub location: Option<String>,
    pub datacenter: Option<String>,
    pub rack_location: Option<String>,
    pub availability_zone: Option<String>,
    pub six_r_strategy: Option<String>,
    pub business_criticality: Option<String>,
    pub migration_priority: Option<i32>,
    pub migration_complexity: Option<String>,
    pub migration_wave: Option<i32>,
    pub migration_status: Option<String>,
    pub current_monthly_cost: Option<f64>,
    pub estimated_cloud_cost: Option<f64>,
    pub description: Option<String>,
    pub assessment_readiness: String,
    pub completeness_score: Option<f64>,
    pub quality_score: Option<f64>,
    pub complexity_score: Option<f64>,
    pub confidence_score: Option<f64>,
    pub cpu_utilization_percent: Option<f64>,
    pub memory_utilization_percent: Option<f64>,
    pub disk_iops: Option<f64>,
    pub network_throughput_mbps: Option<f64>,
    pub discovery_method: Option<String>,
    pub discovery_source: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// `version` of a row of `migration.assets`, as SQL.
pub(super) const VERSION: &str = "(extract(epoch from updated_at) * 1000000)::bigint";

/// `select` of every column of [`Asset`] from `migration.assets`, up to its `where`.
pub(super) fn select() -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("select id, {VERSION} as version"));
    for column in Column::ALL {
        sql.push(", ").push(column.name());
    }
    sql.push(" from migration.assets where client_account_id = ");
    sql
}

/// The assets of these ids in the order of `ids`; those that are gone are left out.
pub(super) async fn of_ids(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Asset>, StoreError> {
    let client_account = tx.client_account_id();
    let mut sql = select();
    sql.push_bind(client_account.0).push(" and id = any(").push_bind(ids).push(")");
    let mut found: std::collections::HashMap<Uuid, Asset> = sql
        .build_query_as::<Asset>()
        .persistent(false)
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(|asset| (asset.id, asset))
        .collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// One asset of the engagement.
pub(super) async fn one(tx: &mut TenantTx, engagement: EngagementId, id: Uuid) -> Result<Asset, StoreError> {
    let client_account = tx.client_account_id();
    let mut sql = select();
    sql.push_bind(client_account.0).push(" and engagement_id = ").push_bind(engagement.0);
    sql.push(" and id = ").push_bind(id);
    sql.build_query_as::<Asset>()
        .persistent(false)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(StoreError::AssetNotFound)
}
