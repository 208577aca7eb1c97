//! The figures of one engagement, and of every client account one may see. All are computed from rows.

mod across;

pub use across::{Across, across};

use std::collections::BTreeMap;

use drydock_domain::{
    EngagementId,
    support::{end_of_support, family},
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{StoreError, TenantTx};

/// Sums over all assets of an engagement.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Number of assets.
    pub assets: i64,
    /// Cores recorded.
    pub cpu_cores: i64,
    /// Memory recorded, in GB.
    pub memory_gb: f64,
    /// Storage recorded, in GB.
    pub storage_gb: f64,
    /// What they cost a month now, as recorded.
    pub current_monthly_cost: f64,
    /// Assets of which that is recorded.
    pub with_current_cost: i64,
    /// What they are estimated to cost a month in the cloud.
    pub estimated_cloud_cost: f64,
    /// Assets of which that is recorded.
    pub with_estimated_cost: i64,
}

/// How many assets hold one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The value; `None` where nothing is recorded.
    pub value: Option<String>,
    /// Assets with it.
    pub count: i64,
}

/// Assets whose operating systems have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Systems {
    /// The family, "other" for systems of none; for [`Support`] the last day of support as an ISO date. `None` where no operating
    /// system is recorded.
    pub name: Option<String>,
    /// Assets with one of them.
    pub count: i64,
    /// The operating systems as recorded: what the asset list is filtered by.
    pub operating_systems: Vec<String>,
}

/// Operating systems that their makers no longer support, or soon won't.
#[derive(Clone, Debug, Default)]
pub struct Support {
    /// Today, in UTC: what the dates are compared with.
    pub today: Option<Date>,
    /// Ended: by last day, the longest past first.
    pub ended: Vec<Systems>,
    /// Ends within twelve months, the next first.
    pub ending: Vec<Systems>,
    /// Assets whose operating system is not recorded, or of which no date is known.
    pub unknown: i64,
}

/// A wave of the migration and the assets in it.
#[derive(Clone, Debug)]
pub struct Wave {
    /// Its number; `None` for assets in no wave.
    pub number: Option<i32>,
    /// Its name; `None` where assets name a wave that is not planned.
    pub name: Option<String>,
    /// How far it is; `None` as for the name.
    pub status: Option<String>,
    /// Assets in it.
    pub count: i64,
}

/// A data import, an assessment or a discovery, and how far it is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Its id.
    pub id: Uuid,
    /// `import`, `discovery` or `assessment`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub status: String,
    /// Its phase; `None` for an import, and before the first.
    pub phase: Option<String>,
    /// 0 to 100.
    pub percent: f64,
    /// Rows of an import's file; `None` for the others.
    pub records: Option<i32>,
    /// Of these, how many were refused.
    pub failed_records: Option<i32>,
    /// When something last happened to it.
    pub at: OffsetDateTime,
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
    /// By 6R decision, most first.
    pub by_six_r: Vec<Share>,
    /// By `assessment_readiness`, most first.
    pub by_readiness: Vec<Share>,
    /// By family of operating system, most first.
    pub by_family: Vec<Systems>,
    /// By wave, in their order; those in none last.
    pub by_wave: Vec<Wave>,
    /// What is past its support.
    pub support: Support,
    /// The newest imports, discoveries and assessments, newest first.
    pub progress: Vec<Progress>,
}

/// Newest imports and flows that are listed.
const NEWEST: i64 = 8;

/// Computes the figures of `engagement`.
///
/// # Errors
/// When the database fails.
pub async fn of(tx: &mut TenantTx, engagement: EngagementId) -> Result<Overview, StoreError> {
    let counted = count(tx, engagement).await?;
    let by_wave = waves(tx, engagement, &counted.shares("wave")).await?;
    let progress = progress(tx, engagement).await?;
    let systems = counted.shares("operating_system");
    Ok(Overview {
        totals: counted.totals,
        by_type: counted.shares("type"),
        by_environment: counted.shares("environment"),
        by_criticality: counted.shares("criticality"),
        by_status: counted.shares("status"),
        by_six_r: counted.shares("six_r"),
        by_readiness: counted.shares("readiness"),
        by_family: families(&systems),
        by_wave,
        support: support(&systems, counted.today),
        progress,
    })
}

struct Counted {
    totals: Totals,
    today: Date,
    rows: Vec<(String, Share)>,
}

impl Counted {
    fn shares(&self, dimension: &str) -> Vec<Share> {
        self.rows.iter().filter(|(name, _)| name == dimension).map(|(_, share)| share.clone()).collect()
    }
}

