//! CMDB exports as files, read into assets.

use serde_json::Value;

use super::{
    derived,
    estate::{Asset, Estate},
    imports::{Column, Record},
};
use crate::StoreError;

/// Reads `csv` into `estate`. A row of an asset that is there, by type and name, adds to it. Cells that name other rows in a column
/// `dependencies` become edges; a row without a type column is an application.
pub(super) fn read(
    estate: &mut Estate,
    number: u64,
    scope: &str,
    csv: &str,
) -> Result<(Vec<Column>, Vec<Record>), StoreError> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let columns: Vec<Column> = reader
        .headers()?
        .iter()
        .map(|header| Column::new(header, Some(target(&snake_case(header)))))
        .collect();
    let headers: Vec<String> = columns.iter().map(|column| snake_case(&column.header)).collect();
    let mut records = Vec::new();
    // Assets of this file, each with the key by which other rows name it.
    let mut keys = Vec::new();
    for record in reader.records() {
        let cells: Vec<String> = record?.iter().map(str::to_owned).collect();
        let fill = |asset: &mut Asset| {
            for (header, cell) in headers.iter().zip(&cells) {
                put(asset, header, cell.trim());
            }
        };
        let mut asset = Asset { kind: "application", ..Asset::default() };
        fill(&mut asset);
        let there =
            estate.assets.iter().position(|there| (there.kind, &there.name) == (asset.kind, &asset.name));
        let index = match there {
            Some(index) => {
                fill(&mut estate.assets[index]);
                index
            }
            None => {
                asset.id = derived(number, "asset", &[scope, asset.kind, &asset.name]);
                estate.add(asset)
            }
        };
        let key = estate.assets[index].custom_attributes.get("asset_id").and_then(Value::as_str);
        keys.push((index, key.map(str::to_owned)));
        records.push(Record { cells, asset: Some(index), refused: None });
    }
    for (from, _) in &keys {
        for name in estate.assets[*from].dependencies.clone() {
            let to = keys.iter().find(|(_, key)| key.as_deref() == Some(&name)).map(|(index, _)| *index);
            if let Some(to) = to.filter(|to| to != from) {
                let kind = edge_kind(estate.assets[*from].kind, estate.assets[to].kind);
                estate.needs(*from, to, kind, true);
            }
        }
    }
    Ok((columns, records))
}

/// What a dependency of one kind of asset on another is called.
fn edge_kind(from: &str, to: &str) -> &'static str {
    match (from, to) {
        (_, "database") => "database",
        (
            "application" | "service" | "cache" | "external",
            "application" | "service" | "cache" | "external",
        ) => "api",
        (_, "load_balancer") => "load_balancing",
        (_, "network_device") => "network",
        (_, "storage") => "storage",
        _ => "hosting",
    }
}

/// Column of `assets` that a header's cells go to.
fn target(header: &str) -> &'static str {
    match header {
        "name" | "asset_name" => "name",
        "ci_type" | "asset_type" => "asset_type",
        "host_name" => "hostname",
        "ip_address" => "ip_address",
        "os" => "operating_system",
        "environment" => "environment",
        "criticality" | "business_criticality" => "criticality",
        "status" => "status",
        "application" => "application_name",
        "department" => "department",
        "owner" => "business_owner",
        "location" => "location",
        "description" => "description",
        "cpu_cores" => "cpu_cores",
        "memory_gb" => "memory_gb",
        "storage_gb" => "storage_gb",
        "dependencies" => "dependencies",
        _ => "custom_attributes",
    }
}

fn put(asset: &mut Asset, header: &str, cell: &str) {
    if cell.is_empty() || cell == "N/A" {
        return;
    }
    let text = || Some(cell.to_owned());
    match target(header) {
        "name" => cell.clone_into(&mut asset.name),
        "asset_type" => asset.kind = asset_type(cell),
        "hostname" => asset.hostname = text(),
        "ip_address" => asset.ip_address = text(),
        "operating_system" => asset.operating_system = text(),
        "environment" => asset.environment = Some(environment(cell)),
        "criticality" => asset.criticality = Some(snake_case(cell)),
        "status" => asset.status = Some(snake_case(cell)),
        "application_name" => asset.application_name = text(),
        "department" => asset.department = text(),
        "business_owner" => asset.business_owner = text(),
        "location" => asset.location = text(),
        "description" => asset.description = text(),
        "cpu_cores" => asset.cpu_cores = cell.parse().ok(),
        "memory_gb" => asset.memory_gb = cell.parse().ok(),
        "storage_gb" => asset.storage_gb = cell.parse().ok(),
        "dependencies" => asset.dependencies = cell.split(',').map(|name| name.trim().to_owned()).collect(),
        _ => {
            asset.custom_attributes.insert(header.to_owned(), Value::from(cell));
        }
    }
}

fn snake_case(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

fn asset_type(cell: &str) -> &'static str {
    match snake_case(cell).as_str() {
        "server" | "application_server" | "database_server" | "web_server" | "cache_server" => "server",
        "virtual_machine" => "virtual_machine",
        "application" => "application",
        "database" => "database",
        "network" | "network_device" => "network_device",
        "load_balancer" => "load_balancer",
        "service" => "service",
        "cache" => "cache",
        "external" => "external",
        _ => "other",
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
    use super::*;

    #[test]
    fn every_row_of_every_export_becomes_an_asset_of_a_known_type() {
        for csv in [
            include_str!("fixtures/assets-40.csv"),
            include_str!("fixtures/discovery-data.csv"),
            include_str!("fixtures/e2e-test-data.csv"),
            include_str!("fixtures/enterprise-cmdb-data.csv"),
        ] {
            let mut estate = Estate::default();
            let (columns, records) = read(&mut estate, 7, "test", csv).unwrap();
            let rows = csv.lines().filter(|line| !line.trim().is_empty()).count() - 1;
            assert_eq!((estate.assets.len(), records.len()), (rows, rows));
            assert!(estate.assets.iter().all(|asset| !asset.name.is_empty() && asset.kind != "other"));
            assert!(records.iter().all(|record| record.cells.len() == columns.len()));
        }
    }

    #[test]
    fn rows_that_name_each_other_depend_on_each_other() {
        let mut estate = Estate::default();
        read(&mut estate, 7, "test", include_str!("fixtures/enterprise-cmdb-data.csv")).unwrap();
        let has = |from: &str, to: &str| {
            let is = |index: usize, name: &str| estate.assets[index].name == name;
            estate.edges.iter().any(|edge| is(edge.from, from) && is(edge.to, to))
        };
        assert!(has("Web Server 1", "Database Primary") && has("Database Primary", "Web Server 1"));
        assert!(!has("Web Server 1", "Web Server 2"));
    }
}
