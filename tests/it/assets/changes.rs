//! Assets made, changed, deleted and put back.

use serde_json::{Value, json};

use super::{ask, ok, one};
use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO_CLIENT, DEMO_ENGAGEMENT};

/// An asset of the demo that others depend on and that has tags.
fn connected(app: &App) -> String {
    one(
        app,
        &format!(
            "select a.id from migration.assets a
             where engagement_id = '{DEMO_ENGAGEMENT}'
             order by (select count(*) from migration.asset_dependencies d where a.id in (d.asset_id, d.depends_on_asset_id))
                    * (1 + (select count(*) from migration.asset_tags t where t.asset_id = a.id)) desc, a.id limit 1"
        ),
    )
}

/// Every row of the client account that has to do with assets, but for when assets were touched last and by whom.
fn everything(app: &App) -> String {
    let tables = app.database.sql(
        "select table_name from information_schema.columns where table_schema = 'migration' and column_name in ('asset_id', 'application_id')
         and table_name not in ('asset_change_rows', 'raw_import_records') order by 1",
    );
    let mut all = app.database.sql(
        "select md5(string_agg((to_jsonb(a) - 'updated_at' - 'updated_by')::text, ',' order by a.client_account_id, a.id)) from migration.assets a",
    );
    for table in tables.lines() {
        all += &app.database.sql(&format!(
            "select '{table}', count(*), md5(string_agg(to_jsonb(t)::text, ',' order by to_jsonb(t)::text)) from migration.{table} t"
        ));
    }
    all
}

async fn detail(app: &App, bearer: &str, id: &str) -> Value {
    ok(app, bearer, "GET", &format!("/api/v1/assets/{id}"), None).await
}

#[tokio::test]
async fn a_change_is_kept_with_its_history_and_undone() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let id = connected(&app);
    let before = everything(&app);
    let path = format!("/api/v1/assets/{id}");
    let asset = detail(&app, &bearer, &id).await["asset"].clone();

    let body = json!({ "version": asset["version"], "set": { "memory_gb": 12.5, "department": "  Finance & Co ", "criticality": null } });
    let changed = ok(&app, &bearer, "PATCH", &path, Some(&body)).await;
    assert_eq!(changed["asset"]["memory_gb"], 12.5);
    assert_eq!(changed["asset"]["department"], "Finance & Co");
    assert!(changed["asset"].get("criticality").is_none());
    assert!(changed["asset"]["version"].as_i64() > asset["version"].as_i64());

    // The same again changes nothing and is no step of the history.
    let again = json!({ "version": changed["asset"]["version"], "set": { "memory_gb": 12.5 } });
    let unchanged = ok(&app, &bearer, "PATCH", &path, Some(&again)).await;
    assert_eq!(
        (&unchanged["change_id"], &unchanged["asset"]["version"]),
        (&Value::Null, &changed["asset"]["version"])
    );

    let history = ok(&app, &bearer, "GET", &format!("{path}/history"), None).await;
    let [entry] = history["entries"].as_array().unwrap().as_slice() else { panic!("{history}") };
    assert_eq!(
        (&entry["kind"], &entry["undone"], &entry["change_id"]),
        (&json!("edit"), &json!(false), &changed["change_id"])
    );
    let told: Vec<&str> = entry["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["column"].as_str().unwrap())
        .collect();
    let mut expected: Vec<&str> = vec!["department", "memory_gb"];
    if asset.get("criticality").is_some() {
        expected.insert(0, "criticality");
    }
    assert_eq!(told, expected);

    let undo = format!("/api/v1/asset-changes/{}/undo", changed["change_id"].as_str().unwrap());
    let undone = ok(&app, &bearer, "POST", &undo, None).await;
    assert_eq!((&undone["restored"], &undone["refused_count"]), (&json!(1), &json!(0)));
    assert_eq!(everything(&app), before);
    assert_eq!(ask(&app, &bearer, "POST", &undo, None).await.error(), (409, "change.undone"));
    // An undo is a change like any other.
    let redo = format!("/api/v1/asset-changes/{}/undo", undone["change_id"].as_str().unwrap());
    ok(&app, &bearer, "POST", &redo, None).await;
    assert_eq!(detail(&app, &bearer, &id).await["asset"]["memory_gb"], 12.5);
}

