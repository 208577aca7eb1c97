//! Sessions: how they begin, how they end, and that an ended one is good for nothing.

use axum::body::Body;
use serde_json::json;

use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO, request};

const ME: &str = "/api/v1/auth/me";
const SESSIONS: &str = "/api/v1/auth/sessions";

async fn status(app: &App, bearer: &str) -> u16 {
    app.get(ME, &[("authorization", bearer)]).await.status.as_u16()
}

#[tokio::test]
async fn one_sees_ones_own_sessions_and_the_current_one_first() {
    let app = App::new().await;
    let _other = app.bearer(ADMINISTRATOR).await;
    let login = Body::from(json!({ "email": ANALYST.0, "password": ANALYST.1 }).to_string());
    let headers = [("content-type", "application/json"), ("user-agent", "Elsewhere/2.0")];
    let elsewhere = app.send(request("POST", "/api/v1/auth/login", &headers, login)).await;
    assert_eq!(elsewhere.status, 200);
    let here = app.bearer(ANALYST).await;
    let ended = app.bearer(ANALYST).await;
    let ended = [("authorization", ended.as_str())];
    assert_eq!(app.post("/api/v1/auth/logout", &ended, &json!({})).await.status, 204);

    let answer = app.get(SESSIONS, &[("authorization", &here)]).await;
    let sessions = answer.body["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{answer:?}");
    assert_eq!((&sessions[0]["current"], &sessions[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(sessions[1]["user_agent"], "Elsewhere/2.0");
    for key in ["created_at", "last_seen_at", "idle_at", "expires_at"] {
        assert!(sessions[0][key].is_string(), "{key}");
    }
    assert!(!answer.body.to_string().contains("token"));
}

#[tokio::test]
async fn one_session_is_ended_alone_and_nobody_elses_can_be() {
    let app = App::new().await;
    let (here, there) = (app.bearer(ANALYST).await, app.bearer(ANALYST).await);
    let stranger = app.bearer(DEMO).await;
    let listed = app.get(SESSIONS, &[("authorization", &here)]).await;
    let id = listed.body["sessions"][1]["id"].as_str().unwrap().to_owned();
    let path = format!("{SESSIONS}/{id}");
    let end = async |bearer: &str| {
        app.send(request("DELETE", &path, &[("authorization", bearer)], Body::empty())).await
    };
    assert_eq!(end(&stranger).await.error(), (404, "session.not_found"));
    assert_eq!((status(&app, &here).await, status(&app, &there).await), (200, 200));
    assert_eq!(end(&here).await.status, 204);
    assert_eq!((status(&app, &here).await, status(&app, &there).await), (200, 401));
    assert_eq!(end(&here).await.error(), (404, "session.not_found"), "a second time");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_of_ones_own_and_no_other() {
    let app = App::new().await;
    let (here, there) = (app.bearer(ANALYST).await, app.bearer(ANALYST).await);
    let stranger = app.bearer(DEMO).await;
    let headers = [("authorization", here.as_str())];
    assert_eq!(app.post("/api/v1/auth/logout-everywhere", &headers, &json!({})).await.status, 204);
    let statuses = (status(&app, &here).await, status(&app, &there).await, status(&app, &stranger).await);
    assert_eq!(statuses, (401, 401, 200));
    assert_eq!(
        app.database.sql(
            "select event_type, actor_email from migration.security_audit_logs order by entry_number desc limit 1;
             select distinct revoked_reason from migration.sessions where revoked_at is not null"
        ),
        "session.all_ended|analyst@demo-corp.com\nlogout_everywhere"
    );
}

/// A token that somebody has from before a sign-in is never that of the session: each is made at the sign-in, and what a
/// caller sends along changes nothing.
#[tokio::test]
async fn a_token_from_before_is_never_good_after() {
    let app = App::new().await;
    let mut before = format!("Bearer {}", "0".repeat(64));
    for _ in 0..40 {
        let body = Body::from(json!({ "email": DEMO.0, "password": DEMO.1 }).to_string());
        let headers = [("content-type", "application/json"), ("authorization", before.as_str())];
        let answer = app.send(request("POST", "/api/v1/auth/login", &headers, body)).await;
        let token = answer.body["token"]["access_token"].as_str().unwrap();
        let after = format!("Bearer {token}");
        assert_ne!(after, before);
        assert_eq!(status(&app, &after).await, 200);
        let signed_in = [("authorization", after.as_str())];
        assert_eq!(app.post("/api/v1/auth/logout", &signed_in, &json!({})).await.status, 204);
        assert_eq!(status(&app, &after).await, 401);
        before = after;
    }
    assert_eq!(app.database.sql("select count(distinct token_hash) = count(*) from migration.sessions"), "t");
}

#[tokio::test]
async fn an_ended_session_cannot_be_replayed() {
    let app = App::new().await;
    for change in [
        "update migration.users set is_active = false where email = 'analyst@demo-corp.com'",
        "update migration.users set is_active = true where email = 'analyst@demo-corp.com';
         update migration.user_profiles set status = 'suspended' where user_id = (select id from migration.users where email = 'analyst@demo-corp.com')",
    ] {
        let _ = app.database.sql(
            "update migration.users set is_active = true; update migration.user_profiles set status = 'active'",
        );
        let bearer = app.bearer(ANALYST).await;
        assert_eq!(status(&app, &bearer).await, 200);
        let _ = app.database.sql(change);
        for _ in 0..20 {
            assert_eq!(status(&app, &bearer).await, 401, "{change}");
        }
    }
}

#[tokio::test]
async fn what_ended_more_than_a_week_ago_is_forgotten() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let _ = app.bearer(ANALYST).await;
    let _ = app.database.sql(
        "update migration.sessions set created_at = now() - interval '10 days', last_seen_at = now() - interval '9 days',
             expires_at = now() - interval '9 days'
         where id = (select id from migration.sessions order by created_at desc, id limit 1)",
    );
    assert_eq!(app.database.store().forget_old_sessions().await.unwrap(), 1);
    assert_eq!(app.database.sql("select count(*) from migration.sessions"), "1");
    let _ = status(&app, &bearer).await;
}

/// More passes are used for new hashes, and one that is there is made anew when its user signs in; a default user's printed password is
/// left as it is.
#[tokio::test]
async fn a_hash_is_made_anew_at_sign_in_when_more_passes_are_in_force() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let headers = [("authorization", bearer.as_str())];
    let change = json!({ "current_password": ANALYST.1, "new_password": "the engine weaves" });
    assert_eq!(app.post("/api/v1/auth/change-password", &headers, &change).await.status, 200);
    let passes = "select split_part(split_part(password_hash, ',', 2), '=', 2) from migration.users
                  where email in ('analyst@demo-corp.com', 'demo@demo-corp.com') order by email";
    assert_eq!(app.database.sql(passes), "2\n2");
    let _ = app.database.sql("insert into migration.password_parameters (passes, hash_ms) values (3, 50)");
    let me = (ANALYST.0, "the engine weaves");
    assert_eq!(app.sign_in((ANALYST.0, "The engine weaves")).await.status, 401);
    assert_eq!(app.database.sql(passes), "2\n2", "a failure changes no hash");
    assert_eq!(app.sign_in(me).await.status, 200);
    assert_eq!(app.sign_in(DEMO).await.status, 200);
    assert_eq!(app.database.sql(passes), "3\n2");
    assert_eq!(app.sign_in(me).await.status, 200);
    assert_eq!(app.sign_in(DEMO).await.status, 200);
}

#[tokio::test]
async fn a_machine_is_measured_once_and_within_bounds() {
    let app = App::new().await;
    drydock_store::password::calibrate(app.database.store()).await.unwrap();
    drydock_store::password::calibrate(app.database.store()).await.unwrap();
    assert_eq!(
        app.database.sql(
            "select count(*), bool_and(passes between 2 and 16 and hash_ms > 1 and (hash_ms <= 100 or passes = 2))
             from migration.password_parameters"
        ),
        "1|t"
    );
}
