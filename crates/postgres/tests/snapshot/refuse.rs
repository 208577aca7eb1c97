use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use drydock_postgres::PostgresError;
use drydock_postgres::snapshot::{Progress, SnapshotFolder};

use crate::{OWNER, Running, eventually, facts, files_in};

#[tokio::test]
async fn what_is_not_as_it_was_is_refused_and_nothing_restored() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        OWNER,
        "source",
        "create table t as select 42 as n, md5(i::text) as noise from generate_series(1, 20000) i",
    );
    let created = running.create("source", "whole").await.unwrap();
    let path = running.snapshots.path().join(format!("{}.drydock", created.id));
    let whole = fs::read(&path).unwrap();
    running.create_database("target");
    let nothing = running.relations("target");
    // It holds more than pg_restore can be sent before it connects. Two sessions so far, one for the extension and one to
    // look; each is counted when it ends.
    let sessions =
        || running.sql("postgres", "select sessions from pg_stat_database where datname = 'target'");
    eventually("the count of the sessions", || sessions() == "2").await;

    let header = 23;
    let end = whole.len();
    // In each part of the file: first line, length, header, payload, lengths, checksum.
    let mut variants: Vec<Vec<u8>> =
        [3, 20, header + 60, end / 2, end - 50, end - 46, end - 40, end - 33, end - 32, end - 1]
            .into_iter()
            .map(|at| {
                let mut changed = whole.clone();
                changed[at] ^= 0x04;
                changed
            })
            .collect();
    let step = end / 20;
    variants.extend((0..20).map(|part| whole[..part * step].to_vec()));
    variants.extend([whole[..end - 1].to_vec(), [&whole[..], b"\0"].concat(), [&whole[..], &whole].concat()]);
    variants.push(b"drydock snapshot 2\n".iter().chain(&whole[19..]).copied().collect());
    let elsewhere = tempfile::tempdir().unwrap();
    let other = SnapshotFolder::of(elsewhere.path());
    for (number, variant) in variants.iter().enumerate() {
        fs::write(&path, variant).unwrap();
        let newer = variant.starts_with(b"drydock snapshot 2\n");
        let expected = if newer { "snapshot.unsupported" } else { "snapshot.damaged" };
        let refused = |cause: PostgresError| {
            assert_eq!(cause.code(), expected, "variant {number}: {cause}");
            assert!(!cause.next_step().is_empty());
        };
        let progress = Progress::new();
        refused(running.restore(created.id, "target").await.unwrap_err());
        refused(running.snapshots.verify(created.id, &progress).await.unwrap_err());
        refused(other.import(&variant[..], None, &progress).await.unwrap_err());
    }
    assert_eq!(sessions(), "2", "a file was restored before it was verified");
    assert_eq!(running.relations("target"), nothing);
    assert!(other.list().await.unwrap().is_empty());
    assert_eq!(files_in(other.path()), [other.path().join("lock")]);
    fs::write(&path, &whole).unwrap();
    running.restore(created.id, "target").await.unwrap();
    assert_eq!(running.sql("target", "select count(*), sum(n) from t"), "20000|840000");
}

#[tokio::test]
async fn a_file_can_do_no_more_than_the_owner() {
    let running = Running::start().await;
    for (number, sql) in [
        "create function public.f() returns integer language internal as 'pg_backend_pid'",
        "create function public.f() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_start execute function public.f()",
        "create table public.t (n integer); grant select on public.t to drydock_app with grant option; set session authorization drydock_app; grant select on public.t to drydock_readonly",
        "create cast (text as integer) with inout as assignment",
    ]
    .into_iter()
    .enumerate()
    {
        let (source, target) = (format!("source{number}"), format!("target{number}"));
        running.create_database(&source);
        running.sql_as(OWNER, &source, "create table first (n integer); insert into first values (1)");
        running.sql(&source, sql);
        let created = running.create(&source, "a superuser's").await.unwrap();
        running.create_database(&target);
        let nothing = running.relations(&target);
        let refused = running.restore(created.id, &target).await.unwrap_err();
        assert_eq!(refused.code(), "snapshot.restore_failed");
        let said = refused.to_string();
        assert!(said.contains("permission denied") || said.contains("must be"), "{said}");
        assert_eq!(running.relations(&target), nothing, "{sql}");
        running.sql("postgres", &format!("drop database {target}"));
    }
    assert!(running.leftovers().is_empty());
    assert_eq!(running.programs(), [""; 0]);
}

