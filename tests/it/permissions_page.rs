//! docs/permissions.md shows the permissions that there are.

use std::fmt::Write as _;

use drydock_domain::{Permission, Scope};

#[test]
fn the_page_shows_what_the_code_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/permissions.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut table = String::new();
    for permission in Permission::ALL {
        let place = match permission.scope() {
            Scope::Engagement => "engagement",
            Scope::ClientAccount => "client account",
            Scope::Platform => "platform",
        };
        let (role, level) = (permission.least_role(), permission.least_level());
        let sentence = permission.sentence();
        writeln!(table, "| `{}` | {place} | {role} | {level} | {sentence} |", permission.as_str()).unwrap();
    }
    assert!(page.contains(&table), "the table in docs/permissions.md is to be:\n{table}");
}
