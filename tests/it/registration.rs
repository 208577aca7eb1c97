//! From registering to signing in, and out again: approve, reject, suspend, let in again.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{ADMINISTRATOR, ANALYST, Answer, App, DEMO, DEMO_CLIENT};

const REGISTER: &str = "/api/v1/auth/register";
const APPROVE: &str = "/api/v1/auth/approve-user";
const REJECT: &str = "/api/v1/auth/reject-user";
const PASSWORD: &str = "a loom of brass and oak";
const ADA: &str = "ada@engine.example";

fn form(email: &str) -> Value {
    json!({
        "email": email, "full_name": "Ada King Lovelace", "password": PASSWORD, "organization": "Engine Works",
        "role_description": "Analyst of engines", "registration_reason": "I want to see what there is to move.",
        "requested_access_level": "read_write", "phone_number": "+44 20 1234", "manager_email": "charles@engine.example",
        "linkedin_profile": "https://www.linkedin.example/ada",
        "notification_preferences": { "email_notifications": true, "weekly_reports": false },
        "default_client_account_id": DEMO_CLIENT,
    })
}

async fn register(app: &App, email: &str) -> String {
    let answer = app.post(REGISTER, &[], &form(email)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["user_profile_id"].as_str().unwrap().to_owned()
}

async fn standing(app: &App, id: &str) -> Value {
    let answer = app.get(&format!("/api/v1/auth/registration-status/{id}"), &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn decide(app: &App, bearer: &str, path: &str, body: Value) -> Answer {
    app.ask("POST", path, bearer, None, &body).await
}

#[tokio::test]
async fn registering_waits_for_approval_and_then_sign_in_works() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let id = register(&app, ADA).await;
    assert_eq!(standing(&app, &id).await["approval_status"], "pending");
    assert_eq!(app.sign_in((ADA, PASSWORD)).await.error(), (401, "auth.invalid_credentials"));

    let pending = app.ask("GET", "/api/v1/auth/pending-approvals", &administrator, None, &Value::Null).await;
    let entry = pending.body["users"].as_array().unwrap().iter().find(|user| user["id"] == *id).unwrap();
    assert_eq!(entry["full_name"], "Ada King Lovelace");
    assert_eq!(entry["requested_access_level"], "read_write");
    // What was asked for is told, and opens nothing.
    let profile = format!("/api/v1/auth/user-profile/{id}");
    let details = app.ask("GET", &profile, &administrator, None, &Value::Null).await;
    assert_eq!(details.body["client_access"][0]["status"], "requested");

    let approval = json!({
        "user_id": id, "access_level": "read_write", "role_name": "analyst", "approval_notes": "Vouched for.",
        "client_access": [{ "client_account_id": DEMO_CLIENT }],
    });
    let approved = decide(&app, &administrator, APPROVE, approval.clone()).await;
    assert_eq!(approved.status, 200, "{approved:?}");
    assert_eq!(approved.body["status"], "active");
    assert_eq!(standing(&app, &id).await["approval_status"], "approved");

    let bearer = app.bearer((ADA, PASSWORD)).await;
    let clients = app.get("/api/v1/context/clients", &[("authorization", &bearer)]).await;
    assert_eq!(clients.body["clients"].as_array().unwrap().len(), 1);
    assert_eq!(clients.body["clients"][0]["role"], "analyst");
    assert_eq!(clients.body["clients"][0]["access_level"], "read_write");

    // To decide a second time is told as what it is, with what there is now.
    let again = decide(&app, &administrator, APPROVE, approval).await;
    assert_eq!(again.error(), (409, "conflict.stale"));
    assert_eq!(again.body["current"]["status"], "active");
    assert_eq!(
        app.database.sql(
            "select event_type, actor_email, target_email from migration.security_audit_logs
             where event_type like 'registration.%' order by created_at"
        ),
        "registration.requested|ada@engine.example|ada@engine.example\n\
         registration.approved|chocka@gmail.com|ada@engine.example"
    );
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_nothing_changes() {
    let app = App::new().await;
    let unknown = app.post(REGISTER, &[], &form(ADA)).await;
    for email in [DEMO.0, ADA] {
        let known = app.post(REGISTER, &[], &form(email)).await;
        assert_eq!(known.status, unknown.status);
        for key in ["status", "message", "approval_status"] {
            assert_eq!(known.body[key], unknown.body[key]);
        }
        let id = known.body["user_profile_id"].as_str().unwrap();
        assert_ne!(known.body["user_profile_id"], unknown.body["user_profile_id"]);
        assert_eq!(standing(&app, id).await["approval_status"], "pending");
    }
    // An id of somebody who never registered says as little.
    assert_eq!(standing(&app, &Uuid::new_v4().to_string()).await["approval_status"], "pending");
    assert_eq!(app.sign_in(DEMO).await.status, 200);
}

#[tokio::test]
async fn many_registrations_within_an_hour_wait_whoever_sends_them() {
    let app = App::new().await;
    register(&app, ADA).await;
    // As if 28 others had asked as well.
    let _ = app.database.sql("update migration.sign_in_attempts set failures = 29");
    register(&app, "grace@engine.example").await;
    let _ = app
        .database
        .sql("update migration.sign_in_attempts set blocked_until = now() + interval '10 minutes'");
    for email in [DEMO.0, "nobody@engine.example"] {
        let answer = app.post(REGISTER, &[], &form(email)).await;
        assert_eq!(answer.error(), (429, "registration.throttled"), "{email}");
        let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((500..=600).contains(&seconds), "{seconds}");
    }
    // Whoever signs in does not wait for those who register.
    assert_eq!(app.sign_in(DEMO).await.status, 200);
    let told = app.database.sql(
        "select count(*) from migration.security_audit_logs where event_type = 'registration.throttled'",
    );
    assert_eq!(told, "1");
    let _ =
        app.database.sql("update migration.sign_in_attempts set blocked_until = now() - interval '1 second'");
    register(&app, "alan@engine.example").await;
}

#[tokio::test]
async fn a_rejection_has_a_reason_and_one_may_ask_again() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let id = register(&app, ADA).await;
    let short =
        decide(&app, &administrator, REJECT, json!({ "user_id": id, "rejection_reason": "no" })).await;
    assert_eq!(short.error(), (422, "request.invalid"));
    assert_eq!(short.body["fields"][0]["path"], "/rejection_reason");
    let reason = "Nobody here knows you.";
    let rejected =
        decide(&app, &administrator, REJECT, json!({ "user_id": id, "rejection_reason": reason })).await;
    assert_eq!(rejected.status, 200, "{rejected:?}");
    assert_eq!(
        (&rejected.body["status"], &rejected.body["status_reason"]),
        (&json!("rejected"), &json!(reason))
    );
    let told = standing(&app, &id).await;
    assert_eq!((&told["approval_status"], &told["rejection_reason"]), (&json!("rejected"), &json!(reason)));
    assert_eq!(app.sign_in((ADA, PASSWORD)).await.error(), (401, "auth.invalid_credentials"));
    // Whom nobody let in is not let in again either.
    let activate = decide(&app, &administrator, "/api/v1/auth/activate-user", json!({ "user_id": id })).await;
    assert_eq!(activate.error(), (409, "conflict.stale"));

    assert_eq!(register(&app, ADA).await, id);
    assert_eq!(standing(&app, &id).await["approval_status"], "pending");
}

#[tokio::test]
async fn suspending_ends_sessions_at_once_and_letting_in_again_works() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let bearer = app.bearer(ANALYST).await;
    let users = app.ask("GET", "/api/v1/auth/users?q=analyst@demo", &administrator, None, &Value::Null).await;
    let id = users.body["users"][0]["id"].as_str().unwrap();
    let me =
        async |bearer: &str| app.get("/api/v1/auth/me", &[("authorization", bearer)]).await.status.as_u16();
    assert_eq!(me(&bearer).await, 200);
    let body = json!({ "user_id": id, "reason": "On leave." });
    let suspended = decide(&app, &administrator, "/api/v1/auth/deactivate-user", body.clone()).await;
    assert_eq!(suspended.status, 200, "{suspended:?}");
    assert_eq!(
        (&suspended.body["status"], &suspended.body["status_reason"], &suspended.body["sessions"]),
        (&json!("suspended"), &json!("On leave."), &json!([]))
    );
    assert_eq!(me(&bearer).await, 401);
    assert_eq!(app.sign_in(ANALYST).await.error(), (401, "auth.invalid_credentials"));
    let again = decide(&app, &administrator, "/api/v1/auth/deactivate-user", body).await;
    assert_eq!(again.error(), (409, "conflict.stale"));
    let let_in = decide(&app, &administrator, "/api/v1/auth/activate-user", json!({ "user_id": id })).await;
    assert_eq!(let_in.body["status"], "active");
    assert_eq!(app.sign_in(ANALYST).await.status, 200);
    // The token from before stays ended.
    assert_eq!(me(&bearer).await, 401);
}

#[tokio::test]
async fn nobody_shuts_themselves_out_nor_the_last_administrator() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let users = app.ask("GET", "/api/v1/auth/users", &administrator, None, &Value::Null).await;
    let user = |email: &str| {
        users.body["users"].as_array().unwrap().iter().find(|user| user["email"] == email).unwrap().clone()
    };
    let (own, other) = (user(ADMINISTRATOR.0), user(DEMO.0));
    let body = json!({ "user_id": own["id"], "reason": "x" });
    let refused = decide(&app, &administrator, "/api/v1/auth/deactivate-user", body).await;
    assert_eq!(refused.error(), (422, "request.invalid"));
    assert_eq!(refused.body["fields"][0]["code"], "self");

    let path = |id: &Value| format!("/api/v1/auth/admin/users/{}/platform-role", id.as_str().unwrap());
    let session = app.bearer(DEMO).await;
    let stale = json!({ "version": 1, "granted": true });
    let answer = app.ask("PUT", &path(&other["id"]), &administrator, None, &stale).await;
    assert_eq!(answer.error(), (409, "conflict.stale"));
    let grant = json!({ "version": other["version"], "granted": true });
    let granted = app.ask("PUT", &path(&other["id"]), &administrator, None, &grant).await;
    assert_eq!(granted.status, 200, "{granted:?}");
    assert!(granted.body["is_platform_admin"].as_bool().unwrap());
    // A changed role ends the sessions that began with the old one.
    assert_eq!(app.get("/api/v1/auth/me", &[("authorization", &session)]).await.status, 401);

    // The new administrator takes it from the old one, and is then the last.
    let second = app.bearer(DEMO).await;
    let own_now = app.ask("GET", "/api/v1/auth/users?q=chocka", &second, None, &Value::Null).await;
    let take = json!({ "version": own_now.body["users"][0]["version"], "granted": false });
    assert_eq!(app.ask("PUT", &path(&own["id"]), &second, None, &take).await.status, 200);
    let me = app.bearer(ADMINISTRATOR).await;
    let denied = app.ask("GET", "/api/v1/auth/users", &me, None, &Value::Null).await;
    assert_eq!(denied.error(), (403, "permission.denied"));
    assert!(denied.body["next_step"].as_str().unwrap().contains(DEMO.0), "{denied:?}");
}