#[tokio::test]
async fn a_failure_tells_no_value() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        OWNER,
        "source",
        "create table t (secret text); insert into t values ('hunter2');
         create function public.strict(text) returns boolean language sql immutable as 'select true';
         alter table t add check (public.strict(secret));",
    );
    let created = running.create("source", "s").await.unwrap();
    running.create_database("target");
    running.sql_as(OWNER, "target", "create table public.t (secret text)");
    let refused = running.restore(created.id, "target").await.unwrap_err();
    assert_eq!(refused.code(), "snapshot.restore_failed");
    assert!(refused.to_string().contains("already exists"), "{refused}");

    // A row that the restored constraint does not take.
    running.sql(
        "source",
        "create or replace function public.strict(text) returns boolean language sql immutable as 'select $1 <> ''hunter2'''",
    );
    let created = running.create("source", "s").await.unwrap();
    running.create_database("other");
    let refused = running.restore(created.id, "other").await.unwrap_err();
    assert!(refused.to_string().contains("violates check constraint"), "{refused}");
    assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
}

#[tokio::test]
async fn a_database_or_server_that_is_not_there_leaves_no_file() {
    let running = Running::start().await;
    let failed = running.create("missing", "s").await.unwrap_err();
    assert_eq!(failed.code(), "snapshot.dump_failed");
    assert!(failed.to_string().contains("\"missing\" does not exist"), "{failed}");
    let mut address = running.address.clone();
    address.port = 1;
    let progress = Progress::new();
    let failed =
        running.snapshots.create(&address, "postgres", &[], facts("s"), &progress).await.unwrap_err();
    assert_eq!(failed.code(), "snapshot.dump_failed");
    assert!(running.leftovers().is_empty());
    assert!(running.snapshots.list().await.unwrap().is_empty());

    let created = running.create("postgres", "s").await.unwrap();
    let failed = running.restore(created.id, "missing").await.unwrap_err();
    assert_eq!(failed.code(), "snapshot.restore_failed");
    assert!(running.leftovers().is_empty());
}

#[tokio::test]
async fn no_role_no_restore() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql("postgres", "create role visitor");
    running.sql_as(OWNER, "source", "create table t (n integer); grant select on t to visitor");
    let created = running.create("source", "s").await.unwrap();
    running.sql("source", "drop owned by visitor");
    running.sql("postgres", "drop role visitor");
    running.create_database("target");
    let nothing = running.relations("target");
    let failed = running.restore(created.id, "target").await.unwrap_err();
    assert!(failed.to_string().contains("role \"visitor\" does not exist"), "{failed}");
    assert_eq!(running.relations("target"), nothing);
}

/// A file system of its own, if one can be had.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "drydock-test"])
            .arg(at)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg(&self.0).status().unwrap().success());
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_nothing() {
    let running = Running::start().await;
    running.create_database("source");
    running.sql_as(
        OWNER,
        "source",
        "create table t as select string_agg(md5((n * m)::text), '') as noise from generate_series(1, 8000) n, generate_series(1, 20) m group by n",
    );
    let whole = running.create("source", "where there is room").await.unwrap();
    assert!(whole.file_bytes > 1_200_000, "{} bytes", whole.file_bytes);
    let exported = running.folder.path().join("exported");
    running.snapshots.export(whole.id, &exported, false, &Progress::new()).await.unwrap();

    let data = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(data.path(), "1m") else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    let small = SnapshotFolder::of(data.path());
    let is_full = |cause: PostgresError| match cause {
        PostgresError::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
        other => panic!("{other}"),
    };
    let progress = Progress::new();
    assert!(is_full(small.create(&running.address, "source", &[], facts("s"), &progress).await.unwrap_err()));
    let from = tokio::fs::File::open(&exported).await.unwrap();
    assert!(is_full(small.import(from, None, &progress).await.unwrap_err()));
    let to = data.path().join("export");
    assert!(is_full(running.snapshots.export(whole.id, &to, false, &progress).await.unwrap_err()));
    assert_eq!(files_in(data.path()), [small.path()]);
    assert_eq!(files_in(small.path()), [small.path().join("lock")]);
    assert_eq!(running.programs(), [""; 0]);

    // With room again it works.
    running.sql("source", "truncate t");
    let created = small.create(&running.address, "source", &[], facts("s"), &progress).await.unwrap();
    assert_eq!(small.verify(created.id, &progress).await.unwrap(), created);
}
