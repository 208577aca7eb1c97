//! One's own profile.

use axum::body::Body;
use serde_json::{Value, json};

use crate::app::{ANALYST, Answer, App, request};

const PROFILE: &str = "/api/v1/auth/profile";

async fn put(app: &App, bearer: &str, body: &Value) -> Answer {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    app.send(request("PUT", PROFILE, &headers, Body::from(body.to_string()))).await
}

fn ada() -> Value {
    json!({
        "first_name": " Ada ", "last_name": "Lovelace", "organization": "Analytical Engines", "role_description": "",
        "phone_number": "+44 20 7946 0000", "manager_email": "Charles@Example.com",
        "notifications": { "email": false, "system_alerts": true, "learning_updates": true, "weekly_reports": false }
    })
}

#[tokio::test]
async fn a_profile_is_read_changed_and_told_to_the_log_once() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let before = app.get(PROFILE, &[("authorization", &bearer)]).await;
    assert_eq!((before.status.as_u16(), &before.body["email"]), (200, &json!(ANALYST.0)));
    assert_eq!(before.body["first_name"], "Demo");

    let changed = put(&app, &bearer, &ada()).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["first_name"], "Ada");
    assert_eq!(changed.body["manager_email"], "charles@example.com");
    assert_eq!(changed.body["notifications"]["weekly_reports"], false);
    assert_eq!(put(&app, &bearer, &ada()).await.body, changed.body, "the same again changes nothing");
    assert_eq!(app.get(PROFILE, &[("authorization", &bearer)]).await.body, changed.body);
    assert_eq!(
        app.get("/api/v1/auth/me", &[("authorization", &bearer)]).await.body["user"]["full_name"],
        "Ada Lovelace"
    );
    let told = app.database.sql(
        "select details ->> 'fields' from migration.security_audit_logs where event_type = 'account.profile_updated'",
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("first_name") && told.contains("notifications"), "{told}");
    assert!(!told.contains("Ada"), "{told}");
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let mut body = ada();
    for (field, value) in [
        ("first_name", json!("  ")),
        ("last_name", json!("a\nb")),
        ("organization", json!("x".repeat(256))),
        ("phone_number", json!("1".repeat(21))),
        ("manager_email", json!("nobody")),
    ] {
        body[field] = value;
    }
    let answer = put(&app, &bearer, &body).await;
    assert_eq!(answer.error(), (422, "request.invalid"));
    let found: Vec<_> = answer.body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["path"].clone(), field["code"].clone()))
        .collect();
    assert_eq!(
        json!(found),
        json!([
            ["/first_name", "required"],
            ["/last_name", "character"],
            ["/organization", "too_long"],
            ["/phone_number", "too_long"],
            ["/manager_email", "form"]
        ])
    );
    let mut unknown = ada();
    unknown["role"] = json!("platform_admin");
    assert_eq!(put(&app, &bearer, &unknown).await.error(), (422, "request.invalid"));
}