/// The page's row of somebody, for its id and version.
async fn user(app: &App, bearer: &str, email: &str) -> Value {
    let users = app.ask("GET", "/api/v1/auth/users", bearer, None, &Value::Null).await;
    assert_eq!(users.status, 200, "{users:?}");
    users.body["users"].as_array().unwrap().iter().find(|user| user["email"] == email).unwrap().clone()
}

async fn set_platform_role(
    app: &App,
    bearer: &str,
    email: &str,
    granted: bool,
    expires_at: Option<&str>,
) -> Answer {
    let user = user(app, bearer, email).await;
    let path = format!("/api/v1/auth/admin/users/{}/platform-role", user["id"].as_str().unwrap());
    let mut body = json!({ "version": user["version"], "granted": granted });
    if let Some(expires_at) = expires_at {
        body["expires_at"] = json!(expires_at);
    }
    app.ask("PUT", &path, bearer, None, &body).await
}

#[tokio::test]
async fn one_administrator_stays_whose_role_does_not_end() {
    let app = App::new().await;
    let first = app.bearer(ADMINISTRATOR).await;
    let some_day = Some("2999-01-01T00:00:00Z");
    assert_eq!(set_platform_role(&app, &first, DEMO.0, true, some_day).await.status, 200);
    let second = app.bearer(DEMO).await;
    let last = |answer: &Answer| {
        assert_eq!(answer.error(), (422, "request.invalid"));
        assert_eq!(answer.body["fields"][0]["code"], "last_administrator");
    };
    last(&set_platform_role(&app, &second, ADMINISTRATOR.0, false, None).await);
    last(&set_platform_role(&app, &second, ADMINISTRATOR.0, true, some_day).await);
    let body = json!({ "user_id": user(&app, &second, ADMINISTRATOR.0).await["id"], "reason": "x" });
    last(&decide(&app, &second, "/api/v1/auth/deactivate-user", body).await);
    assert_eq!(user(&app, &first, ADMINISTRATOR.0).await["status"], "active");
    // Whoever's role ends anyway may be given another day, and go.
    let other_day = Some("2998-01-01T00:00:00Z");
    assert_eq!(set_platform_role(&app, &first, DEMO.0, true, other_day).await.status, 200);
    assert_eq!(set_platform_role(&app, &first, DEMO.0, false, None).await.status, 200);
    // With two for good, one of them may get an end.
    assert_eq!(set_platform_role(&app, &first, DEMO.0, true, None).await.status, 200);
    let second = app.bearer(DEMO).await;
    assert_eq!(set_platform_role(&app, &second, ADMINISTRATOR.0, true, some_day).await.status, 200);
}

