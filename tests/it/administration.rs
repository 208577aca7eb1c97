//! Client accounts, engagements and members, as whoever looks after them changes them.

use serde_json::{Value, json};

use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT};

const MANAGER: (&str, &str) = ("manager@demo-corp.com", "Demo123!");

#[tokio::test]
async fn a_client_account_is_made_changed_archived_and_brought_back() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let ask = async |method: &str, path: &str, body: Value| app.ask(method, path, &bearer, None, &body).await;
    let clients = "/api/v1/admin/clients";
    let made = ask("POST", clients, json!({ "name": "Harbour & Sons" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!((&made.body["slug"], &made.body["status"]), (&json!("harbour-sons"), &json!("active")));
    let twice = ask("POST", clients, json!({ "name": "Harbour Sons" })).await;
    assert_eq!(twice.error(), (422, "request.invalid"));
    assert_eq!(
        (&twice.body["fields"][0]["path"], &twice.body["fields"][0]["code"]),
        (&json!("/slug"), &json!("taken"))
    );
    let path = format!("{clients}/{}", made.body["id"].as_str().unwrap());
    let first =
        json!({ "version": made.body["version"], "industry": "Shipping", "description": "On the quay." });
    let changed = ask("PUT", &path, first.clone()).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        (&changed.body["industry"], &changed.body["name"]),
        (&json!("Shipping"), &json!("Harbour & Sons"))
    );
    // Whoever began from the older version is told both, and nothing is lost.
    let stale = ask("PUT", &path, json!({ "version": made.body["version"], "industry": "Logistics" })).await;
    assert_eq!(stale.error(), (409, "conflict.stale"));
    assert_eq!(stale.body["current"]["industry"], "Shipping");
    assert_eq!(stale.body["current"]["version"], changed.body["version"]);
    let emptied = ask("PUT", &path, json!({ "version": changed.body["version"], "industry": null })).await;
    assert_eq!(
        (&emptied.body["industry"], &emptied.body["description"]),
        (&json!(null), &json!("On the quay."))
    );

    // Who has not signed in reads which demo accounts there are, and of client accounts only those of the demo.
    let offered = app.get("/api/v1/demo/accounts", &[]).await;
    let named = &offered.body["accounts"][0]["client_accounts"];
    assert_eq!(named, &json!(["Alder Health", "Demo Corporation", "Meridian Logistics"]), "{offered:?}");

    let archive = format!("{path}/archive");
    let unconfirmed = ask("POST", &archive, json!({ "confirm": "harbour" })).await;
    assert_eq!(unconfirmed.body["fields"][0]["path"], "/confirm");
    let archived = ask("POST", &archive, json!({ "confirm": "Harbour & Sons" })).await;
    assert_eq!(archived.body["status"], "archived");
    assert_eq!(ask("POST", &archive, json!({ "confirm": "Harbour & Sons" })).await.status, 409);
    let listed = ask("GET", "/api/v1/admin/clients?status=archived", Value::Null).await;
    assert_eq!(listed.body["clients"][0]["name"], "Harbour & Sons");
    // Archived, it can be read by who may bring it back, and changed by nobody.
    assert_eq!(ask("GET", &path, Value::Null).await.body["status"], "archived");
    assert_eq!(ask("PUT", &path, first).await.error(), (404, "client_account.not_found"));
    let demo = app.bearer(DEMO).await;
    assert_eq!(
        app.ask("GET", &path, &demo, None, &Value::Null).await.error(),
        (404, "client_account.not_found")
    );
    let back = ask("POST", &format!("{path}/unarchive"), Value::Null).await;
    assert_eq!(back.body["status"], "active");
    assert_eq!(
        app.database.sql(
            "select string_agg(event_type, ' ' order by created_at) from migration.security_audit_logs
             where event_type like 'client_account.%'"
        ),
        "client_account.created client_account.updated client_account.updated client_account.archived \
         client_account.restored"
    );
}

#[tokio::test]
async fn an_engagement_is_begun_changed_closed_and_opened_again() {
    let app = App::new().await;
    let bearer = app.bearer(MANAGER).await;
    let ask = async |method: &str, path: &str, body: Value| {
        app.ask(method, path, &bearer, Some(DEMO_CLIENT), &body).await
    };
    let engagements = "/api/v1/admin/engagements";
    let wanted = json!({
        "name": "Mainframe exit", "priority": "high", "start_date": "2026-01-05T00:00:00Z",
        "target_completion_date": "2026-06-30T00:00:00Z", "client_contact_email": "grace@demo-corp.com",
    });
    let made = ask("POST", engagements, wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!((&made.body["slug"], &made.body["status"]), (&json!("mainframe-exit"), &json!("planning")));
    let path = format!("{engagements}/{}", made.body["id"].as_str().unwrap());
    let order = json!({ "version": made.body["version"], "target_completion_date": "2025-01-01T00:00:00Z" });
    assert_eq!(ask("PUT", &path, order).await.body["fields"][0]["path"], "/target_completion_date");
    let changed = ask("PUT", &path, json!({ "version": made.body["version"], "status": "active" })).await;
    assert_eq!(changed.body["status"], "active", "{changed:?}");
    assert_eq!(changed.body["start_date"], "2026-01-05T00:00:00Z");
    let stale = json!({ "version": made.body["version"], "status": "cancelled" });
    let refused = ask("POST", &format!("{path}/close"), stale).await;
    assert_eq!(refused.error(), (409, "conflict.stale"));
    assert_eq!(refused.body["current"]["status"], "active");
    let closing = json!({ "version": changed.body["version"], "status": "completed" });
    let closed = ask("POST", &format!("{path}/close"), closing).await;
    assert_eq!(closed.body["status"], "completed");
    assert!(closed.body["actual_completion_date"].is_string());
    // Closed, it stays so whatever else is changed about it.
    let open = json!({ "version": closed.body["version"], "status": "active" });
    assert_eq!(ask("PUT", &path, open).await.body["fields"][0]["path"], "/status");
    let reopened = ask("POST", &format!("{path}/reopen"), json!({ "version": closed.body["version"] })).await;
    assert_eq!(reopened.body["status"], "active");
    assert_eq!(reopened.body["actual_completion_date"], Value::Null);
    let log = app.database.sql(
        "select string_agg(action_type, ' ' order by created_at) from migration.access_audit_log
         where action_type like 'engagement.%' and client_account_id = '11111111-1111-1111-1111-111111111111'
           and resource_type = 'engagement'",
    );
    assert!(
        log.ends_with("engagement.created engagement.updated engagement.closed engagement.reopened"),
        "{log}"
    );
    // An engagement of another client account is none of this one.
    let foreign =
        app.database.sql("select id from migration.engagements where slug = 'server-estate-discovery'");
    let answer = ask("GET", &format!("{engagements}/{foreign}"), Value::Null).await;
    assert_eq!(answer.error(), (404, "engagement.not_found"));
}

/// The members of Demo Corporation by address.
async fn member(app: &App, bearer: &str, email: &str) -> Value {
    let path = format!("/api/v1/admin/clients/{DEMO_CLIENT}/members");
    let answer = app.ask("GET", &path, bearer, None, &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["members"].as_array().unwrap().iter().find(|member| member["email"] == email).unwrap().clone()
}

fn path_of(member: &Value) -> String {
    format!("/api/v1/admin/clients/{DEMO_CLIENT}/members/{}", member["user_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_client_admin_gives_and_takes_what_is_theirs_to_give() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let viewer = member(&app, &administrator, "viewer@demo-corp.com").await;
    let admin = json!({ "role": "client_admin", "access_level": "admin", "version": viewer["version"] });
    let before = app.bearer(("viewer@demo-corp.com", "Demo123!")).await;
    assert_eq!(app.ask("PUT", &path_of(&viewer), &administrator, None, &admin).await.status, 200);
    // The role changed, so the session that began with the old one is over.
    assert_eq!(app.get("/api/v1/auth/me", &[("authorization", &before)]).await.status, 401);

    let bearer = app.bearer(("viewer@demo-corp.com", "Demo123!")).await;
    let own = member(&app, &bearer, "viewer@demo-corp.com").await;
    let put =
        async |member: &Value, body: Value| app.ask("PUT", &path_of(member), &bearer, None, &body).await;
    let more = put(&own, json!({ "role": "analyst", "access_level": "read_only" })).await;
    assert_eq!(more.body["fields"][0]["code"], "self");
    let analyst = member(&app, &bearer, ANALYST.0).await;
    let manager = member(&app, &bearer, MANAGER.0).await;
    for role in ["engagement_manager", "client_admin"] {
        let answer = put(&analyst, json!({ "role": role, "access_level": "admin" })).await;
        assert_eq!(answer.error(), (403, "permission.denied"), "{role}");
        assert!(answer.body["next_step"].as_str().unwrap().contains(ADMINISTRATOR.0));
    }
    let down = put(&manager, json!({ "role": "viewer", "access_level": "read_only" })).await;
    assert_eq!(down.error(), (403, "permission.denied"));
    let above = put(&analyst, json!({ "role": "analyst", "access_level": "super_admin" })).await;
    assert_eq!(above.body["fields"][0]["path"], "/access_level");
    let within = json!({
        "role": "viewer", "access_level": "read_only",
        "engagements": [{ "engagement_id": DEMO_ENGAGEMENT, "access_level": "super_admin" }],
    });
    let answer = put(&analyst, within).await;
    assert_eq!(answer.error(), (422, "request.invalid"));
    let field = &answer.body["fields"][0];
    assert_eq!((&field["path"], &field["code"]), (&json!("/engagements/0/access_level"), &json!("too_high")));
    let everywhere = put(&analyst, json!({ "role": "platform_admin", "access_level": "admin" })).await;
    assert_eq!(everywhere.body["fields"][0]["code"], "scope");
    let lower = json!({ "role": "viewer", "access_level": "read_only", "version": analyst["version"] });
    let lowered = put(&analyst, lower.clone()).await;
    assert_eq!((lowered.status.as_u16(), &lowered.body["role"]), (200, &json!("viewer")));
    let stale = put(&analyst, lower).await;
    assert_eq!(stale.error(), (409, "conflict.stale"));
    assert_eq!(stale.body["current"]["role"], "viewer");
}

#[tokio::test]
async fn what_was_taken_or_has_expired_gives_nothing_from_the_next_request_on() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let bearer = app.bearer(DEMO).await;
    let engagements = format!("/api/v1/context/clients/{DEMO_CLIENT}/engagements");
    let seen = async |bearer: &str| app.get(&engagements, &[("authorization", bearer)]).await;
    assert_eq!(seen(&bearer).await.status, 200);
    let demo = member(&app, &administrator, DEMO.0).await;
    let put = async |body: Value| app.ask("PUT", &path_of(&demo), &administrator, None, &body).await;

    // Another level of the same role leaves the session alone and counts at once.
    let read_only = json!({ "role": "analyst", "access_level": "read_only" });
    assert_eq!(put(read_only).await.status, 200);
    let clients = app.get("/api/v1/context/clients", &[("authorization", &bearer)]).await;
    assert_eq!(clients.body["clients"][0]["access_level"], "read_only");
    // The engagements, where the level was the same, follow.
    let permissions = seen(&bearer).await.body["engagements"][0]["permissions"].clone();
    assert_eq!(permissions, json!(["asset.view", "asset.export", "engagement.view"]));

    // An engagement can be closed to somebody who sees the others.
    let closed = json!({
        "role": "analyst", "access_level": "read_write",
        "engagements": [{ "engagement_id": DEMO_ENGAGEMENT, "access_level": null }],
    });
    assert_eq!(put(closed).await.status, 200);
    let left = seen(&bearer).await;
    assert!(left.body["engagements"].as_array().unwrap().iter().all(|one| one["id"] != DEMO_ENGAGEMENT));
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-account-id", DEMO_CLIENT),
        ("x-engagement-id", DEMO_ENGAGEMENT),
    ];
    assert_eq!(app.get("/api/v1/assets", &headers).await.error(), (404, "engagement.not_found"));
    let foreign =
        app.database.sql("select id from migration.engagements where slug = 'server-estate-discovery'");
    let unknown = json!({
        "role": "analyst", "access_level": "read_write",
        "engagements": [{ "engagement_id": foreign, "access_level": "admin" }],
    });
    assert_eq!(put(unknown).await.body["fields"][0]["path"], "/engagements/0/engagement_id");
    let open = json!({ "role": "analyst", "access_level": "read_write", "engagements": [] });
    assert_eq!(put(open).await.status, 200);
    assert_eq!(app.get("/api/v1/assets", &headers).await.status, 200);

    // Expired: as if it did not exist.
    let _ = app.database.sql(&format!(
        "update migration.client_access set expires_at = now() - interval '1 second'
         where client_account_id = '{DEMO_CLIENT}' and user_profile_id = '{}'",
        demo["user_id"].as_str().unwrap()
    ));
    assert_eq!(seen(&bearer).await.error(), (404, "client_account.not_found"));
    assert_eq!(member(&app, &administrator, DEMO.0).await["status"], "expired");
    let prolonged =
        json!({ "role": "analyst", "access_level": "read_write", "expires_at": "2999-01-01T00:00:00Z" });
    assert_eq!(put(prolonged).await.body["status"], "active");
    assert_eq!(seen(&bearer).await.status, 200);

    // Taken: the session is over, and a new one sees nothing.
    let revoked = app.ask("DELETE", &path_of(&demo), &administrator, None, &Value::Null).await;
    assert_eq!((revoked.status.as_u16(), &revoked.body["status"]), (200, &json!("revoked")));
    assert_eq!(seen(&bearer).await.status, 401);
    let bearer = app.bearer(DEMO).await;
    assert_eq!(seen(&bearer).await.error(), (404, "client_account.not_found"));
    let grant = json!({ "client_account_id": DEMO_CLIENT, "email": DEMO.0.to_uppercase(), "access_level": "read_only" });
    let granted = app.ask("POST", "/api/v1/auth/grant-client-access", &administrator, None, &grant).await;
    assert_eq!((granted.status.as_u16(), &granted.body["role"]), (200, &json!("viewer")), "{granted:?}");
    assert_eq!(seen(&bearer).await.status, 200);
    let nobody = json!({ "client_account_id": DEMO_CLIENT, "email": "nobody@example.com", "access_level": "read_only" });
    let answer = app.ask("POST", "/api/v1/auth/grant-client-access", &administrator, None, &nobody).await;
    assert_eq!(answer.error(), (404, "user.not_found"));
}

#[tokio::test]
async fn a_level_in_an_engagement_does_not_outlive_the_access_it_was_given_with() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let analyst = member(&app, &administrator, ANALYST.0).await;
    let bearer = app.bearer(ANALYST).await;
    let put = async |body: Value| {
        let answer = app.ask("PUT", &path_of(&analyst), &administrator, None, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let edits = async || {
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-client-account-id", DEMO_CLIENT),
            ("x-engagement-id", DEMO_ENGAGEMENT),
        ];
        let body = json!({ "set": { "name": uuid::Uuid::new_v4(), "asset_type": "server" } });
        app.post("/api/v1/assets", &headers, &body).await.status.as_u16()
    };
    let with = |level: &str, engagement: &str| {
        json!({
            "role": "analyst", "access_level": level,
            "engagements": [{ "engagement_id": DEMO_ENGAGEMENT, "access_level": engagement }],
        })
    };
    let without = |level: &str| json!({ "role": "analyst", "access_level": level });
    assert_eq!(edits().await, 201);
    put(without("read_only")).await;
    assert_eq!(edits().await, 403);
    put(without("read_write")).await;
    assert_eq!(edits().await, 201);

    // A level above the client account's counts while it is meant, and goes down with less access.
    put(with("read_only", "read_write")).await;
    assert_eq!(edits().await, 201);
    put(without("read_only")).await;
    assert_eq!(edits().await, 201);
    put(with("read_write", "admin")).await;
    put(without("read_only")).await;
    assert_eq!(edits().await, 403);
    // One below it stays when access is more, and so does one after access had ended; one above does not.
    put(with("read_write", "read_only")).await;
    put(without("admin")).await;
    assert_eq!(edits().await, 403);
    put(with("read_write", "admin")).await;
    let _ = app.database.sql(&format!(
        "update migration.client_access set expires_at = now() - interval '1 second'
         where client_account_id = '{DEMO_CLIENT}' and user_profile_id = '{}'",
        analyst["user_id"].as_str().unwrap()
    ));
    put(without("read_only")).await;
    assert_eq!(edits().await, 403);

    // Taken and given anew, it has nothing of what was before.
    put(with("read_only", "read_write")).await;
    assert_eq!(
        app.database.sql(
            "select details ->> 'before', details -> 'engagements' from migration.security_audit_logs
             where event_type = 'access.changed' order by created_at desc limit 1"
        ),
        format!("analyst, read_only, in force|{{\"{DEMO_ENGAGEMENT}\": \"read_write\"}}")
    );
    let revoked = app.ask("DELETE", &path_of(&analyst), &administrator, None, &Value::Null).await;
    assert_eq!((revoked.status.as_u16(), &revoked.body["engagements"]), (200, &json!([])));
    let grant = json!({ "client_account_id": DEMO_CLIENT, "email": ANALYST.0, "access_level": "read_only" });
    let granted = app.ask("POST", "/api/v1/auth/grant-client-access", &administrator, None, &grant).await;
    assert_eq!((granted.status.as_u16(), &granted.body["engagements"]), (200, &json!([])));
}

#[tokio::test]
async fn somebody_with_two_roles_has_what_the_stronger_one_gives() {
    let app = App::new().await;
    let _ = app.database.sql(&format!(
        "insert into migration.user_roles (user_id, role_type, role_name, scope_type, scope_client_id)
         select id, 'engagement_manager', 'Second', 'client', '{DEMO_CLIENT}' from migration.users where email = '{}';
         update migration.client_access set access_level = 'admin'
         where user_profile_id = (select id from migration.users where email = '{0}')",
        ANALYST.0
    ));
    let bearer = app.bearer(ANALYST).await;
    let clients = app.get("/api/v1/context/clients", &[("authorization", &bearer)]).await;
    let demo = clients.body["clients"].as_array().unwrap().iter().find(|c| c["id"] == DEMO_CLIENT).unwrap();
    assert_eq!(demo["role"], "engagement_manager");
    assert!(demo["permissions"].as_array().unwrap().contains(&json!("engagement.create")));
    // The role that has expired gives nothing.
    let _ = app.database.sql("update migration.user_roles set expires_at = now() where role_name = 'Second'");
    let clients = app.get("/api/v1/context/clients", &[("authorization", &bearer)]).await;
    let demo = clients.body["clients"].as_array().unwrap().iter().find(|c| c["id"] == DEMO_CLIENT).unwrap();
    assert_eq!(demo["role"], "analyst");
}

#[tokio::test]
async fn a_client_account_can_be_read_while_somebody_writes_in_it() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    // As a long import does: it holds what a row of the client account refers to.
    let writer = app.database.hold(&format!(
        "insert into migration.engagements (client_account_id, name, slug) values ('{DEMO_CLIENT}', 'Long', 'long')"
    ));
    let path = format!("/api/v1/admin/clients/{DEMO_CLIENT}");
    let answer = app.ask("GET", &path, &bearer, None, &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    drop(writer);
}
