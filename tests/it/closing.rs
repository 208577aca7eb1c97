//! What is closed stays as it is; what changes nothing leaves no trace; what is exported or refused does.

use serde_json::{Value, json};

use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO_CLIENT, DEMO_ENGAGEMENT};

const MANAGER: (&str, &str) = ("manager@demo-corp.com", "Demo123!");

fn logged(app: &App, event: &str) -> usize {
    let count = format!(
        "select (select count(*) from migration.access_audit_log where action_type = '{event}')
              + (select count(*) from migration.security_audit_logs where event_type = '{event}')"
    );
    app.database.sql(&count).parse().unwrap()
}

#[tokio::test]
async fn nothing_in_a_closed_engagement_is_changed_until_it_is_opened_again() {
    let app = App::new().await;
    let (manager, analyst) = (app.bearer(MANAGER).await, app.bearer(ANALYST).await);
    let path = format!("/api/v1/admin/engagements/{DEMO_ENGAGEMENT}");
    let manage = async |method: &str, path: &str, body: Value| {
        app.ask(method, path, &manager, Some(DEMO_CLIENT), &body).await
    };
    let work = async |method: &str, path: &str, body: Value| {
        let headers = [
            ("authorization", analyst.as_str()),
            ("x-client-account-id", DEMO_CLIENT),
            ("x-engagement-id", DEMO_ENGAGEMENT),
            ("content-type", "application/json"),
        ];
        let body = if body.is_null() { axum::body::Body::empty() } else { body.to_string().into() };
        app.send(crate::app::request(method, path, &headers, body)).await
    };
    let new = json!({ "set": { "name": "late-01", "asset_type": "server" } });
    let made = work("POST", "/api/v1/assets", new.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");

    let version = manage("GET", &path, Value::Null).await.body["version"].clone();
    let close = format!("{path}/close");
    let closed = manage("POST", &close, json!({ "version": version, "status": "completed" })).await;
    assert_eq!(closed.status, 200, "{closed:?}");
    let allowed = closed.body["permissions"].to_string();
    assert!(allowed.contains("engagement.close") && !allowed.contains("asset.delete"), "{allowed}");

    let other = json!({ "set": { "name": "late-02", "asset_type": "server" } });
    let undo = format!("/api/v1/asset-changes/{}/undo", made.body["change_id"].as_str().unwrap());
    let asset = format!("/api/v1/assets/{}", made.body["asset"]["id"].as_str().unwrap());
    let edit = json!({ "version": made.body["asset"]["version"], "set": { "memory_gb": 1 } });
    for (method, path, body) in
        [("POST", "/api/v1/assets", &other), ("PATCH", &asset, &edit), ("POST", &undo, &Value::Null)]
    {
        assert_eq!(work(method, path, body.clone()).await.error(), (409, "engagement.closed"), "{path}");
    }
    // To look and to keep views goes on.
    assert_eq!(work("GET", "/api/v1/assets?limit=1", Value::Null).await.status, 200);

    // It is closed once, and opened again by that alone.
    let version = closed.body["version"].clone();
    let twice = manage("POST", &close, json!({ "version": version, "status": "cancelled" })).await;
    assert_eq!(twice.error(), (409, "conflict.stale"));
    assert_eq!(twice.body["current"]["status"], "completed");
    let moved = manage("PUT", &path, json!({ "version": version, "status": "active" })).await;
    assert_eq!(moved.body["fields"][0]["code"], "closed", "{moved:?}");
    let renamed = manage("PUT", &path, json!({ "version": version, "name": "Closed now" })).await;
    assert_eq!((renamed.status.as_u16(), &renamed.body["status"]), (200, &json!("completed")));

    let reopen = format!("{path}/reopen");
    let opened = manage("POST", &reopen, json!({ "version": renamed.body["version"] })).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    let again = manage("POST", &reopen, json!({ "version": opened.body["version"] })).await;
    assert_eq!(again.error(), (409, "conflict.stale"));
    assert_eq!(work("POST", "/api/v1/assets", other).await.status, 201);
}

#[tokio::test]
async fn a_change_to_what_there_is_already_makes_no_entry() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let ask = async |method: &str, path: &str, body: Value| {
        app.ask(method, path, &administrator, Some(DEMO_CLIENT), &body).await
    };
    let engagement = format!("/api/v1/admin/engagements/{DEMO_ENGAGEMENT}");
    let client = format!("/api/v1/admin/clients/{DEMO_CLIENT}");
    for (path, event) in [(&engagement, "engagement.updated"), (&client, "client_account.updated")] {
        let there = ask("GET", path, Value::Null).await.body;
        let same = ask("PUT", path, json!({ "version": there["version"], "name": there["name"] })).await;
        assert_eq!((same.status.as_u16(), &same.body["version"]), (200, &there["version"]), "{path}");
        assert_eq!(logged(&app, event), 0);
    }
    let members = format!("{client}/members");
    let listed = ask("GET", &members, Value::Null).await.body;
    let member = listed["members"].as_array().unwrap().iter().find(|one| one["email"] == ANALYST.0).unwrap();
    let path = format!("{members}/{}", member["user_id"].as_str().unwrap());
    let mut change = json!({ "version": member["version"] });
    for field in ["role", "access_level", "expires_at"] {
        change[field] = member[field].clone();
    }
    let same = ask("PUT", &path, change.clone()).await;
    assert_eq!((same.status.as_u16(), &same.body["version"]), (200, &member["version"]), "{same:?}");
    assert_eq!(logged(&app, "access.changed"), 0);
    change["access_level"] = json!("read_only");
    assert_eq!(ask("PUT", &path, change).await.status, 200);
    assert_eq!(logged(&app, "access.changed"), 1);
}

