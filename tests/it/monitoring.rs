//! Monitoring: every figure is what the rows say.

use serde_json::Value;

use crate::app::{ADMINISTRATOR, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT};

async fn ask(app: &App, bearer: &str, part: &str) -> Value {
    let path = format!("/api/v1/monitoring{part}");
    let answer = app.get(&path, &[("authorization", bearer)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn figures_are_those_of_the_database() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let now = ask(&app, &bearer, "").await;
    let bytes: i64 = app.database.sql("select pg_database_size(current_database())").parse().unwrap();
    assert!((now["database"]["bytes"].as_i64().unwrap() - bytes).abs() < bytes / 5, "{now}");
    assert_eq!(now["connections"]["limit"].to_string(), app.database.sql("show max_connections"));
    let own = now["connections"]["groups"].as_array().unwrap().iter().find(|group| {
        group["role"] == "drydock_app" && group["database"] == app.database.store().target().database()
    });
    assert!(own.is_some_and(|group| group["state"] == "idle" && group["count"].as_i64() >= Some(1)), "{now}");
    assert_eq!(now["samples"][0]["database_bytes"], 9_000_000);
    assert_eq!(now["samples"][0]["at"], "2027-01-15T08:00:00Z");

    let tables = ask(&app, &bearer, "/tables").await;
    let tables = tables["tables"].as_array().unwrap();
    let count = app.database.sql(
        "select count(*) from pg_class where relnamespace = 'migration'::regnamespace and relkind = 'r'",
    );
    assert_eq!(tables.len().to_string(), count);
    let assets = tables.iter().find(|table| table["name"] == "assets").unwrap();
    let sizes = app.database.sql(
        "select pg_table_size('migration.assets') || ' ' || pg_indexes_size('migration.assets') || ' '
             || (select count(*) from pg_index where indrelid = 'migration.assets'::regclass)",
    );
    let indexes = assets["indexes"].as_array().unwrap();
    assert_eq!(format!("{} {} {}", assets["table_bytes"], assets["index_bytes"], indexes.len()), sizes);
    assert!(indexes.iter().all(|index| index["is_valid"] == true));

    let statements = ask(&app, &bearer, "/statements").await;
    assert_eq!(statements["statements"][0]["text"], "select pg_sleep(?)");
}

#[tokio::test]
async fn sign_ins_are_counted_by_how_they_ended() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    app.bearer(DEMO).await;
    app.sign_in((DEMO.0, "wrong")).await;
    app.sign_in(("nobody@example.com", "wrong")).await;
    let figures = ask(&app, &bearer, "/sign-ins?hours=1").await;
    let count = |what: &str| {
        let count = app.database.sql(&format!(
            "select count(*) from migration.security_audit_logs
             where created_at > now() - interval '1 hour' and {what}"
        ));
        count.parse::<i64>().unwrap()
    };
    assert_eq!(figures["succeeded"], count("event_type = 'sign_in.succeeded'"));
    assert!(figures["succeeded"].as_i64() >= Some(2));
    for reason in ["wrong_password", "unknown_address"] {
        let found = figures["failed"].as_array().unwrap().iter().find(|one| one["reason"] == reason).unwrap();
        assert_eq!(found["count"], count(&format!("details ->> 'reason' = '{reason}'")), "{reason}");
    }
    let hours = figures["hours"].as_array().unwrap();
    let all: i64 = hours.iter().map(|hour| hour["succeeded"].as_i64().unwrap()).sum();
    assert_eq!(figures["succeeded"], all);
    for hours in ["0", "8761"] {
        let path = format!("/api/v1/monitoring/sign-ins?hours={hours}");
        let refused = app.get(&path, &[("authorization", &bearer)]).await;
        assert_eq!(refused.error(), (422, "request.invalid"));
    }
}

#[tokio::test]
async fn boots_and_migrations_are_told_as_they_were_recorded() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let before = ask(&app, &bearer, "/boots").await["boots"].as_array().unwrap().len();
    let _ = app.database.sql(
        r#"insert into migration.boot_history (started_at, elapsed_ms, outcome, failure_stage, failure_code, program, app_version,
               postgres_version, stages)
           values (now(), 2500, 'failed', 'migrate', 'migrate.failed', 'serve', '0.1.0', '16.0',
                   '[{"stage": "configure", "status": "passed", "elapsed_ms": 1.5, "detail": "here"},
                     {"stage": "migrate", "status": "failed", "elapsed_ms": 9.0, "detail": null}]'),
                  (now() - interval '1 hour', 100, 'ready', null, null, 'window', '0.1.0', '16.0',
                   '[{"stage": "configure", "status": "passed", "elapsed_ms": 4.5, "detail": null}, "of another build"]')"#,
    );
    let history = ask(&app, &bearer, "/boots").await;
    let boots = history["boots"].as_array().unwrap();
    assert_eq!(boots.len(), before + 2);
    assert_eq!(boots[0]["failure_code"], "migrate.failed");
    assert_eq!(boots[0]["stages"][1]["title"], "Apply migrations");
    let migrate =
        history["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == "migrate").unwrap();
    assert_eq!((&migrate["failed"], &migrate["slowest_ms"]), (&1.into(), &Value::Null));
    let log = ask(&app, &bearer, &format!("/boots/{}/log", boots[0]["id"].as_str().unwrap())).await;
    assert_eq!(log["lines"][0], "3 s");

    let migrations = ask(&app, &bearer, "/migrations").await;
    assert_eq!(migrations["refusal"], Value::Null);
    let rows = migrations["migrations"].as_array().unwrap();
    assert_eq!(rows.len().to_string(), app.database.sql("select count(*) from migration._sqlx_migrations"));
    assert!(rows.iter().all(|row| row["status"] == "applied" && row["elapsed_ms"].as_f64() > Some(0.0)));
    let _ = app.database.sql("update migration._sqlx_migrations set checksum = '\\x00' where version = 1");
    let changed = ask(&app, &bearer, "/migrations").await;
    assert_eq!(changed["migrations"][0]["status"], "changed");
    assert_eq!(changed["refusal"]["code"], "history.changed");
}

