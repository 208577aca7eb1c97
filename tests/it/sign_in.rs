//! Sign-in, session and sign-out.

use std::time::Instant;

use serde_json::json;

use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO, DEMO_CLIENT};

#[tokio::test]
async fn the_answer_has_the_fields_of_the_platform() {
    let app = App::new().await;
    let answer = app.sign_in(DEMO).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = &answer.body;
    assert_eq!(body["status"], "success");
    assert!(body["message"].is_string());
    assert_eq!(body["token"]["token_type"], "bearer");
    let user = &body["user"];
    assert_eq!(user["id"], "33333333-3333-3333-3333-333333333333");
    assert_eq!(user["username"], "demo");
    assert_eq!(user["email"], DEMO.0);
    assert_eq!(user["full_name"], "Demo User");
    assert_eq!(user["role"], "user");
    assert_eq!(user["role_type"], "analyst");
    assert_eq!(user["status"], "approved");
    assert!(user["organization"].is_string() && user["role_description"].is_string());
    assert_eq!(user["associations"].as_array().unwrap().len(), 1);
    assert_eq!(user["associations"][0]["client_account_id"], DEMO_CLIENT);
    assert_eq!(user["associations"][0]["role"], "analyst");
}

#[tokio::test]
async fn every_seeded_account_can_sign_in() {
    let app = App::new().await;
    let accounts = app.get("/api/v1/demo/accounts", &[]).await;
    let accounts = accounts.body["accounts"].as_array().unwrap().clone();
    assert_eq!(accounts.len(), 5);
    for account in accounts {
        let (email, password) = (account["email"].as_str().unwrap(), account["password"].as_str().unwrap());
        let answer = app.sign_in((email, password)).await;
        assert_eq!(answer.status, 200, "{email}: {answer:?}");
        assert_eq!(answer.body["user"]["role_type"], account["role"], "{email}");
    }
}

#[tokio::test]
async fn the_address_is_taken_in_any_case_and_the_password_in_its_own() {
    let app = App::new().await;
    assert_eq!(app.sign_in((" Demo@Demo-Corp.COM ", DEMO.1)).await.status, 200);
    assert_eq!(app.sign_in((DEMO.0, "demo123!")).await.status, 401);
    assert_eq!(app.sign_in((DEMO.0, "Demo123! ")).await.status, 401);
}

#[tokio::test]
async fn unknown_wrong_inactive_unverified_and_unapproved_get_the_same_answer() {
    let app = App::new().await;
    let mut answers =
        vec![app.sign_in(("nobody@demo-corp.com", DEMO.1)).await, app.sign_in((DEMO.0, "wrong")).await];
    for change in [
        "update migration.users set is_active = false where email = 'demo@demo-corp.com'",
        "update migration.users set is_active = true, is_verified = false where email = 'demo@demo-corp.com'",
        "update migration.users set is_verified = true where email = 'demo@demo-corp.com';
         update migration.user_profiles set status = 'suspended' where user_id = '33333333-3333-3333-3333-333333333333'",
        "update migration.user_profiles set status = 'active' where user_id = '33333333-3333-3333-3333-333333333333';
         update migration.users set password_hash = null where email = 'demo@demo-corp.com'",
        "delete from migration.user_profiles where user_id = '33333333-3333-3333-3333-333333333333'",
    ] {
        let _ = app.database.sql(&format!(
            "set session_replication_role = replica; {change}; set session_replication_role = origin;
             delete from migration.sign_in_attempts"
        ));
        answers.push(app.sign_in(DEMO).await);
    }
    for answer in &mut answers {
        assert_eq!(answer.error(), (401, "auth.invalid_credentials"));
        answer.body["request_id"] = json!(null);
    }
    assert!(answers.windows(2).all(|pair| pair[0].body == pair[1].body), "{answers:#?}");
}

/// Compared in their order of magnitude only: an answer without the work of a hash is a hundred times faster.
#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let app = App::new().await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        // Or the sixth would have to wait.
        let _ = app.database.sql("delete from migration.sign_in_attempts");
        let begun = Instant::now();
        app.sign_in((DEMO.0, "wrong")).await;
        known.push(begun.elapsed());
        let begun = Instant::now();
        app.sign_in(("nobody@demo-corp.com", "wrong")).await;
        unknown.push(begun.elapsed());
    }
    known.sort();
    unknown.sort();
    let ratio = known[3].as_secs_f64() / unknown[3].as_secs_f64();
    assert!((0.2..5.0).contains(&ratio), "wrong password {:?}, unknown address {:?}", known[3], unknown[3]);
}