#[tokio::test]
async fn an_export_tells_its_filter_and_its_size_and_a_foreign_engagement_is_told() {
    let app = App::new().await;
    let analyst = app.bearer(ANALYST).await;
    let inside = |engagement: &str| {
        [
            ("authorization", analyst.clone()),
            ("x-client-account-id", DEMO_CLIENT.to_owned()),
            ("x-engagement-id", engagement.to_owned()),
        ]
    };
    let get = async |path: &str, engagement: &str| {
        let headers = inside(engagement);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        app.get(path, &headers).await
    };
    let count =
        get("/api/v1/assets/count?asset_type=server&q=prod", DEMO_ENGAGEMENT).await.body["count"].clone();
    let file = get("/api/v1/assets/export?asset_type=server&q=prod&columns=name", DEMO_ENGAGEMENT).await;
    assert_eq!(file.status, 200);
    let details = app
        .database
        .sql("select details from migration.access_audit_log where action_type = 'asset.exported'");
    let details: Value = serde_json::from_str(&details).unwrap();
    assert_eq!(details["filter"], json!({ "q": "prod", "asset_type": "server" }));
    assert_eq!(details["assets"], count);
    assert_eq!(details["columns"], json!(["name"]));

    let foreign = app.database.sql("select id from migration.engagements where client_account_id <> '11111111-1111-1111-1111-111111111111' limit 1");
    assert_eq!(get("/api/v1/assets", &foreign).await.error(), (404, "engagement.not_found"));
    let told = app.database.sql(
        "select details ->> 'x-engagement-id' from migration.security_audit_logs where event_type = 'permission.foreign'",
    );
    assert_eq!(told, foreign);
}

#[tokio::test]
async fn a_client_admin_gives_access_to_those_only_who_have_to_do_with_the_client_account() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let list = format!("/api/v1/admin/clients/{DEMO_CLIENT}/members");
    let members = app.ask("GET", &list, &administrator, None, &Value::Null).await.body;
    let of = |email: &str| {
        members["members"].as_array().unwrap().iter().find(|one| one["email"] == email).unwrap().clone()
    };
    let path = format!("{list}/{}", of(MANAGER.0)["user_id"].as_str().unwrap());
    let admin =
        json!({ "role": "client_admin", "access_level": "admin", "version": of(MANAGER.0)["version"] });
    assert_eq!(app.ask("PUT", &path, &administrator, None, &admin).await.status, 200);
    let manager = app.bearer(MANAGER).await;

    // Approved for another client account, or nobody at all: the same answer, and an entry.
    let elsewhere = "viewer@demo-corp.com";
    let _ = app.database.sql(&format!(
        "delete from migration.client_access a using migration.users u where u.id = a.user_profile_id and u.email = '{elsewhere}'"
    ));
    let grant = async |bearer: &str, email: &str| {
        let body = json!({ "client_account_id": DEMO_CLIENT, "email": email, "access_level": "read_only" });
        app.ask("POST", "/api/v1/auth/grant-client-access", bearer, None, &body).await
    };
    let (known, unknown) =
        (grant(&manager, elsewhere).await, grant(&manager, "nobody@nowhere.example").await);
    assert_eq!(known.error(), (403, "permission.denied"), "{elsewhere}");
    assert_eq!(
        (&known.body["detail"], &known.body["next_step"]),
        (&unknown.body["detail"], &unknown.body["next_step"])
    );
    assert_eq!(logged(&app, "permission.denied"), 2);
    // Whom a platform admin has let in once can be let in again.
    assert_eq!(grant(&administrator, elsewhere).await.status, 200);
    assert_eq!(grant(&administrator, "nobody@nowhere.example").await.error(), (404, "user.not_found"));
    let analyst = format!("{list}/{}", of(ANALYST.0)["user_id"].as_str().unwrap());
    assert_eq!(app.ask("DELETE", &analyst, &manager, None, &Value::Null).await.status, 200);
    assert_eq!(grant(&manager, ANALYST.0).await.status, 200);
}
