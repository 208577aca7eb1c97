//! Any filter in any order, read forwards and backwards in pages of any size, against a model in memory.

use std::cmp::Ordering;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;

use super::selected;
use crate::app::{App, DEMO, DEMO_ENGAGEMENT};

/// Column, whether it holds numbers.
const ORDERS: [(&str, bool); 12] = [
    ("name", false),
    ("asset_type", false),
    ("environment", false),
    ("criticality", false),
    ("cpu_cores", true),
    ("memory_gb", true),
    ("storage_gb", true),
    ("hostname", false),
    ("department", false),
    ("created_at", false),
    ("updated_at", false),
    ("confidence_score", true),
];

#[derive(Clone, Debug)]
enum Wish {
    OneOf(&'static str, Vec<&'static str>, bool),
    Contains(&'static str, &'static str),
    Numbers(&'static str, Option<f64>, Option<f64>),
    Missing(&'static str),
    Recorded(&'static str),
    Word(&'static str),
}

impl Wish {
    fn query(&self) -> (String, String) {
        match self {
            Self::OneOf(column, values, missing) => {
                let mut values: Vec<&str> = values.clone();
                if *missing {
                    values.push("none");
                }
                ((*column).to_owned(), values.join(","))
            }
            Self::Contains(column, text) => ((*column).to_owned(), format!("~{text}")),
            Self::Numbers(column, least, most) => {
                let end = |end: &Option<f64>| end.map(|end| end.to_string()).unwrap_or_default();
                ((*column).to_owned(), format!("{}..{}", end(least), end(most)))
            }
            Self::Missing(column) => ((*column).to_owned(), "none".to_owned()),
            Self::Recorded(column) => ((*column).to_owned(), "*".to_owned()),
            Self::Word(word) => ("q".to_owned(), (*word).to_owned()),
        }
    }

    fn passes(&self, row: &Value) -> bool {
        match self {
            Self::OneOf(column, values, missing) => match row[column].as_str() {
                Some(value) => values.contains(&value),
                None => *missing,
            },
            Self::Contains(column, text) => {
                row[column].as_str().is_some_and(|value| value.to_lowercase().contains(&text.to_lowercase()))
            }
            Self::Numbers(column, least, most) => row[column].as_f64().is_some_and(|value| {
                least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
            }),
            Self::Missing(column) => row[column].is_null(),
            Self::Recorded(column) => !row[column].is_null(),
            Self::Word(word) => row["search_text"].as_str().unwrap().contains(&word.to_lowercase()),
        }
    }
}

fn compare(column: &str, number: bool, descending: bool, one: &Value, other: &Value) -> Ordering {
    let turn = |order: Ordering| if descending { order.reverse() } else { order };
    let values = match (&one[column], &other[column]) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (one, other) if number => one.as_f64().unwrap().total_cmp(&other.as_f64().unwrap()),
        (one, other) => one.as_str().unwrap().cmp(other.as_str().unwrap()),
    };
    turn(values.then_with(|| one["id"].as_str().unwrap().cmp(other["id"].as_str().unwrap())))
}

/// Assets with few different values, some missing, and names in which case and script differ.
fn fill(app: &App, assets: usize) -> Vec<Value> {
    let _ = app.database.sql(&format!(
        "delete from migration.assets where engagement_id = '{DEMO_ENGAGEMENT}';
         insert into migration.assets (client_account_id, engagement_id, name, asset_type, environment, criticality, cpu_cores, memory_gb,
                                       storage_gb, hostname, department, confidence_score, created_at, updated_at)
         select e.client_account_id, e.id, (array['Web', 'web', 'Größe', '東京', 'a%_', 'db'])[1 + g % 6] || (g % 40) || '-' || g,
                (array['server', 'database', 'application'])[1 + g % 3],
                (array['production', 'staging', null, 'dr'])[1 + (g / 3) % 4], (array['low', 'critical', null])[1 + (g / 7) % 3],
                (array[2, 4, 4, 16, null])[1 + g % 5], (array[0.1, 0.30000000000000004, 7.5, null])[1 + (g / 2) % 4],
                case when g % 9 > 0 then (g * 37) % 11 end, case when g % 4 > 0 then 'Host-' || g % 100 || '.' || g end,
                (array['Finance', 'HR', null])[1 + g % 3], case when g % 2 = 0 then (g % 5) / 4.0 end,
                timestamptz '2026-01-01' + (g % 7) * interval '1 hour' + (g % 3) * interval '1 microsecond',
                timestamptz '2026-01-01' + g * interval '1 second'
         from generate_series(1, {assets}) g, migration.engagements e where e.id = '{DEMO_ENGAGEMENT}'"
    ));
    let rows = app.database.sql(&format!(
        "select json_agg(to_jsonb(a)) from migration.assets a where engagement_id = '{DEMO_ENGAGEMENT}'"
    ));
    serde_json::from_str(&rows).unwrap()
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let numbers = |column| {
        (prop::option::of(0..8_i32), prop::option::of(0..20_i32)).prop_map(move |(least, most)| {
            Wish::Numbers(column, least.map(f64::from).or(Some(0.0)), most.map(f64::from))
        })
    };
    let wish = prop_oneof![
        prop::collection::vec(prop::sample::select(vec!["production", "staging", "dr", "none_such"]), 1..3)
            .prop_flat_map(|values| any::<bool>().prop_map(move |missing| Wish::OneOf(
                "environment",
                values.clone(),
                missing
            ))),
        Just(Wish::OneOf("criticality", vec!["critical"], false)),
        numbers("cpu_cores"),
        numbers("memory_gb"),
        prop::sample::select(vec!["host-1", "HOST", "%", "_"])
            .prop_map(|text| Wish::Contains("hostname", text)),
        prop::sample::select(vec!["environment", "hostname", "storage_gb"]).prop_map(Wish::Missing),
        prop::sample::select(vec!["environment", "hostname", "memory_gb"]).prop_map(Wish::Recorded),
        prop::sample::select(vec!["WEB", "größe", "東京", "a%_", "finance", "zzz"]).prop_map(Wish::Word),
    ];
    // One wish for each column: a parameter is there once.
    prop::collection::vec(wish, 0..3).prop_map(|wishes| {
        let mut kept: Vec<Wish> = Vec::new();
        for wish in wishes {
            if kept.iter().all(|other| other.query().0 != wish.query().0) {
                kept.push(wish);
            }
        }
        kept
    })
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Reads all pages one way and returns the ids in the order of the list.
async fn read(app: &App, bearer: &str, query: &str, limit: usize, backward: bool) -> (Vec<String>, Value) {
    let mut ids: Vec<String> = Vec::new();
    let mut place = if backward { "&last=true".to_owned() } else { String::new() };
    let (cursor, other) =
        if backward { ("previous_cursor", "next_cursor") } else { ("next_cursor", "previous_cursor") };
    loop {
        let path = format!("/api/v1/assets?limit={limit}{query}{place}");
        let answer = app.get(&path, &selected(bearer)).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let page: Vec<String> = answer.body["assets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|asset| asset["id"].as_str().unwrap().to_owned())
            .collect();
        assert!(page.len() <= limit);
        assert_eq!(answer.body[other].is_string(), !ids.is_empty(), "{path}");
        ids = if backward { [page, ids].concat() } else { [ids, page].concat() };
        match answer.body[cursor].as_str() {
            Some(next) => place = format!("&cursor={next}"),
            None => return (ids, answer.body),
        }
    }
}

fn check(
    app: &App,
    runtime: &tokio::runtime::Runtime,
    rows: &[Value],
    cases: u32,
    sizes: std::ops::Range<usize>,
) {
    let bearer = runtime.block_on(app.bearer(DEMO));
    let strategy = (
        prop::sample::select(ORDERS.to_vec()),
        any::<bool>(),
        any::<bool>(),
        sizes,
        wishes(),
        any::<prop::sample::Index>(),
    );
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&strategy, |((column, number), descending, backward, limit, wishes, jump)| {
            let mut model: Vec<&Value> =
                rows.iter().filter(|row| wishes.iter().all(|wish| wish.passes(row))).collect();
            model.sort_by(|one, other| compare(column, number, descending, one, other));
            let model: Vec<&str> = model.iter().map(|row| row["id"].as_str().unwrap()).collect();

            let mut query = format!("&sort={}{column}", if descending { "-" } else { "" });
            for (name, value) in wishes.iter().map(Wish::query) {
                query += &format!("&{name}={}", encoded(&value));
            }
            let (ids, last) = runtime.block_on(read(app, &bearer, &query, limit, backward));
            prop_assert_eq!(&ids, &model, "{}", query);
            let exact = last["total_is_exact"].as_bool().unwrap();
            prop_assert_eq!(last["total"].as_u64().unwrap(), model.len().min(10_000) as u64);
            prop_assert_eq!(exact, model.len() <= 10_000);
            let path = format!(
                "/api/v1/assets/count?{}",
                query.split_once('&').unwrap().1.split_once('&').map_or("", |(_, rest)| rest)
            );
            let count = runtime.block_on(app.get(&path, &selected(&bearer)));
            prop_assert_eq!(&count.body["count"], model.len(), "{}", path);

            // A jump lands where the model is.
            let offset = jump.index(model.len() + 1);
            let path = format!("/api/v1/assets?limit={limit}{query}&offset={offset}");
            let answer = runtime.block_on(app.get(&path, &selected(&bearer)));
            let page = answer.body["assets"].as_array().unwrap();
            let expected = model.iter().skip(offset).take(limit);
            prop_assert!(
                page.iter().map(|asset| asset["id"].as_str().unwrap()).eq(expected.copied()),
                "{}",
                path
            );
            Ok(())
        })
        .unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

#[test]
fn any_filter_order_and_page_size_visits_every_asset_once_in_order() {
    let runtime = runtime();
    let app = runtime.block_on(App::new());
    let rows = fill(&app, 130);
    check(&app, &runtime, &rows, 120, 1..60);
    runtime.block_on(async move { drop(app) });
}

#[test]
fn so_it_is_where_more_match_than_are_counted() {
    let runtime = runtime();
    let app = runtime.block_on(App::new());
    let rows = fill(&app, 10_600);
    check(&app, &runtime, &rows, 4, 499..500);

    // A filter that nearly all pass walks the order as well.
    let bearer = runtime.block_on(app.bearer(DEMO));
    for (column, number, descending, backward) in
        [("memory_gb", true, true, false), ("memory_gb", true, false, true), ("hostname", false, true, true)]
    {
        let mut model: Vec<&Value> = rows.iter().collect();
        model.sort_by(|one, other| compare(column, number, descending, one, other));
        let model: Vec<&str> = model.iter().map(|row| row["id"].as_str().unwrap()).collect();
        let query = format!("&sort={}{column}&q=-&name=*", if descending { "-" } else { "" });
        let (ids, _) = runtime.block_on(read(&app, &bearer, &query, 500, backward));
        assert_eq!(ids, model, "{query}");
    }
    runtime.block_on(async move { drop(app) });
}