#[tokio::test]
async fn an_index_of_vectors_is_compared_with_an_exact_search() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let column = |answer: &Value| {
        let columns = answer["columns"].as_array().unwrap().clone();
        columns.into_iter().find(|column| column["table"] == "asset_embeddings").unwrap()
    };
    let without = column(&ask(&app, &bearer, "/vectors").await);
    assert_eq!((&without["kind"], without["indexes"].as_array().unwrap().len()), (&"vector(384)".into(), 0));

    let _ = app.database.sql(&format!(
        "select set_config('app.client_account_id', '{DEMO_CLIENT}', false);
         insert into migration.asset_embeddings (client_account_id, engagement_id, asset_id, source_text, embedding_model, embedding)
         select client_account_id, engagement_id, id, name, 'test',
                (select array_agg(sin(n * row_number * 0.37))::vector from generate_series(1, 384) n)
         from (select *, row_number() over (order by id) from migration.assets
               where client_account_id = '{DEMO_CLIENT}' and engagement_id = '{DEMO_ENGAGEMENT}' limit 60) chosen;
         create index probe_hnsw on migration.asset_embeddings using hnsw (embedding vector_cosine_ops)"
    ));
    let with = column(&ask(&app, &bearer, "/vectors").await);
    assert_eq!(with["vectors"], 60);
    let index = &with["indexes"][0];
    assert_eq!((&index["method"], &index["is_valid"]), (&"hnsw".into(), &true.into()));
    let recall = &index["recall"].as_array().unwrap()[0];
    assert_eq!((&recall["sample"], &recall["exact"]), (&20.into(), &200.into()));
    // Sixty vectors are fewer than the index looks at for one search.
    assert_eq!(recall["found"], 200, "{with}");
}

#[tokio::test]
async fn whom_the_door_turns_away_is_counted() {
    use drydock_boot::listen;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    let app = App::new().await;
    let listener = listen(app.router.clone(), app.turned_away.clone(), 0, None).await.unwrap();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(listener.address()).await.unwrap();
        let head = format!(
            "GET /livez HTTP/1.1\r\nhost: {}\r\norigin: https://else.example\r\nconnection: close\r\n\r\n",
            listener.address()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    listener.close().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let now = ask(&app, &bearer, "").await;
    assert_eq!(now["turned_away"]["total"], 2);
    let caller = &now["turned_away"]["callers"][0];
    assert_eq!(
        (&caller["reason"], &caller["said"], &caller["count"]),
        (&"origin".into(), &"https://else.example".into(), &2.into())
    );
}
