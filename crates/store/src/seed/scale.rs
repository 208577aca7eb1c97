//! Client accounts to measure with: as many assets as asked for, made and written in pieces, so that memory stays bounded.

use std::borrow::Cow;

use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::mpsc;

use super::{
    BEGUN,
    assessment::money,
    at,
    copy::{Batch, row},
    demo::{Client, Content, Project},
    derived,
    estate::{Builder, Estate, Place, Site},
    people,
    plan::{Plan, Scale},
    portfolio,
};
/// Assets made at once.
const PIECE: usize = 20_000;

const PLACE: Place = Place {
    sites: [
        Site { code: "one", location: "Site One", datacenter: "Site One" },
        Site { code: "two", location: "Site Two", datacenter: "Site Two" },
    ],
    domain: "scale.example",
    network: 0,
};

/// The client accounts of a plan, each with one engagement.
pub(super) fn clients(plan: &Plan) -> Vec<Client> {
    let tenants = plan.scale.map_or(0, |scale| scale.tenants);
    (1..=tenants)
        .map(|number| Client {
            fixed_id: None,
            name: Cow::Owned(format!("Scale {number:03}")),
            slug: Cow::Owned(format!("scale-{number:03}")),
            description: "Generated, to measure with.",
            industry: "Generated",
            company_size: "Any",
            headquarters: "Nowhere",
            is_for_all: true,
            projects: Cow::Owned(vec![Project {
                fixed_id: None,
                name: "Scale",
                slug: Cow::Owned(format!("scale-{number:03}")),
                description: "Generated, to measure with.",
                priority: "low",
                days_to_target: 365,
                content: Content::Empty,
                place: PLACE,
            }]),
        })
        .collect()
}

/// Makes the assets of a plan and what they need, where it is to have that, and hands them on in pieces.
pub(super) fn make(plan: &Plan, made: &mpsc::Sender<Batch>) {
    let Some(scale) = plan.scale else { return };
    for client in clients(plan) {
        pieces(plan, scale, &client, made);
    }
}

/// Makes one client account's pieces; nobody who waits for them is the end of it.
fn pieces(plan: &Plan, scale: Scale, client: &Client, made: &mpsc::Sender<Batch>) {
    let lists = [portfolio::RETAIL, portfolio::LOGISTICS, portfolio::HEALTH, portfolio::LEGACY];
    let mut rest = scale.assets as usize;
    let (mut addresses, mut round) = (0, 0);
    for piece in 1_u32.. {
        let wanted = rest.min(PIECE);
        if wanted == 0 {
            return;
        }
        let scope = format!("{}/{piece}", client.slug);
        let mut builder =
            Builder::new(plan.number, &scope, PLACE, plan.anchor).with_addresses_from(addresses);
        builder.infrastructure(&format!("{piece:04}"), 24);
        while builder.estate.assets.len() < wanted {
            round += 1;
            let first = builder.estate.blocks.len();
            for application in lists[round % lists.len()] {
                builder.application(application, &format!(" {round:05}"));
            }
            builder.calls(first);
        }
        addresses = builder.addresses_used();
        let mut estate = builder.finish();
        cut(&mut estate, wanted);
        rest -= wanted;
        if made.blocking_send(rows(plan, client, &estate)).is_err() {
            return;
        }
    }
}

/// Leaves the first `length` assets, and the edges among them.
fn cut(estate: &mut Estate, length: usize) {
    estate.assets.truncate(length);
    estate.edges.retain(|edge| edge.from < length && edge.to < length);
}

fn rows(plan: &Plan, client: &Client, estate: &Estate) -> Batch {
    let mut batch = Batch::new(Some(client.id()));
    let engagement = client.projects[0].id().0;
    let found: OffsetDateTime = at(plan.anchor, BEGUN, 12, 0);
    let author = people::administrator().0;
    for asset in &estate.assets {
        row!(
            batch,
            "assets",
            id = asset.id,
            engagement_id = engagement,
            name = asset.name,
            hostname = asset.hostname,
            asset_type = asset.kind,
            description = asset.description,
            ip_address = asset.ip_address,
            fqdn = asset.fqdn,
            environment = asset.environment,
            location = asset.location,
            datacenter = asset.datacenter,
            rack_location = asset.rack,
            operating_system = asset.operating_system,
            os_version = asset.os_version,
            cpu_cores = asset.cpu_cores,
            memory_gb = asset.memory_gb,
            storage_gb = asset.storage_gb,
            business_owner = asset.business_owner,
            technical_owner = asset.technical_owner,
            department = asset.department,
            application_name = asset.application_name,
            technology_stack = asset.technology,
            criticality = asset.criticality,
            business_criticality = asset.criticality,
            technical_details =
                (!asset.technical_details.is_empty()).then(|| Value::Object(asset.technical_details.clone())),
            status = asset.status,
            discovery_method = "generated",
            cpu_utilization_percent = asset.cpu_use,
            memory_utilization_percent = asset.memory_use,
            current_monthly_cost = asset.cost.map(money),
            created_at = found,
            updated_at = found,
            created_by = author,
        );
    }
    for edge in &estate.edges {
        let (from, to) = (&estate.assets[edge.from], &estate.assets[edge.to]);
        row!(
            batch,
            "asset_dependencies",
            id =
                derived(plan.number, "dependency", &[&client.slug, &from.id.to_string(), &to.id.to_string()]),
            engagement_id = engagement,
            asset_id = from.id,
            depends_on_asset_id = to.id,
            dependency_type = edge.kind,
            confidence_score = 0.8_f64,
            source = "generated",
            created_at = found,
            updated_at = found,
        );
    }
    batch
}
