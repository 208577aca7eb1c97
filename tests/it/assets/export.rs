//! Exactly the filtered assets, as a file.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{ask, ok, selected};
use crate::app::{ANALYST, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT, request};

async fn file(app: &App, bearer: &str, query: &str) -> String {
    let path = format!("/api/v1/assets/export?{query}");
    let response =
        app.router.clone().oneshot(request("GET", &path, &selected(bearer), Body::empty())).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn an_export_is_exactly_the_filtered_list_in_its_order() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    for query in [
        "asset_type=server&sort=-memory_gb",
        "q=prod&sort=hostname",
        "environment=none&sort=name",
        "sort=-name",
        "name=~nothing-like-it",
    ] {
        let mut listed = Vec::new();
        let mut cursor = String::new();
        loop {
            let page =
                ok(&app, &bearer, "GET", &format!("/api/v1/assets?limit=500&{query}{cursor}"), None).await;
            for asset in page["assets"].as_array().unwrap() {
                let number = |name: &str| asset.get(name).map_or(String::new(), Value::to_string);
                listed.push(format!("{},{}", number("cpu_cores"), asset["asset_type"].as_str().unwrap()));
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let text = file(&app, &bearer, &format!("{query}&columns=cpu_cores,asset_type")).await;
        let mut lines = text.split_terminator("\r\n");
        assert_eq!(lines.next(), Some("cpu_cores,asset_type"));
        assert_eq!(lines.collect::<Vec<_>>(), listed, "{query}");
    }
    let whole = file(&app, &bearer, "").await;
    assert!(whole.starts_with("name,asset_type,environment,"));
}

#[tokio::test]
async fn no_cell_runs_as_a_formula_unless_it_is_asked_for() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    for (number, name) in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "a=1", "x,\"y\"\n\"z"].iter().enumerate() {
        let _ = app.database.sql(&format!(
            "insert into migration.assets (client_account_id, engagement_id, name, asset_type, description)
             values ('{DEMO_CLIENT}', '{DEMO_ENGAGEMENT}', E'{}', 'formula', '{number}')",
            name.replace('\n', "\\n")
        ));
    }
    let text = file(&app, &bearer, "asset_type=formula&sort=description&columns=name").await;
    assert_eq!(text, "name\r\n'=1+1\r\n'+1\r\n'-1\r\n'@SUM(A1)\r\n'＝1\r\na=1\r\n\"x,\"\"y\"\"\n\"\"z\"\r\n");
    let raw =
        file(&app, &bearer, "asset_type=formula&sort=description&columns=name&escape_formulas=false").await;
    assert!(raw.starts_with("name\r\n=1+1\r\n+1\r\n"));
}

#[tokio::test]
async fn a_file_of_more_than_one_piece_is_written_into_the_folder_and_told() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let _ = app.database.sql(&format!(
        "insert into migration.assets (client_account_id, engagement_id, name, asset_type)
         select '{DEMO_CLIENT}', '{DEMO_ENGAGEMENT}', 'piece-' || lpad(g::text, 5, '0'), 'server' from generate_series(1, 5001) g"
    ));
    let folder = drydock_api::maintenance::Maintenance::downloads(&*app.maintenance);
    let body = json!({ "filter": { "name": "~piece-" }, "sort": "-name", "columns": ["name"] });

    // A folder that is not there: the export ends and says why.
    let failed = finished(&app, &bearer, &body).await;
    assert_eq!((&failed["state"], &failed["code"]), (&json!("failed"), &json!("export.unwritable")));

    std::fs::create_dir(&folder).unwrap();
    let done = finished(&app, &bearer, &body).await;
    assert_eq!(
        (&done["state"], &done["written"], &done["total"]),
        (&json!("done"), &json!(5001), &json!(5001)),
        "{done}"
    );
    let text = std::fs::read_to_string(done["path"].as_str().unwrap()).unwrap();
    let mut expected: Vec<String> = (1..=5001).rev().map(|number| format!("piece-{number:05}")).collect();
    expected.insert(0, "name".to_owned());
    assert_eq!(text.split_terminator("\r\n").collect::<Vec<_>>(), expected);

    // A second one does not replace the first; somebody else's is not there.
    let second = finished(&app, &bearer, &body).await;
    assert_ne!(second["path"], done["path"]);
    let other = app.bearer(DEMO).await;
    let path = format!("/api/v1/asset-exports/{}", done["id"].as_str().unwrap());
    assert_eq!(ask(&app, &other, "GET", &path, None).await.error(), (404, "export.not_found"));
    assert_eq!(ask(&app, &other, "DELETE", &path, None).await.error(), (404, "export.not_found"));

    // A cancelled one leaves no file.
    let begun = ok(&app, &bearer, "POST", "/api/v1/asset-exports", Some(&body)).await;
    let path = format!("/api/v1/asset-exports/{}", begun["id"].as_str().unwrap());
    assert_eq!(ask(&app, &bearer, "DELETE", &path, None).await.status, 204);
    let ended = until_ended(&app, &bearer, &path).await;
    assert_eq!(ended["state"], "cancelled");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn finished(app: &App, bearer: &str, body: &Value) -> Value {
    let answer = ask(app, bearer, "POST", "/api/v1/asset-exports", Some(body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    until_ended(app, bearer, &format!("/api/v1/asset-exports/{}", answer.body["id"].as_str().unwrap())).await
}

async fn until_ended(app: &App, bearer: &str, path: &str) -> Value {
    let ended = async {
        loop {
            let status = ok(app, bearer, "GET", path, None).await;
            if status["state"] != "running" {
                return status;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap()
}

#[tokio::test]
async fn wrong_wishes_are_refused_before_anything_is_written() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    for query in [
        "columns=",
        "columns=x",
        "columns=name,password_hash",
        "limit=1",
        "sort=x",
        "escape_formulas=x",
        "colour=red",
    ] {
        let answer = ask(&app, &bearer, "GET", &format!("/api/v1/assets/export?{query}"), None).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{query}");
    }
    for body in [
        json!({}),
        json!({ "filter": { "x": "y" } }),
        json!({ "filter": {}, "columns": [] }),
        json!({ "filter": {}, "sort": "x" }),
    ] {
        let answer = ask(&app, &bearer, "POST", "/api/v1/asset-exports", Some(&body)).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{body}");
    }
}
