//! The seeds: what they add, and that they add it once.

use drydock_store::{StoreError, seed};
use drydock_testkit::Database;

use crate::app::{DEMO_CLIENT, DEMO_ENGAGEMENT};

#[tokio::test]
async fn the_demo_tenant_holds_both_exports_row_by_row() {
    let database = Database::new().await;
    let count = |engagement: &str| {
        database.sql(&format!(
            "select count(*) from migration.assets a join migration.engagements e
                on (e.client_account_id, e.id) = (a.client_account_id, a.engagement_id)
             where a.client_account_id = '{DEMO_CLIENT}' and e.{engagement}"
        ))
    };
    assert_eq!(count(&format!("id = '{DEMO_ENGAGEMENT}'")), "18");
    assert_eq!(count("slug = 'enterprise-cmdb-consolidation'"), "20");
    let row = database.sql(
        "select asset_type, ip_address, operating_system, environment, application_name, department,
                business_owner, status, location, cpu_cores, memory_gb, storage_gb
         from migration.assets where name = 'prod-db-02'",
    );
    assert_eq!(
        row,
        "server|192.168.1.31|Linux RHEL 8|production|Database Server|IT|Mike Brown|standby|US-East|32|128|5000"
    );
    // A CMDB's N/A is no address.
    assert_eq!(
        database.sql("select ip_address is null, criticality from migration.assets where name = 'Payment Gateway' and criticality is not null"),
        "t|critical"
    );
}

#[tokio::test]
async fn a_second_run_changes_no_row_and_no_password() {
    let database = Database::new().await;
    let tables = database.sql(
        "select string_agg(format('select %L, count(*), md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from migration.%I t', c.relname, c.relname), ' union all ' order by c.relname)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'migration' and c.relkind = 'r'",
    );
    let before = database.sql(&tables);
    assert_eq!(seed::run(database.store()).await.unwrap().rows, 0);
    assert_eq!(database.sql(&tables), before);
}

#[tokio::test]
async fn what_a_person_changed_stays_changed() {
    let database = Database::new().await;
    let _ = database.sql(
        "update migration.users set password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA' where email = 'demo@demo-corp.com';
         update migration.user_profiles set status = 'suspended' where user_id = (select id from migration.users where email = 'viewer@demo-corp.com');
         delete from migration.assets where name = 'prod-web-01'",
    );
    assert_eq!(seed::run(database.store()).await.unwrap().rows, 0);
    let seen = database.sql(
        "select count(*) from migration.users where email = 'demo@demo-corp.com' and password_hash like '%$AAAA';
         select count(*) from migration.user_profiles where status = 'suspended';
         select count(*) from migration.assets where name = 'prod-web-01'",
    );
    assert_eq!(seen, "1\n1\n0");
}

#[tokio::test]
async fn a_missing_user_comes_back_whole() {
    let database = Database::new().await;
    let _ = database.sql(
        "delete from migration.engagement_access where user_profile_id = '33333333-3333-3333-3333-333333333333';
         delete from migration.client_access where user_profile_id = '33333333-3333-3333-3333-333333333333';
         delete from migration.user_profiles where user_id = '33333333-3333-3333-3333-333333333333';
         delete from migration.users where id = '33333333-3333-3333-3333-333333333333'",
    );
    let store = database.store();
    assert!(matches!(
        store.sign_in("demo@demo-corp.com", "Demo123!", None).await,
        Err(StoreError::InvalidCredentials)
    ));
    // User, profile, role, association, access to the client account and to its two engagements.
    assert_eq!(seed::run(store).await.unwrap().rows, 7);
    store.sign_in("demo@demo-corp.com", "Demo123!", None).await.unwrap();
}

#[tokio::test]
async fn a_user_or_client_account_under_another_name_is_still_there() {
    let database = Database::new().await;
    let _ = database.sql(
        "update migration.users set email = 'boss@corp.example' where email = 'chocka@gmail.com';
         update migration.client_accounts set slug = 'renamed', name = 'Renamed' where slug = 'demo-corp'",
    );
    assert_eq!(seed::run(database.store()).await.unwrap().rows, 0);
}

#[tokio::test]
async fn a_failing_seed_adds_nothing() {
    let database = Database::new().await;
    let _ = database.sql(
        "delete from migration.engagement_access where user_profile_id = '33333333-3333-3333-3333-333333333333';
         delete from migration.client_access where user_profile_id = '33333333-3333-3333-3333-333333333333';
         delete from migration.user_profiles where user_id = '33333333-3333-3333-3333-333333333333';
         delete from migration.users where id = '33333333-3333-3333-3333-333333333333';
         revoke insert on migration.client_access from drydock_app",
    );
    let error = seed::run(database.store()).await.unwrap_err();
    assert_eq!(error.code().as_str(), "seed.failed");
    assert_eq!(database.sql("select count(*) from migration.users where email = 'demo@demo-corp.com'"), "0");
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
    assert_eq!(seen, "5|5|t|t|t");
}
