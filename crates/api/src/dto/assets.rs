//! Assets over the wire.

use std::collections::BTreeMap;

use drydock_store::{assets, saved_views};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

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

/// An asset and what hangs on it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetDetail {
    asset: Asset,
    /// Columns of the source that have none here.
    #[schema(value_type = Option<Object>)]
    custom_attributes: Option<Value>,
    /// Technical facts without a column.
    #[schema(value_type = Option<Object>)]
    technical_details: Option<Value>,
    /// What keeps it from an assessment.
    #[schema(value_type = Option<Vec<Object>>)]
    assessment_blockers: Option<Value>,
    /// What would help it there.
    #[schema(value_type = Option<Vec<Object>>)]
    assessment_recommendations: Option<Value>,
    tags: Vec<String>,
    /// What it needs, by name; at most 500.
    depends_on: Vec<AssetDependency>,
    /// What needs it, by name; at most 500.
    needed_by: Vec<AssetDependency>,
    /// Where it was read; null for one that was made by hand.
    origin: Option<AssetOrigin>,
}

impl From<assets::Detail> for AssetDetail {
    fn from(detail: assets::Detail) -> Self {
        Self {
            asset: detail.asset.into(),
            custom_attributes: detail.custom_attributes,
            technical_details: detail.technical_details,
            assessment_blockers: detail.assessment_blockers,
            assessment_recommendations: detail.assessment_recommendations,
            tags: detail.tags,
            depends_on: detail.depends_on.into_iter().map(Into::into).collect(),
            needed_by: detail.needed_by.into_iter().map(Into::into).collect(),
            origin: detail.origin.map(Into::into),
        }
    }
}

/// An asset at the other end of a dependency.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetDependency {
    asset_id: Uuid,
    name: String,
    asset_type: String,
    /// Lower snake case: `runs_on`, `database`, `network`, …
    dependency_type: String,
    description: Option<String>,
    /// 0 to 1; null: nobody guessed.
    confidence_score: Option<f64>,
    /// What found it: `manual`, or the rule that inferred it.
    source: String,
}

impl From<assets::Dependency> for AssetDependency {
    fn from(dependency: assets::Dependency) -> Self {
        Self {
            asset_id: dependency.asset_id,
            name: dependency.name,
            asset_type: dependency.asset_type,
            dependency_type: dependency.dependency_type,
            description: dependency.description,
            confidence_score: dependency.confidence_score,
            source: dependency.source,
        }
    }
}

/// The row of a file that an asset came from.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetOrigin {
    data_import_id: Uuid,
    import_name: String,
    filename: String,
    /// Counted from 1 with the header row.
    row_number: i32,
    /// Column of the file to the text in the cell.
    #[schema(value_type = Object)]
    cells: Value,
    #[serde(with = "time::serde::rfc3339")]
    imported_at: OffsetDateTime,
    imported_by: String,
}

impl From<assets::Origin> for AssetOrigin {
    fn from(origin: assets::Origin) -> Self {
        Self {
            data_import_id: origin.data_import_id,
            import_name: origin.import_name,
            filename: origin.filename,
            row_number: origin.row_number,
            cells: origin.cells,
            imported_at: origin.imported_at,
            imported_by: origin.imported_by,
        }
    }
}

/// What people did to an asset.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetHistory {
    /// The latest 100, latest first.
    pub(crate) entries: Vec<AssetHistoryEntry>,
}

/// One step.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetHistoryEntry {
    /// To undo it with.
    change_id: Uuid,
    /// `create`, `edit`, `delete` or `undo`.
    kind: String,
    /// How many assets the change was about.
    asset_count: i32,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    by: String,
    /// Whether it was taken back.
    undone: bool,
    changes: Vec<AssetColumnChange>,
}

/// One column before and after.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetColumnChange {
    column: String,
    /// Null where nothing was recorded.
    #[schema(value_type = Option<CellValue>)]
    before: Value,
    /// Null where nothing is recorded.
    #[schema(value_type = Option<CellValue>)]
    after: Value,
}

/// Text or a number.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it describes a column's value in the OpenAPI document")]
pub(crate) enum CellValue {
    Text(String),
    Number(f64),
}

impl From<assets::Entry> for AssetHistoryEntry {
    fn from(entry: assets::Entry) -> Self {
        Self {
            change_id: entry.change_id,
            kind: entry.kind,
            asset_count: entry.asset_count,
            at: entry.at,
            by: entry.by,
            undone: entry.undone,
            changes: entry
                .changes
                .into_iter()
                .map(|change| AssetColumnChange {
                    column: change.column,
                    before: change.before,
                    after: change.after,
                })
                .collect(),
        }
    }
}

