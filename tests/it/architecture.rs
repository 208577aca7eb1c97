//! The arrows of ARCHITECTURE.md, held against what cargo builds.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// Who may depend on whom, among our packages. Development dependencies are free: they are not shipped.
const ARROWS: &[(&str, &[&str])] = &[
    ("drydock-domain", &[]),
    ("drydock-postgres", &[]),
    ("drydock-store", &["drydock-domain"]),
    ("drydock-api", &["drydock-domain", "drydock-store"]),
    ("drydock-boot", &["drydock-api", "drydock-domain", "drydock-postgres", "drydock-store"]),
    ("drydock-lab", &["drydock-api", "drydock-boot", "drydock-domain", "drydock-postgres", "drydock-store"]),
    ("drydock-cli", &["drydock-api", "drydock-boot", "drydock-domain", "drydock-lab"]),
    ("drydock-desktop", &["drydock-api", "drydock-boot", "drydock-lab"]),
    ("drydock-testkit", &["drydock-postgres", "drydock-store"]),
    ("drydock-tests", &[]),
    ("xtask", &[]),
];

/// Packages that only one of ours may use.
const OWNED: &[(&str, &str)] = &[
    ("sqlx", "drydock-store"),
    ("argon2", "drydock-store"),
    ("pg-embed", "drydock-postgres"),
    ("utoipa", "drydock-api"),
    ("tauri", "drydock-desktop"),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let shipped = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect();
            (package["name"].as_str().unwrap().to_owned(), shipped)
        })
        .collect()
}

#[test]
fn our_packages_depend_on_each_other_as_drawn() {
    let dependencies = dependencies();
    let ours: BTreeSet<&String> = dependencies.keys().collect();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours.iter().map(|name| name.as_str()).collect::<BTreeSet<_>>(), drawn);
    for (name, allowed) in ARROWS {
        for dependency in dependencies[*name].iter().filter(|dependency| ours.contains(dependency)) {
            assert!(allowed.contains(&dependency.as_str()), "{name} -> {dependency} is not drawn");
        }
    }
}

#[test]
fn heavy_packages_have_one_owner() {
    for (name, shipped) in dependencies() {
        for (heavy, owner) in OWNED {
            assert!(name == *owner || !shipped.contains(*heavy), "{name} uses {heavy}, which is {owner}'s");
        }
    }
}