#[tokio::test]
async fn a_stale_version_is_a_409_with_the_present_values() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let id = connected(&app);
    let path = format!("/api/v1/assets/{id}");
    let version = detail(&app, &bearer, &id).await["asset"]["version"].clone();
    let edit = |department: &str| json!({ "version": version, "set": { "department": department } });
    ok(&app, &bearer, "PATCH", &path, Some(&edit("First"))).await;
    let refused = ask(&app, &bearer, "PATCH", &path, Some(&edit("Second"))).await;
    assert_eq!(refused.error(), (409, "conflict.stale"));
    let current = &refused.body["current"];
    assert_eq!((&current["id"], &current["department"]), (&json!(id), &json!("First")));
    // With the present version it goes through.
    let body = json!({ "version": current["version"], "set": { "department": "Second" } });
    assert_eq!(ok(&app, &bearer, "PATCH", &path, Some(&body)).await["asset"]["department"], "Second");
}

#[tokio::test]
async fn of_changes_at_once_one_wins_and_the_others_are_told() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let id = connected(&app);
    let path = format!("/api/v1/assets/{id}");
    let version = detail(&app, &bearer, &id).await["asset"]["version"].clone();
    let bodies: Vec<Value> = (0..6)
        .map(|number| json!({ "version": version, "set": { "department": format!("D{number}") } }))
        .collect();
    let answers = [
        tokio::join!(
            ask(&app, &bearer, "PATCH", &path, Some(&bodies[0])),
            ask(&app, &bearer, "PATCH", &path, Some(&bodies[1])),
            ask(&app, &bearer, "PATCH", &path, Some(&bodies[2])),
        ),
        tokio::join!(
            ask(&app, &bearer, "PATCH", &path, Some(&bodies[3])),
            ask(&app, &bearer, "PATCH", &path, Some(&bodies[4])),
            ask(&app, &bearer, "PATCH", &path, Some(&bodies[5])),
        ),
    ];
    let statuses: Vec<u16> =
        answers.iter().flat_map(|(a, b, c)| [a, b, c]).map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
}

#[tokio::test]
async fn a_deletion_is_undone_with_all_that_went_along() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let id = connected(&app);
    let dependencies = format!(
        "select count(*) from migration.asset_dependencies where '{id}' in (asset_id, depends_on_asset_id)"
    );
    assert!(one(&app, &dependencies).parse::<u32>().unwrap() > 0);
    let before = everything(&app);

    let deleted = ok(&app, &bearer, "POST", "/api/v1/assets/delete", Some(&json!({ "ids": [id] }))).await;
    assert_eq!(deleted["count"], 1);
    assert_eq!(one(&app, &dependencies), "0");
    assert_eq!(
        ask(&app, &bearer, "GET", &format!("/api/v1/assets/{id}"), None).await.error(),
        (404, "asset.not_found")
    );
    let history = ok(&app, &bearer, "GET", &format!("/api/v1/assets/{id}/history"), None).await;
    assert_eq!(history["entries"][0]["kind"], "delete");

    let undo = format!("/api/v1/asset-changes/{}/undo", deleted["change_id"].as_str().unwrap());
    assert_eq!(ok(&app, &bearer, "POST", &undo, None).await["restored"], 1);
    assert_eq!(everything(&app), before);
}

