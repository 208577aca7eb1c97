//! The way forward: 001 to n on an empty database, each step on the one before with data in it, and an older build before a newer
//! database.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use drydock_boot::take_snapshot;
use drydock_postgres::{
    Tree,
    snapshot::{Progress, ServerAddress, SnapshotFolder},
};
use drydock_store::{
    DatabaseRole, Store, Target, bootstrap, databases::Databases, history, history::Migrations, seed, verify,
};
use drydock_testkit::{Database, PLAN};

use crate::history::{Fresh, everything, last, later, sql};

/// A table's columns, how many rows it has, and a digest over them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table {
    columns: Vec<String>,
    rows: u64,
    digest: String,
}

type Rows = BTreeMap<String, Table>;

const NOT_OURS: [&str; 2] = ["_sqlx_migrations", "alembic_version"];

/// The columns of each table of schema `migration`.
fn columns(target: &Target) -> BTreeMap<String, Vec<String>> {
    let asked = "select c.relname, string_agg(a.attname, ',' order by a.attname)
                 from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                 where c.relnamespace = 'migration'::regnamespace and c.relkind in ('r', 'p') group by 1";
    sql(target, "postgres", asked)
        .lines()
        .filter_map(|line| line.split_once('|'))
        .filter(|(table, _)| !NOT_OURS.contains(table))
        .map(|(table, columns)| (table.to_owned(), columns.split(',').map(ToOwned::to_owned).collect()))
        .collect()
}

/// What is in the given columns of the given tables.
fn rows(target: &Target, of: &BTreeMap<String, Vec<String>>) -> Rows {
    let asked: Vec<String> = of
        .iter()
        .map(|(table, columns)| {
            let row = format!("row({})::text", columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "));
            format!(
                "select '{table}', count(*), md5(coalesce(string_agg({row}, ' ' order by {row} collate \"C\"), '')) from migration.\"{table}\""
            )
        })
        .collect();
    sql(target, "postgres", &asked.join(" union all "))
        .lines()
        .map(|line| {
            let [table, rows, digest] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let columns = of[table].clone();
            (table.to_owned(), Table { columns, rows: rows.parse().unwrap(), digest: digest.to_owned() })
        })
        .collect()
}

/// What a migration says it changes on purpose: `table` or `table.column`, after `-- changes:` on a line of its own.
fn changes(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("-- changes:"))
        .flat_map(|names| names.split(',').map(str::trim))
        .collect()
}

/// Applies the last of `set`, which alone is pending, and tells what it lost, except for what its text says it changes.
async fn losses(target: &Target, set: &Migrations) -> Vec<String> {
    let (_, _, text) = set.iter().last().unwrap();
    let meant = changes(text);
    let kept = |of: &BTreeMap<String, Vec<String>>| -> BTreeMap<String, Vec<String>> {
        of.iter()
            .filter(|(table, _)| !meant.contains(&table.as_str()))
            .map(|(table, columns)| {
                let is_kept = |column: &&String| !meant.contains(&format!("{table}.{column}").as_str());
                (table.clone(), columns.iter().filter(is_kept).cloned().collect())
            })
            .collect()
    };
    let had = kept(&columns(target));
    let before = rows(target, &had);
    let seen = set.compare(target).await.unwrap();
    assert_eq!(seen.pending.len(), 1, "one step at a time");
    set.migrate(target, &seen, history::PATIENCE, &|_| ()).await.unwrap();

    let now = columns(target);
    let mut losses = Vec::new();
    for (table, names) in &had {
        match now.get(table) {
            None => losses.push(format!("table {table} is gone")),
            Some(there) => losses.extend(
                names
                    .iter()
                    .filter(|name| !there.contains(name))
                    .map(|name| format!("column {table}.{name} is gone")),
            ),
        }
    }
    if losses.is_empty() {
        let after = rows(target, &had);
        losses.extend(before.iter().filter(|(table, rows)| after[*table] != **rows).map(|(table, rows)| {
            format!("table {table} had {} rows and has {}, not the same", rows.rows, after[table].rows)
        }));
    }
    losses
}

/// Where the snapshots are that builds whose last migration was `NNN` made: `NNN.drydock`.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/forward")
}

/// The versions that a snapshot is kept of, and where it is.
fn snapshots() -> BTreeMap<i64, PathBuf> {
    std::fs::read_dir(kept())
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_stem().unwrap().to_str().unwrap().parse().unwrap(), path)
        })
        .collect()
}

fn server(target: &Target) -> ServerAddress {
    ServerAddress {
        tree: Tree::locate(None, &drydock_testkit::resources()).unwrap(),
        socket_dir: target.socket_dir().to_owned(),
        port: target.port(),
    }
}

/// Saves `target` as the file `to`.
async fn save(target: &Target, to: &Path) {
    let folder = drydock_testkit::folder();
    let snapshots = SnapshotFolder::of(folder.path());
    let (server, progress) = (server(target), Progress::new());
    let taken = take_snapshot(target, &snapshots, &server, "Kept".to_owned(), String::new(), &progress)
        .await
        .unwrap();
    snapshots.export(taken.id, to, true, &progress).await.unwrap();
}

