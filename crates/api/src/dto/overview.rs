//! Figures over the wire.

use drydock_store::overview;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ClientAccount, Engagement};

/// The figures of one engagement, computed from its rows.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    pub(crate) client_account: Named,
    pub(crate) engagement: Engagement,
    totals: Totals,
    /// By type, most first.
    by_type: Vec<Share>,
    /// By environment, most first.
    by_environment: Vec<Share>,
    /// By criticality, most first.
    by_criticality: Vec<Share>,
    /// By status, most first.
    by_status: Vec<Share>,
    /// By 6R decision, most first.
    by_six_r: Vec<Share>,
    /// By readiness for the assessment, most first.
    by_readiness: Vec<Share>,
    /// By family of operating system, most first: `windows`, `linux`, `unix`, `mainframe`, `hypervisor`, `appliance` or `other`; null
    /// where none is recorded.
    by_family: Vec<Systems>,
    /// By wave, in their order; assets in none last.
    by_wave: Vec<Wave>,
    support: Support,
    /// The newest imports, discoveries and assessments, newest first.
    progress: Vec<Progress>,
}

impl Overview {
    pub(crate) fn new(client_account: Named, engagement: Engagement, figures: overview::Overview) -> Self {
        fn all<A, B: From<A>>(all: Vec<A>) -> Vec<B> {
            all.into_iter().map(Into::into).collect()
        }
        Self {
            client_account,
            engagement,
            totals: figures.totals.into(),
            by_type: all(figures.by_type),
            by_environment: all(figures.by_environment),
            by_criticality: all(figures.by_criticality),
            by_status: all(figures.by_status),
            by_six_r: all(figures.by_six_r),
            by_readiness: all(figures.by_readiness),
            by_family: all(figures.by_family),
            by_wave: all(figures.by_wave),
            support: Support {
                today: figures.support.today.map(|today| today.to_string()),
                ended: all(figures.support.ended),
                ending: all(figures.support.ending),
                unknown: figures.support.unknown,
            },
            progress: all(figures.progress),
        }
    }
}

/// An id with its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Named {
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

/// Sums over the assets; what is not recorded counts as nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Totals {
    assets: i64,
    cpu_cores: i64,
    memory_gb: f64,
    storage_gb: f64,
    /// What they cost a month now.
    current_monthly_cost: f64,
    /// Assets of which that is recorded.
    with_current_cost: i64,
    /// What they are estimated to cost a month in the cloud.
    estimated_cloud_cost: f64,
    /// Assets of which that is recorded.
    with_estimated_cost: i64,
}

impl From<overview::Totals> for Totals {
    fn from(totals: overview::Totals) -> Self {
        Self {
            assets: totals.assets,
            cpu_cores: totals.cpu_cores,
            memory_gb: totals.memory_gb,
            storage_gb: totals.storage_gb,
            current_monthly_cost: totals.current_monthly_cost,
            with_current_cost: totals.with_current_cost,
            estimated_cloud_cost: totals.estimated_cloud_cost,
            with_estimated_cost: totals.with_estimated_cost,
        }
    }
}

/// How many assets hold one value.
#[derive(Serialize, ToSchema)]
pub(crate) struct Share {
    /// Null where nothing is recorded; the asset list's filter calls that `none`.
    value: Option<String>,
    count: i64,
}

impl From<overview::Share> for Share {
    fn from(share: overview::Share) -> Self {
        Self { value: share.value, count: share.count }
    }
}

/// Assets whose operating systems have something in common.
#[derive(Serialize, ToSchema)]
pub(crate) struct Systems {
    /// What they have in common; null where no operating system is recorded.
    name: Option<String>,
    count: i64,
    /// The operating systems as recorded: what the asset list is to be filtered by.
    operating_systems: Vec<String>,
}

impl From<overview::Systems> for Systems {
    fn from(systems: overview::Systems) -> Self {
        Self { name: systems.name, count: systems.count, operating_systems: systems.operating_systems }
    }
}

/// Operating systems that their makers no longer support, or soon won't.
#[derive(Serialize, ToSchema)]
pub(crate) struct Support {
    /// The day it is in UTC, as an ISO date.
    today: Option<String>,
    /// Ended: by their last day of support, an ISO date, the longest past first.
    ended: Vec<Systems>,
    /// Ends within twelve months, the next first.
    ending: Vec<Systems>,
    /// Assets whose operating system is not recorded, or of which no date is known.
    unknown: i64,
}

/// A wave of the migration and the assets in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Wave {
    /// Null for assets in no wave.
    number: Option<i32>,
    /// Null where assets name a wave that is not planned.
    name: Option<String>,
    status: Option<String>,
    count: i64,
}

impl From<overview::Wave> for Wave {
    fn from(wave: overview::Wave) -> Self {
        Self { number: wave.number, name: wave.name, status: wave.status, count: wave.count }
    }
}

/// A data import, a discovery or an assessment, and how far it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Progress {
    id: Uuid,
    /// `import`, `discovery` or `assessment`.
    kind: String,
    name: String,
    status: String,
    /// Null for an import, and before the first.
    phase: Option<String>,
    /// 0 to 100.
    percent: f64,
    /// Rows of an import's file; null for the others.
    records: Option<i32>,
    /// Of these, how many were refused.
    failed_records: Option<i32>,
    /// When something last happened to it.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl From<overview::Progress> for Progress {
    fn from(progress: overview::Progress) -> Self {
        Self {
            id: progress.id,
            kind: progress.kind,
            name: progress.name,
            status: progress.status,
            phase: progress.phase,
            percent: progress.percent,
            records: progress.records,
            failed_records: progress.failed_records,
            at: progress.at,
        }
    }
}

/// Figures of all client accounts that one may see.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcrossAccounts {
    /// By name.
    pub(crate) client_accounts: Vec<AccountFigures>,
}

/// Figures of one client account, over those of its engagements that one may see.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountFigures {
    client_account: ClientAccount,
    /// Engagements that are neither completed nor cancelled.
    open_engagements: i64,
    totals: Totals,
    /// Assets with a 6R decision.
    decided: i64,
    /// Assets that are ready for the assessment.
    ready: i64,
    /// Data imports that are complete.
    imports: i64,
    /// Assessments.
    assessments: i64,
    /// Those that are complete.
    assessments_completed: i64,
    /// When an import, a discovery or an assessment last moved; null where there has been none.
    #[serde(with = "time::serde::rfc3339::option")]
    last_activity: Option<OffsetDateTime>,
}

impl From<overview::Across> for AccountFigures {
    fn from(across: overview::Across) -> Self {
        Self {
            client_account: across.client_account.into(),
            open_engagements: across.open_engagements,
            totals: across.totals.into(),
            decided: across.decided,
            ready: across.ready,
            imports: across.imports,
            assessments: across.assessments,
            assessments_completed: across.assessments_completed,
            last_activity: across.last_activity,
        }
    }
}
