//! The OpenAPI document is the list of record.

use crate::app::App;

#[tokio::test]
async fn the_router_serves_the_document_the_command_prints() {
    let app = App::new().await;
    let served = app.get("/api/openapi.json", &[]).await;
    assert_eq!(served.status, 200);
    let printed = serde_json::to_value(drydock_api::openapi()).unwrap();
    assert_eq!(served.body, printed);
}

#[tokio::test]
async fn the_document_is_the_one_the_page_is_typed_by() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/api/openapi.json");
    let committed: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let current = serde_json::to_value(drydock_api::openapi()).unwrap();
    assert_eq!(committed, current, "run `cargo xtask types`");
}
