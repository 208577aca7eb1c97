//! Both doors lead to the same router: the same requests get the same answers.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use drydock_api::door;
use drydock_boot::listen;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    app::{ADMINISTRATOR, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT},
    stand_in::SNAPSHOT,
};

struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    content_type: Option<String>,
    body: Value,
}

/// What differs by nature from call to call: ids and times of the call itself.
fn comparable(mut body: Value) -> Value {
    if let Some(object) = body.as_object_mut() {
        for key in ["request_id", "token"] {
            object.remove(key);
        }
    }
    body
}

/// JSON, or the text that it is instead.
fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

async fn in_process(app: &App, call: &Call) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert(door::METHOD_HEADER, HeaderValue::from_static(call.method));
    headers.insert(door::PATH_HEADER, HeaderValue::from_str(&call.path).unwrap());
    // As the window's webview does: whatever is sent, the call's own content type says bytes.
    headers.insert("content-type", HeaderValue::from_static("application/octet-stream"));
    for (name, value) in &call.headers {
        let name = if *name == "content-type" { door::CONTENT_TYPE_HEADER } else { name };
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let body = call.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let framed = door::call(app.router.clone(), &headers, body).await.unwrap();
    let split = framed.iter().position(|byte| *byte == b'\n').unwrap();
    let head: Value = serde_json::from_slice(&framed[..split]).unwrap();
    Outcome {
        status: u16::try_from(head["status"].as_u64().unwrap()).unwrap(),
        content_type: head["headers"]["content-type"].as_str().map(str::to_owned),
        body: comparable(read(&framed[split + 1..])),
    }
}

async fn over_tcp(address: SocketAddr, call: &Call, extra: &[(&str, &str)]) -> Outcome {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(call.method).uri(&call.path);
    if !extra.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", address.to_string());
    }
    for (name, value) in
        call.headers.iter().map(|(name, value)| (*name, value.as_str())).chain(extra.iter().copied())
    {
        request = request.header(name, value);
    }
    let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
    let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Outcome {
        status: parts.status.as_u16(),
        content_type: parts.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned()),
        body: comparable(read(&bytes)),
    }
}

