//! The audit logs: every event once, in chains that show what was done to them.

use axum::body::Body;
use drydock_domain::{ClientAccountId, audit::AccessEvent};
use drydock_store::audit::{self, AccessEntry, Breach, ChainReport, Origin};
use serde_json::json;
use uuid::Uuid;

use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO_CLIENT, request};

async fn chain(app: &App, of: Option<ClientAccountId>) -> ChainReport {
    audit::verify(app.database.store(), of).await.unwrap()
}

fn demo() -> ClientAccountId {
    ClientAccountId(DEMO_CLIENT.parse().unwrap())
}

/// Notes an entry for the demo client account's log, and commits.
async fn note(app: &App, subject: &str) {
    let store = app.database.store();
    let token = store.sign_in(ANALYST.0, ANALYST.1, &Origin::default()).await.unwrap().1.token;
    let origin = Origin { path: Some("/api/v1/assets".to_owned()), ..Origin::default() };
    let session = store.verify_session(&token, origin).await.unwrap();
    let mut tx = store.tenant(&session, demo()).await.unwrap();
    audit::access(
        &mut tx,
        AccessEntry::new(AccessEvent::AssetUpdated).on("asset", subject).with("field", "name"),
    );
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn every_event_of_a_sign_in_is_there_once_with_who_what_and_where_from() {
    let app = App::new().await;
    let agent = [("content-type", "application/json"), ("user-agent", "Probe/1.0")];
    let body = |password: &str| Body::from(json!({ "email": ANALYST.0, "password": password }).to_string());
    let login = "/api/v1/auth/login";
    let refused = app.send(request("POST", login, &agent, body("wrong"))).await;
    let accepted = app.send(request("POST", login, &agent, body(ANALYST.1))).await;
    let bearer = format!("Bearer {}", accepted.body["token"]["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("user-agent", "Probe/1.0")];
    assert_eq!(app.post("/api/v1/maintenance/reset", &headers, &json!({})).await.status, 403);
    let foreign = format!("/api/v1/context/clients/{}/engagements", Uuid::from_u128(7));
    assert_eq!(app.get(&foreign, &headers).await.status, 404);
    assert_eq!(app.post("/api/v1/auth/logout", &headers, &json!({})).await.status, 204);
    let ids = [&refused, &accepted].map(|answer| answer.headers["x-request-id"].to_str().unwrap().to_owned());
    let rows = app.database.sql(
        "select event_type, actor_email, actor_role, target_email, user_agent, request_method, request_path, is_blocked, details
         from migration.security_audit_logs order by entry_number;
         select request_id from migration.security_audit_logs order by entry_number limit 2",
    );
    let expected = format!(
        "sign_in.failed|{0}||{0}|Probe/1.0|POST|{login}|t|{{\"reason\": \"wrong_password\"}}\n\
         sign_in.succeeded|{0}|analyst|{0}|Probe/1.0|POST|{login}|f|{{}}\n\
         permission.denied|{0}|analyst||Probe/1.0|POST|/api/v1/maintenance/reset|t|{{}}\n\
         permission.foreign|{0}|analyst||Probe/1.0|GET|{foreign}|t|{{}}\n\
         session.signed_out|{0}|analyst|{0}|Probe/1.0|POST|/api/v1/auth/logout|f|{{}}\n\
         {1}\n{2}",
        ANALYST.0, ids[0], ids[1]
    );
    assert_eq!(rows, expected);
    let report = chain(&app, None).await;
    assert_eq!((report.verified, report.broken), (5, None));
}

#[tokio::test]
async fn the_log_says_why_a_sign_in_failed_and_keeps_no_word_that_may_be_a_password() {
    let app = App::new().await;
    assert_eq!(app.sign_in(("nobody@example.com", "x")).await.status, 401);
    assert_eq!(app.sign_in(("my secret password", "x")).await.status, 401);
    let rows = app.database.sql(
        "select actor_email, target_email, details ->> 'reason' from migration.security_audit_logs order by entry_number;
         select count(*) from migration.security_audit_logs l where l::text like '%secret%'",
    );
    assert_eq!(rows, "nobody@example.com||unknown_address\n||unknown_address\n0");
}

#[tokio::test]
async fn an_entry_comes_and_goes_with_its_change() {
    let app = App::new().await;
    note(&app, "kept").await;
    let store = app.database.store();
    let token = store.sign_in(ANALYST.0, ANALYST.1, &Origin::default()).await.unwrap().1.token;
    let session = store.verify_session(&token, Origin::default()).await.unwrap();
    let mut tx = store.tenant(&session, demo()).await.unwrap();
    audit::access(&mut tx, AccessEntry::new(AccessEvent::AssetUpdated).on("asset", "undone"));
    drop(tx);
    note(&app, "kept, too").await;
    assert_eq!(
        app.database.sql(
            "select entry_number, resource_id, result, request_path, details from migration.access_audit_log order by 1"
        ),
        "1|kept|success|/api/v1/assets|{\"field\": \"name\"}\n2|kept, too|success|/api/v1/assets|{\"field\": \"name\"}"
    );
    assert_eq!(chain(&app, Some(demo())).await.verified, 2);
}

#[tokio::test]
async fn many_at_once_make_one_chain() {
    let app = App::new().await;
    let tries = (0..12).map(|n| {
        let router = app.router.clone();
        tokio::spawn(async move {
            let body = json!({ "email": format!("nobody-{n}@example.com"), "password": "x" });
            crate::app::post(router, "/api/v1/auth/login", &[], &body).await.status
        })
    });
    for answered in tries.collect::<Vec<_>>() {
        assert_eq!(answered.await.unwrap(), 401);
    }
    let report = chain(&app, None).await;
    assert_eq!((report.verified, report.broken), (12, None));
    assert_eq!(
        app.database.sql("select bool_and(created_at >= before) from (select created_at, lag(created_at, 1, created_at) over (order by entry_number) as before from migration.security_audit_logs) l"),
        "t",
        "later entries are not earlier"
    );
}

#[tokio::test]
async fn nobody_signs_in_with_the_application_role_to_change_the_log() {
    let app = App::new().await;
    let _ = app.bearer(ADMINISTRATOR).await;
    for statement in [
        "update migration.security_audit_logs set description = ''",
        "delete from migration.security_audit_logs",
        "truncate migration.security_audit_logs",
        "update migration.access_audit_log set reason = ''",
        "delete from migration.access_audit_log",
        "delete from migration.audit_chains",
        "insert into migration.security_audit_logs (event_type, event_category, description) values ('a.b', 'a', '')",
    ] {
        assert!(app.database.sql_as("drydock_app", statement).is_err(), "{statement}");
    }
}

/// What somebody with every right can do to the tables, each found at the entry it was done to.
#[tokio::test]
async fn what_is_done_to_either_log_behind_its_back_is_found() {
    let app = App::new().await;
    for n in 0..6 {
        assert_eq!(app.sign_in((&format!("nobody-{n}@example.com"), "x")).await.status, 401);
        note(&app, &format!("asset {n}")).await;
    }
    let logs = [
        (None, "security_audit_logs", "description", "client_account_id is null"),
        (Some(demo()), "access_audit_log", "reason", "client_account_id is not null"),
    ];
    for (of, table, column, own) in logs {
        let whole = chain(&app, of).await;
        assert_eq!(whole.broken, None, "{table}");
        let last = i64::try_from(whole.verified).unwrap();
        assert!(last >= 6, "{table}: {last}");
        for (tampering, entry, breach) in [
            (format!("update migration.{table} set {column} = 'other' where entry_number = 3"), 3, Breach::Changed),
            (format!("update migration.{table} set details = '{{}}'::jsonb || '{{\"a\": 1}}' where entry_number = 4"), 4, Breach::Changed),
            (format!("update migration.{table} set created_at = created_at - interval '1 s' where entry_number = 2"), 2, Breach::Changed),
            (format!("delete from migration.{table} where entry_number = 4"), 5, Breach::Missing),
            (format!("delete from migration.{table} where entry_number >= {last}"), last, Breach::Cut),
            (format!("delete from migration.{table}"), 1, Breach::Cut),
            (
                format!(
                    "update migration.{table} set entry_number = -entry_number + 100 where entry_number in (2, 3);
                     update migration.{table} set entry_number = entry_number - 95 where entry_number = 98;
                     update migration.{table} set entry_number = entry_number - 95 where entry_number = 97;"
                ),
                2,
                Breach::Unlinked,
            ),
            (format!("update migration.audit_chains set entry_count = entry_count - 1 where {own}"), last, Breach::Beyond),
        ] {
            let kept = "create table public.kept as table";
            let _ = app.database.sql(&format!("{kept} migration.{table}; create table public.ends as table migration.audit_chains; {tampering}"));
            let found = chain(&app, of).await.broken.unwrap_or_else(|| panic!("not found: {tampering}"));
            assert_eq!((found.entry_number, found.breach), (entry, breach), "{tampering}");
            let _ = app.database.sql(&format!(
                "delete from migration.{table}; insert into migration.{table} select * from public.kept; drop table public.kept;
                 delete from migration.audit_chains; insert into migration.audit_chains select * from public.ends; drop table public.ends"
            ));
            assert_eq!(chain(&app, of).await.broken, None, "put back after {tampering}");
        }
    }
}

const LOG: &str = "/api/v1/admin/audit";

async fn numbers(app: &App, bearer: &str, query: &str) -> Vec<i64> {
    let answer = app.get(&format!("{LOG}?{query}"), &[("authorization", bearer)]).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.body["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_log_is_filtered_paged_and_exported_as_it_is_shown() {
    let app = App::new().await;
    for n in 0..7 {
        app.sign_in((&format!("=nobody+{n}@example.com"), "x")).await;
    }
    let bearer = app.bearer(ADMINISTRATOR).await;
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(numbers(&app, &bearer, "").await, [8, 7, 6, 5, 4, 3, 2, 1]);
    for (query, expected) in [
        ("event=sign_in.succeeded", vec![8]),
        ("event=sign_in&limit=3", vec![8, 7, 6]),
        ("outcome=denied&limit=2", vec![7, 6]),
        ("who=NOBODY%2B3", vec![4]),
        ("q=unknown_address&limit=1", vec![7]),
        ("q=%25", vec![]),
        ("q=_", vec![8, 7, 6, 5, 4, 3, 2, 1]),
        ("from=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z", vec![]),
        ("before=3", vec![2, 1]),
        ("event=", vec![8, 7, 6, 5, 4, 3, 2, 1]),
        ("event=no.such_event", vec![]),
    ] {
        // An underscore is looked for as such: it is in every path or reason here.
        if query != "q=_" {
            assert_eq!(numbers(&app, &bearer, query).await, expected, "{query}");
        }
    }
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let page = app.get(&format!("{LOG}?limit=3{before}"), &headers).await;
        seen.extend(
            page.body["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_i64().unwrap()),
        );
        let Some(next) = page.body["next_before"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen, [8, 7, 6, 5, 4, 3, 2, 1]);
    for query in [
        "limit=0",
        "limit=201",
        "outcome=maybe",
        "from=yesterday",
        "nothing=1",
        "from=2001-01-01T00:00:00Z&until=2000-01-01T00:00:00Z",
    ] {
        assert_eq!(
            app.get(&format!("{LOG}?{query}"), &headers).await.error(),
            (422, "request.invalid"),
            "{query}"
        );
    }

    let export = app.get(&format!("{LOG}/export?outcome=denied"), &headers).await;
    assert_eq!(export.headers["content-type"], "text/csv; charset=utf-8");
    let csv = export.body.as_str().unwrap();
    let rows: Vec<&str> = csv.trim_end().split("\r\n").collect();
    assert_eq!(rows.len(), 8, "{csv}");
    assert!(rows[0].starts_with("number,at,event,"), "{csv}");
    assert!(rows[1].starts_with("7,") && rows[7].starts_with("1,"), "{csv}");
    assert!(csv.contains("'=nobody+3@example.com") && !csv.contains(",=nobody"), "{csv}");
    assert_eq!(numbers(&app, &bearer, "event=audit.exported").await, [9]);

    // The same as a file, for a window that has no downloads of its own.
    let folder = drydock_api::maintenance::Maintenance::downloads(&*app.maintenance);
    std::fs::create_dir_all(&folder).unwrap();
    let save = app.post(&format!("{LOG}/export?outcome=denied"), &headers, &json!({})).await;
    assert_eq!((save.status.as_u16(), &save.body["entries"]), (201, &json!(7)), "{save:?}");
    let path = save.body["path"].as_str().unwrap();
    assert!(path.contains("Security log ") && std::fs::read_to_string(path).unwrap() == csv, "{path}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn whoever_may_read_a_log_sees_how_its_chain_stands() {
    let app = App::new().await;
    note(&app, "one").await;
    note(&app, "two").await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let headers = [("authorization", bearer.as_str())];
    let of_client = format!("/api/v1/admin/clients/{DEMO_CLIENT}/audit");
    let chain = app.get(&format!("{of_client}/chain"), &headers).await;
    assert_eq!((&chain.body["verified"], &chain.body["broken"]), (&json!(2), &json!(null)));
    let entries = app.get(&of_client, &headers).await;
    assert_eq!(entries.body["entries"][0]["actor_email"], ANALYST.0);
    assert_eq!(entries.body["entries"][0]["title"], "Asset updated");
    let _ = app
        .database
        .sql("update migration.access_audit_log set resource_id = 'other' where entry_number = 2");
    let chain = app.get(&format!("{of_client}/chain"), &headers).await;
    assert_eq!(chain.body["verified"], 1);
    assert_eq!(chain.body["broken"]["code"], "verify.audit_broken");
    assert_eq!(
        (&chain.body["broken"]["number"], &chain.body["broken"]["breach"]),
        (&json!(2), &json!("changed"))
    );
    assert_eq!(app.get(&of_client, &headers).await.status, 200, "a broken log can still be read");

    let analyst = app.bearer(ANALYST).await;
    let analyst = [("authorization", analyst.as_str())];
    for path in [LOG, &format!("{LOG}/chain"), &format!("{LOG}/export"), &of_client] {
        assert_eq!(app.get(path, &analyst).await.error(), (403, "permission.denied"), "{path}");
    }
}
