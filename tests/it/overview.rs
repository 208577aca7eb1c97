//! Figures across client accounts.

use serde_json::Value;

use crate::app::{ADMINISTRATOR, App, DEMO};

async fn across(app: &App, bearer: &str) -> Vec<Value> {
    let answer = app.get("/api/v1/overview/client-accounts", &[("authorization", bearer)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["client_accounts"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_client_account_has_the_sums_of_its_engagements() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let all = across(&app, &bearer).await;
    assert!(all.len() > 1);
    for account in &all {
        let client = account["client_account"]["id"].as_str().unwrap();
        let path = format!("/api/v1/context/clients/{client}/engagements");
        let engagements = app.get(&path, &[("authorization", &bearer)]).await;
        let engagements = engagements.body["engagements"].as_array().unwrap().clone();
        assert_eq!(account["client_account"]["engagement_count"], engagements.len());
        let (mut assets, mut cost, mut decided) = (0, 0.0, 0);
        for engagement in &engagements {
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-client-account-id", client),
                ("x-engagement-id", engagement["id"].as_str().unwrap()),
            ];
            let overview = app.get("/api/v1/overview", &headers).await.body;
            assets += overview["totals"]["assets"].as_i64().unwrap();
            cost += overview["totals"]["current_monthly_cost"].as_f64().unwrap();
            for share in overview["by_six_r"].as_array().unwrap() {
                decided += if share["value"].is_null() { 0 } else { share["count"].as_i64().unwrap() };
            }
        }
        assert_eq!(account["totals"]["assets"], assets);
        assert_eq!(account["decided"], decided);
        assert!((account["totals"]["current_monthly_cost"].as_f64().unwrap() - cost).abs() < 0.01);
    }
}

#[tokio::test]
async fn others_see_the_client_accounts_that_are_open_to_them_and_no_more() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    let listed = app.get("/api/v1/context/clients", &[("authorization", &bearer)]).await;
    let listed: Vec<&Value> =
        listed.body["clients"].as_array().unwrap().iter().map(|client| &client["id"]).collect();
    let seen = across(&app, &bearer).await;
    assert_eq!(seen.iter().map(|account| &account["client_account"]["id"]).collect::<Vec<_>>(), listed);
    let everything = across(&app, &app.bearer(ADMINISTRATOR).await).await;
    assert!(seen.len() < everything.len());
}

#[tokio::test]
async fn what_is_past_its_support_is_counted_by_its_day() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-account-id", crate::app::DEMO_CLIENT),
        ("x-engagement-id", crate::app::DEMO_ENGAGEMENT),
    ];
    let overview = app.get("/api/v1/overview", &headers).await.body;
    let support = &overview["support"];
    let today = support["today"].as_str().unwrap();
    let count = |key: &str| -> i64 {
        let groups = support[key].as_array().unwrap();
        groups.iter().map(|group| group["count"].as_i64().unwrap()).sum()
    };
    for group in support["ended"].as_array().unwrap() {
        assert!(group["name"].as_str().unwrap() < today);
        assert!(!group["operating_systems"].as_array().unwrap().is_empty());
    }
    for group in support["ending"].as_array().unwrap() {
        assert!(group["name"].as_str().unwrap() >= today);
    }
    let total = overview["totals"]["assets"].as_i64().unwrap();
    assert!(count("ended") + count("ending") + support["unknown"].as_i64().unwrap() <= total);
}
