//! docs/errors.md explains every code there is, and no other.

use std::collections::BTreeSet;

use drydock_domain::ErrorCode;
use drydock_postgres::PostgresError;

/// Codes that the window says before a platform exists.
const WINDOW: [&str; 2] = ["window.failed", "window.no_display"];

/// Codes that the page gives to what goes wrong between it and the API.
const PAGE: [&str; 4] = ["ui.answer_unreadable", "ui.connection_lost", "ui.page_not_found", "ui.unexpected"];

#[test]
fn the_page_and_the_codes_are_the_same_list() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    let explained: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let codes: BTreeSet<&str> = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .chain(PostgresError::CODES.iter().map(|(code, _)| *code))
        .chain(WINDOW)
        .chain(PAGE)
        .collect();
    let missing: Vec<_> = codes.difference(&explained).collect();
    let unknown: Vec<_> = explained.difference(&codes).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not explained: {missing:?}; no such code: {unknown:?}"
    );
}
