//! The migrator's lock: one migrates, the others wait and go on, and nobody waits for ever or without knowing for whom.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use drydock_store::{
    Target, bootstrap,
    history::{self, Course, Migrations, Waiting},
};
use drydock_testkit::Database;

use crate::history::{Fresh, everything, gates, last, later, sql};

/// The id of the lock that sqlx takes for a database: a constant of its times the CRC-32 of the name.
fn lock_id(database: &str) -> i64 {
    let crc = database.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    });
    0x3d32_ad9e * i64::from(!crc)
}

/// How many locks of this kind there are in the database, held and waited for.
fn locks(target: &Target) -> String {
    let asked = "select count(*) filter (where granted) || ' held, ' || count(*) filter (where not granted) || ' waited for'
                 from pg_locks where locktype = 'advisory'
                   and database = (select oid from pg_database where datname = current_database())";
    sql(target, "postgres", asked)
}

/// Asks again until it holds; the test fails after half a minute.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_starters_on_an_empty_database_migrate_it_once() {
    let fresh = Fresh::absent().await;
    let start = || {
        let target = fresh.target().clone();
        tokio::spawn(async move { gates(&target).await })
    };
    let started = [start(), start(), start()];
    let mut applied = 0;
    for starter in started {
        applied += starter.await.unwrap().unwrap();
    }
    let shipped = Migrations::shipped().versions().count();
    assert_eq!(applied, shipped);
    let recorded = sql(fresh.target(), "postgres", "select count(*) from migration._sqlx_migrations");
    assert_eq!(recorded, shipped.to_string());
    assert_eq!(locks(fresh.target()), "0 held, 0 waited for");
}

/// One migrates and is kept busy; the other waits, and finds nothing left to apply.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waited_finds_nothing_to_apply() {
    let database = Database::new().await;
    let set = Arc::new(
        Migrations::shipped()
            .and([(later(1, "busy"), "alter table migration.tags add column busy int")])
            .unwrap(),
    );
    let busy = database.hold("lock table migration.tags in access share mode");
    let start = || {
        let (target, set) = (database.target().clone(), Arc::clone(&set));
        tokio::spawn(async move {
            let seen = set.compare(&target).await.unwrap();
            assert_eq!(seen.pending, [last() + 1]);
            set.migrate(&target, &seen, history::PATIENCE, &|_| ()).await
        })
    };
    let started = [start(), start()];
    until("one holds it and one waits", || locks(database.target()) == "1 held, 1 waited for").await;
    drop(busy);
    let mut applied = Vec::new();
    for starter in started {
        applied.push(starter.await.unwrap().unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied, [0, 1]);
    assert_eq!(locks(database.target()), "0 held, 0 waited for");
}

/// Somebody has the lock and does not give it back: the wait is told while it lasts, and ends, and says who it was. The lock is the
/// one of sqlx's own programs, so that they and Drydock keep each other out.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_not_given_back_is_waited_for_in_bounds_and_its_holder_named() {
    let database = Database::new().await;
    let set =
        Migrations::shipped().and([(later(1, "later"), "create table migration.later (id int)")]).unwrap();
    let seen = set.compare(database.target()).await.unwrap();
    let held = database.hold(&format!(
        "do $$ begin perform pg_advisory_lock({}); end $$",
        lock_id(database.target().database())
    ));
    let pid = database.sql(
        "select pid from pg_locks where locktype = 'advisory' and granted
                            and database = (select oid from pg_database where datname = current_database())",
    );
    let before = everything(database.target());

    let told = Mutex::new(Vec::new());
    let patience = Duration::from_secs(2);
    let begun = Instant::now();
    let refused = set
        .migrate(database.target(), &seen, patience, &|course| told.lock().unwrap().push(course.clone()))
        .await
        .unwrap_err();
    let took = begun.elapsed();
    assert_eq!(refused.code().as_str(), "migrate.locked", "{refused}");
    assert!(took >= patience && took < patience * 5, "{took:?}");
    for part in ["psql", pid.as_str(), "postgres", "idle in transaction", "2 s"] {
        assert!(refused.to_string().contains(part), "{refused} does not say {part}");
    }
    let told = told.into_inner().unwrap();
    let Some(Course::Waiting(Waiting { holder, .. })) = told.first() else {
        panic!("a wait that is told of")
    };
    let holder = holder.as_ref().expect("a holder");
    assert_eq!((holder.pid.to_string(), holder.program.as_str()), (pid, "psql"));
    assert!(everything(database.target()) == before);

    drop(held);
    assert_eq!(set.migrate(database.target(), &seen, patience, &|_| ()).await.unwrap(), 1);
}

