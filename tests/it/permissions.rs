//! What somebody may do is told where they are, and a refusal says whom to ask.

use serde_json::{Value, json};

use crate::app::{ADMINISTRATOR, App, DEMO_CLIENT, DEMO_ENGAGEMENT};

const VIEWER: (&str, &str) = ("viewer@demo-corp.com", "Demo123!");
const MANAGER: (&str, &str) = ("manager@demo-corp.com", "Demo123!");

/// What the account may do for the platform, in Demo Corporation and in its first engagement.
async fn told(app: &App, account: (&str, &str)) -> [Value; 3] {
    let bearer = app.bearer(account).await;
    let get = async |path: &str| app.get(path, &[("authorization", &bearer)]).await.body;
    let find = |list: &Value, id: &str| {
        list.as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()["permissions"].clone()
    };
    let engagements = get(&format!("/api/v1/context/clients/{DEMO_CLIENT}/engagements")).await;
    [
        get("/api/v1/auth/me").await["permissions"].clone(),
        find(&get("/api/v1/context/clients").await["clients"], DEMO_CLIENT),
        find(&engagements["engagements"], DEMO_ENGAGEMENT),
    ]
}

#[tokio::test]
async fn permissions_are_told_place_by_place() {
    let app = App::new().await;
    assert_eq!(
        told(&app, VIEWER).await,
        [json!([]), json!(["client.view"]), json!(["asset.view", "asset.export", "engagement.view"])]
    );
    let [platform, client, engagement] = told(&app, MANAGER).await;
    assert_eq!(platform, json!([]));
    assert_eq!(client, json!(["engagement.create", "client.view", "member.view"]));
    assert!(engagement.as_array().unwrap().contains(&json!("engagement.close")));
    let all: usize = told(&app, ADMINISTRATOR).await.iter().map(|list| list.as_array().unwrap().len()).sum();
    assert_eq!(all, drydock_domain::Permission::ALL.len());
}

#[tokio::test]
async fn a_refusal_names_the_permission_and_whom_to_ask() {
    let app = App::new().await;
    let _ = app.database.sql(&format!(
        "update migration.user_account_associations set role = 'client_admin'
         where client_account_id = '{DEMO_CLIENT}' and user_id = (select id from migration.users where email = '{}');",
        MANAGER.0
    ));
    let bearer = app.bearer(VIEWER).await;
    let path = format!("/api/v1/admin/clients/{DEMO_CLIENT}");
    let answer = app.ask("PUT", &path, &bearer, None, &json!({ "version": 0 })).await;
    assert_eq!(answer.error(), (403, "permission.denied"));
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("client.edit") && detail.contains("viewer") && detail.contains("read_only"),
        "{detail}"
    );
    // A client admin cannot make another one; the platform's administrator can.
    let next = answer.body["next_step"].as_str().unwrap();
    assert!(next.contains(ADMINISTRATOR.0) && !next.contains(MANAGER.0), "{next}");
}
