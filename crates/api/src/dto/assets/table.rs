//! What a user has set up about the table of assets, and exports of it, over the wire.

use std::collections::BTreeMap;

use drydock_store::saved_views;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::AssetFilter;

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
