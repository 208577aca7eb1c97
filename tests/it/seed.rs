//! Seeding: once, whole or not at all, and never again.

use drydock_store::{Store, Target, bootstrap, history, seed};
use drydock_testkit::{Database, PLAN};

use crate::app::{DEMO_CLIENT, DEMO_ENGAGEMENT};

/// A digest of each table's rows.
const TABLES: &str = "select string_agg(format('select %L, count(*), md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from migration.%I t', c.relname, c.relname), ' union all ' order by c.relname) || ' order by 1'
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'migration' and c.relkind = 'r'";

/// A migrated database without a row, in the stead of the test's own.
async fn unseeded(database: &Database) -> Target {
    let target = database.target().with_database(format!("{}_incoming_new", database.target().database()));
    bootstrap::run(&target).await.unwrap();
    history::migrate(&target, &history::compare(&target).await.unwrap()).await.unwrap();
    target
}

fn sql_on(target: &Target, statement: &str) -> String {
    let output =
        drydock_testkit::psql_on(target, "postgres").args(["--command", statement]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

#[tokio::test]
async fn a_second_run_changes_no_row_and_no_password() {
    let database = Database::new().await;
    let tables = database.sql(TABLES);
    let before = database.sql(&tables);
    assert_eq!(seed::run(database.store(), &PLAN).await.unwrap().rows, 0);
    // Nor does another plan: the database keeps its own.
    let other = seed::Plan { profile: drydock_domain::Profile::Qa, number: 8, ..PLAN };
    assert_eq!(seed::run(database.store(), &other).await.unwrap().rows, 0);
    assert_eq!(database.sql(&tables), before);
    assert_eq!(seed::standing(database.store()).await.unwrap().plan, Some(PLAN));
}

#[tokio::test]
async fn what_a_person_changed_or_removed_stays_so() {
    let database = Database::new().await;
    let _ = database.sql(
        "update migration.users set password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA', email = 'boss@corp.example'
             where email = 'demo@demo-corp.com';
         update migration.user_profiles set status = 'suspended' where user_id = (select id from migration.users where email = 'viewer@demo-corp.com');
         update migration.client_accounts set slug = 'renamed' where slug = 'demo-corp';
         delete from migration.assets where name = 'prod-web-01';
         delete from migration.engagements where slug = 'server-estate-discovery'",
    );
    let tables = database.sql(TABLES);
    let before = database.sql(&tables);
    assert_eq!(seed::run(database.store(), &PLAN).await.unwrap().rows, 0);
    assert_eq!(database.sql(&tables), before);
}

#[tokio::test]
async fn a_database_with_users_from_elsewhere_is_left_alone() {
    let database = Database::new().await;
    let _ = database.sql("delete from migration.seed_history");
    assert_eq!(seed::run(database.store(), &PLAN).await.unwrap().rows, 0);
    let standing = seed::standing(database.store()).await.unwrap();
    assert_eq!((standing.plan, standing.is_complete), (None, true));
}

#[tokio::test]
async fn a_failing_seed_adds_nothing_and_the_next_one_everything() {
    let database = Database::new().await;
    let target = unseeded(&database).await;
    let store = Store::open(&target);
    // The last table but one that is written: everything else has been by then.
    let _ = sql_on(&target, "alter table migration.wave_plans add constraint none check (false) not valid");
    let error = seed::run(&store, &PLAN).await.unwrap_err();
    assert_eq!(error.code().as_str(), "seed.failed");
    let rows = "select (select count(*) from migration.users) + (select count(*) from migration.assets)
                     + (select count(*) from migration.seed_history)";
    assert_eq!(sql_on(&target, rows), "0");
    let _ = sql_on(&target, "alter table migration.wave_plans drop constraint none");
    assert!(seed::run(&store, &PLAN).await.unwrap().rows > 8_000);
    store.close().await;
}

#[tokio::test]
async fn of_two_who_seed_at_once_one_does() {
    let database = Database::new().await;
    let target = unseeded(&database).await;
    let (one, other) = (Store::open(&target), Store::open(&target));
    let (first, second) = tokio::join!(seed::run(&one, &PLAN), seed::run(&other, &PLAN));
    let (first, second) = (first.unwrap().rows, second.unwrap().rows);
    assert!(first.min(second) == 0 && first.max(second) > 8_000, "{first} and {second}");
    assert_eq!(sql_on(&target, "select count(*) from migration.seed_history"), "1");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn the_demo_has_the_ids_that_links_and_requests_know() {
    let database = Database::new().await;
    let seen = database.sql(&format!(
        "select (select name from migration.client_accounts where id = '{DEMO_CLIENT}'),
                (select name from migration.engagements where client_account_id = '{DEMO_CLIENT}' and id = '{DEMO_ENGAGEMENT}'),
                (select email from migration.users where id = '33333333-3333-3333-3333-333333333333'),
                (select string_agg(email, ' ' order by email) from migration.users)"
    ));
    assert_eq!(
        seen,
        "Demo Corporation|Demo Cloud Migration Project|demo@demo-corp.com|absent@demo-corp.com analyst@demo-corp.com chocka@gmail.com demo@demo-corp.com \
         manager@demo-corp.com newcomer@demo-corp.com viewer@demo-corp.com"
    );
    let row = database.sql(
        "select asset_type, ip_address, operating_system, environment, application_name, department,
                business_owner, status, location, cpu_cores, memory_gb, storage_gb
         from migration.assets where name = 'prod-db-02'",
    );
    assert_eq!(
        row,
        "server|192.168.1.31|Linux RHEL 8|production|Database Server|IT|Database Operations|standby|US-East|32|128|5000"
    );
    // A CMDB's N/A is no address.
    assert_eq!(
        database.sql("select ip_address is null, criticality from migration.assets where name = 'Payment Gateway' and asset_type = 'service'"),
        "t|critical"
    );
}

#[tokio::test]
async fn every_hash_is_argon2id_with_at_least_the_owasp_parameters_and_its_own_salt() {
    let database = Database::new().await;
    let seen = database.sql(
        "select count(*), count(distinct split_part(password_hash, '$', 5)),
                bool_and(substring(password_hash from 'm=(\\d+)')::int >= 19456),
                bool_and(substring(password_hash from 't=(\\d+)')::int >= 2),
                bool_and(password_hash like '$argon2id$v=19$%')
         from migration.users",
    );
    assert_eq!(seen, "7|7|t|t|t");
}
