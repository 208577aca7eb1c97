//! What a user has set up about the asset table.

use serde_json::{Value, json};

use super::{ask, ok};
use crate::app::{ANALYST, App, DEMO};

fn layout() -> Value {
    json!({ "columns": ["name", "memory_gb"], "widths": { "name": 300 }, "density": "compact" })
}

#[tokio::test]
async fn a_layout_is_remembered_for_each_user() {
    let app = App::new().await;
    let (analyst, demo) = (app.bearer(ANALYST).await, app.bearer(DEMO).await);
    let path = "/api/v1/asset-table";
    assert_eq!(ok(&app, &analyst, "GET", path, None).await["layout"], Value::Null);
    ok(&app, &analyst, "PUT", path, Some(&layout())).await;
    let mut wider = layout();
    wider["widths"]["name"] = json!(400);
    ok(&app, &analyst, "PUT", path, Some(&wider)).await;
    assert_eq!(ok(&app, &analyst, "GET", path, None).await["layout"], wider);
    assert_eq!(ok(&app, &demo, "GET", path, None).await["layout"], Value::Null);
}

#[tokio::test]
async fn nobody_keeps_more_than_a_hundred_views() {
    let app = App::new().await;
    let analyst = app.bearer(ANALYST).await;
    let path = "/api/v1/asset-views";
    let words = json!({ "name": "First", "query": "", "layout": layout(), "is_default": false });
    let first = ok(&app, &analyst, "POST", path, Some(&words)).await;
    let _ = app.database.sql(
        "insert into migration.saved_views (client_account_id, engagement_id, user_id, table_name, name, query, layout, is_default)
         select client_account_id, engagement_id, user_id, table_name, 'View ' || number, query, layout, false
         from migration.saved_views, generate_series(2, 100) number",
    );
    let mut more = words.clone();
    more["name"] = json!("One more");
    let refused = ask(&app, &analyst, "POST", path, Some(&more)).await;
    assert_eq!(refused.error(), (422, "request.invalid"));
    assert_eq!(refused.body["fields"][0]["code"], "too_many");
    // Those there are can be changed, and make room.
    let one = format!("{path}/{}", first["id"].as_str().unwrap());
    ok(&app, &analyst, "PUT", &one, Some(&more)).await;
    assert_eq!(ask(&app, &analyst, "DELETE", &one, None).await.status, 204);
    ok(&app, &analyst, "POST", path, Some(&words)).await;
}

#[tokio::test]
async fn views_are_kept_changed_and_forgotten_by_their_owner_alone() {
    let app = App::new().await;
    let (analyst, demo) = (app.bearer(ANALYST).await, app.bearer(DEMO).await);
    let path = "/api/v1/asset-views";
    let words = |name: &str, is_default: bool| json!({ "name": name, "query": "type=server&sort=-memory_gb", "layout": layout(), "is_default": is_default });
    let first = ok(&app, &analyst, "POST", path, Some(&words("Big servers", true))).await;
    let second = ok(&app, &analyst, "POST", path, Some(&words("a second", true))).await;
    let views = ok(&app, &analyst, "GET", path, None).await;
    let told: Vec<(&str, bool)> = views["views"]
        .as_array()
        .unwrap()
        .iter()
        .map(|view| (view["name"].as_str().unwrap(), view["is_default"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("a second", true), ("Big servers", false)]);

    let taken = ask(&app, &analyst, "POST", path, Some(&words("Big servers", false))).await;
    assert_eq!(
        (&taken.body["fields"][0]["path"], &taken.body["fields"][0]["code"]),
        (&json!("/name"), &json!("taken"))
    );

    let one = format!("{path}/{}", first["id"].as_str().unwrap());
    assert_eq!(ok(&app, &analyst, "PUT", &one, Some(&words("Renamed", true))).await["name"], "Renamed");
    assert_eq!(ok(&app, &demo, "GET", path, None).await["views"], json!([]));
    assert_eq!(
        ask(&app, &demo, "PUT", &one, Some(&words("Mine", false))).await.error(),
        (404, "view.not_found")
    );
    assert_eq!(ask(&app, &demo, "DELETE", &one, None).await.error(), (404, "view.not_found"));
    assert_eq!(ask(&app, &analyst, "DELETE", &one, None).await.status, 204);
    assert_eq!(ok(&app, &analyst, "GET", path, None).await["views"].as_array().unwrap().len(), 1);
    assert_eq!(second["is_default"], true);
}

#[tokio::test]
async fn what_a_layout_cannot_hold_is_refused_with_its_path() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    for (change, path, code) in [
        (json!({ "columns": [] }), "/columns", "required"),
        (json!({ "columns": ["name", "nothing"] }), "/columns/1", "unknown"),
        (json!({ "columns": ["name", "name"] }), "/columns/1", "repeated"),
        (json!({ "widths": { "name": 10 } }), "/widths/name", "range"),
        (json!({ "widths": { "x/y": 100 } }), "/widths/x~1y", "unknown"),
        (json!({ "density": "huge" }), "/density", "choice"),
    ] {
        let mut wanted = layout();
        wanted.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = ask(&app, &bearer, "PUT", "/api/v1/asset-table", Some(&wanted)).await;
        assert_eq!(answer.error(), (422, "request.invalid"));
        assert_eq!(
            (&answer.body["fields"][0]["path"], &answer.body["fields"][0]["code"]),
            (&json!(path), &json!(code))
        );

        let view = json!({ "name": "x", "query": "", "layout": wanted, "is_default": false });
        let answer = ask(&app, &bearer, "POST", "/api/v1/asset-views", Some(&view)).await;
        assert_eq!(answer.body["fields"][0]["path"], json!(format!("/layout{path}")));
    }
    for (name, query) in
        [("", ""), ("a\nb", ""), ("x", "\u{0}"), (&"x".repeat(81), ""), ("x", &"x".repeat(4001))]
    {
        let view = json!({ "name": name, "query": query, "layout": layout(), "is_default": false });
        assert_eq!(
            ask(&app, &bearer, "POST", "/api/v1/asset-views", Some(&view)).await.status,
            422,
            "{name:?}"
        );
    }
}
