//! The demo tenants' CMDB exports, read into assets.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::demo::{Project, derived};

/// An asset as the insert takes it; columns as in `migration.assets`.
#[derive(Debug, Default, Serialize)]
pub(super) struct SeedAsset {
    id: Uuid,
    name: String,
    hostname: Option<String>,
    asset_type: String,
    description: Option<String>,
    ip_address: Option<String>,
    environment: Option<String>,
    operating_system: Option<String>,
    criticality: Option<String>,
    status: Option<String>,
    application_name: Option<String>,
    department: Option<String>,
    location: Option<String>,
    business_owner: Option<String>,
    cpu_cores: Option<i32>,
    memory_gb: Option<f64>,
    storage_gb: Option<f64>,
    /// Columns of the file that have no column of their own.
    custom_attributes: Map<String, Value>,
}

pub(super) fn assets(project: &Project) -> Result<Vec<SeedAsset>, csv::Error> {
    let mut reader = csv::Reader::from_reader(project.csv.as_bytes());
    let headers: Vec<String> = reader.headers()?.iter().map(snake_case).collect();
    reader
        .records()
        .map(|record| {
            // A file without a type column is an application catalogue.
            let mut asset = SeedAsset { asset_type: "application".to_owned(), ..SeedAsset::default() };
            for (header, cell) in headers.iter().zip(&record?) {
                put(&mut asset, header, cell.trim());
            }
            asset.id = derived("asset", &format!("{}/{}/{}", project.slug, asset.asset_type, asset.name));
            Ok(asset)
        })
        .collect()
}

fn put(asset: &mut SeedAsset, header: &str, cell: &str) {
    if cell.is_empty() || cell == "N/A" {
        return;
    }
    let text = || Some(cell.to_owned());
    match header {
        "name" | "asset_name" => cell.clone_into(&mut asset.name),
        "ci_type" | "asset_type" => asset.asset_type = asset_type(cell),
        "host_name" => asset.hostname = text(),
        "ip_address" => asset.ip_address = text(),
        "os" => asset.operating_system = text(),
        "environment" => asset.environment = Some(environment(cell)),
        "criticality" | "business_criticality" => asset.criticality = Some(snake_case(cell)),
        "status" => asset.status = Some(snake_case(cell)),
        "application" => asset.application_name = text(),
        "department" => asset.department = text(),
        "owner" => asset.business_owner = text(),
        "location" => asset.location = text(),
        "description" => asset.description = text(),
        "cpu_cores" => asset.cpu_cores = cell.parse().ok(),
        "memory_gb" => asset.memory_gb = cell.parse().ok(),
        "storage_gb" => asset.storage_gb = cell.parse().ok(),
        other => {
            asset.custom_attributes.insert(other.to_owned(), Value::from(cell));
        }
    }
}

fn snake_case(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

fn asset_type(cell: &str) -> String {
    match snake_case(cell).as_str() {
        "application_server" | "database_server" | "web_server" | "cache_server" => "server".to_owned(),
        "network" => "network_device".to_owned(),
        other => other.to_owned(),
    }
}

fn environment(cell: &str) -> String {
    match snake_case(cell).as_str() {
        "test" => "testing".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::demo::CLIENTS, *};

    #[test]
    fn every_row_of_every_export_becomes_an_asset_with_a_name() {
        for project in CLIENTS.iter().flat_map(|client| client.projects) {
            let assets = assets(project).unwrap();
            let rows = project.csv.lines().filter(|line| !line.trim().is_empty()).count() - 1;
            assert_eq!(assets.len(), rows, "{}", project.file_name);
            assert!(assets.iter().all(|asset| !asset.name.is_empty()), "{}", project.file_name);
        }
    }
}