/// On a large database a migration takes minutes, which must not look as if nothing happened.
#[tokio::test]
async fn a_migration_that_takes_its_time_is_told_of() {
    let database = Database::new().await;
    let set = Migrations::shipped()
        .and([
            (later(1, "at_once"), "create table migration.later (id int)"),
            (later(2, "slow"), "do $$ begin perform pg_sleep(1.2); end $$"),
        ])
        .unwrap();
    let seen = set.compare(database.target()).await.unwrap();
    let told = Mutex::new(Vec::new());
    let applied = set
        .migrate(database.target(), &seen, history::PATIENCE, &|course| {
            told.lock().unwrap().push(course.clone())
        })
        .await;
    assert_eq!(applied.unwrap(), 2);
    let told = told.into_inner().unwrap();
    let slow = told.iter().find_map(|course| match course {
        Course::Applying(applying) if applying.number == 2 => Some(applying),
        _ => None,
    });
    let slow = slow.expect("the second is told of");
    assert!(slow.elapsed >= Duration::from_secs(1), "{slow:?}");
    assert_eq!(slow.to_string(), format!("for 1 s migration {:03}, slow (2 of 2)", slow.version));
}

/// A migration that fails half-way leaves nothing of itself and no lock, and the next start tries again.
#[tokio::test]
async fn a_failed_migration_leaves_no_lock_and_no_trace() {
    let database = Database::new().await;
    let shipped = Migrations::shipped();
    let wrong =
        "create table migration.half (id int);\ninsert into migration.half values (1);\nselect 1 / 0;\n";
    let failing = shipped.and([(later(1, "half"), wrong)]).unwrap();
    let before = everything(database.target());
    for _ in 0..2 {
        let seen = failing.compare(database.target()).await.unwrap();
        let error = failing.migrate(database.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "migrate.failed");
        for part in [&format!("{:03}", last() + 1), "division by zero"] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(locks(database.target()), "0 held, 0 waited for");
        assert!(everything(database.target()) == before, "it left something");
    }
    let corrected = shipped.and([(later(1, "half"), "create table migration.half (id int);\n")]).unwrap();
    let seen = corrected.compare(database.target()).await.unwrap();
    assert_eq!(corrected.migrate(database.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap(), 1);
}

/// The server says where it stopped reading, and the sentence says it as a line.
#[tokio::test]
async fn a_failure_is_told_with_its_line() {
    let database = Database::new().await;
    let wrong = "-- ü before the mistake\nselect 1;\n\nselect nowhere;\n";
    let failing = Migrations::shipped().and([(later(1, "wrong"), wrong)]).unwrap();
    let seen = failing.compare(database.target()).await.unwrap();
    let error = failing.migrate(database.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap_err();
    assert!(error.to_string().contains(&format!("Migration {:03} failed at line 4", last() + 1)), "{error}");
}

/// A migration that waits behind an open transaction gives up, so that nobody waits behind it, and says whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_kept_waiting_gives_up_and_says_for_whom() {
    let database = Database::new().await;
    let set = Migrations::shipped()
        .and([(later(1, "add"), "alter table migration.tags add column more int")])
        .unwrap();
    let seen = set.compare(database.target()).await.unwrap();
    let open = database.hold("lock table migration.tags in access share mode");
    let patience = Duration::from_secs(1);
    let error = set.migrate(database.target(), &seen, patience, &|_| ()).await.unwrap_err();
    assert_eq!(error.code().as_str(), "migrate.blocked", "{error}");
    assert!(
        error.to_string().contains("psql") && error.to_string().contains("idle in transaction"),
        "{error}"
    );
    assert_eq!(locks(database.target()), "0 held, 0 waited for");
    drop(open);
    assert_eq!(set.migrate(database.target(), &seen, patience, &|_| ()).await.unwrap(), 1);
}

/// What a migration does to the history itself is found when it has run.
#[tokio::test]
async fn a_migration_that_writes_to_the_history_is_found_out() {
    for (does, code) in [
        ("update migration._sqlx_migrations set version = 999 where version = 1", "migrate.incomplete"),
        ("update migration.alembic_version set version_num = '002_mine'", "history.alembic_foreign"),
        ("alter table migration._sqlx_migrations set schema public; create schema x", "migrate.incomplete"),
    ] {
        let fresh = Fresh::absent().await;
        bootstrap::run(fresh.target()).await.unwrap();
        gates(fresh.target()).await.unwrap();
        let set = Migrations::shipped().and([(later(1, "meddles"), does)]).unwrap();
        let seen = set.compare(fresh.target()).await.unwrap();
        let error = set.migrate(fresh.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap_err();
        assert_eq!(error.code().as_str(), code, "{does}: {error}");
    }
}
