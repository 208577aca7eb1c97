//! All that is known about one asset.

use drydock_domain::EngagementId;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{Asset, one};
use crate::{StoreError, TenantTx};

/// An asset at the other end of a dependency.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Its id.
    pub asset_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its type.
    pub asset_type: String,
    /// Lower snake case: `runs_on`, `database`, `network`, …
    pub dependency_type: String,
    /// More about it.
    pub description: Option<String>,
    /// 0 to 1; `None`: nobody guessed.
    pub confidence_score: Option<f64>,
    /// What found it: `manual`, or the rule that inferred it.
    pub source: String,
}

/// The row of a file that an asset came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The data import.
    pub data_import_id: Uuid,
    /// Its name.
    pub import_name: String,
    /// The file's name.
    pub filename: String,
    /// Row in the file, counted from 1 with the header row.
    pub row_number: i32,
    /// Column of the file to the text in the cell.
    pub cells: Value,
    /// When the import began.
    pub imported_at: OffsetDateTime,
    /// Who imported it.
    pub imported_by: String,
}

/// An asset and what hangs on it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Its columns.
    pub asset: Asset,
    /// Columns of the source that have none here; a JSON object.
    pub custom_attributes: Option<Value>,
    /// Technical facts without a column; a JSON object.
    pub technical_details: Option<Value>,
    /// What keeps it from an assessment; a JSON array.
    pub assessment_blockers: Option<Value>,
    /// What would help it there; a JSON array.
    pub assessment_recommendations: Option<Value>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// What it needs, by name.
    pub depends_on: Vec<Dependency>,
    /// What needs it, by name.
    pub needed_by: Vec<Dependency>,
    /// Where it was read; `None` for one that was made by hand.
    pub origin: Option<Origin>,
}

/// The most dependencies told in either direction.
const DEPENDENCIES: i64 = 500;

/// All about one asset.
///
/// # Errors
/// [`StoreError::AssetNotFound`]; else when the database fails.
pub async fn detail(tx: &mut TenantTx, engagement: EngagementId, id: Uuid) -> Result<Detail, StoreError> {
    let client_account = tx.client_account_id().0;
    let asset = one(tx, engagement, id).await?;
    let more = sqlx::query!(
        r#"select custom_attributes, technical_details, assessment_blockers, assessment_recommendations,
                  array(select t.name from migration.asset_tags b
                        join migration.tags t on t.client_account_id = $1 and t.id = b.tag_id
                        where b.client_account_id = $1 and b.asset_id = $2 order by t.name) as "tags!: Vec<String>"
           from migration.assets where client_account_id = $1 and id = $2"#,
        client_account,
        id,
    )
    .fetch_one(tx.connection())
    .await?;
    let depends_on = sqlx::query_as!(
        Dependency,
        r#"select a.id as asset_id, a.name, a.asset_type, d.dependency_type, d.description, d.confidence_score, d.source
           from migration.asset_dependencies d
           join migration.assets a on a.client_account_id = $1 and a.id = d.depends_on_asset_id
           where d.client_account_id = $1 and d.asset_id = $2
           order by a.name, a.id limit $3"#,
        client_account,
        id,
        DEPENDENCIES,
    )
    .fetch_all(tx.connection())
    .await?;
    let needed_by = sqlx::query_as!(
        Dependency,
        r#"select a.id as asset_id, a.name, a.asset_type, d.dependency_type, d.description, d.confidence_score, d.source
           from migration.asset_dependencies d
           join migration.assets a on a.client_account_id = $1 and a.id = d.asset_id
           where d.client_account_id = $1 and d.depends_on_asset_id = $2
           order by a.name, a.id limit $3"#,
        client_account,
        id,
        DEPENDENCIES,
    )
    .fetch_all(tx.connection())
    .await?;
    let origin = sqlx::query_as!(
        Origin,
        r#"select i.id as data_import_id, i.import_name, i.filename, r.row_number, r.raw_data as cells, i.started_at as imported_at,
                  coalesce(nullif(btrim(concat_ws(' ', u.first_name, u.last_name)), ''), u.email) as "imported_by!"
           from migration.assets a
           join migration.raw_import_records r on r.client_account_id = $1 and r.id = a.raw_import_records_id
           join migration.data_imports i on i.client_account_id = $1 and i.id = r.data_import_id
           join migration.users u on u.id = i.imported_by
           where a.client_account_id = $1 and a.id = $2"#,
        client_account,
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(Detail {
        asset,
        custom_attributes: more.custom_attributes,
        technical_details: more.technical_details,
        assessment_blockers: more.assessment_blockers,
        assessment_recommendations: more.assessment_recommendations,
        tags: more.tags,
        depends_on,
        needed_by,
        origin,
    })
}
