//! Connection URLs and environments over the API.

use drydock_domain::deployment::VERCEL_ORIGIN;
use serde_json::{Value, json};

use crate::app::{ADMINISTRATOR, App};

async fn ask(app: &App, path: &str, body: Value) -> Value {
    let bearer = app.bearer(ADMINISTRATOR).await;
    let answer = app.ask("POST", path, &bearer, None, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_url_is_read_for_every_consumer_and_its_password_told_to_nobody_unasked() {
    let app = App::new().await;
    let url = "postgres://app:s3cr@t/#x@db.example.com:5433/app?sslmode=require";
    let read = ask(&app, "/api/v1/deploy/url", json!({ "url": url })).await;
    let text = read.to_string();
    for part in ["s3cr", "t/#x", "%23x"] {
        assert!(!text.contains(part), "{text}");
    }
    assert_eq!(read["read_as"], "postgresql://app:***@db.example.com:5433/app?sslmode=require");
    assert_eq!(read["flaws"][0]["code"], "special_characters");
    let consumers = read["consumers"].as_array().unwrap();
    assert_eq!(consumers.len(), 6);
    assert!(consumers.iter().any(|row| row["outcome"] == "refused" && row["says"].is_string()));
    let revealed = ask(&app, "/api/v1/deploy/url", json!({ "url": url, "reveal": true })).await;
    assert!(revealed["canonical"].as_str().unwrap().contains("s3cr%40t%2F%23x@"));
    let nothing = ask(&app, "/api/v1/deploy/url", json!({ "url": "${{Postgres.DATABASE_URL}}" })).await;
    assert_eq!((&nothing["canonical"], &nothing["flaws"][0]["code"]), (&Value::Null, &json!("unexpanded")));
}

#[tokio::test]
async fn an_environment_is_tried_on_a_real_port_by_each_rule() {
    let app = App::new().await;
    let variables = json!({
        "APP_ENV": "production", "ALLOWED_ORIGINS": VERCEL_ORIGIN, "RAILWAY_ENVIRONMENT_NAME": "production", "PORT": "8080",
    });
    let question = json!({ "variables": variables, "origin": VERCEL_ORIGIN });
    let answer = ask(&app, "/api/v1/deploy/environment", question).await;
    assert_eq!(answer["origin_flaw"], Value::Null);
    let [original, remedy, ours] = answer["rules"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(
        [&original["environment"], &remedy["environment"], &ours["environment"]],
        ["development", "Railway, with the origins of development", "production"]
    );
    assert_eq!(ours["origins"], json!([VERCEL_ORIGIN]));
    // Ours: everything readable by the page, errors included, and nothing by strangers.
    let calls = ours["calls"].as_array().unwrap();
    for call in calls {
        let stranger = call["origin"] != VERCEL_ORIGIN;
        assert_eq!(call["readable"], !stranger, "{call}");
        assert_eq!(call["console"].as_array().unwrap().len(), if stranger { 3 } else { 0 }, "{call}");
        assert!(!(stranger && call["executed"] == true), "{call}");
    }
    let status = |calls: &[Value], title: &str| {
        calls.iter().find(|call| call["title"] == title).map(|call| call["answer"]["status"].clone())
    };
    assert_eq!(status(calls, "The server fails (500)"), Some(json!(500)));
    // The original lists ALLOWED_ORIGINS too, and its 500 is unreadable.
    let calls = original["calls"].as_array().unwrap();
    let failed = calls.iter().find(|call| call["title"] == "The server fails (500)").unwrap();
    assert_eq!((&failed["readable"], &failed["answer"]["allowed_origin"]), (&json!(false), &Value::Null));

    // With authentication outside of CORS no preflight gets through.
    let question =
        json!({ "variables": variables, "origin": VERCEL_ORIGIN, "authentication_outermost": true });
    let answer = ask(&app, "/api/v1/deploy/environment", question).await;
    let created = &answer["rules"][0]["calls"][2];
    assert_eq!((&created["preflight"]["status"], &created["readable"]), (&json!(401), &json!(false)));
}

#[tokio::test]
async fn what_our_rule_refuses_is_not_started() {
    let app = App::new().await;
    let question = json!({ "variables": { "VERCEL": "1" }, "origin": "https://app.example.com/" });
    let answer = ask(&app, "/api/v1/deploy/environment", question).await;
    assert!(answer["origin_flaw"].as_str().unwrap().contains("slash"));
    let ours = &answer["rules"][2];
    assert_eq!((&ours["environment"], &ours["calls"]), (&Value::Null, &json!([])));
    assert!(ours["because"].as_str().unwrap().contains("APP_ENV"));
}
