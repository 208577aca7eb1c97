//! docs/schema.md speaks of what there is.

use drydock_store::catalogue;

#[test]
fn every_name_on_the_page_is_one_of_the_schema() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema.md")).unwrap();
    let listing = catalogue::committed(catalogue::latest()).unwrap();
    // One that the platform had and ours does not.
    let foreign = "ck_assets_has_identifier";
    let mut seen = 0;
    for name in page.split('`').skip(1).step_by(2) {
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let kind =
            ["pk_", "uq_", "fk_", "ck_", "ix_"].iter().any(|kind| name.starts_with(kind) && name != *kind);
        if !is_name || !kind || name == foreign {
            continue;
        }
        seen += 1;
        let there = listing.contains(&format!(".{name}: ")) || listing.contains(&format!("index {name}: "));
        assert!(there, "{name}");
    }
    assert!(seen > 20, "{seen}");
}
