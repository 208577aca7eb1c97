use std::fs;

use drydock_postgres::snapshot::{Progress, SnapshotFolder};

use crate::{Running, facts, files_in, generate};

const FINGERPRINT: &str = include_str!("fingerprint.sql");

/// How many random databases make the trip, and the first of their seeds, which follow each other.
fn trips() -> (u64, u64) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    (number("DRYDOCK_ROUND_TRIPS").unwrap_or(3), number("DRYDOCK_ROUND_TRIP_SEED").unwrap_or(1))
}

/// Exports from one data directory and imports in another, as from machine to machine.
async fn transport(running: &Running, from: &SnapshotFolder, id: uuid::Uuid) -> SnapshotFolder {
    let file = running.folder.path().join(format!("{id}.exported"));
    from.export(id, &file, false, &Progress::new()).await.unwrap();
    let elsewhere = running.folder.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let other = SnapshotFolder::of(&elsewhere);
    let opened = tokio::fs::File::open(&file).await.unwrap();
    assert_eq!(other.import(opened, None, &Progress::new()).await.unwrap().id, id);
    fs::remove_file(&file).unwrap();
    other
}

#[tokio::test]
async fn random_databases_come_back_as_they_were() {
    let running = Running::start().await;
    let (count, first) = trips();
    let begun = std::time::Instant::now();
    let (mut rows, mut policies) = (0_u64, 0_usize);
    for seed in first..first + count {
        let (source, target) = (format!("source {seed}'\\"), format!("target={seed}"));
        running.create_database(&source);
        running.sql_as(crate::OWNER, &source, &generate::script(seed));
        let before = running.sql(&source, FINGERPRINT);

        let created =
            running.create(&source, "random").await.unwrap_or_else(|cause| panic!("seed {seed}: {cause}"));
        running.snapshots.verify(created.id, &Progress::new()).await.unwrap();
        let elsewhere = transport(&running, &running.snapshots, created.id).await;
        running.create_database(&target);
        elsewhere
            .restore_into(created.id, &running.address, &target, crate::OWNER, &Progress::new())
            .await
            .unwrap_or_else(|cause| panic!("seed {seed}: {cause}"));

        let after = running.sql(&target, FINGERPRINT);
        let differs = before.lines().zip(after.lines()).find(|(before, after)| before != after);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(before.lines().count(), after.lines().count(), "seed {seed}");
        rows += before
            .lines()
            .skip_while(|line| *line != "rows")
            .filter_map(|line| line.rsplit('|').nth(1)?.parse::<u64>().ok())
            .sum::<u64>();
        policies += before.lines().filter(|line| line.contains("backup_reads_all")).count();
        assert_eq!(running.sql(&source, FINGERPRINT), before, "seed {seed}: the source changed");
        for name in [source, target] {
            running.sql("postgres", &format!("drop database \"{name}\""));
        }
    }
    assert!(rows > 0 && policies > 0, "the databases are too poor to show anything");
    eprintln!("{count} databases from seed {first} on, {rows} rows: {:?}", begun.elapsed());
}

/// That two databases are found equal means something only if a small difference is found.
#[tokio::test]
async fn the_comparison_sees_small_differences() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        crate::OWNER,
        "source",
        "create schema migration; create sequence migration.s; create function migration.f() returns integer language sql as 'select 1';
         create table migration.t (id integer primary key generated always as identity, a text, b integer);
         insert into migration.t (a) values (''), (null);
         create policy p on migration.t using (true); alter table migration.t enable row level security",
    );
    let mut before = running.sql("source", FINGERPRINT);
    for change in [
        "update migration.t set a = null where id = 1",
        "select setval('migration.s', 1, true)",
        "select setval('migration.t_id_seq', 3)",
        "alter sequence migration.s cycle",
        "grant select on migration.t to drydock_app",
        "grant select on migration.t to drydock_app with grant option",
        "grant update (b) on migration.t to drydock_app",
        "grant usage on schema migration to drydock_app",
        "grant usage on sequence migration.s to drydock_app",
        "revoke execute on function migration.f() from public",
        "alter default privileges for role drydock_owner grant select on tables to drydock_app",
        "alter table migration.t force row level security",
        "alter table migration.t disable row level security",
        "alter policy p on migration.t using (b > 0)",
        "alter policy p on migration.t to drydock_app",
        "alter table migration.t alter b set default 5",
        "alter table migration.t alter id set generated by default",
        "create index on migration.t (b)",
        "alter table migration.t add check (b > 0)",
        "comment on column migration.t.b is 'x'",
        "create or replace function migration.f() returns integer language sql as 'select 2'",
        "create trigger r before update on migration.t for each row execute function suppress_redundant_updates_trigger()",
        "create view migration.v as select b from migration.t",
        "create type migration.e as enum ('a')",
        "alter type migration.e add value 'b'",
        "alter table migration.t owner to drydock_app",
        "select lo_from_bytea(4711, 'x')",
        "select lo_put(4711, 0, 'y')",
    ] {
        running.sql("source", change);
        let after = running.sql("source", FINGERPRINT);
        assert_ne!(before, after, "{change}");
        before = after;
    }
}

#[tokio::test]
async fn rows_that_the_owner_may_not_see_are_in_it() {
    let running = Running::start().await;
    running.create_database("tenants");
    running.sql_as(
        crate::OWNER,
        "tenants",
        "create table person (tenant integer, name text); insert into person select n % 3, n from generate_series(1, 300) n;
         alter table person enable row level security, force row level security;
         create policy isolation on person using (tenant = current_setting('app.tenant', true)::integer);",
    );
    assert_eq!(running.sql_as(crate::OWNER, "tenants", "select count(*) from person"), "0");
    let created = running.create("tenants", "tenants").await.unwrap();
    running.create_database("restored");
    running.restore(created.id, "restored").await.unwrap();
    assert_eq!(running.sql("restored", "select count(*) from person"), "300");
    assert_eq!(running.sql_as(crate::OWNER, "restored", "select count(*) from person"), "0");
}

#[tokio::test]
async fn rows_can_be_left_out_and_their_table_stays() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        crate::OWNER,
        "source",
        "create schema migration;
         create table migration.sessions (token text); insert into migration.sessions values ('secret');
         create table migration.users (name text); insert into migration.users values ('ada');",
    );
    let progress = Progress::new();
    let created = running
        .snapshots
        .create(&running.address, "source", &["migration.sessions"], facts("no sessions"), &progress)
        .await
        .unwrap();
    assert_eq!(progress.bytes().total, Some(progress.bytes().done));
    assert!(progress.bytes().done > 0);

    running.create_database("target");
    let progress = Progress::new();
    let restored = running
        .snapshots
        .restore_into(created.id, &running.address, "target", crate::OWNER, &progress)
        .await
        .unwrap();
    assert_eq!(restored, created);
    assert_eq!(progress.bytes().total, Some(progress.bytes().done));
    assert_eq!(running.sql("target", "select count(*) from migration.sessions"), "0");
    assert_eq!(running.sql("target", "select name from migration.users"), "ada");
    assert!(running.leftovers().is_empty());
    assert_eq!(files_in(running.snapshots.path()).len(), 2, "the snapshot and the lock");
}
