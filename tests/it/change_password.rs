//! Changing one's password, and that nothing but a reset changes it back.

use drydock_boot::{Platform, Settings};
use drydock_testkit::{folder, resources};
use serde_json::{Value, json};

use crate::app::{self, ADMINISTRATOR, ANALYST, Answer, App, DEMO};

const CHANGE: &str = "/api/v1/auth/change-password";
const NEW: &str = "a gantry over the river";

async fn change(app: &App, bearer: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    app.post(CHANGE, &[("authorization", bearer)], &body).await
}

async fn me(app: &App, bearer: &str) -> u16 {
    app.get("/api/v1/auth/me", &[("authorization", bearer)]).await.status.as_u16()
}

#[tokio::test]
async fn the_new_password_counts_and_every_earlier_session_ends() {
    let app = App::new().await;
    let (first, second, stranger) =
        (app.bearer(ANALYST).await, app.bearer(ANALYST).await, app.bearer(DEMO).await);
    let answer = change(&app, &first, ANALYST.1, NEW).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let renewed = format!("Bearer {}", answer.body["token"]["access_token"].as_str().unwrap());
    assert_eq!(answer.body["token"]["token_type"], "bearer");
    assert_ne!(renewed, first);
    assert_eq!(
        (
            me(&app, &first).await,
            me(&app, &second).await,
            me(&app, &renewed).await,
            me(&app, &stranger).await
        ),
        (401, 401, 200, 200)
    );
    assert_eq!(app.sign_in(ANALYST).await.error(), (401, "auth.invalid_credentials"));
    assert_eq!(app.sign_in((ANALYST.0, NEW)).await.status, 200);
    assert_eq!(
        app.database.sql(
            "select event_type, event_category, severity, actor_email, actor_user_id = target_user_id, ip_address is null
             from migration.security_audit_logs where event_type like 'password.%';
             select distinct revoked_reason from migration.sessions where revoked_at is not null"
        ),
        "password.changed|password|info|analyst@demo-corp.com|t|t\npassword_changed"
    );
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    for wrong in ["wrong", "demo123!", "Demo123! "] {
        let answer = change(&app, &bearer, wrong, NEW).await;
        assert_eq!(answer.error(), (422, "request.invalid"));
        let field = &answer.body["fields"][0];
        assert_eq!((&field["path"], &field["code"]), (&json!("/current_password"), &json!("wrong")));
    }
    assert_eq!(me(&app, &bearer).await, 200);
    assert_eq!(app.sign_in(ANALYST).await.status, 200);
    assert_eq!(
        app.database.sql("select event_type, is_blocked, count(*) from migration.security_audit_logs where event_type like 'password.%' group by 1, 2"),
        "password.refused|t|3"
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_field_by_field() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let cases = [
        ("", NEW, "/current_password", "required"),
        ("x\u{0}", NEW, "/current_password", "character"),
        (ADMINISTRATOR.1, "", "/new_password", "required"),
        (ADMINISTRATOR.1, "short", "/new_password", "too_short"),
        (ADMINISTRATOR.1, "Demo123!", "/new_password", "common"),
        (ADMINISTRATOR.1, "qwertyuiop", "/new_password", "common"),
        (ADMINISTRATOR.1, "chocka@gmail.com", "/new_password", "personal"),
        (ADMINISTRATOR.1, "platform-admin-1", "/new_password", "personal"),
        (NEW, NEW, "/new_password", "unchanged"),
    ];
    for (current, new, path, code) in cases {
        let answer = change(&app, &bearer, current, new).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{new}");
        let fields = answer.body["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 1, "{fields:?}");
        assert_eq!((&fields[0]["path"], &fields[0]["code"]), (&json!(path), &json!(code)), "{new}");
    }
    let headers = [("authorization", bearer.as_str())];
    let more = json!({ "current_password": ADMINISTRATOR.1, "new_password": NEW, "user_id": DEMO.0 });
    for body in [more, json!({}), json!({ "current_password": 1, "new_password": NEW }), json!("x")] {
        assert_eq!(app.post(CHANGE, &headers, &body).await.error(), (422, "request.invalid"), "{body}");
    }
    let nobody =
        app.post(CHANGE, &[], &json!({ "current_password": ADMINISTRATOR.1, "new_password": NEW })).await;
    assert_eq!(nobody.error(), (401, "auth.session_required"));
    assert_eq!(app.sign_in(ADMINISTRATOR).await.status, 200);
}

/// Compared byte by byte, whatever their length: nothing is cut off, and no form of a letter is taken for another.
#[tokio::test]
async fn a_password_is_taken_exactly_as_it_is() {
    let app = App::new().await;
    let mut bearer = app.bearer(ANALYST).await;
    let mut current = ANALYST.1.to_owned();
    let long = "ö".repeat(500);
    for (password, near) in [
        (format!("{long}a"), format!("{long}b")),
        ("  kept spaces  ".to_owned(), "kept spaces".to_owned()),
        ("caf\u{e9} au lait noir".to_owned(), "cafe\u{301} au lait noir".to_owned()),
        ("🚢🚢🚢🚢🚢🚢🚢🚢".to_owned(), "🚢🚢🚢🚢🚢🚢🚢".to_owned()),
    ] {
        let answer = change(&app, &bearer, &current, &password).await;
        assert_eq!(answer.status, 200, "{password}: {answer:?}");
        bearer = format!("Bearer {}", answer.body["token"]["access_token"].as_str().unwrap());
        assert_eq!(app.sign_in((ANALYST.0, &near)).await.status, 401, "{near}");
        assert_eq!(app.sign_in((ANALYST.0, &password)).await.status, 200, "{password}");
        current = password;
    }
}

/// Of two changes at once one counts; the other is told that its current password is none any more, or its session none.
#[tokio::test]
async fn of_two_at_once_one_counts() {
    let app = App::new().await;
    let (one, other) = (app.bearer(ANALYST).await, app.bearer(ANALYST).await);
    let (first, second) = tokio::join!(
        change(&app, &one, ANALYST.1, "the first of the two"),
        change(&app, &other, ANALYST.1, "the second of the two")
    );
    let (won, lost, password) = if first.status == 200 {
        (first, second, "the first of the two")
    } else {
        (second, first, "the second of the two")
    };
    assert_eq!(won.status, 200, "{won:?}");
    assert!(matches!(lost.status.as_u16(), 401 | 422), "{lost:?}");
    assert_eq!(app.sign_in((ANALYST.0, password)).await.status, 200);
    let live = app.database.sql(
        "select count(*) from migration.sessions s join migration.users u on u.id = s.user_id
         where u.email = 'analyst@demo-corp.com' and s.revoked_at is null",
    );
    assert_eq!(live, "2", "the renewed session and the sign-in just now");
}

/// Signing in reads the hash, computes for a while and writes: a change in between must not leave a session behind.
#[tokio::test]
async fn a_sign_in_with_the_old_password_does_not_outlive_the_change() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    // The change waits for the user's row, and the sign-in for its turn.
    let held = app
        .database
        .hold("update migration.users set last_name = last_name where email = 'analyst@demo-corp.com'");
    let sign_in = async {
        waiting(&app, 1).await;
        app.sign_in(ANALYST).await
    };
    let let_go = async {
        waiting(&app, 1).await;
        tokio::task::yield_now().await;
        drop(held);
    };
    let (changed, signed_in, ()) = tokio::join!(change(&app, &bearer, ANALYST.1, NEW), sign_in, let_go);
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(signed_in.error(), (401, "auth.invalid_credentials"));
    let live = app.database.sql(
        "select count(*) from migration.sessions s join migration.users u on u.id = s.user_id
         where u.email = 'analyst@demo-corp.com' and s.revoked_at is null",
    );
    assert_eq!(live, "1", "only the renewed session");
}

/// Until that many statements wait for somebody's lock.
async fn waiting(app: &App, count: usize) {
    for _ in 0..400 {
        tokio::task::yield_now().await;
        let seen = app.database.sql(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        if seen == count.to_string() {
            return;
        }
    }
    panic!("{count} never waited");
}

async fn offered(app: &App) -> Vec<Value> {
    let answer = app.get("/api/v1/demo/accounts", &[]).await;
    answer.body["accounts"].as_array().unwrap().iter().map(|account| account["email"].clone()).collect()
}

#[tokio::test]
async fn a_default_user_is_offered_as_long_as_its_password_is_the_printed_one() {
    let app = App::new().await;
    let before = offered(&app).await;
    assert!(before.contains(&json!(ANALYST.0)) && before.contains(&json!(DEMO.0)), "{before:?}");
    let bearer = app.bearer(ANALYST).await;
    assert_eq!(change(&app, &bearer, ANALYST.1, NEW).await.status, 200);
    // Changed by other means than ours, it is not the printed one either.
    let _ = app.database.sql(
        "update migration.users set password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA'
         where email = 'demo@demo-corp.com'",
    );
    let mut expected = before;
    expected.retain(|email| *email != ANALYST.0 && *email != DEMO.0);
    assert_eq!(offered(&app).await, expected);
}

async fn boot(settings: &Settings) -> Platform {
    let platform = Platform::new(settings.clone());
    platform.boot().await.unwrap();
    platform
}

async fn status(platform: &Platform, path: &str, bearer: &str, body: Value) -> (u16, Value) {
    let answer = app::post(platform.router(), path, &[("authorization", bearer)], &body).await;
    (answer.status.as_u16(), answer.body)
}

async fn sign_in(platform: &Platform, (email, password): (&str, &str)) -> (u16, String) {
    let body = json!({ "email": email, "password": password });
    let (status, body) = status(platform, "/api/v1/auth/login", "", body).await;
    (status, format!("Bearer {}", body["token"]["access_token"].as_str().unwrap_or_default()))
}

/// The platform that this product remembers reset every password at every start.
#[tokio::test]
async fn no_start_changes_it_back_and_a_reset_does() {
    let folder = folder();
    let settings = Settings {
        data_dir: Some(folder.path().join("data")),
        resources: resources(),
        templates: Vec::new(),
        ..Settings::from_environment("test")
    };
    let platform = boot(&settings).await;
    let (_, bearer) = sign_in(&platform, ADMINISTRATOR).await;
    let body = json!({ "current_password": ADMINISTRATOR.1, "new_password": NEW });
    assert_eq!(status(&platform, CHANGE, &bearer, body).await.0, 200);
    platform.shutdown().await.unwrap();

    for _ in 0..2 {
        let platform = boot(&settings).await;
        assert_eq!(sign_in(&platform, ADMINISTRATOR).await.0, 401);
        assert_eq!(sign_in(&platform, (ADMINISTRATOR.0, NEW)).await.0, 200);
        let offered = platform.demo_accounts().await.unwrap();
        assert!(!offered.is_empty() && offered.iter().all(|account| account.email != ADMINISTRATOR.0));
        platform.shutdown().await.unwrap();
    }

    let platform = boot(&settings).await;
    let (_, bearer) = sign_in(&platform, (ADMINISTRATOR.0, NEW)).await;
    assert_eq!(status(&platform, "/api/v1/maintenance/reset", &bearer, Value::Null).await.0, 200);
    assert_eq!(sign_in(&platform, (ADMINISTRATOR.0, NEW)).await.0, 401);
    assert_eq!(sign_in(&platform, ADMINISTRATOR).await.0, 200);
    platform.shutdown().await.unwrap();
}
