//! The first account of a database that was seeded with none.

use drydock_boot::{
    Platform, Settings,
    boot::{Stage, StageStatus},
};
use drydock_domain::Profile;
use drydock_store::{
    seed::Wanted,
    verify::{self, WayIn},
};
use drydock_testkit::{folder, resources};
use serde_json::{Value, json};

use crate::app::{self, App, DEMO};

const SETUP: &str = "/api/v1/setup";

fn ada() -> Value {
    json!({
        "email": " Ada@Example.COM ",
        "password": "the engine weaves",
        "first_name": " Ada ",
        "last_name": "Lovelace",
    })
}

/// As a database of the profile `empty` is: no row of anybody, and a history that says so.
async fn empty() -> App {
    let app = App::new().await;
    seeded_with_none(&app);
    app
}

fn seeded_with_none(app: &App) {
    let _ = app.database.sql(
        "truncate migration.users, migration.client_accounts, migration.seed_history cascade;
         insert into migration.seed_history (profile, seed_number, anchor_date, row_count, app_version)
         values ('empty', 7, current_date, 0, 'test')",
    );
}

async fn required(app: &App) -> Value {
    app.get(SETUP, &[]).await.body["required"].clone()
}

#[tokio::test]
async fn the_first_account_is_made_once_and_is_in_at_once() {
    let app = empty().await;
    assert_eq!(required(&app).await, true);
    assert_eq!(app.sign_in(DEMO).await.error(), (401, "auth.invalid_credentials"));
    assert_eq!(app.get("/api/v1/demo/accounts", &[]).await.body["accounts"], json!([]));

    let answer = app.post(SETUP, &[], &ada()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let user = &answer.body["user"];
    assert_eq!(
        (&user["email"], &user["full_name"], &user["role"], &user["role_type"]),
        (&json!("ada@example.com"), &json!("Ada Lovelace"), &json!("admin"), &json!("platform_admin"))
    );
    let bearer = format!("Bearer {}", answer.body["token"]["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(app.get("/api/v1/auth/me", &headers).await.body["user"]["id"], user["id"]);
    assert_eq!(app.get("/api/v1/context/clients", &headers).await.body["clients"], json!([]));
    assert_eq!(app.get("/api/v1/maintenance", &headers).await.status, 200, "no administrator");

    assert_eq!(required(&app).await, false);
    let again = json!({ "email": "b@example.com", "password": "another long one", "first_name": "B", "last_name": "" });
    assert_eq!(app.post(SETUP, &[], &again).await.error(), (409, "setup.done"));
    assert_eq!(app.sign_in(("ADA@example.com", "the engine weaves")).await.status, 200);
    assert_eq!(app.sign_in(("ada@example.com", "The engine weaves")).await.status, 401);
    let rows = app.database.sql(
        "select count(*), min(first_name), min(last_name), bool_and(is_active and is_verified) from migration.users;
         select status, approved_at is not null, approved_by = user_id from migration.user_profiles;
         select role_type, scope_type, is_active from migration.user_roles;
         select event_type, actor_email, actor_user_id = target_user_id from migration.security_audit_logs
         where entry_number in (2, 3) order by entry_number",
    );
    assert_eq!(
        rows,
        "1|Ada|Lovelace|t\nactive|t|t\nplatform_admin|global|t\naccount.first_created|ada@example.com|t\nsign_in.succeeded|ada@example.com|t"
    );
}

#[tokio::test]
async fn of_many_at_once_exactly_one_wins() {
    let app = empty().await;
    let tries = (0..6).map(|number| {
        let mut body = ada();
        body["email"] = json!(format!("ada{number}@example.com"));
        let app = &app;
        async move { app.post(SETUP, &[], &body).await }
    });
    let answers = join(tries).await;
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "{answers:#?}");
    for loser in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(loser.error(), (409, "setup.done"));
    }
    assert_eq!(
        app.database.sql("select email from migration.users; select count(*) from migration.user_roles"),
        format!("{}\n1", winners[0].body["user"]["email"].as_str().unwrap())
    );
}

/// Runs all of them at once, on one task.
async fn join<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, answer) in &mut waiting {
            if answer.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *answer = Some(value);
            }
        }
        if waiting.iter().all(|(_, answer)| answer.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, answer)| answer).collect()
}