#[tokio::test]
async fn of_two_administrators_who_suspend_each_other_one_stays() {
    let app = App::new().await;
    let first = app.bearer(ADMINISTRATOR).await;
    assert_eq!(set_platform_role(&app, &first, DEMO.0, true, None).await.status, 200);
    let people = [ADMINISTRATOR, DEMO];
    let mut bearers = [first, app.bearer(DEMO).await];
    let ids = [
        user(&app, &bearers[0], ADMINISTRATOR.0).await["id"].clone(),
        user(&app, &bearers[0], DEMO.0).await["id"].clone(),
    ];
    for _ in 0..6 {
        let suspend = async |by: usize| {
            let body = json!({ "user_id": ids[1 - by], "reason": "x" });
            decide(&app, &bearers[by], "/api/v1/auth/deactivate-user", body).await
        };
        let answers = tokio::join!(suspend(0), suspend(1));
        let statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        let winner = statuses.iter().position(|status| *status == 200).unwrap();
        assert!(matches!(statuses[1 - winner], 401 | 403 | 422), "{answers:?}");
        let again = json!({ "user_id": ids[1 - winner] });
        let let_in = decide(&app, &bearers[winner], "/api/v1/auth/activate-user", again).await;
        assert_eq!(let_in.status, 200, "{let_in:?}");
        bearers[1 - winner] = app.bearer(people[1 - winner]).await;
    }
}

