//! Assets of one engagement: lists, changes, exports, views.

mod changes;
mod export;
mod list;
mod order;
mod views;

use axum::body::Body;
use serde_json::Value;

use crate::app::{Answer, App, DEMO_CLIENT, DEMO_ENGAGEMENT, request};

/// The headers of a request about the demo engagement.
fn selected(bearer: &str) -> [(&str, &str); 4] {
    [
        ("authorization", bearer),
        ("x-client-account-id", DEMO_CLIENT),
        ("x-engagement-id", DEMO_ENGAGEMENT),
        ("content-type", "application/json"),
    ]
}

async fn ask(app: &App, bearer: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    app.send(request(method, path, &selected(bearer), body)).await
}

async fn ok(app: &App, bearer: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    let answer = ask(app, bearer, method, path, body).await;
    assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
    answer.body
}

/// The one row, one column that a statement finds.
fn one(app: &App, sql: &str) -> String {
    app.database.sql(sql).trim().to_owned()
}