/// Whoever is adding a user, by whatever means, is waited for.
#[tokio::test]
async fn a_user_who_is_being_added_counts() {
    let app = empty().await;
    let held = app.database.hold(
        "insert into migration.users (email, password_hash, is_active, is_verified)
         values ('other@example.com', '$argon2id$x', true, true)",
    );
    let body = ada();
    let let_go = async {
        for _ in 0..200 {
            tokio::task::yield_now().await;
            let waiting = app.database.sql(
                "select count(*) from pg_locks where relation = 'migration.users'::regclass and not granted",
            );
            if waiting != "0" {
                break;
            }
        }
        // Rolled back, so the first account is still to be set up.
        drop(held);
        tokio::time::Instant::now()
    };
    let setting_up = async { (app.post(SETUP, &[], &body).await, tokio::time::Instant::now()) };
    let (released, (answer, ended)) = tokio::join!(let_go, setting_up);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(ended > released, "it did not wait");
}

#[tokio::test]
async fn where_there_is_a_user_nobody_is_set_up() {
    let app = App::new().await;
    assert_eq!(required(&app).await, false);
    let users = app.database.sql("select count(*) from migration.users");
    assert_eq!(app.post(SETUP, &[], &ada()).await.error(), (409, "setup.done"));
    // Nor where the only one may not sign in.
    let _ = app.database.sql("update migration.users set is_active = false");
    assert_eq!(app.post(SETUP, &[], &ada()).await.error(), (409, "setup.done"));
    assert_eq!(app.database.sql("select count(*) from migration.users"), users);
}

