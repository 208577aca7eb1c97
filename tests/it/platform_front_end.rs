//! The calls that a front end written for the platform makes to sign in and to pick where it works, in its order.

use serde_json::{Value, json};

use crate::app::{ADMINISTRATOR, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT};

#[tokio::test]
async fn it_signs_in_and_picks_its_context() {
    let app = App::new().await;
    let login = app.post("/api/v1/auth/login", &[], &json!({ "email": DEMO.0, "password": DEMO.1 })).await;
    assert_eq!((login.status.as_u16(), &login.body["status"]), (200, &json!("success")));
    let user = &login.body["user"];
    for key in ["id", "username", "email", "full_name", "organization", "role_description"] {
        assert!(user[key].is_string(), "{key}");
    }
    assert_eq!((&user["role"], &user["status"]), (&json!("user"), &json!("approved")));
    for key in ["id", "client_account_id", "role"] {
        assert!(user["associations"][0][key].is_string(), "{key}");
    }
    assert_eq!(login.body["token"]["token_type"], "bearer");
    let bearer = format!("Bearer {}", login.body["token"]["access_token"].as_str().unwrap());
    // It sends who it believes to be, too; only the token counts.
    let get = async |path: &str| {
        app.get(path, &[("authorization", &bearer), ("x-user-id", "chocka"), ("x-user-role", "admin")]).await
    };

    let me = get("/api/v1/context/me").await.body;
    assert_eq!((&me["user"]["email"], &me["user"]["role"]), (&json!(DEMO.0), &json!("user")));
    assert_eq!(
        (&me["client"]["id"], &me["client"]["name"]),
        (&json!(DEMO_CLIENT), &json!("Demo Corporation"))
    );
    assert_eq!(me["engagement"]["client_id"], DEMO_CLIENT);
    assert!(me["active_flows"].is_array());
    assert_eq!(me["current_flow"], me["active_flows"].get(0).cloned().unwrap_or(Value::Null));

    for path in ["/api/v1/context-establishment/clients", "/api/v1/context/clients"] {
        let clients = get(path).await.body;
        let client = &clients["clients"][0];
        for key in ["id", "name", "industry", "company_size", "status"] {
            assert!(client.get(key).is_some(), "{path} {key}");
        }
    }
    let path = format!("/api/v1/context-establishment/engagements?client_id={DEMO_CLIENT}");
    let engagements = get(&path).await.body;
    let last = engagements["engagements"].as_array().unwrap().last().unwrap().clone();
    for key in ["id", "name", "client_id", "status", "type", "start_date", "end_date"] {
        assert!(last.get(key).is_some(), "{key}");
    }
    assert_eq!(
        get("/api/v1/context-establishment/engagements?client_id=x").await.error(),
        (422, "request.invalid")
    );

    // Choosing: first the engagement, then saved as where one begins next time.
    let choice = json!({ "client_id": DEMO_CLIENT, "engagement_id": last["id"] });
    let update = "/api/v1/context-establishment/update-context";
    assert_eq!(app.ask("POST", update, &bearer, None, &choice).await.status, 200);
    assert_eq!(get("/api/v1/context/me").await.body["engagement"]["id"], last["id"]);
    let choice = json!({ "client_id": DEMO_CLIENT, "engagement_id": DEMO_ENGAGEMENT });
    assert_eq!(app.ask("PUT", "/api/v1/context/me/defaults", &bearer, None, &choice).await.status, 200);
    assert_eq!(get("/api/v1/context/me").await.body["engagement"]["id"], DEMO_ENGAGEMENT);
    assert_eq!(get("/api/v1/context/clients/default").await.body["id"], DEMO_CLIENT);

    // Every name under which it may send its choice.
    for (client, engagement) in [
        ("x-client-account-id", "x-engagement-id"),
        ("x-context-client-id", "x-context-engagement-id"),
        ("client-account-id", "engagement-id"),
        ("x-client-id", "engagement-id"),
    ] {
        let headers =
            [("authorization", bearer.as_str()), (client, DEMO_CLIENT), (engagement, DEMO_ENGAGEMENT)];
        assert_eq!(app.get("/api/v1/assets?limit=1", &headers).await.status, 200, "{client}");
    }
}

#[tokio::test]
async fn nothing_of_it_opens_what_is_not_the_callers() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let foreign = app.database.sql("select id from migration.client_accounts where name = 'Alder Health'");
    let engagement =
        app.database.sql("select id from migration.engagements where slug = 'server-estate-discovery'");
    let path = format!("/api/v1/context-establishment/engagements?client_id={foreign}");
    let answer = app.get(&path, &[("authorization", &bearer)]).await;
    assert_eq!(answer.error(), (404, "client_account.not_found"));
    let defaults = "/api/v1/context/me/defaults";
    let put = async |bearer: &str, body: Value| app.ask("PUT", defaults, bearer, None, &body).await;
    let answer = put(&bearer, json!({ "client_id": foreign })).await;
    assert_eq!(answer.error(), (404, "client_account.not_found"));
    let answer = put(&bearer, json!({ "client_id": DEMO_CLIENT, "engagement_id": engagement })).await;
    assert_eq!(answer.error(), (404, "engagement.not_found"));
    assert_eq!(
        put(&bearer, json!({ "engagement_id": DEMO_ENGAGEMENT })).await.error(),
        (422, "request.invalid")
    );
    assert_eq!(put(&bearer, json!({})).await.status, 200);
    assert_eq!(put(&bearer, json!({ "user_id": "x" })).await.error(), (422, "request.invalid"));
    // A platform administrator begins where they saved, too.
    assert_eq!(
        put(&administrator, json!({ "client_id": foreign, "engagement_id": engagement })).await.status,
        200
    );
    let me = app.get("/api/v1/context/me", &[("authorization", &administrator)]).await.body;
    assert_eq!((&me["user"]["role"], &me["client"]["id"]), (&json!("admin"), &json!(foreign)));

    // Whoever has access to nothing gets nothing, and no demo either.
    let _ = app.database.sql("update migration.client_access set is_active = false");
    let me = app.get("/api/v1/context/me", &[("authorization", &bearer)]).await.body;
    assert_eq!(
        (&me["client"], &me["engagement"], &me["active_flows"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert_eq!(app.get("/api/v1/context/clients/default", &[("authorization", &bearer)]).await.status, 204);
}