#[tokio::test]
async fn all_assets_of_an_engagement_are_deleted_and_put_back() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let before = everything(&app);
    let deleted = ok(&app, &bearer, "POST", "/api/v1/assets/delete", Some(&json!({ "filter": {} }))).await;
    let left = format!("select count(*) from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}'");
    assert_eq!(one(&app, &left), "0");
    let undo = format!("/api/v1/asset-changes/{}/undo", deleted["change_id"].as_str().unwrap());
    assert_eq!(ok(&app, &bearer, "POST", &undo, None).await["restored"], deleted["count"]);
    assert_eq!(everything(&app), before);
}

#[tokio::test]
async fn an_undo_leaves_alone_what_was_changed_since_and_says_which() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let body = json!({ "selection": { "filter": { "asset_type": "server" } }, "set": { "business_criticality": "critical", "location": "Elsewhere" } });
    let changed = ok(&app, &bearer, "POST", "/api/v1/assets/edit", Some(&body)).await;
    let count = changed["count"].as_i64().unwrap();
    assert!(count > 2);
    let servers = format!(
        "select id from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}' and asset_type = 'server' order by id limit 1"
    );
    let id = one(&app, &servers);
    let asset = detail(&app, &bearer, &id).await["asset"].clone();
    let edit = json!({ "version": asset["version"], "set": { "location": "Somewhere" } });
    ok(&app, &bearer, "PATCH", &format!("/api/v1/assets/{id}"), Some(&edit)).await;

    let undo = format!("/api/v1/asset-changes/{}/undo", changed["change_id"].as_str().unwrap());
    let undone = ok(&app, &bearer, "POST", &undo, None).await;
    assert_eq!(undone["restored"], count - 1);
    assert_eq!(undone["refused"], json!([{ "id": id, "name": asset["name"] }]));
    assert_eq!(detail(&app, &bearer, &id).await["asset"]["location"], "Somewhere");
}

#[tokio::test]
async fn a_deleted_name_that_was_taken_since_is_refused_and_the_rest_comes_back() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let deleted = ok(
        &app,
        &bearer,
        "POST",
        "/api/v1/assets/delete",
        Some(&json!({ "filter": { "asset_type": "database" } })),
    )
    .await;
    let name = one(
        &app,
        "select before ->> 'name' from migration.asset_change_rows where before ->> 'asset_type' = 'database' order by 1 limit 1",
    );
    let made = ok(
        &app,
        &bearer,
        "POST",
        "/api/v1/assets",
        Some(&json!({ "set": { "name": name, "asset_type": "database" } })),
    )
    .await;
    let undo = format!("/api/v1/asset-changes/{}/undo", deleted["change_id"].as_str().unwrap());
    let undone = ok(&app, &bearer, "POST", &undo, None).await;
    assert_eq!(undone["restored"], deleted["count"].as_i64().unwrap() - 1);
    assert_eq!(undone["refused"][0]["name"], json!(name));

    // What was made by hand goes again by its own undo.
    let undo = format!("/api/v1/asset-changes/{}/undo", made["change_id"].as_str().unwrap());
    assert_eq!(ok(&app, &bearer, "POST", &undo, None).await["restored"], 1);
    let path = format!("/api/v1/assets/{}", made["asset"]["id"].as_str().unwrap());
    assert_eq!(ask(&app, &bearer, "GET", &path, None).await.status, 404);
}

