//! The OpenAPI document is the list of record.

use crate::app::App;

/// Every operation that needs no session; all others must refuse a request without one.
const OPEN: [&str; 5] =
    ["GET /livez", "GET /readyz", "GET /api/v1/boot", "GET /api/v1/demo/accounts", "POST /api/v1/auth/login"];

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

#[tokio::test]
async fn what_is_not_open_wants_a_session_and_says_so() {
    let app = App::new().await;
    let document = serde_json::to_value(drydock_api::openapi()).unwrap();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let open = OPEN.contains(&name.as_str());
            assert_eq!(operation.get("security").is_none(), open, "{name}");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            if !open {
                let url = path.replace("{id}", "11111111-1111-1111-1111-111111111111");
                let method = method.to_uppercase();
                let answer =
                    app.send(crate::app::request(&method, &url, &[], axum::body::Body::empty())).await;
                assert_eq!(answer.error(), (401, "auth.session_required"), "{name}");
            }
            operations += 1;
        }
    }
    assert_eq!(operations, 11);
}
