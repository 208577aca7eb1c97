//! Assets over the wire.

mod change;
mod detail;
mod table;

use drydock_store::assets;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(crate) use change::*;
pub(crate) use detail::*;
pub(crate) use table::*;

/// Which page of assets, and in which order.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it documents what `routes::assets::query` reads")]
pub(crate) struct AssetPaging {
    /// Assets on a page, 1 to 500; 100 when not given.
    limit: Option<u16>,
    /// A column's name; with a minus before it, greatest first. `name` when not given. What is not recorded comes last either way.
    sort: Option<String>,
    /// `next_cursor` or `previous_cursor` of a page in the same order.
    cursor: Option<String>,
    /// The page behind so many assets. For jumps: reading on by cursor is quicker and misses nothing that moves.
    offset: Option<i64>,
    /// `true` for the last page.
    last: Option<bool>,
}

macro_rules! asset {
    (
        text { $($field:ident,)* }
        optional { $($optional:ident: $kind:ty,)* }
        moments { $($moment:ident,)* }
    ) => {
        /// Which assets: those for which all of it is true.
        ///
        /// Of a column with words or text: values with commas between them (a backslash before a comma or backslash that is part of one), or
        /// `~` and text that it contains in any case. Of a number: the number, or `least..most`, where either may be left out. Of a moment:
        /// `from..to`, as dates in UTC, both included. Of any: `none` for nothing recorded, `*` for anything recorded.
        #[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct AssetFilter {
            /// Words that are all in name, host name, address, application, system, place or owners, in any case; words between quotation
            /// marks stand together.
            pub(crate) q: Option<String>,
            $(
                /// What the column must hold.
                pub(crate) $field: Option<String>,
            )*
            $(
                /// What the column must hold.
                pub(crate) $optional: Option<String>,
            )*
            $(
                /// What the column must hold.
                pub(crate) $moment: Option<String>,
            )*
        }

        impl AssetFilter {
            /// The columns that something is asked of.
            pub(crate) fn columns(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [
                    $((stringify!($field), self.$field.as_deref()),)*
                    $((stringify!($optional), self.$optional.as_deref()),)*
                    $((stringify!($moment), self.$moment.as_deref()),)*
                ]
                    .into_iter()
                    .filter_map(|(name, wanted)| Some((name, wanted?)))
            }

            /// All that is asked, by name, as it was given.
            pub(crate) fn told(&self) -> serde_json::Map<String, Value> {
                let words = self.q.as_deref().map(|q| ("q", q));
                words.into_iter().chain(self.columns()).map(|(name, wanted)| (name.to_owned(), wanted.into())).collect()
            }

            /// Sets what is asked of a column; `false` when there is no such column.
            pub(crate) fn set(&mut self, name: &str, wanted: String) -> bool {
                let field = match name {
                    "q" => &mut self.q,
                    $(stringify!($field) => &mut self.$field,)*
                    $(stringify!($optional) => &mut self.$optional,)*
                    $(stringify!($moment) => &mut self.$moment,)*
                    _ => return false,
                };
                *field = Some(wanted);
                true
            }
        }

        /// One asset. A column that is not there is not recorded.
        #[derive(Clone, Debug, Serialize, ToSchema)]
        pub(crate) struct Asset {
            id: Uuid,
            /// Send it along with a change: who began from an older one is told so.
            version: i64,
            $($field: String,)*
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                $optional: Option<$kind>,
            )*
            $(
                #[serde(with = "time::serde::rfc3339")]
                $moment: OffsetDateTime,
            )*
        }

        impl From<assets::Asset> for Asset {
            fn from(asset: assets::Asset) -> Self {
                Self {
                    id: asset.id,
                    version: asset.version,
                    $($field: asset.$field,)*
                    $($optional: asset.$optional,)*
                    $($moment: asset.$moment,)*
                }
            }
        }
    };
}

asset! {
    text { name, asset_type, assessment_readiness, }
    optional {
        environment: String, criticality: String, status: String,
        cpu_cores: i32, memory_gb: f64, storage_gb: f64,
        operating_system: String, os_version: String, ip_address: String, hostname: String, fqdn: String, mac_address: String,
        application_name: String, technology_stack: String, department: String, business_owner: String, technical_owner: String,
        location: String, datacenter: String, rack_location: String, availability_zone: String,
        six_r_strategy: String, business_criticality: String, migration_priority: i32, migration_complexity: String,
        migration_wave: i32, migration_status: String, current_monthly_cost: f64, estimated_cloud_cost: f64,
        description: String, completeness_score: f64, quality_score: f64, complexity_score: f64, confidence_score: f64,
        cpu_utilization_percent: f64, memory_utilization_percent: f64, disk_iops: f64, network_throughput_mbps: f64,
        discovery_method: String, discovery_source: String,
    }
    moments { created_at, updated_at, }
}

/// A page of assets.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetPage {
    pub(crate) assets: Vec<Asset>,
    /// Send as `cursor` for the next page; null on the last one.
    pub(crate) next_cursor: Option<String>,
    /// Send as `cursor` for the page before; null on the first one.
    pub(crate) previous_cursor: Option<String>,
    /// Assets that match, on all pages, counted up to 10,000.
    pub(crate) total: i64,
    /// Whether `total` is all of them. If not, `GET /api/v1/assets/count` counts them.
    pub(crate) total_is_exact: bool,
}

/// How many assets match.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetCount {
    /// All of them.
    pub(crate) count: i64,
}

/// The values of a column.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetValues {
    /// Most frequent first, at most 100.
    pub(crate) values: Vec<AssetValue>,
}

/// How many assets hold a value.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetValue {
    /// Null where nothing is recorded.
    value: Option<String>,
    count: i64,
}

impl From<assets::Frequency> for AssetValue {
    fn from(frequency: assets::Frequency) -> Self {
        Self { value: frequency.value, count: frequency.count }
    }
}
