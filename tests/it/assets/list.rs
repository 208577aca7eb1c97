//! Lists and overview of one engagement.

use serde_json::Value;

use crate::app::{ADMINISTRATOR, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT};

async fn page(app: &App, bearer: &str, query: &str) -> Value {
    let headers = [
        ("authorization", bearer),
        ("x-client-account-id", DEMO_CLIENT),
        ("x-engagement-id", DEMO_ENGAGEMENT),
    ];
    let answer = app.get(&format!("/api/v1/assets?{query}"), &headers).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.body
}

fn names(page: &Value) -> Vec<String> {
    page["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| asset["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pages_put_together_are_the_whole_list_once() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    // More than one page of the largest size.
    let _ = app.database.sql(&format!(
        "delete from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}' and source_filename <> 'server-inventory.csv'"
    ));
    let total: usize = app
        .database
        .sql(&format!("select count(*) from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}'"))
        .parse()
        .unwrap();
    let mut whole = app
        .database
        .sql(&format!("select name from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}'"))
        .lines()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    whole.sort_unstable();
    assert!(total > 500);

    for limit in [37, 134, 499, 500] {
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let query = cursor
                .as_ref()
                .map_or_else(|| format!("limit={limit}"), |cursor| format!("limit={limit}&cursor={cursor}"));
            let page = page(&app, &bearer, &query).await;
            assert_eq!(page["total"], total);
            seen.extend(names(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(seen, whole, "limit {limit}");
    }
}

#[tokio::test]
async fn equal_names_are_neither_lost_nor_doubled_at_a_page_break() {
    let app = App::new().await;
    let _ = app.database.sql(&format!(
        "insert into migration.assets (client_account_id, engagement_id, name, asset_type)
         select '{DEMO_CLIENT}', '{DEMO_ENGAGEMENT}', 'twin', t from unnest(array['server', 'application', 'database', 'service', 'cache']) t"
    ));
    let bearer = app.bearer(DEMO).await;
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(&app, &bearer, &format!("q=twin&limit=2{cursor}")).await;
        ids.extend(page["assets"].as_array().unwrap().iter().map(|asset| asset["id"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), 5);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

/// One value of a list, as it stands in an address.
fn in_query(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace(',', "\\,");
    escaped.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

#[tokio::test]
async fn every_figure_of_the_overview_is_the_length_of_the_list_it_opens() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let clients = app.get("/api/v1/context/clients", &[("authorization", &bearer)]).await;
    let mut figures = 0;
    for client in clients.body["clients"].as_array().unwrap() {
        let client_id = client["id"].as_str().unwrap();
        let path = format!("/api/v1/context/clients/{client_id}/engagements");
        let engagements = app.get(&path, &[("authorization", &bearer)]).await;
        let mut of_client = 0;
        for engagement in engagements.body["engagements"].as_array().unwrap() {
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-client-account-id", client_id),
                ("x-engagement-id", engagement["id"].as_str().unwrap()),
            ];
            let overview = app.get("/api/v1/overview", &headers).await;
            assert_eq!(overview.status, 200, "{overview:?}");
            let total = overview.body["totals"]["assets"].as_i64().unwrap();
            assert_eq!(engagement["asset_count"], total);
            of_client += total;
            for (key, parameter) in [
                ("by_type", "asset_type"),
                ("by_environment", "environment"),
                ("by_criticality", "criticality"),
                ("by_status", "status"),
                ("by_six_r", "six_r_strategy"),
                ("by_readiness", "assessment_readiness"),
            ] {
                let shares = overview.body[key].as_array().unwrap();
                let sum: i64 = shares.iter().map(|share| share["count"].as_i64().unwrap()).sum();
                assert_eq!(sum, total, "{key}");
                for share in shares {
                    let value = share["value"].as_str().unwrap_or("none");
                    let list = app.get(&format!("/api/v1/assets?{parameter}={value}"), &headers).await;
                    assert_eq!(list.body["total"], share["count"], "{parameter}={value}");
                    figures += 1;
                }
            }
            let list = async |query: String| {
                app.get(&format!("/api/v1/assets?{query}"), &headers).await.body["total"].clone()
            };
            let waves = overview.body["by_wave"].as_array().unwrap();
            assert_eq!(waves.iter().map(|wave| wave["count"].as_i64().unwrap()).sum::<i64>(), total);
            for wave in waves {
                let number = wave["number"].as_i64().map_or("none".to_owned(), |number| number.to_string());
                assert_eq!(list(format!("migration_wave={number}")).await, wave["count"], "wave {number}");
                figures += 1;
            }
            let families = overview.body["by_family"].as_array().unwrap();
            assert_eq!(families.iter().map(|family| family["count"].as_i64().unwrap()).sum::<i64>(), total);
            let support = &overview.body["support"];
            for systems in [&overview.body["by_family"], &support["ended"], &support["ending"]] {
                for group in systems.as_array().unwrap() {
                    let names: Vec<String> = group["operating_systems"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|name| in_query(name.as_str().unwrap()))
                        .collect();
                    let names = if names.is_empty() { "none".to_owned() } else { names.join(",") };
                    assert_eq!(list(format!("operating_system={names}")).await, group["count"], "{names}");
                    figures += 1;
                }
            }
            let totals = &overview.body["totals"];
            for (parameter, recorded) in [
                ("current_monthly_cost", "with_current_cost"),
                ("estimated_cloud_cost", "with_estimated_cost"),
            ] {
                assert_eq!(list(format!("{parameter}=*")).await, totals[recorded], "{parameter}");
            }
        }
        assert_eq!(client["asset_count"], of_client);
        assert_eq!(client["engagement_count"], engagements.body["engagements"].as_array().unwrap().len());
    }
    assert!(figures > 20, "only {figures} figures were checked");
}

#[tokio::test]
async fn search_takes_its_characters_literally_and_ignores_case() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    assert_eq!(page(&app, &bearer, "q=PROD-WEB").await["total"], 2);
    assert_eq!(page(&app, &bearer, "q=192.168.3.1").await["total"], 3);
    // Words in any order, in any of the columns; between quotation marks as they stand.
    let both = page(&app, &bearer, "q=web+PROD").await["total"].as_i64().unwrap();
    assert!(both >= 2);
    assert_eq!(page(&app, &bearer, "q=%22web+prod%22").await["total"], 0);
    for literal in ["%25", "%5C", "prod_web"] {
        assert_eq!(page(&app, &bearer, &format!("q={literal}")).await["total"], 0, "{literal}");
    }
    let underscored = page(&app, &bearer, "q=_&limit=500").await;
    assert!(!names(&underscored).is_empty() && names(&underscored).iter().all(|name| name.contains('_')));
}

#[tokio::test]
async fn wrong_parameters_are_a_422_and_never_a_500() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-account-id", DEMO_CLIENT),
        ("x-engagement-id", DEMO_ENGAGEMENT),
    ];
    for query in [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=x",
        "limit=99999999999",
        "cursor=x",
        "cursor=AAAA",
        "q=%00",
        "asset_type=%00",
        "q=%0A",
        "limit=1&limit=2",
        "sort=nothing",
        "sort=",
        "sort=--name",
        "colour=red",
        "offset=-1",
        "offset=x",
        "last=x",
        "last=true&offset=1",
        "cpu_cores=four",
        "cpu_cores=..",
        "memory_gb=1..x",
        "created_at=yesterday",
        "environment=,",
        "environment=~%00",
        "q=a+b+c+d+e+f+g+h+i+j+k",
    ] {
        let answer = app.get(&format!("/api/v1/assets?{query}"), &headers).await;
        assert_eq!(answer.error(), (422, "request.invalid"), "{query}");
    }
    // What is no UTF-8 is no text: reading something else into it would be a guess.
    for query in ["q=%FF", "name=%C3%28", "%FF=x"] {
        let answer = app.get(&format!("/api/v1/assets?{query}"), &headers).await;
        assert_eq!(answer.error(), (400, "request.malformed"), "{query}");
    }
    let long = "x".repeat(300);
    assert_eq!(app.get(&format!("/api/v1/assets?q={long}"), &headers).await.status, 422);
}
