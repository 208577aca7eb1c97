//! Every error wears the same envelope, whoever made it.

use axum::body::Body;
use serde_json::json;

use crate::app::{App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT, request};

#[tokio::test]
async fn errors_that_no_handler_makes_wear_it_too() {
    let app = App::new().await;
    let json = [("content-type", "application/json")];
    let login = "/api/v1/auth/login";
    let cases = [
        (request("GET", "/nothing/here", &[], Body::empty()), (404, "route.not_found")),
        (request("GET", "/api/v1/nothing", &[], Body::empty()), (404, "route.not_found")),
        (request("DELETE", login, &[], Body::empty()), (405, "request.method_not_allowed")),
        (request("POST", login, &[], Body::from("{}")), (415, "request.unsupported_media_type")),
        (request("POST", login, &json, Body::from("{")), (400, "request.malformed")),
        (request("POST", login, &json, Body::from("{} {}")), (422, "request.invalid")),
        (request("POST", login, &json, Body::from(vec![0xff, 0xfe])), (400, "request.malformed")),
        (request("POST", login, &json, Body::from(vec![b' '; 70_000])), (413, "request.too_large")),
        (request("GET", "/api/v1/boot?after=x", &[], Body::empty()), (422, "request.invalid")),
        (request("GET", "/api/v1/boot?after=-1", &[], Body::empty()), (422, "request.invalid")),
    ];
    for (request, expected) in cases {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = app.send(request).await;
        assert_eq!(answer.error(), expected, "{what}");
    }
}

#[tokio::test]
async fn a_database_that_is_gone_is_a_503() {
    let app = App::new().await;
    app.database.store().close().await;
    let answer = app.get("/readyz", &[]).await;
    assert_eq!(answer.error(), (503, "platform.database_unavailable"));
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(app.get("/livez", &[]).await.status, 200);
    let body = json!({ "email": "a@b.c", "password": "x" });
    assert_eq!(app.post("/api/v1/auth/login", &[], &body).await.status, 503);
}

/// A statement that waits for somebody's lock gives up, so that the pool comes back by itself.
#[tokio::test]
async fn a_table_that_somebody_locked_is_a_503_and_then_fine_again() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-account-id", DEMO_CLIENT),
        ("x-engagement-id", DEMO_ENGAGEMENT),
    ];
    let lock = app.database.hold("lock table migration.assets in access exclusive mode");
    assert_eq!(app.get("/api/v1/overview", &headers).await.error(), (503, "platform.database_unavailable"));
    drop(lock);
    assert_eq!(app.get("/api/v1/overview", &headers).await.status, 200);
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let app = App::new().await;
    let (first, second) = (app.get("/livez", &[]).await, app.get("/livez", &[]).await);
    assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"]);
}
