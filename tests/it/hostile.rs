//! Whatever is sent, the API answers with less than 500 and, where it refuses, with the envelope.

use axum::body::Body;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;

use crate::{
    app::{ADMINISTRATOR, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT, request},
    stand_in::SNAPSHOT,
};

/// Text that is awkward more often than chance would have it.
fn awkward() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        Just("\0".to_owned()),
        Just("'; drop table migration.users; --".to_owned()),
        Just("%_\\".to_owned()),
        Just("\u{feff}\u{202e}\u{1F6A2}".to_owned()),
        Just("9".repeat(400)),
        Just("none".to_owned()),
        Just("1..2".to_owned()),
        Just("-1e308..NaN".to_owned()),
        Just("0001-01-01..9999-12-31".to_owned()),
        Just("~%,\\".to_owned()),
        Just("-memory_gb".to_owned()),
        // A cursor in the order of names, with a value that is none.
        Just("bm5hbWUKMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTErAQ".to_owned()),
    ]
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        awkward().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| json!(values)),
            prop::collection::vec(
                (
                    prop_oneof![
                        prop::sample::select(vec![
                            "email",
                            "password",
                            "name",
                            "note",
                            "first_name",
                            "last_name",
                            "new_password"
                        ])
                        .prop_map(str::to_owned),
                        awkward()
                    ],
                    inner
                ),
                0..4
            )
            .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn check<S: Strategy>(cases: u32, strategy: &S, ask: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
        .run(strategy, ask)
        .unwrap();
}

fn below_500(what: &str, answer: &crate::app::Answer) -> Result<(), TestCaseError> {
    prop_assert!(answer.status.as_u16() < 500, "{what}: {answer:?}");
    if answer.status.is_client_error() {
        answer.error();
    }
    Ok(())
}

#[test]
fn queries_and_selectors() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (app, bearer) = runtime.block_on(async {
        let app = App::new().await;
        let bearer = app.bearer(DEMO).await;
        (app, bearer)
    });
    let name = prop::sample::select(vec![
        "limit",
        "cursor",
        "offset",
        "last",
        "sort",
        "asset_type",
        "environment",
        "cpu_cores",
        "memory_gb",
        "created_at",
        "hostname",
        "q",
        "after",
        "column",
        "columns",
        "x",
    ]);
    let selector = prop_oneof![4 => Just(DEMO_CLIENT.to_owned()), 1 => "[ -~]{0,40}"];
    let strategy = (prop::collection::vec((name, awkward()), 0..4), selector);
    check(200, &strategy, |(pairs, selector)| {
        let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-client-account-id", selector.as_str()),
            ("x-engagement-id", DEMO_ENGAGEMENT),
        ];
        for path in ["assets", "assets/count", "assets/values", "assets/export"] {
            let path = format!("/api/v1/{path}?{}", query.join("&"));
            below_500(&path, &runtime.block_on(app.get(&path, &headers)))?;
        }
        Ok(())
    });
    // The database's connections belong to this runtime.
    runtime.block_on(async move { drop(app) });
}

#[test]
fn bodies_and_paths() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let app = runtime.block_on(App::new());
    // No string here is a seeded address, so no case costs more than one hash.
    check(60, &json_value(), |body| {
        below_500(&body.to_string(), &runtime.block_on(app.post("/api/v1/auth/login", &[], &body)))
    });
    let bearer = runtime.block_on(app.bearer(DEMO));
    check(100, &(awkward(), awkward(), awkward()), |(email, name, password)| {
        let body = json!({ "email": email, "password": password, "first_name": name, "last_name": name });
        below_500(&body.to_string(), &runtime.block_on(app.post("/api/v1/setup", &[], &body)))?;
        let body = json!({ "current_password": name, "new_password": password });
        let headers = [("authorization", bearer.as_str())];
        below_500(
            &body.to_string(),
            &runtime.block_on(app.post("/api/v1/auth/change-password", &headers, &body)),
        )
    });
    check(100, &json_value(), |body| {
        let headers = [("authorization", bearer.as_str())];
        for path in ["/api/v1/setup", "/api/v1/auth/change-password"] {
            below_500(&body.to_string(), &runtime.block_on(app.post(path, &headers, &body)))?;
        }
        Ok(())
    });
    check(200, &prop::collection::vec(any::<u8>(), 0..200), |bytes| {
        let headers = [("content-type", "application/json")];
        let what = format!("{bytes:?}");
        let request = request("POST", "/api/v1/auth/login", &headers, Body::from(bytes));
        below_500(&what, &runtime.block_on(app.send(request)))
    });
    let method =
        prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"]);
    check(200, &(method, awkward()), |(method, segment)| {
        let path = format!("/api/v1/context/clients/{}/engagements", encoded(&segment));
        let request = request(method, &path, &[("authorization", "Bearer x")], Body::empty());
        let answer = runtime.block_on(app.send(request));
        prop_assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
        Ok(())
    });
    runtime.block_on(async move { drop(app) });
}

