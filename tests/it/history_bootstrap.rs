//! What the bootstrap takes for ours, for empty and for somebody else's.

use drydock_store::{bootstrap, bootstrap::Bootstrap};

use crate::history::{Fresh, everything, gates, last, sql};

/// How many migrations there are: their numbers have no gap.
fn shipped() -> usize {
    usize::try_from(last()).unwrap()
}

/// A database of our name that holds anything of somebody's is refused, and nothing of it is touched.
#[tokio::test]
async fn somebody_elses_database_is_refused_and_left_alone() {
    for (made, found) in [
        (
            "create table public.orders (id int primary key); insert into public.orders values (1)",
            "table public.orders",
        ),
        ("create schema shop; create view shop.seen as select 1 as one", "view shop.seen"),
        ("create sequence public.numbers", "sequence public.numbers"),
        // What dropping tables leaves behind.
        (
            "create schema migration; create type migration.user_status as enum ('a')",
            "type migration.user_status",
        ),
        ("create domain public.short as varchar(3)", "type public.short"),
        ("create function public.f() returns int language sql as 'select 1'", "function public.f"),
        ("create schema migration; create table migration.orders (id int)", "table migration.orders"),
        // Somebody else's migrations, too.
        (
            "create table public._sqlx_migrations (version bigint primary key); create table public.\"My Orders\" (id int)",
            "table public.\"My Orders\"",
        ),
        (
            "do $$ begin for i in 1..12 loop execute format('create table public.t%s (id int)', i); end loop; end $$",
            "and 4 more",
        ),
    ] {
        let fresh = Fresh::empty().await;
        sql(fresh.target(), "postgres", made);
        let before = everything(fresh.target());
        let error = bootstrap::run(fresh.target()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "bootstrap.foreign", "{made}: {error}");
        let told = error.to_string();
        assert!(told.contains(found) && told.contains(fresh.target().database()), "{told}");
        assert!(everything(fresh.target()) == before, "{made}: the refusal changed something");
    }
}

#[tokio::test]
async fn an_empty_database_is_made_ours_and_an_absent_one_is_made() {
    let fresh = Fresh::empty().await;
    // An administrator may have prepared the extension.
    sql(fresh.target(), "postgres", "create extension vector");
    assert_eq!(bootstrap::run(fresh.target()).await.unwrap(), Bootstrap::Repaired);
    assert_eq!(gates(fresh.target()).await.unwrap(), shipped());
    assert_eq!(bootstrap::run(fresh.target()).await.unwrap(), Bootstrap::Existing);

    let fresh = Fresh::absent().await;
    assert_eq!(bootstrap::run(fresh.target()).await.unwrap(), Bootstrap::Created);
    assert_eq!(gates(fresh.target()).await.unwrap(), shipped());
}

/// What was begun and killed before the first migration was through is no reason to refuse.
#[tokio::test]
async fn a_history_that_was_just_begun_is_gone_on_with() {
    let fresh = Fresh::absent().await;
    bootstrap::run(fresh.target()).await.unwrap();
    // As the migrator makes it before the first transaction.
    sql(
        fresh.target(),
        "drydock_owner",
        "create table migration._sqlx_migrations (version bigint primary key, description text not null,
             installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null,
             execution_time bigint not null)",
    );
    assert_eq!(gates(fresh.target()).await.unwrap(), shipped());
}

/// Ours stays ours when a table is missing or a person added something: other gates say what is wrong with it.
#[tokio::test]
async fn ours_is_known_by_its_tables() {
    let fresh = Fresh::absent().await;
    gates(fresh.target()).await.unwrap();
    sql(
        fresh.target(),
        "postgres",
        "create table public.notes (note text); drop table migration.user_roles cascade;
         alter table migration.tags rename to labels",
    );
    assert_eq!(bootstrap::run(fresh.target()).await.unwrap(), Bootstrap::Existing);
    assert_eq!(sql(fresh.target(), "postgres", "select count(*) from public.notes"), "0");
}

/// Two that start at once on a server without a database: both come through, and one makes it.
#[tokio::test]
async fn two_at_once_make_one_database() {
    let fresh = Fresh::absent().await;
    let (one, other) = tokio::join!(bootstrap::run(fresh.target()), bootstrap::run(fresh.target()));
    let mut made = [one.unwrap(), other.unwrap()];
    made.sort_by_key(|made| *made != Bootstrap::Created);
    assert_eq!(made[0], Bootstrap::Created);
    assert_ne!(made[1], Bootstrap::Created);
    assert_eq!(gates(fresh.target()).await.unwrap(), shipped());
}
