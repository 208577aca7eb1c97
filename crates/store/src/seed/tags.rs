//! Labels of assets, each by a rule.

use serde_json::Value;
use time::OffsetDateTime;

use super::{
    copy::{Batch, row},
    derived,
    estate::{Asset, Estate},
    imports::People,
};

/// A tag: its name, category and what it says.
type Tag = (&'static str, &'static str, &'static str);

const TAGS: &[Tag] = &[
    ("end-of-life", "lifecycle", "Runs on something that its maker no longer supports."),
    ("support-ends-soon", "lifecycle", "Runs on something whose support ends within two years."),
    ("business-critical", "business", "The business stops when it does."),
    ("over-provisioned", "cost", "Has eight cores or more and uses less than 15 % of them."),
    ("pci", "compliance", "Comes under the rules for card payments."),
    ("health-data", "compliance", "Holds data about patients."),
    ("personal-data", "compliance", "Holds data about customers or employees."),
    ("audit", "compliance", "Auditors look at it every year."),
];

/// Whether `tag` applies.
fn applies(tag: &str, asset: &Asset, estate: &Estate) -> bool {
    let support = asset.technical_details.get("support_status").and_then(Value::as_str);
    let application = asset.block.map(|block| estate.blocks[block].application);
    match tag {
        "end-of-life" => support == Some("end_of_life"),
        "support-ends-soon" => support == Some("ends_soon"),
        "business-critical" => {
            asset.kind == "application" && asset.criticality.as_deref() == Some("critical")
        }
        "over-provisioned" => {
            asset.cpu_cores.is_some_and(|cores| cores >= 8)
                && asset.cpu_use.is_some_and(|percent| percent < 15)
        }
        // Where the data are: in applications and databases.
        compliance => {
            matches!(asset.kind, "application" | "database")
                && application.is_some_and(|application| application.compliance().contains(&compliance))
        }
    }
}

/// The tags of a client account.
pub(super) fn define(batch: &mut Batch, number: u64, slug: &str, at: OffsetDateTime) {
    for (name, category, description) in TAGS {
        row!(
            batch,
            "tags",
            id = derived(number, "tag", &[slug, name]),
            name = *name,
            category = *category,
            description = *description,
            created_at = at,
            updated_at = at,
        );
    }
}

/// Puts the tags of the client account `client` on the assets of an engagement.
pub(super) fn write(
    batch: &mut Batch,
    number: u64,
    client: &str,
    estate: &Estate,
    people: People,
    at: OffsetDateTime,
) {
    for asset in &estate.assets {
        for (name, _, _) in TAGS.iter().filter(|(name, _, _)| applies(name, asset, estate)) {
            row!(
                batch,
                "asset_tags",
                id = derived(number, "asset tag", &[&asset.id.to_string(), name]),
                asset_id = asset.id,
                tag_id = derived(number, "tag", &[client, name]),
                confidence_score = 1.0_f64,
                assigned_method = "auto",
                assigned_by = people.importer.0,
                is_validated = true,
                validated_by = people.approver.0,
                validated_at = at,
                created_at = at,
                updated_at = at,
            );
        }
    }
}