async fn count(tx: &mut TenantTx, engagement: EngagementId) -> Result<Counted, StoreError> {
    let client_account = tx.client_account_id();
    // The planner expects far more combinations than there are, and would sort a million rows on disk instead of hashing them: with
    // this much room it hashes, in a few MB.
    sqlx::raw_sql("SET LOCAL work_mem = '32MB'").execute(tx.connection()).await?;
    // The table is read once, and by several workers, into as many groups as there are combinations of values; those are few, and
    // grouped again for each breakdown. grouping() tells which one a row belongs to.
    let rows = sqlx::query!(
        r#"with combinations as materialized (
               select asset_type, environment, criticality, status, six_r_strategy, assessment_readiness, migration_wave, operating_system,
                      count(*) as assets, sum(cpu_cores) as cpu_cores, sum(memory_gb) as memory_gb, sum(storage_gb) as storage_gb,
                      sum(current_monthly_cost) as current_cost, count(current_monthly_cost) as with_current_cost,
                      sum(estimated_cloud_cost) as estimated_cost, count(estimated_cloud_cost) as with_estimated_cost
               from migration.assets where client_account_id = $1 and engagement_id = $2
               group by 1, 2, 3, 4, 5, 6, 7, 8
           )
           select case 0 when grouping(asset_type) then 'type' when grouping(environment) then 'environment'
                         when grouping(criticality) then 'criticality' when grouping(status) then 'status'
                         when grouping(six_r_strategy) then 'six_r' when grouping(assessment_readiness) then 'readiness'
                         when grouping(migration_wave) then 'wave' when grouping(operating_system) then 'operating_system'
                         else 'all' end as "dimension!",
                  coalesce(asset_type, environment, criticality, status, six_r_strategy, assessment_readiness, migration_wave::text,
                           operating_system) as value,
                  coalesce(sum(assets), 0)::bigint as "assets!",
                  coalesce(sum(cpu_cores), 0)::bigint as "cpu_cores!",
                  coalesce(sum(memory_gb), 0) as "memory_gb!", coalesce(sum(storage_gb), 0) as "storage_gb!",
                  coalesce(sum(current_cost), 0) as "current_cost!", coalesce(sum(with_current_cost), 0)::bigint as "with_current_cost!",
                  coalesce(sum(estimated_cost), 0) as "estimated_cost!",
                  coalesce(sum(with_estimated_cost), 0)::bigint as "with_estimated_cost!",
                  (now() at time zone 'UTC')::date as "today!"
           from combinations
           group by grouping sets ((), (asset_type), (environment), (criticality), (status), (six_r_strategy), (assessment_readiness),
                                   (migration_wave), (operating_system))
           order by 3 desc, 2 nulls last"#,
        client_account.0,
        engagement.0
    )
    .fetch_all(tx.connection())
    .await?;
    let mut totals = Totals::default();
    let mut today = Date::MIN;
    let mut shares = Vec::with_capacity(rows.len());
    for row in rows {
        if row.dimension == "all" {
            today = row.today;
            totals = Totals {
                assets: row.assets,
                cpu_cores: row.cpu_cores,
                memory_gb: row.memory_gb,
                storage_gb: row.storage_gb,
                current_monthly_cost: row.current_cost,
                with_current_cost: row.with_current_cost,
                estimated_cloud_cost: row.estimated_cost,
                with_estimated_cost: row.with_estimated_cost,
            };
        } else {
            shares.push((row.dimension, Share { value: row.value, count: row.assets }));
        }
    }
    Ok(Counted { totals, today, rows: shares })
}

/// Adds up the shares whose value is given the same name.
fn grouped(systems: &[Share], name: impl Fn(Option<&str>) -> Option<String>) -> Vec<Systems> {
    let mut groups: BTreeMap<Option<String>, Systems> = BTreeMap::new();
    for Share { value, count } in systems {
        let name = name(value.as_deref());
        let group =
            groups.entry(name.clone()).or_insert(Systems { name, count: 0, operating_systems: Vec::new() });
        group.count += count;
        group.operating_systems.extend(value.clone());
    }
    groups.into_values().collect()
}

fn families(systems: &[Share]) -> Vec<Systems> {
    let mut families = grouped(systems, |system| {
        system.map(|system| family(system).map_or("other", |family| family.name()).to_owned())
    });
    families.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    families
}