#[tokio::test]
async fn every_value_is_checked_with_its_path_and_a_code() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let id = connected(&app);
    let version = detail(&app, &bearer, &id).await["asset"]["version"].clone();
    let path = format!("/api/v1/assets/{id}");
    for (column, value, code) in [
        ("name", json!(""), "required"),
        ("name", json!(null), "required"),
        ("name", json!("x".repeat(256)), "too_long"),
        ("name", json!("a\u{0}b"), "character"),
        ("asset_type", json!("Server"), "form"),
        ("criticality", json!("urgent"), "choice"),
        ("six_r_strategy", json!("repurchase"), "choice"),
        ("cpu_cores", json!(-1), "range"),
        ("cpu_cores", json!(1.5), "range"),
        ("cpu_cores", json!(4_000_000_000_u32), "range"),
        ("memory_gb", json!("8"), "type"),
        ("memory_gb", json!(-0.5), "range"),
        ("memory_gb", json!(true), "type"),
        ("memory_gb", json!(1.7e308), "range"),
        ("storage_gb", json!(1e16), "range"),
        ("current_monthly_cost", json!(1e300), "range"),
        ("estimated_cloud_cost", json!(1e300), "range"),
        ("hostname", json!("a\u{202e}b"), "character"),
        ("ip_address", json!("=1+1"), "form"),
        ("mac_address", json!("x"), "form"),
        ("hostname", json!(["a"]), "type"),
        ("created_at", json!("2026-01-01"), "read_only"),
        ("search_text", json!("x"), "unknown"),
        ("client_account_id", json!(DEMO_CLIENT), "unknown"),
        ("a/b~c", json!(1), "unknown"),
    ] {
        let answer = ask(
            &app,
            &bearer,
            "PATCH",
            &path,
            Some(&json!({ "version": version, "set": { column: value } })),
        )
        .await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{column} {value}");
        let field = &answer.body["fields"][0];
        let pointer = format!("/set/{}", column.replace('~', "~0").replace('/', "~1"));
        assert_eq!((&field["path"], &field["code"]), (&json!(pointer), &json!(code)), "{column} {value}");
    }
    // What another asset of the type has is refused by name as well, and the longest values are taken.
    let other = one(&app, &format!(
        "select b.name from migration.assets a join migration.assets b on b.engagement_id = a.engagement_id and b.asset_type = a.asset_type and b.id <> a.id
         where a.id = '{id}' limit 1"
    ));
    let answer =
        ask(&app, &bearer, "PATCH", &path, Some(&json!({ "version": version, "set": { "name": other } })))
            .await;
    assert_eq!(
        (&answer.body["fields"][0]["path"], &answer.body["fields"][0]["code"]),
        (&json!("/set/name"), &json!("taken"))
    );
    let long = "\u{1F6A2}".repeat(255);
    let set = json!({ "name": long, "hostname": long, "application_name": long, "business_owner": long });
    ok(&app, &bearer, "PATCH", &path, Some(&json!({ "version": version, "set": set }))).await;

    for (method, path, body, status) in [
        ("PATCH", path.as_str(), json!({ "set": {} }), 422),
        ("PATCH", path.as_str(), json!({ "version": 1, "set": {}, "x": 1 }), 422),
        ("POST", "/api/v1/assets", json!({ "set": { "name": "x" } }), 422),
        ("POST", "/api/v1/assets/edit", json!({ "selection": {}, "set": { "status": "x" } }), 422),
        (
            "POST",
            "/api/v1/assets/edit",
            json!({ "selection": { "ids": [], "filter": {} }, "set": { "status": "x" } }),
            422,
        ),
        (
            "POST",
            "/api/v1/assets/edit",
            json!({ "selection": { "filter": { "color": "x" } }, "set": { "status": "x" } }),
            422,
        ),
        ("POST", "/api/v1/assets/edit", json!({ "selection": { "filter": {} }, "set": {} }), 422),
        (
            "POST",
            "/api/v1/assets/edit",
            json!({ "selection": { "filter": {} }, "set": { "hostname": "x" } }),
            422,
        ),
        ("POST", "/api/v1/assets/delete", json!({ "ids": ["x"] }), 422),
        ("POST", "/api/v1/asset-changes/11111111-1111-1111-1111-111111111111/undo", json!({}), 404),
    ] {
        let answer = ask(&app, &bearer, method, path, Some(&body)).await;
        assert_eq!(answer.error().0, status, "{method} {path} {body}");
    }
}

