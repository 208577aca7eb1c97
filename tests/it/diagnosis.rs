//! The doctor and the lab over the wire: what is asked for is checked, what is answered can be waited for, and no report holds a secret.

use serde_json::{Value, json};

use crate::{
    app::{ADMINISTRATOR, App},
    stand_in::PASSWORD,
};

#[tokio::test]
async fn what_is_to_be_looked_at_is_checked_before_anybody_looks() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let ask = async |body: Value| app.ask("POST", "/api/v1/doctor", &bearer, None, &body).await;
    for (body, path) in [
        (json!({}), "/own"),
        (json!({ "database_url": "  ", "api": "" }), "/own"),
        (json!({ "own": true, "database_url": "postgresql://h/d" }), "/database_url"),
        (json!({ "api": "ftp://host" }), "/api"),
        (json!({ "own": true, "origin": "https://app.example" }), "/api"),
        (json!({ "revisions": [{ "name": "../../etc/passwd", "text": "" }] }), "/revisions"),
        (json!({ "database_url": "x".repeat(3_000) }), "/database_url"),
    ] {
        let refused = ask(body.clone()).await;
        assert_eq!(refused.error(), (422, "request.invalid"), "{body}");
        assert_eq!(refused.body["fields"][0]["path"], path, "{body}");
    }
    // Revisions may be more than what a body may hold elsewhere.
    let revisions: Vec<Value> =
        (0..20).map(|n| json!({ "name": format!("{n}.py"), "text": "x".repeat(10_000) })).collect();
    assert_eq!(ask(json!({ "revisions": revisions })).await.status, 200);
    let healthy = ask(json!({ "own": true })).await;
    assert_eq!(healthy.body["findings"], json!([]));
    let again = app
        .ask(
            "GET",
            &format!("/api/v1/doctor/{}", healthy.body["id"].as_str().unwrap()),
            &bearer,
            None,
            &Value::Null,
        )
        .await;
    assert_eq!(again.body, healthy.body);
}

#[tokio::test]
async fn a_run_is_followed_cured_once_and_ended() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let ask = async |method: &str, path: &str, body: Value| {
        app.ask(method, &format!("/api/v1/lab/runs{path}"), &bearer, None, &body).await
    };
    assert_eq!(ask("POST", "", json!({ "scenarios": [] })).await.error(), (422, "request.invalid"));
    assert_eq!(ask("POST", "", json!({ "scenarios": ["x"] })).await.error(), (422, "lab.scenario_unknown"));
    let begun = ask("POST", "", json!({ "scenarios": ["mig-multiple-heads", "mig-multiple-heads"] })).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    assert_eq!(begun.body["scenarios"], json!(["mig-multiple-heads"]));
    let id = format!("/{}", begun.body["id"].as_str().unwrap());

    // Who waits for news is answered when there are some.
    let (path, remedy) = (format!("{id}?after=1"), format!("{id}/remedy"));
    let (news, cured) = tokio::join!(ask("GET", &path, Value::Null), ask("POST", &remedy, Value::Null));
    assert_eq!((cured.status.as_u16(), &news.body["state"]), (202, &json!("done")));
    assert_eq!(ask("POST", &remedy, Value::Null).await.error(), (409, "lab.not_diagnosed"));
    assert_eq!(ask("DELETE", &id, Value::Null).await.status, 204);
    assert_eq!(ask("GET", "", Value::Null).await.body["runs"][0]["state"], "cancelled");
}

#[tokio::test]
async fn reports_hold_what_was_found_and_no_secret() {
    let app = App::new().await;
    std::fs::create_dir(drydock_api::maintenance::Maintenance::downloads(&*app.maintenance)).unwrap();
    let bearer = app.bearer(ADMINISTRATOR).await;
    let ask = async |method: &str, path: &str, body: Value| {
        app.ask(method, &format!("/api/v1/{path}"), &bearer, None, &body).await
    };
    let examined = ask("POST", "doctor", json!({ "database_url": "postgresql://h/d" })).await;
    let run = ask("POST", "lab/runs", json!({ "scenarios": ["mig-multiple-heads"] })).await;
    let of = [
        format!("doctor/{}/report", examined.body["id"].as_str().unwrap()),
        format!("lab/runs/{}/report", run.body["id"].as_str().unwrap()),
    ];
    for path in of {
        for (format, begins) in [("md", "# Drydock"), ("html", "<!doctype html>")] {
            let path = format!("{path}?format={format}");
            let answer = ask("GET", &path, Value::Null).await;
            let text = answer.body.as_str().unwrap();
            assert!(text.starts_with(begins), "{text}");
            assert!(text.contains("mig-multiple-heads") && text.contains("db.internal"), "{text}");
            assert!(!text.contains(PASSWORD), "{text}");
            // In a block of code Markdown takes it as it is.
            assert!(format == "md" || !text.contains("<b>"), "{text}");
            let saved = ask("POST", &path, Value::Null).await;
            let file = saved.body["path"].as_str().unwrap();
            assert!(file.ends_with(&format!(".{format}")), "{file}");
            assert_eq!(std::fs::read_to_string(file).unwrap(), text);
        }
        assert_eq!(
            ask("GET", &format!("{path}?format=pdf"), Value::Null).await.error(),
            (422, "request.invalid")
        );
    }
    std::fs::remove_dir_all(drydock_api::maintenance::Maintenance::downloads(&*app.maintenance)).unwrap();
}