fn support(systems: &[Share], today: Date) -> Support {
    let now = today.to_string();
    // The 29th of February has no counterpart a year on.
    let soon = today.replace_year(today.year() + 1).unwrap_or(today + time::Duration::days(365)).to_string();
    let dated = grouped(systems, |system| system.and_then(end_of_support).map(str::to_owned));
    let unknown = dated.iter().filter(|group| group.name.is_none()).map(|group| group.count).sum();
    let of = |wanted: &dyn Fn(&str) -> bool| {
        dated.iter().filter(|group| group.name.as_deref().is_some_and(wanted)).cloned().collect()
    };
    Support {
        today: Some(today),
        ended: of(&|date| date < now.as_str()),
        ending: of(&|date| date >= now.as_str() && date <= soon.as_str()),
        unknown,
    }
}

/// The planned waves with the assets in them, those of no planned one, and those in none.
async fn waves(
    tx: &mut TenantTx,
    engagement: EngagementId,
    shares: &[Share],
) -> Result<Vec<Wave>, StoreError> {
    let client_account = tx.client_account_id();
    let planned = sqlx::query!(
        r#"select wave_number, name, status from migration.migration_waves
           where client_account_id = $1 and engagement_id = $2 order by wave_number"#,
        client_account.0,
        engagement.0
    )
    .fetch_all(tx.connection())
    .await?;
    let mut waves: Vec<Wave> = planned
        .into_iter()
        .map(|row| Wave {
            number: Some(row.wave_number),
            name: Some(row.name),
            status: Some(row.status),
            count: 0,
        })
        .collect();
    for Share { value, count } in shares {
        let number = value.as_ref().and_then(|value| value.parse().ok());
        match waves.iter_mut().find(|wave| wave.number == number) {
            Some(wave) => wave.count = *count,
            None => waves.push(Wave { number, name: None, status: None, count: *count }),
        }
    }
    waves.sort_by_key(|wave| (wave.number.is_none(), wave.number));
    Ok(waves)
}

async fn progress(tx: &mut TenantTx, engagement: EngagementId) -> Result<Vec<Progress>, StoreError> {
    let client_account = tx.client_account_id();
    let rows = sqlx::query_as!(
        Progress,
        r#"select * from (
               select id as "id!", 'import' as "kind!", import_name as "name!", status as "status!", null as phase,
                      progress_percentage as "percent!", total_records as records, failed_records as "failed_records?",
                      coalesce(completed_at, updated_at) as "at!"
               from migration.data_imports where client_account_id = $1 and engagement_id = $2
               union all
               select id, 'discovery', flow_name, status, current_phase, progress_percentage, null, null, coalesce(completed_at, updated_at)
               from migration.discovery_flows where client_account_id = $1 and engagement_id = $2
               union all
               select id, 'assessment', flow_name, status, current_phase, progress, null, null, coalesce(completed_at, updated_at)
               from migration.assessment_flows where client_account_id = $1 and engagement_id = $2
           ) newest
           order by "at!" desc, "id!" limit $3"#,
        client_account.0,
        engagement.0,
        NEWEST
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{Share, families, support};

    fn share(value: Option<&str>, count: i64) -> Share {
        Share { value: value.map(str::to_owned), count }
    }

    #[test]
    fn families_add_up_to_all_assets() {
        let shares = [
            share(Some("RHEL 7"), 5),
            share(None, 4),
            share(Some("Ubuntu 22.04"), 3),
            share(Some("Windows Server 2019"), 2),
            share(Some("Keycloak"), 1),
        ];
        let families = families(&shares);
        assert_eq!(families.iter().map(|family| family.count).sum::<i64>(), 15);
        let names: Vec<_> = families.iter().map(|family| family.name.as_deref()).collect();
        assert_eq!(names, [Some("linux"), None, Some("windows"), Some("other")]);
        assert_eq!(families[0].operating_systems, ["RHEL 7", "Ubuntu 22.04"]);
        assert!(families[1].operating_systems.is_empty());
    }

    #[test]
    fn support_is_over_the_day_after_its_last() {
        let shares =
            [share(Some("RHEL 7"), 5), share(Some("RHEL 7.9"), 1), share(Some("Linux"), 2), share(None, 3)];
        let on = support(&shares, date!(2024 - 06 - 30));
        assert!(on.ended.is_empty());
        assert_eq!((on.ending.len(), on.ending[0].count), (1, 6));
        let after = support(&shares, date!(2024 - 07 - 01));
        assert_eq!((after.ended[0].count, after.ended[0].name.as_deref()), (6, Some("2024-06-30")));
        assert!(after.ending.is_empty());
        assert_eq!(after.unknown, 5);
    }

    #[test]
    fn a_leap_day_has_a_year_too() {
        assert!(support(&[], date!(2028 - 02 - 29)).ending.is_empty());
    }
}
