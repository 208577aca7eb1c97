//! Reset, undo and snapshots as the API offers them, in front of a [`StandIn`](crate::stand_in::StandIn).

use axum::body::Body;
use drydock_boot::listen;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    app::{ADMINISTRATOR, Answer, App, request},
    stand_in::{FILE_HEAD, SNAPSHOT},
};

const STATUS: &str = "/api/v1/maintenance";
const RESET: &str = "/api/v1/maintenance/reset";
const SNAPSHOTS: &str = "/api/v1/snapshots";
const IMPORT: &str = "/api/v1/snapshots/import";

async fn send(app: &App, bearer: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    app.send(request(method, path, &headers, body.map_or(Body::empty(), |body| body.to_string().into())))
        .await
}

async fn import(app: &App, bearer: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let headers = [("authorization", bearer), ("content-type", kind)];
    app.send(request("POST", IMPORT, &headers, body.into())).await
}

/// A file that is taken in, of `length` bytes.
fn file(length: usize) -> Vec<u8> {
    let mut file = FILE_HEAD.to_vec();
    file.resize(length, 0x5a);
    file
}

#[tokio::test]
async fn a_snapshot_is_made_listed_changed_removed_and_put_back() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let made = send(
        &app,
        &bearer,
        "POST",
        SNAPSHOTS,
        Some(json!({ "name": "  Before the import ", "note": "a\nb" })),
    )
    .await;
    assert_eq!((made.status.as_u16(), &made.body["kind"]), (202, &json!("snapshot_create")), "{made:?}");
    let path = format!("{SNAPSHOTS}/{}", made.body["snapshot_id"].as_str().unwrap());

    let names = async || {
        let listed = send(&app, &bearer, "GET", SNAPSHOTS, None).await;
        let listed = listed.body["snapshots"].as_array().unwrap().clone();
        listed.iter().map(|listed| listed["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Before the import", "First"]);

    let changed = send(&app, &bearer, "PATCH", &path, Some(json!({ "name": "Kept" }))).await;
    assert_eq!((&changed.body["name"], &changed.body["note"]), (&json!("Kept"), &json!("a\nb")));
    let changed = send(&app, &bearer, "PATCH", &path, Some(json!({ "note": "" }))).await;
    assert_eq!((&changed.body["name"], &changed.body["note"]), (&json!("Kept"), &json!("")));

    assert_eq!(send(&app, &bearer, "DELETE", &path, None).await.status, 204);
    assert_eq!(names().await, ["First"]);
    assert_eq!(
        send(&app, &bearer, "PATCH", &path, Some(json!({}))).await.error(),
        (404, "snapshot.not_found")
    );
    assert_eq!(send(&app, &bearer, "POST", &format!("{path}/put-back"), None).await.status, 200);
    assert_eq!(names().await, ["First", "Kept"]);
    for verb in ["restore", "export"] {
        let task = send(&app, &bearer, "POST", &format!("{path}/{verb}"), None).await;
        assert_eq!(task.status, 202);
        assert_eq!(task.body["kind"], format!("snapshot_{verb}"));
        assert_eq!(task.body, {
            let mut known = send(&app, &bearer, "GET", STATUS, None).await.body["task"].clone();
            known["elapsed_ms"] = task.body["elapsed_ms"].clone();
            known
        });
    }
}

#[tokio::test]
async fn a_wrong_name_or_note_is_told_by_field() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let path = format!("{SNAPSHOTS}/{SNAPSHOT}");
    let long = |length| "ü".repeat(length);
    for (body, fields) in [
        (json!({ "name": "" }), vec![("/name", "required")]),
        (json!({ "name": " \n" }), vec![("/name", "required")]),
        (json!({ "name": "a\nb" }), vec![("/name", "character")]),
        (json!({ "name": "a\u{0}b" }), vec![("/name", "character")]),
        (json!({ "name": long(81) }), vec![("/name", "too_long")]),
        (json!({ "name": "x", "note": long(501) }), vec![("/note", "too_long")]),
        (json!({ "name": "x", "note": "\u{1b}[2J" }), vec![("/note", "character")]),
        (json!({ "name": "", "note": "\u{0}" }), vec![("/name", "required"), ("/note", "character")]),
        (json!({ "name": 1 }), vec![("/name", "type")]),
        (json!({ "name": "x", "owner": "me" }), vec![("/owner", "type")]),
    ] {
        for (method, path) in [("POST", SNAPSHOTS), ("PATCH", path.as_str())] {
            let answer = send(&app, &bearer, method, path, Some(body.clone())).await;
            assert_eq!(answer.error(), (422, "request.invalid"), "{method} {body}");
            let told: Vec<_> = answer.body["fields"]
                .as_array()
                .unwrap()
                .iter()
                .map(|field| (field["path"].as_str().unwrap(), field["code"].as_str().unwrap()))
                .collect();
            assert_eq!(told, fields, "{method} {body}");
        }
    }
    let whole =
        send(&app, &bearer, "POST", SNAPSHOTS, Some(json!({ "name": long(80), "note": long(500) }))).await;
    assert_eq!(whole.status, 202, "{whole:?}");
    let nameless = send(&app, &bearer, "POST", SNAPSHOTS, Some(json!({ "note": "x" }))).await;
    assert_eq!(nameless.error(), (422, "request.invalid"));
}