fn get(path: &str, headers: &[(&'static str, &str)]) -> Call {
    Call {
        method: "GET",
        path: path.to_owned(),
        headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        body: None,
    }
}

#[tokio::test]
async fn the_same_requests_get_the_same_answers() {
    let app = App::new().await;
    let listener = listen(app.router.clone(), app.turned_away.clone(), 0, None).await.unwrap();
    let bearer = app.bearer(DEMO).await;
    let signed_in = ("authorization", bearer.as_str());
    let selected = [signed_in, ("x-client-account-id", DEMO_CLIENT), ("x-engagement-id", DEMO_ENGAGEMENT)];
    let post = |path: &str, body: Value| Call {
        method: "POST",
        path: path.to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: Some(body),
    };
    let login = "/api/v1/auth/login";
    let administrator = app.bearer(ADMINISTRATOR).await;
    let snapshot = format!("/api/v1/snapshots/{SNAPSHOT}");
    let maintain = |method: &'static str, path: &str, kind: &str, body: Option<Value>| Call {
        method,
        path: path.to_owned(),
        headers: vec![("authorization", administrator.clone()), ("content-type", kind.to_owned())],
        body,
    };
    let json = "application/json";
    let asset = app.database.sql(&format!(
        "select id from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}' order by id limit 1"
    ));
    let ask = |method: &'static str, path: &str, body: Value| Call {
        method,
        path: path.to_owned(),
        headers: selected
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain([("content-type", json.to_owned())])
            .collect(),
        body: Some(body),
    };
    let calls = [
        get("/livez", &[]),
        get("/readyz", &[]),
        get("/api/v1/boot", &[]),
        get("/api/openapi.json", &[]),
        get("/api/v1/demo/accounts", &[]),
        post(login, json!({ "email": DEMO.0, "password": DEMO.1 })),
        post(login, json!({ "email": DEMO.0, "password": "wrong" })),
        post(login, json!({ "email": 1 })),
        Call { method: "POST", path: login.to_owned(), headers: vec![], body: None },
        get("/api/v1/setup", &[]),
        post(
            "/api/v1/setup",
            json!({ "email": "a@b.c", "password": "eight or more", "first_name": "A", "last_name": "" }),
        ),
        post("/api/v1/setup", json!({ "email": "a", "password": "" })),
        maintain(
            "POST",
            "/api/v1/auth/change-password",
            json,
            Some(json!({ "current_password": "wrong", "new_password": "" })),
        ),
        maintain(
            "POST",
            "/api/v1/auth/change-password",
            json,
            Some(json!({ "current_password": "wrong", "new_password": "eight or more" })),
        ),
        post("/api/v1/auth/change-password", json!({})),
        get("/api/v1/auth/me", &[]),
        get("/api/v1/auth/profile", &[signed_in]),
        maintain("PUT", "/api/v1/auth/profile", json, Some(json!({ "first_name": "" }))),
        get("/api/v1/auth/sessions", &[]),
        maintain("DELETE", &format!("/api/v1/auth/sessions/{DEMO_CLIENT}"), json, None),
        post("/api/v1/auth/logout-everywhere", json!({})),
        get("/api/v1/admin/audit?limit=0", &[("authorization", administrator.as_str())]),
        get("/api/v1/admin/audit/chain", &[signed_in]),
        get("/api/v1/admin/audit/export?limit=x", &[("authorization", administrator.as_str())]),
        get(
            &format!("/api/v1/admin/clients/{DEMO_CLIENT}/audit"),
            &[("authorization", administrator.as_str())],
        ),
        get(&format!("/api/v1/admin/clients/{DEMO_CLIENT}/audit/chain"), &[signed_in]),
        get(&format!("/api/v1/admin/clients/{DEMO_CLIENT}/audit/export"), &[signed_in]),
        get("/api/v1/auth/me", &[signed_in]),
        get("/api/v1/context/clients", &[signed_in]),
        get(&format!("/api/v1/context/clients/{DEMO_CLIENT}/engagements"), &[signed_in]),
        get("/api/v1/context/clients/11111111-1111-1111-1111-111111111112/engagements", &[signed_in]),
        get("/api/v1/context/clients/x/engagements", &[signed_in]),
        get("/api/v1/overview", &selected),
        get("/api/v1/overview", &[signed_in]),
        get("/api/v1/overview/client-accounts", &[signed_in]),
        get("/api/v1/assets?limit=3&asset_type=server", &selected),
        get("/api/v1/assets?limit=0", &selected),
        get("/api/v1/assets?limit=3&sort=-memory_gb&last=true", &selected),
        get("/api/v1/assets/count?asset_type=server", &selected),
        get("/api/v1/assets/values?column=department", &selected),
        get("/api/v1/assets/export?sort=name", &selected),
        get("/api/v1/assets/export?columns=x", &selected),
        get(&format!("/api/v1/assets/{asset}"), &selected),
        get(&format!("/api/v1/assets/{DEMO_CLIENT}"), &selected),
        get(&format!("/api/v1/assets/{DEMO_CLIENT}/history"), &selected),
        get(&format!("/api/v1/asset-exports/{DEMO_CLIENT}"), &selected),
        get("/api/v1/asset-table", &selected),
        get("/api/v1/asset-views", &selected),
        ask("POST", "/api/v1/assets", json!({ "set": { "name": "" } })),
        ask("PATCH", &format!("/api/v1/assets/{asset}"), json!({ "version": 1, "set": { "status": "x" } })),
        ask(
            "POST",
            "/api/v1/assets/edit",
            json!({ "selection": { "ids": [DEMO_CLIENT] }, "set": { "status": "x" } }),
        ),
        ask("POST", "/api/v1/assets/delete", json!({ "ids": [DEMO_CLIENT] })),
        ask("POST", "/api/v1/asset-exports", json!({})),
        ask("PUT", "/api/v1/asset-table", json!({ "columns": ["name"], "widths": {}, "density": "compact" })),
        ask("PUT", &format!("/api/v1/asset-views/{DEMO_CLIENT}"), json!({})),
        ask("POST", &format!("/api/v1/asset-changes/{DEMO_CLIENT}/undo"), json!({})),
        get("/api/v1/maintenance", &[signed_in]),
        get("/api/v1/snapshots", &[("authorization", administrator.as_str())]),
        maintain("POST", "/api/v1/maintenance/undo", json, None),
        maintain("POST", "/api/v1/maintenance/reset", json, None),
        maintain("POST", "/api/v1/maintenance/undo", json, None),
        maintain("POST", "/api/v1/maintenance/cancel", json, None),
        get("/api/v1/maintenance", &[("authorization", administrator.as_str())]),
        maintain("POST", "/api/v1/snapshots", json, Some(json!({ "name": "" }))),
        maintain("POST", "/api/v1/snapshots/import", "application/octet-stream", Some(json!("no snapshot"))),
        maintain("POST", "/api/v1/snapshots/import", json, Some(json!("no snapshot"))),
        maintain("PATCH", &snapshot, json, Some(json!({ "name": "Renamed" }))),
        maintain("PATCH", "/api/v1/snapshots/x", json, Some(json!({}))),
        maintain("POST", &format!("{snapshot}/restore"), json, None),
        maintain("POST", &format!("{snapshot}/export"), json, None),
        maintain("POST", &format!("{snapshot}/put-back"), json, None),
        get("/api/v1/nothing", &[]),
        Call { method: "DELETE", path: login.to_owned(), headers: vec![], body: None },
        Call { method: "POST", path: "/api/v1/auth/logout".to_owned(), headers: vec![], body: None },
    ];
    let mut calls = Vec::from(calls);
    // Every other operation of the document as well: reading as an administrator, writing as nobody.
    let document = serde_json::to_value(drydock_api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let asked = [DEMO_CLIENT, &SNAPSHOT.to_string()].iter().any(|id| {
            let path = path.replace("{id}", id);
            calls.iter().any(|call| call.path.split('?').next() == Some(path.as_str()))
        });
        if asked {
            continue;
        }
        let path = path.replace("{id}", DEMO_CLIENT).replace("{user_id}", DEMO_CLIENT);
        for method in item.as_object().unwrap().keys() {
            calls.push(match method.as_str() {
                "get" => get(
                    &path,
                    &[
                        ("authorization", administrator.as_str()),
                        ("x-client-account-id", DEMO_CLIENT),
                        ("x-engagement-id", DEMO_ENGAGEMENT),
                    ],
                ),
                other => Call {
                    method: ["POST", "PUT", "PATCH", "DELETE"]
                        .into_iter()
                        .find(|name| name.eq_ignore_ascii_case(other))
                        .unwrap(),
                    path: path.clone(),
                    headers: vec![("content-type", json.to_owned())],
                    body: Some(json!({})),
                },
            });
        }
    }
    for call in &calls {
        let (mut first, mut second) =
            (in_process(&app, call).await, over_tcp(listener.address(), call, &[]).await);
        // What is measured is another thing a moment later; its parts are the same.
        if call.path.starts_with("/api/v1/monitoring") {
            for outcome in [&mut first, &mut second] {
                outcome.body =
                    outcome.body.as_object().map_or(Value::Null, |body| body.keys().cloned().collect());
            }
        }
        assert_eq!(first, second, "{} {}", call.method, call.path);
    }
    listener.close().await;
}