/// Values by the names of their columns; null for nothing recorded.
pub(crate) type Values = BTreeMap<String, Value>;

/// A new asset.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAsset {
    /// What its columns hold; `name` and `asset_type` are among them.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub(crate) set: Values,
}

/// A change of one asset.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetEdit {
    /// The `version` at which it was read.
    pub(crate) version: i64,
    /// What columns are to hold. Those that are not named stay as they are.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub(crate) set: Values,
}

/// Some assets: `ids` or `filter`, one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetSelection {
    /// These, at most 1,000.
    pub(crate) ids: Option<Vec<Uuid>>,
    /// All that match, at most 10,000.
    pub(crate) filter: Option<AssetFilter>,
}

/// A change of several assets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetsEdit {
    pub(crate) selection: AssetSelection,
    /// What columns are to hold. Name, host name and addresses are each asset's own and cannot be set for several.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub(crate) set: Values,
}

/// An asset and the change that it is the result of.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetChanged {
    pub(crate) asset: Asset,
    /// To undo it with; null when nothing differed.
    pub(crate) change_id: Option<Uuid>,
}

/// A change of several assets.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetsChanged {
    /// To undo it with; null when nothing differed.
    pub(crate) change_id: Option<Uuid>,
    /// So many assets were changed.
    pub(crate) count: i64,
}

/// What became of an undo.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeUndone {
    /// The undo itself is a change, which can be undone; null when nothing was put back.
    change_id: Option<Uuid>,
    /// So many assets are as they were before.
    restored: i64,
    /// Those that are not, because they were changed since or because another asset has their name or address now; at most 100.
    refused: Vec<RefusedAsset>,
    /// How many those are.
    refused_count: usize,
}

/// An asset that was left as it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedAsset {
    id: Uuid,
    name: String,
}

impl From<assets::Undone> for ChangeUndone {
    fn from(undone: assets::Undone) -> Self {
        Self {
            change_id: undone.change,
            restored: undone.restored,
            refused_count: undone.refused.len(),
            refused: undone
                .refused
                .into_iter()
                .take(100)
                .map(|refused| RefusedAsset { id: refused.id, name: refused.name })
                .collect(),
        }
    }
}

/// How a table is laid out.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableLayout {
    /// The columns shown, in order.
    pub(crate) columns: Vec<String>,
    /// Widths in px of columns that were widened or narrowed.
    pub(crate) widths: BTreeMap<String, u16>,
    /// `comfortable` or `compact`.
    pub(crate) density: String,
}

/// The layout that the caller last had.
#[derive(Serialize, ToSchema)]
pub(crate) struct RememberedLayout {
    /// Null before the first change.
    #[schema(value_type = Option<TableLayout>)]
    pub(crate) layout: Option<Value>,
}

/// The caller's saved views.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedViews {
    /// By name.
    pub(crate) views: Vec<SavedView>,
}

/// A view kept under a name.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedView {
    id: Uuid,
    name: String,
    /// Filter and order as the page's address has them.
    query: String,
    #[schema(value_type = TableLayout)]
    layout: Value,
    /// Whether the table opens with it.
    is_default: bool,
}

impl From<saved_views::SavedView> for SavedView {
    fn from(view: saved_views::SavedView) -> Self {
        Self {
            id: view.id,
            name: view.name,
            query: view.query,
            layout: view.layout,
            is_default: view.is_default,
        }
    }
}

/// What a view is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedViewWords {
    /// 1 to 80 characters, unlike the caller's other views.
    pub(crate) name: String,
    /// Filter and order as the page's address has them, without the question mark; at most 4,000 bytes.
    pub(crate) query: String,
    pub(crate) layout: TableLayout,
    /// Whether the table opens with it; then no other does.
    pub(crate) is_default: bool,
}

/// Where an export stands.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct AssetExport {
    pub(crate) id: Uuid,
    /// `running`, `done`, `cancelled` or `failed`.
    pub(crate) state: &'static str,
    /// Assets written so far.
    pub(crate) written: i64,
    /// Assets to write.
    pub(crate) total: i64,
    /// The file, once it is done.
    pub(crate) path: Option<String>,
    /// Why it failed, as an error's code.
    pub(crate) code: Option<String>,
    /// Why it failed, for people.
    pub(crate) detail: Option<String>,
}

/// What to write into a file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAssetExport {
    /// Exactly these assets.
    pub(crate) filter: AssetFilter,
    /// As `sort` of `GET /api/v1/assets`.
    pub(crate) sort: Option<String>,
    /// The columns, in order; all when not given.
    pub(crate) columns: Option<Vec<String>>,
    /// Whether text that a spreadsheet would run as a formula gets an apostrophe before it; true when not given.
    pub(crate) escape_formulas: Option<bool>,
}