#[test]
fn changes_of_assets() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (app, bearer) = runtime.block_on(async {
        let app = App::new().await;
        let bearer = app.bearer(ADMINISTRATOR).await;
        (app, bearer)
    });
    let asset = app.database.sql(&format!(
        "select id from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}' order by id limit 1"
    ));
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-account-id", DEMO_CLIENT),
        ("x-engagement-id", DEMO_ENGAGEMENT),
        ("content-type", "application/json"),
    ];
    let one = format!("/api/v1/assets/{asset}");
    let send = |method: &str, path: &str, body: &serde_json::Value| {
        runtime.block_on(app.send(request(method, path, &headers, Body::from(body.to_string()))))
    };
    let version =
        || -> i64 { runtime.block_on(app.get(&one, &headers)).body["asset"]["version"].as_i64().unwrap() };
    let column = prop::sample::select(drydock_domain::asset::Column::ALL.to_vec());
    check(300, &(column, json_value()), |(column, value)| {
        let set = json!({ column.name(): value });
        below_500(&set.to_string(), &send("PATCH", &one, &json!({ "version": version(), "set": set })))?;
        below_500(&set.to_string(), &send("POST", "/api/v1/assets", &json!({ "set": set })))?;
        let many = json!({ "selection": { "filter": { column.name(): value } }, "set": set });
        below_500(&many.to_string(), &send("POST", "/api/v1/assets/edit", &many))
    });
    check(60, &json_value(), |body| {
        for (method, path) in [
            ("POST", "/api/v1/assets"),
            ("PATCH", one.as_str()),
            ("POST", "/api/v1/assets/edit"),
            ("POST", "/api/v1/assets/delete"),
            ("POST", "/api/v1/asset-exports"),
            ("PUT", "/api/v1/asset-table"),
            ("POST", "/api/v1/asset-views"),
        ] {
            below_500(&format!("{method} {path} {body}"), &send(method, path, &body))?;
        }
        Ok(())
    });
    runtime.block_on(async move { drop(app) });
}

#[test]
fn snapshots_and_files() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (app, bearer) = runtime.block_on(async {
        let app = App::new().await;
        let bearer = app.bearer(ADMINISTRATOR).await;
        (app, bearer)
    });
    let headers = |kind: &'static str| [("authorization", bearer.as_str()), ("content-type", kind)];
    let send = |method: &str, path: &str, kind, body| {
        runtime.block_on(app.send(request(method, path, &headers(kind), body)))
    };
    let one = format!("/api/v1/snapshots/{SNAPSHOT}");
    check(100, &json_value(), |body| {
        for (method, path) in [("POST", "/api/v1/snapshots"), ("PATCH", one.as_str())] {
            let answer = send(method, path, "application/json", Body::from(body.to_string()));
            below_500(&format!("{method} {body}"), &answer)?;
        }
        Ok(())
    });
    check(100, &prop::collection::vec(any::<u8>(), 0..200), |bytes| {
        let what = format!("{bytes:?}");
        let answer = send("POST", "/api/v1/snapshots/import", "application/octet-stream", Body::from(bytes));
        below_500(&what, &answer)
    });
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH"]);
    let verb = prop::sample::select(vec!["", "/restore", "/export", "/put-back", "/nothing"]);
    check(200, &(method, awkward(), verb, awkward()), |(method, id, verb, after)| {
        for path in [
            format!("/api/v1/snapshots/{}{verb}", encoded(&id)),
            format!("/api/v1/maintenance?x&after={}", encoded(&after)),
        ] {
            below_500(&path, &send(method, &path, "application/json", Body::from("{}")))?;
        }
        Ok(())
    });
    runtime.block_on(async move { drop((app, bearer)) });
}