/// Restores `file` into the database `into`, which is empty.
async fn restore(file: &Path, into: &Target) {
    let folder = drydock_testkit::folder();
    let snapshots = SnapshotFolder::of(folder.path());
    let progress = Progress::new();
    let file = tokio::fs::File::open(file).await.unwrap();
    let taken = snapshots.import(file, None, &progress).await.unwrap();
    let owner = DatabaseRole::Owner.name();
    snapshots.restore_into(taken.id, &server(into), into.database(), owner, &progress).await.unwrap();
}

/// A database of the version that `file` was made with.
async fn restored(file: &Path) -> Fresh {
    let fresh = Fresh::empty().await;
    let owner = format!("alter database {} owner to drydock_owner", fresh.target().database());
    sql(fresh.target(), "postgres", &owner);
    sql(fresh.target(), "postgres", "create extension vector schema public");
    restore(file, fresh.target()).await;
    bootstrap::run(fresh.target()).await.unwrap();
    fresh
}

/// 001 to n on nothing: it is what the gates and the committed listing want.
#[tokio::test]
async fn from_nothing_to_the_last() {
    let fresh = Fresh::absent().await;
    bootstrap::run(fresh.target()).await.unwrap();
    let seen = history::compare(fresh.target()).await.unwrap();
    let versions: Vec<i64> = Migrations::shipped().versions().collect();
    assert_eq!((seen.applied.as_slice(), seen.pending), ([].as_slice(), versions.clone()));
    // Compares with the listing itself once everything is applied.
    history::migrate(fresh.target(), &history::compare(fresh.target()).await.unwrap()).await.unwrap();
    assert_eq!(history::compare(fresh.target()).await.unwrap().applied, versions);
    let store = Store::open(fresh.target());
    verify::schema(&store).await.unwrap();
    store.close().await;
}

/// The demo of every version that a snapshot is kept of goes forward, and every step keeps what was there. A snapshot that is
/// restored into this build comes to the same.
#[tokio::test]
async fn every_step_keeps_the_data() {
    let shipped = Migrations::shipped();
    let snapshots = snapshots();
    assert_eq!(snapshots.keys().next(), Some(&1), "the first version is where everything began");
    for (version, file) in snapshots {
        let stepped = restored(&file).await;
        let had = columns(stepped.target());
        let seeded = rows(stepped.target(), &had);
        assert!(seeded["assets"].rows > 1_000 && seeded["users"].rows > 1, "there must be something to lose");
        for next in shipped.versions().filter(|next| *next > version) {
            assert_eq!(
                losses(stepped.target(), &shipped.up_to(next)).await,
                [""; 0],
                "{version:03} to {next:03}"
            );
        }
        let history = history::compare(stepped.target()).await.unwrap();
        assert_eq!((history.applied, history.pending), (shipped.versions().collect(), Vec::new()));
        let store = Store::open(stepped.target());
        verify::schema(&store).await.unwrap();
        store.close().await;

        let database = Database::new().await;
        let databases = Databases::new(database.store().clone());
        let incoming = databases.prepare(&[]).await.unwrap();
        restore(&file, &incoming).await;
        databases.adopt(&incoming, None).await.unwrap();
        let now = columns(database.target());
        assert_eq!(rows(database.target(), &now), rows(stepped.target(), &now), "{version:03}");
        assert_eq!(seed::standing(database.store()).await.unwrap().plan, Some(PLAN));
    }
}

/// What is kept of a version is all of it.
#[tokio::test]
async fn what_is_kept_comes_back() {
    let database = Database::new().await;
    let folder = drydock_testkit::folder();
    let file = folder.path().join("kept.drydock");
    save(database.target(), &file).await;
    let back = restored(&file).await;
    let columns = columns(database.target());
    let (written, back) = (rows(database.target(), &columns), rows(back.target(), &columns));
    assert!(written["assets"].rows > 20, "there must be something to keep");
    assert_eq!(written, back);
}

/// Not a test: keeps a snapshot of the last version. docs/how-to/add-a-migration.md says when.
#[tokio::test]
#[ignore = "writes tests/fixtures/forward"]
async fn keep_the_last_version() {
    let database = Database::new().await;
    std::fs::create_dir_all(kept()).unwrap();
    save(database.target(), &kept().join(format!("{:03}.drydock", last()))).await;
}