#[tokio::test]
async fn every_field_is_checked_and_unknown_ones_are_refused() {
    let app = App::new().await;
    for (field, value, code) in [
        ("email", json!("nobody"), "form"),
        ("full_name", json!(" "), "required"),
        ("password", json!("Demo123!"), "common"),
        ("role_description", json!("x"), "too_short"),
        ("registration_reason", json!("short"), "too_short"),
        ("requested_access_level", json!("owner"), "unknown"),
        ("phone_number", json!("1".repeat(21)), "too_long"),
        ("manager_email", json!("x"), "form"),
        ("organization", json!("a\u{0}b"), "character"),
    ] {
        let mut body = form(ADA);
        body[field] = value;
        let answer = app.post(REGISTER, &[], &body).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{field}");
        let wrong = &answer.body["fields"][0];
        assert_eq!(
            (wrong["path"].as_str(), wrong["code"].as_str()),
            (Some(&*format!("/{field}")), Some(code))
        );
    }
    let mut body = form(ADA);
    body["is_active"] = json!(true);
    assert_eq!(app.post(REGISTER, &[], &body).await.error(), (422, "request.invalid"));

    let administrator = app.bearer(ADMINISTRATOR).await;
    let id = register(&app, ADA).await;
    let approve = async |body: Value| decide(&app, &administrator, APPROVE, body).await;
    let none = approve(json!({ "user_id": id, "access_level": "read_only" })).await;
    assert_eq!(none.body["fields"][0]["path"], "/client_access");
    let unknown = json!([{ "client_account_id": Uuid::new_v4() }]);
    let answer =
        approve(json!({ "user_id": id, "access_level": "read_only", "client_access": unknown })).await;
    assert_eq!(answer.body["fields"][0]["path"], "/client_access/0/client_account_id");
    let passed = json!([{ "client_account_id": DEMO_CLIENT, "expires_at": "2001-01-01T00:00:00Z" }]);
    let answer =
        approve(json!({ "user_id": id, "access_level": "read_only", "client_access": passed })).await;
    assert_eq!(answer.body["fields"][0]["path"], "/client_access/0/expires_at");
    for query in ["limit=0", "limit=501", "limit=x", "status=everybody", "order=name"] {
        let path = format!("/api/v1/auth/users?{query}");
        let answer = app.ask("GET", &path, &administrator, None, &Value::Null).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{query}");
    }
}

#[tokio::test]
async fn pages_of_users_follow_one_another() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/auth/users?limit=2&cursor={cursor}");
        let page = app.ask("GET", &path, &administrator, None, &Value::Null).await;
        seen.extend(page.body["users"].as_array().unwrap().iter().map(|user| user["email"].clone()));
        let Some(next) = page.body["next_cursor"].as_str() else {
            assert_eq!(page.body["total"], seen.len());
            break;
        };
        cursor = next.replace('@', "%40");
    }
    assert!(seen.len() >= 5);
    assert!(seen.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
}