#[tokio::test]
async fn a_session_lives_until_sign_out() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let headers = [("authorization", bearer.as_str())];
    let me = app.get("/api/v1/auth/me", &headers).await;
    assert_eq!(me.status, 200);
    assert_eq!(me.body["user"]["email"], ANALYST.0);
    assert!(me.body["session"]["expires_at"].is_string());

    let answer = app.post("/api/v1/auth/logout", &headers, &json!({})).await;
    assert_eq!(answer.status, 204);
    assert_eq!(app.get("/api/v1/auth/me", &headers).await.error(), (401, "auth.session_expired"));
    assert_eq!(app.post("/api/v1/auth/logout", &headers, &json!({})).await.status, 401);
}

#[tokio::test]
async fn a_session_ends_when_it_is_too_old_idle_or_its_account_is_closed() {
    let app = App::new().await;
    for change in [
        "update migration.sessions set created_at = now() - interval '2 days', last_seen_at = now(), expires_at = now() - interval '1 second'",
        "update migration.sessions set created_at = now() - interval '1 day', last_seen_at = now() - interval '3 hours'",
        "update migration.users set is_active = false where email = 'analyst@demo-corp.com'",
    ] {
        let bearer = app.bearer(ANALYST).await;
        let headers = [("authorization", bearer.as_str())];
        assert_eq!(app.get("/api/v1/auth/me", &headers).await.status, 200);
        let _ = app.database.sql(change);
        assert_eq!(
            app.get("/api/v1/auth/me", &headers).await.error(),
            (401, "auth.session_expired"),
            "{change}"
        );
    }
}

#[tokio::test]
async fn the_token_is_random_and_stored_only_as_its_hash() {
    let app = App::new().await;
    let (first, second) = (app.bearer(ADMINISTRATOR).await, app.bearer(ADMINISTRATOR).await);
    assert_ne!(first, second);
    let token = first.strip_prefix("Bearer ").unwrap();
    assert_eq!(token.len(), 64, "256 bits in hexadecimal digits");
    let found = app.database.sql(&format!(
        "select count(*) from migration.sessions where token_hash = sha256('{token}'::bytea);
         select count(*) from migration.sessions where encode(token_hash, 'hex') = '{token}'"
    ));
    assert_eq!(found, "1\n0");
}

#[tokio::test]
async fn without_a_usable_token_nothing_is_told() {
    let app = App::new().await;
    assert_eq!(app.get("/api/v1/auth/me", &[]).await.error(), (401, "auth.session_required"));
    for value in ["", "Basic abc", "Bearer"] {
        let answer = app.get("/api/v1/auth/me", &[("authorization", value)]).await;
        assert_eq!(answer.error(), (401, "auth.session_required"), "{value:?}");
    }
    for value in ["Bearer x", "bearer 00000000000000000000000000000000", "Bearer \u{e4}"] {
        let answer = app.get("/api/v1/auth/me", &[("authorization", value)]).await;
        assert_eq!(answer.status, 401, "{value:?}");
    }
}

#[tokio::test]
async fn malformed_sign_ins_get_a_4xx_that_names_the_field() {
    let app = App::new().await;
    let cases = [
        (json!({}), 422, "request.invalid"),
        (json!({ "email": 1, "password": "x" }), 422, "request.invalid"),
        (json!({ "email": "a@b.c" }), 422, "request.invalid"),
        (json!({ "email": "", "password": "" }), 422, "request.invalid"),
        (json!({ "email": "a\u{0}@b.c", "password": "x" }), 422, "request.invalid"),
        (json!({ "email": "a@b.c", "password": "x\u{0}" }), 422, "request.invalid"),
        (json!({ "email": "a".repeat(300), "password": "x" }), 422, "request.invalid"),
        (json!({ "email": "a@b.c", "password": "x".repeat(1025) }), 422, "request.invalid"),
        (json!([1, 2]), 422, "request.invalid"),
        (json!("text"), 422, "request.invalid"),
    ];
    for (body, status, code) in cases {
        let answer = app.post("/api/v1/auth/login", &[], &body).await;
        assert_eq!(answer.error(), (status, code), "{body}");
        assert!(!answer.body["fields"].as_array().unwrap().is_empty(), "{body}");
    }
    let answer = app.post("/api/v1/auth/login", &[], &json!({ "email": 1, "password": "x" })).await;
    assert_eq!(answer.body["fields"][0]["path"], "/email");
}