#[tokio::test]
async fn the_loopback_door_lets_in_its_own_host_and_origin_only() {
    let app = App::new().await;
    let listener = listen(app.router.clone(), app.turned_away.clone(), 0, None).await.unwrap();
    let address = listener.address();
    let port = address.port();
    let call = get("/livez", &[]);
    let ask = async |headers: &[(&str, &str)]| {
        let outcome = over_tcp(address, &call, headers).await;
        (outcome.status, outcome.body["code"].as_str().map(str::to_owned))
    };
    let own_host = format!("localhost:{port}");
    let own_origin = format!("http://127.0.0.1:{port}");
    assert_eq!(ask(&[]).await, (200, None));
    assert_eq!(ask(&[("host", &own_host)]).await, (200, None));
    assert_eq!(ask(&[("origin", &own_origin)]).await, (200, None));
    let other_port = format!("127.0.0.1:{}", port.wrapping_add(1));
    for host in ["evil.example", "127.0.0.1", "", other_port.as_str(), &format!("evil.example:{port}")] {
        assert_eq!(ask(&[("host", host)]).await, (403, Some("door.host_refused".to_owned())), "{host:?}");
    }
    for origin in ["null", "https://evil.example", &format!("https://127.0.0.1:{port}"), "http://localhost"] {
        assert_eq!(
            ask(&[("origin", origin)]).await,
            (403, Some("door.origin_refused".to_owned())),
            "{origin:?}"
        );
    }
    // A header that is there twice, or a target that is no path, could be read in two ways.
    let twice = [("host", own_host.as_str()), ("host", "evil.example")];
    assert_eq!(ask(&twice).await, (403, Some("door.host_refused".to_owned())));
    let twice = [("origin", own_origin.as_str()), ("origin", "https://evil.example")];
    assert_eq!(ask(&twice).await, (403, Some("door.origin_refused".to_owned())));
    let elsewhere = over_tcp(address, &get("http://evil.example/livez", &[]), &[("host", &own_host)]).await;
    assert_eq!((elsewhere.status, elsewhere.body["code"].as_str()), (400, Some("request.malformed")));
    listener.close().await;
    assert!(TcpStream::connect(address).await.is_err(), "the door is still open");
}

#[tokio::test]
async fn the_in_process_door_refuses_what_is_no_request() {
    let app = App::new().await;
    for (method, path) in [
        (None, Some("/livez")),
        (Some("GET"), None),
        (Some("G T"), Some("/livez")),
        (Some("GET"), Some("livez")),
        (Some("GET"), Some("http://elsewhere/livez")),
        (Some("GET"), Some("//elsewhere/livez ")),
    ] {
        let mut headers = HeaderMap::new();
        if let Some(method) = method {
            headers.insert(door::METHOD_HEADER, HeaderValue::from_static(method));
        }
        if let Some(path) = path {
            headers.insert(door::PATH_HEADER, HeaderValue::from_static(path));
        }
        assert!(door::call(app.router.clone(), &headers, Vec::new()).await.is_err(), "{method:?} {path:?}");
    }
}