#[tokio::test]
async fn a_refusal_keeps_its_words_and_has_the_status_of_its_code() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    for (code, status) in [
        ("maintenance.busy", 409),
        ("snapshot.not_found", 404),
        ("snapshot.damaged", 422),
        ("snapshot.unsupported", 422),
        ("snapshot.name_invalid", 422),
        ("snapshot.restore_failed", 422),
        ("snapshot.file_exists", 409),
        ("snapshot.cancelled", 409),
        ("snapshot.dump_failed", 500),
        ("platform.disk_full", 507),
        ("platform.not_ready", 503),
        ("postgres.io", 500),
    ] {
        app.maintenance.refuse_with(code);
        let answer = send(&app, &bearer, "POST", RESET, None).await;
        assert_eq!(answer.error(), (status, code));
        assert_eq!(answer.body["title"], "It was refused");
        assert_eq!(answer.body["detail"], "The test says so.");
        assert_eq!(answer.body["next_step"], "Change the test.");
    }
}

#[tokio::test]
async fn nothing_to_undo_until_something_was_reset() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let undo = "/api/v1/maintenance/undo";
    assert_eq!(send(&app, &bearer, "POST", undo, None).await.error(), (409, "maintenance.nothing_to_undo"));
    let reset = send(&app, &bearer, "POST", RESET, None).await;
    assert_eq!((reset.status.as_u16(), &reset.body["undo"]["cause"]), (200, &json!("reset")));
    assert_eq!(send(&app, &bearer, "POST", undo, None).await.body["undo"]["cause"], "undo");
}

#[tokio::test]
async fn whoever_waits_hears_of_the_next_change() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let now = send(&app, &bearer, "GET", STATUS, None).await;
    let revision = now.body["revision"].as_u64().unwrap();
    assert_eq!((&now.body["task"], &now.body["undo"]), (&Value::Null, &Value::Null));
    assert_eq!(now.body["spare_ready"], true);

    let waits = format!("{STATUS}?after={revision}");
    let (news, reset) =
        tokio::join!(send(&app, &bearer, "GET", &waits, None), send(&app, &bearer, "POST", RESET, None));
    assert_eq!(reset.status, 200);
    assert_eq!(news.body["revision"], revision + 1);
    assert_eq!(news.body["task"]["kind"], "reset");
}

#[tokio::test]
async fn a_swap_whose_caller_goes_away_is_finished() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let gate = app.maintenance.hold_swaps();
    let mut reset = Box::pin(send(&app, &bearer, "POST", RESET, None));
    tokio::select! {
        _ = &mut reset => panic!("the gate is closed"),
        () = app.maintenance.swap_began() => {}
    }
    drop(reset);
    gate.notify_one();
    let news = send(&app, &bearer, "GET", &format!("{STATUS}?after=1"), None).await;
    assert_eq!(news.body["task"]["kind"], "reset");
}

#[tokio::test]
async fn a_file_far_larger_than_other_requests_is_taken_in() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let taken = import(&app, &bearer, "application/octet-stream", file(3_000_000)).await;
    assert_eq!((taken.status.as_u16(), &taken.body["file_bytes"]), (201, &json!(3_000_000)), "{taken:?}");
    for (kind, body, expected) in [
        ("application/octet-stream", b"something else".to_vec(), (422, "snapshot.damaged")),
        ("application/octet-stream", Vec::new(), (422, "snapshot.damaged")),
        ("application/json", file(100), (415, "request.unsupported_media_type")),
        ("", file(100), (415, "request.unsupported_media_type")),
    ] {
        assert_eq!(import(&app, &bearer, kind, body).await.error(), expected, "{kind}");
    }
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/octet-stream"),
        ("content-length", "8589934593"),
    ];
    let large = app.send(request("POST", IMPORT, &headers, Body::from(file(100)))).await;
    assert_eq!(large.error(), (413, "request.too_large"));
    // The others keep their limit.
    let large = send(&app, &bearer, "POST", SNAPSHOTS, Some(json!({ "name": "x".repeat(70_000) }))).await;
    assert_eq!(large.error(), (413, "request.too_large"));
}

/// The refusal comes while most of the file is still to be sent, and the sender reads only when it has sent all.
#[tokio::test]
async fn a_sender_that_is_refused_early_hears_why() {
    const LENGTH: usize = 40_000_000;
    let app = App::new().await;
    let listener = listen(app.router.clone(), app.turned_away.clone(), 0, None).await.unwrap();
    let bearer = app.bearer(ADMINISTRATOR).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    let head = format!(
        "POST {IMPORT} HTTP/1.1\r\nhost: {}\r\nauthorization: {bearer}\r\nconnection: close\r\n\
         content-type: application/octet-stream\r\ncontent-length: {LENGTH}\r\n\r\n",
        listener.address()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![0x5a; LENGTH]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    assert!(answer.contains("snapshot.damaged"), "{answer}");
    listener.close().await;
}