/// Steps of a future that there is not yet, on the present state with its data: good ones pass.
#[tokio::test]
async fn good_steps_keep_the_data() {
    let database = Database::new().await;
    let target = database.target();
    let filled = rows(target, &columns(target));
    assert!(filled["assets"].rows > 20 && filled["users"].rows > 1, "there must be something to lose");

    let mut set = Migrations::shipped().up_to(last());
    for (name, text) in [
        (
            later(1, "asset_notes"),
            "ALTER TABLE migration.assets ADD COLUMN notes text NOT NULL DEFAULT '';
             CREATE INDEX ix_assets_notes ON migration.assets (client_account_id, notes);",
        ),
        (
            later(2, "reviews"),
            "CREATE TABLE migration.reviews (client_account_id uuid NOT NULL, id uuid NOT NULL DEFAULT gen_random_uuid(),
                 CONSTRAINT pk_reviews PRIMARY KEY (client_account_id, id));
             ALTER TABLE migration.reviews ENABLE ROW LEVEL SECURITY;",
        ),
        (later(3, "shorter"), "-- changes: users.first_name\nUPDATE migration.users SET first_name = left(first_name, 3);"),
    ] {
        set = set.and([(name, text)]).unwrap();
        assert_eq!(losses(target, &set).await, [""; 0], "{text}");
    }
    assert_eq!(
        sql(target, "postgres", "select max(version) from migration._sqlx_migrations"),
        (last() + 3).to_string()
    );
}

/// And those that lose something are found out.
#[tokio::test]
async fn a_step_that_loses_data_is_found_out() {
    for (text, loss) in [
        ("TRUNCATE migration.asset_tags", "asset_tags"),
        ("ALTER TABLE migration.assets DROP COLUMN description", "column assets.description is gone"),
        ("DROP TABLE migration.wave_plans CASCADE", "table wave_plans is gone"),
        ("UPDATE migration.users SET first_name = upper(first_name)", "table users had"),
        // As many rows as before, and each value is there still.
        (
            "WITH pair AS (SELECT id, row_number() OVER (ORDER BY email) AS place, count(*) OVER () AS n, last_name FROM migration.users)
             UPDATE migration.users u SET last_name = other.last_name
             FROM pair mine JOIN pair other ON other.place = mine.n + 1 - mine.place WHERE mine.id = u.id",
            "table users had",
        ),
        // What is said to change is no licence for the rest.
        ("-- changes: users.first_name\nUPDATE migration.users SET last_name = ''", "table users had"),
    ] {
        let database = Database::new().await;
        let _ = database.sql(
            "insert into migration.tags (client_account_id, name, category)
                 select client_account_id, 'for the test', 'technology' from migration.assets limit 1;
             insert into migration.asset_tags (client_account_id, tag_id, asset_id)
                 select t.client_account_id, t.id, a.id
                 from migration.tags t join migration.assets a on a.client_account_id = t.client_account_id
                 where t.name = 'for the test' limit 1",
        );
        let set = Migrations::shipped().and([(later(1, "bad"), text)]).unwrap();
        let losses = losses(database.target(), &set).await;
        assert!(losses.iter().any(|told| told.contains(loss)), "{text}: {losses:?}");
    }
}

/// A build that is older than the database says so, and lets it be.
#[tokio::test]
async fn an_older_build_refuses_a_newer_database_politely() {
    let database = Database::new().await;
    let newer = Migrations::shipped()
        .and([(later(1, "asset_notes"), "ALTER TABLE migration.assets ADD COLUMN notes text")])
        .unwrap();
    let seen = newer.compare(database.target()).await.unwrap();
    newer.migrate(database.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap();

    let before = everything(database.target());
    let error = history::compare(database.target()).await.unwrap_err();
    assert_eq!(error.code().as_str(), "history.ahead");
    for part in [
        &format!("{:03} (asset notes)", last() + 1),
        &format!("ends at {:03}", last()),
        "Open it with the newer build",
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(everything(database.target()) == before);

    // The first that was ready with it tells which one is needed; nobody who was there before, or was refused as we are.
    for (moment, outcome, version) in [
        ("- '1 hour'", "ready", "0.0.9"),
        ("+ '1 second'", "failed", "0.0.8"),
        ("+ '2 seconds'", "ready", "9.2.0-rc.1"),
        ("+ '1 hour'", "ready", "9.3.0"),
    ] {
        let failure = if outcome == "failed" { "'history', 'history.ahead'" } else { "null, null" };
        let _ = database.sql(&format!(
            "insert into migration.boot_history (started_at, elapsed_ms, outcome, failure_stage, failure_code, program, app_version,
                                                 postgres_version, created_at)
             select now(), 1, '{outcome}', {failure}, 'test', '{version}', '16.14', max(installed_on) {moment}::interval
             from migration._sqlx_migrations"
        ));
    }
    let told = history::compare(database.target()).await.unwrap_err().to_string();
    assert!(told.contains("Open it with Drydock 9.2.0-rc.1 or a newer one; this is "), "{told}");
    let report = history::report(database.target()).await.unwrap();
    assert!(matches!(report.verdict, history::Verdict::Refused { what, .. } if what == told));
    let _ = database.sql("alter table migration.boot_history rename to boots");
    let told = history::compare(database.target()).await.unwrap_err().to_string();
    assert!(told.contains("Open it with the newer build"), "{told}");
    let _ = database.sql("alter table migration.boots rename to boot_history");
    // The newer build itself goes on as ever.
    assert!(newer.compare(database.target()).await.unwrap().pending.is_empty());
}