#[tokio::test]
async fn the_largest_numbers_still_have_a_sum() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let columns = ["memory_gb", "storage_gb", "current_monthly_cost", "estimated_cloud_cost"];
    for (number, status) in [(1.7e308, 422), (1e15, 200)] {
        for column in columns {
            let body = json!({ "selection": { "filter": {} }, "set": { column: number } });
            let answer = ask(&app, &bearer, "POST", "/api/v1/assets/edit", Some(&body)).await;
            assert_eq!(answer.status, status, "{column} {answer:?}");
        }
    }
    let overview = ok(&app, &bearer, "GET", "/api/v1/overview", None).await;
    assert!(overview["totals"]["memory_gb"].as_f64().unwrap() >= 3e15);
    ok(&app, &bearer, "GET", "/api/v1/overview/client-accounts", None).await;
}

#[tokio::test]
async fn a_change_that_gave_way_to_another_can_be_tried_again() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    for code in ["40P01", "40001"] {
        let _ = app.database.sql(&format!(
            "create or replace function migration.give_way() returns trigger language plpgsql as
             $$ begin raise exception using errcode = '{code}'; end $$;
             create or replace trigger give_way before insert on migration.assets
             for each row execute function migration.give_way()"
        ));
        let body = json!({ "set": { "name": "In the way", "asset_type": "server" } });
        let answer = ask(&app, &bearer, "POST", "/api/v1/assets", Some(&body)).await;
        assert_eq!(answer.error(), (503, "platform.database_unavailable"), "{code}");
        assert!(answer.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn an_asset_that_never_was_has_no_history() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let id = connected(&app);
    let entries = ok(&app, &bearer, "GET", &format!("/api/v1/assets/{id}/history"), None).await;
    assert_eq!(entries["entries"], json!([]));
    let foreign = one(
        &app,
        &format!("select id from migration.assets where client_account_id <> '{DEMO_CLIENT}' limit 1"),
    );
    for id in [foreign.as_str(), "11111111-1111-1111-1111-111111111111"] {
        let answer = ask(&app, &bearer, "GET", &format!("/api/v1/assets/{id}/history"), None).await;
        assert_eq!(answer.error(), (404, "asset.not_found"));
    }
}

#[tokio::test]
async fn a_change_of_many_is_one_change_and_stays_within_its_bounds() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let before = everything(&app);
    let ids: Vec<String> = app
        .database
        .sql(&format!(
            "select id from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}' order by id limit 40"
        ))
        .lines()
        .map(str::to_owned)
        .collect();
    let foreign = one(
        &app,
        &format!("select id from migration.assets where client_account_id <> '{DEMO_CLIENT}' limit 1"),
    );
    let named: Vec<&str> = ids.iter().map(String::as_str).chain([foreign.as_str()]).collect();
    let body = json!({ "selection": { "ids": named }, "set": { "migration_wave": 77, "memory_gb": 1.1 } });
    let changed = ok(&app, &bearer, "POST", "/api/v1/assets/edit", Some(&body)).await;
    assert_eq!(changed["count"], 40);
    assert_eq!(one(&app, "select count(*) from migration.assets where migration_wave = 77"), "40");
    let undo = format!("/api/v1/asset-changes/{}/undo", changed["change_id"].as_str().unwrap());
    assert_eq!(ok(&app, &bearer, "POST", &undo, None).await["restored"], 40);
    assert_eq!(everything(&app), before);

    let _ = app.database.sql(&format!(
        "insert into migration.assets (client_account_id, engagement_id, name, asset_type)
         select '{DEMO_CLIENT}', '{DEMO_ENGAGEMENT}', 'many-' || g, 'server' from generate_series(1, 10001) g"
    ));
    let body = json!({ "selection": { "filter": { "name": "~many-" } }, "set": { "status": "x" } });
    let answer = ask(&app, &bearer, "POST", "/api/v1/assets/edit", Some(&body)).await;
    assert_eq!(answer.body["fields"][0]["code"], "too_many");
    assert_eq!(one(&app, "select count(*) from migration.assets where status = 'x'"), "0");
}
