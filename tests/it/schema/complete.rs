//! Every table and column of the platform's first revision is there, at least as strict.

use std::collections::HashMap;

use drydock_testkit::Database;

/// `table`, `column` and the type it had, one per line.
const REVISION_001: &str = include_str!("../fixtures/revision-001.tsv");

/// What the product needs beside them.
const BESIDE: [&str; 14] = [
    "access_audit_log",
    "alembic_version",
    "asset_dependencies",
    "asset_embeddings",
    "asset_tags",
    "boot_history",
    "field_mapping_memory",
    "security_audit_logs",
    "seed_history",
    "sessions",
    "snapshot_history",
    "tags",
    "wave_plans",
    "workflow_progress",
];

/// The types that a column may have where the platform has `former`.
fn stricter(former: &str) -> Vec<String> {
    let same = former
        .replace("varchar", "character varying")
        .replace("timestamptz", "timestamp with time zone")
        .replace("float8", "double precision");
    let may: &[&str] = match former {
        "json" => &["jsonb"],
        "float" => &["double precision"],
        "integer" => &["bigint"],
        // Who did something is a user, not a word.
        "varchar" | "varchar(100)" | "varchar(255)" => &["uuid"],
        "assessmenttype" | "assessmentstatus" | "risklevel" => &["text"],
        // Columns of the platform's models that its first revision forgot.
        "any" => return Vec::new(),
        _ => &[],
    };
    may.iter().map(|name| (*name).to_owned()).chain([same]).collect()
}

#[tokio::test]
async fn every_table_and_column_of_the_first_revision_is_there() {
    let database = Database::new().await;
    let found = database.sql(
        "select format('%s %s', c.relname, a.attname), format_type(a.atttypid, a.atttypmod)
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'migration'::regnamespace and c.relkind = 'r'",
    );
    let found: HashMap<&str, &str> = found.lines().filter_map(|line| line.split_once('|')).collect();
    let mut tables = std::collections::BTreeSet::new();
    let mut wrong = Vec::new();
    for line in REVISION_001.lines().skip(1) {
        let [table, column, former] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        tables.insert(table);
        match found.get(format!("{table} {column}").as_str()) {
            None => wrong.push(format!("{table}.{column} is missing")),
            Some(found) => {
                let may = stricter(former);
                if !may.is_empty() && !may.iter().any(|may| may == found) {
                    wrong.push(format!("{table}.{column} was {former} and is {found}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(tables.len(), 24);
    for table in BESIDE {
        assert!(found.keys().any(|column| column.split_once(' ').unwrap().0 == table), "{table}");
    }
}

/// The platform wrote capitals where its own code looked for lower-case words.
#[tokio::test]
async fn words_for_statuses_are_lower_case() {
    let database = Database::new().await;
    let words = database.sql(
        "select distinct word[1] from pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']*)''::', 'g') word
         where k.connamespace = 'migration'::regnamespace and k.contype = 'c' and pg_get_constraintdef(k.oid) ~ 'ANY|IN '",
    );
    assert!(words.lines().count() > 60, "{words}");
    for word in words.lines() {
        assert_eq!(word, word.to_lowercase());
    }
}