#[tokio::test]
async fn what_is_wrong_is_named_field_by_field_and_nothing_is_made() {
    let app = empty().await;
    let with = |field: &str, value: Value| {
        let mut body = ada();
        body[field] = value;
        body
    };
    let cases = [
        (with("email", json!("")), "/email", "required"),
        (with("email", json!("ada")), "/email", "form"),
        (with("email", json!("ada@exa mple.com")), "/email", "form"),
        (with("email", json!("a\u{0}@b.c")), "/email", "form"),
        (with("email", json!("a".repeat(300))), "/email", "too_long"),
        (with("email", json!(1)), "/email", "type"),
        (with("password", json!("")), "/password", "required"),
        (with("password", json!("seven77")), "/password", "too_short"),
        (with("password", json!("x".repeat(1025))), "/password", "too_long"),
        (with("password", json!("long enough \u{0}")), "/password", "character"),
        (with("password", json!("Password123!")), "/password", "common"),
        (with("password", json!("Demo123!")), "/password", "common"),
        (with("password", json!("sunshine")), "/password", "common"),
        (with("password", json!("ada@example.com")), "/password", "personal"),
        (with("password", json!("Lovelace-1815")), "/password", "personal"),
        (with("password", json!("Drydock2026")), "/password", "personal"),
        (with("first_name", json!("  ")), "/first_name", "required"),
        (with("first_name", json!("A\u{0}")), "/first_name", "character"),
        (with("last_name", json!("x".repeat(101))), "/last_name", "too_long"),
        (with("last_name", json!("x\ny")), "/last_name", "character"),
    ];
    for (body, path, code) in cases {
        let answer = app.post(SETUP, &[], &body).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{body}");
        let fields = answer.body["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 1, "{fields:?}");
        assert_eq!(
            (fields[0]["path"].as_str(), fields[0]["code"].as_str()),
            (Some(path), Some(code)),
            "{body}"
        );
        assert!(!answer.body.to_string().contains("Lovelace-1815"), "the password is repeated: {answer:?}");
    }
    let all = app
        .post(SETUP, &[], &json!({ "email": "", "password": "", "first_name": "", "last_name": "" }))
        .await;
    let paths: Vec<_> =
        all.body["fields"].as_array().unwrap().iter().map(|field| field["path"].clone()).collect();
    assert_eq!(paths, ["/first_name", "/email", "/password"]);
    for body in [with("role", json!("viewer")), with("is_admin", json!(true)), json!({}), json!([])] {
        assert_eq!(app.post(SETUP, &[], &body).await.error(), (422, "request.invalid"), "{body}");
    }
    assert_eq!(app.database.sql("select count(*) from migration.users"), "0");
    assert_eq!(required(&app).await, true);
}

#[tokio::test]
async fn every_default_password_is_refused_for_people() {
    let app = App::new().await;
    let accounts = app.get("/api/v1/demo/accounts", &[]).await.body["accounts"].as_array().unwrap().clone();
    assert!(!accounts.is_empty());
    seeded_with_none(&app);
    for account in accounts {
        let mut body = ada();
        body["password"] = account["password"].clone();
        assert_eq!(app.post(SETUP, &[], &body).await.body["fields"][0]["code"], "common", "{account}");
    }
}

#[tokio::test]
async fn the_gate_accepts_no_user_only_where_none_was_seeded_and_setting_up_works() {
    let app = App::new().await;
    assert!(matches!(verify::login(app.database.store()).await.unwrap(), WayIn::Accounts(5..)));
    seeded_with_none(&app);
    assert_eq!(verify::login(app.database.store()).await.unwrap(), WayIn::SetUp);
    assert_eq!(
        app.database
            .sql("select count(*) from migration.users; select count(*) from migration.security_audit_logs"),
        "0\n0",
        "the trial stayed"
    );
    for (change, back) in [
        (
            "update migration.seed_history set profile = 'demo'",
            "update migration.seed_history set profile = 'empty'",
        ),
        (
            "revoke insert on migration.user_roles from drydock_app",
            "grant insert on migration.user_roles to drydock_app",
        ),
        (
            "revoke insert on migration.security_audit_logs from drydock_app",
            "grant insert on migration.security_audit_logs to drydock_app",
        ),
    ] {
        let _ = app.database.sql(change);
        let error = verify::login(app.database.store()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "login.impossible", "{change}: {error}");
        let _ = app.database.sql(back);
        assert_eq!(verify::login(app.database.store()).await.unwrap(), WayIn::SetUp, "{back}");
    }
    // Once somebody is there, a database without an account that can sign in is broken again.
    assert_eq!(app.post(SETUP, &[], &ada()).await.status, 200);
    assert_eq!(verify::login(app.database.store()).await.unwrap(), WayIn::Accounts(1));
    let _ = app.database.sql("update migration.users set is_active = false");
    assert_eq!(verify::login(app.database.store()).await.unwrap_err().code().as_str(), "login.impossible");
}

/// Boots, and tells what the login gate said.
async fn boot(settings: &Settings) -> (Platform, String) {
    let platform = Platform::new(settings.clone());
    platform.boot().await.unwrap();
    let snapshot = platform.watch().borrow().clone();
    let login = &snapshot.stages[Stage::Login as usize];
    assert_eq!(login.status, StageStatus::Passed);
    let said = login.detail.clone().unwrap_or_default();
    (platform, said)
}

async fn ask(platform: &Platform, path: &str, bearer: &str, body: &Value) -> (u16, Value) {
    let answer = app::post(platform.router(), path, &[("authorization", bearer)], body).await;
    (answer.status.as_u16(), answer.body)
}

/// From a first start of the profile `empty`: as long as nobody has set an account up every start waits for that, then none
/// adds a user, and a reset goes back to where it began.
#[tokio::test]
async fn an_empty_platform_waits_for_its_first_account_and_a_reset_makes_it_wait_again() {
    let folder = folder();
    let settings = Settings {
        data_dir: Some(folder.path().join("data")),
        resources: resources(),
        templates: Vec::new(),
        seed: Ok(Wanted { profile: Profile::Empty, ..Wanted::default() }),
        ..Settings::from_environment("test")
    };
    let (platform, said) = boot(&settings).await;
    assert_eq!(said, WayIn::SetUp.to_string());
    assert!(platform.demo_accounts().await.unwrap().is_empty());
    platform.shutdown().await.unwrap();

    // What is wanted of new databases changes nothing in this one.
    let settings = Settings { seed: Ok(Wanted::default()), ..settings };
    let (platform, said) = boot(&settings).await;
    assert_eq!(said, WayIn::SetUp.to_string());
    assert!(platform.needs_first_account().await.unwrap());
    assert_eq!(ask(&platform, SETUP, "", &ada()).await.0, 200);
    platform.shutdown().await.unwrap();

    let (platform, said) = boot(&settings).await;
    assert_eq!(said, WayIn::Accounts(1).to_string());
    assert!(!platform.needs_first_account().await.unwrap());
    let credentials = json!({ "email": "ada@example.com", "password": "the engine weaves" });
    let (status, body) = ask(&platform, "/api/v1/auth/login", "", &credentials).await;
    assert_eq!(status, 200, "{body}");
    let bearer = format!("Bearer {}", body["token"]["access_token"].as_str().unwrap());
    assert_eq!(ask(&platform, "/api/v1/maintenance/reset", &bearer, &Value::Null).await.0, 200);
    assert!(platform.needs_first_account().await.unwrap());
    assert_eq!(ask(&platform, "/api/v1/auth/login", "", &credentials).await.0, 401);
    assert_eq!(ask(&platform, SETUP, "", &ada()).await.0, 200);
    platform.shutdown().await.unwrap();
}
