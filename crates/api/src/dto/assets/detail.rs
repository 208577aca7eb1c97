//! One asset and its history over the wire.

use drydock_store::assets;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Asset;

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
