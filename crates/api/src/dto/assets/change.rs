//! Changes of assets over the wire.

use std::collections::BTreeMap;

use drydock_store::assets;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Asset, AssetFilter};

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
