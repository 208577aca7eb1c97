//! One database in another's place: reset, undo, adoption of a restored one.

use std::sync::Arc;

use drydock_store::{
    ExecRole, Store, StoreError,
    audit::Origin,
    bootstrap, catalogue, clone, content,
    databases::{Cause, Databases},
    history,
};
use drydock_testkit::Database;

use crate::app::{ADMINISTRATOR, ANALYST};

/// Those of a platform whose pristine database is a clone of the tests' template, which spares making one.
async fn databases(database: &Database) -> Databases {
    let pristine = format!("{}_pristine", database.target().database());
    clone::create(&database.target().with_database(&pristine), drydock_testkit::TEMPLATE).await.unwrap();
    let _ = database.sql(&format!(
        "alter database {pristine} allow_connections false; comment on database {pristine} is '{}'",
        content::digest()
    ));
    let databases = Databases::new(database.store().clone());
    assert!(databases.settle().await.unwrap(), "there was nothing to make");
    databases
}

fn tags(database: &Database) -> String {
    database.sql("select string_agg(name, ',' order by name) from migration.tags where name like 'test%'")
}

fn add_tag(database: &Database, name: &str) {
    let _ = database.sql(&format!(
        "insert into migration.tags (client_account_id, name, category) values ('11111111-1111-1111-1111-111111111111', '{name}', 'test')"
    ));
}

#[tokio::test]
async fn a_reset_brings_the_seeded_rows_back_and_undo_the_changed_ones() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    let seeded = rows(&database);
    assert_eq!(databases.standing().await.unwrap().before, None);
    assert!(databases.standing().await.unwrap().spare_ready);

    add_tag(&database, "test 1");
    let _ = database.sql("delete from migration.engagements where slug = 'server-estate-discovery'");
    let changed = rows(&database);
    assert_ne!(changed, seeded);

    let before = databases.reset(None).await.unwrap();
    assert_eq!(before.cause, Cause::Reset);
    assert_eq!(databases.standing().await.unwrap().before, Some(before));
    assert!(!databases.standing().await.unwrap().spare_ready);
    assert_eq!(rows(&database), seeded);
    database.store().ping().await.unwrap();

    assert_eq!(databases.undo(None).await.unwrap().cause, Cause::Undo);
    assert_eq!(rows(&database), changed);
    // An undo can be undone.
    databases.undo(None).await.unwrap();
    assert_eq!(rows(&database), seeded);

    // Without a clone kept ready it works as well, and what an earlier one replaced is dropped.
    assert!(!databases.standing().await.unwrap().spare_ready);
    add_tag(&database, "test 2");
    databases.reset(None).await.unwrap();
    assert_eq!(rows(&database), seeded);
    databases.settle().await.unwrap();
    assert!(databases.standing().await.unwrap().spare_ready);
    assert!(!databases.settle().await.unwrap(), "settled twice");
    let name = database.target().database();
    assert_eq!(
        database.sql(&format!("select string_agg(datname, ' ' order by datname) from pg_database where starts_with(datname, '{name}')")),
        format!("{name} {name}_before {name}_pristine {name}_spare")
    );
}

/// The number of rows of each table.
fn rows(database: &Database) -> String {
    let counts = database.sql(
        "select string_agg(format('select %L, count(*) from migration.%I', relname, relname), ' union all ' order by relname) || ' order by 1'
         from pg_class where relnamespace = 'migration'::regnamespace and relkind = 'r' and relname not in ('sessions', 'snapshot_history')",
    );
    database.sql(&counts)
}

#[tokio::test]
async fn without_a_reset_there_is_nothing_to_undo() {
    let database = Database::new().await;
    let error = Databases::new(database.store().clone()).undo(None).await.unwrap_err();
    assert!(matches!(error, StoreError::NothingToUndo), "{error}");
}

#[tokio::test]
async fn whoever_resets_stays_signed_in_and_an_ended_token_stays_ended() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    let store = database.store();
    let sign_in =
        async |(email, password)| store.sign_in(email, password, &Origin::default()).await.unwrap().1.token;
    let (mine, other, ended) =
        (sign_in(ADMINISTRATOR).await, sign_in(ANALYST).await, sign_in(ADMINISTRATOR).await);
    let session = store.verify_session(&mine, Origin::default()).await.unwrap();

    databases.reset(Some(&session)).await.unwrap();
    store.verify_session(&mine, Origin::default()).await.unwrap();
    for token in [&other, &ended] {
        assert!(matches!(
            store.verify_session(token, Origin::default()).await,
            Err(StoreError::SessionExpired)
        ));
    }
    // The state before holds both of them as they were then: neither comes back with it.
    databases.undo(Some(&session)).await.unwrap();
    store.verify_session(&mine, Origin::default()).await.unwrap();
    for token in [&other, &ended] {
        assert!(matches!(
            store.verify_session(token, Origin::default()).await,
            Err(StoreError::SessionExpired)
        ));
    }

    // Nor does the caller's, once it has signed out.
    store.end_session(&session).await.unwrap();
    databases.reset(Some(&session)).await.unwrap();
    assert!(matches!(store.verify_session(&mine, Origin::default()).await, Err(StoreError::SessionExpired)));

    // A user whom the new state does not know is signed out.
    let _ =
        database.sql("update migration.users set is_active = false where email = 'analyst@demo-corp.com'");
    databases.reset(None).await.unwrap();
    let analyst = sign_in(ANALYST).await;
    let session = store.verify_session(&analyst, Origin::default()).await.unwrap();
    databases.undo(Some(&session)).await.unwrap();
    assert!(matches!(
        store.verify_session(&analyst, Origin::default()).await,
        Err(StoreError::SessionExpired)
    ));
}

/// Sixteen callers ask all the time while the database is replaced again and again. Each gets an answer: rows, or that the
/// database does not answer just now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_go_on_through_a_reset() {
    let database = Database::new().await;
    let databases = Arc::new(databases(&database).await);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let store: Store = database.store().clone();
        let stopped = stopped.clone();
        callers.spawn(async move {
            let (mut answers, mut refused) = (0_u32, 0_u32);
            while !*stopped.borrow() {
                match store.ping().await {
                    Ok(()) => answers += 1,
                    Err(StoreError::Unavailable(_)) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            (answers, refused)
        });
    }
    for _ in 0..3 {
        databases.reset(None).await.unwrap();
        databases.undo(None).await.unwrap();
    }
    stop.send_replace(true);
    let outcomes = callers.join_all().await;
    assert!(outcomes.iter().all(|(answers, _)| *answers > 0), "{outcomes:?}");
}

/// A transaction that nobody ends does not keep the reset waiting.
#[tokio::test]
async fn a_connection_of_somebody_else_is_ended() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    let held = database.hold("lock table migration.tags");
    databases.reset(None).await.unwrap();
    drop(held);
    assert_eq!(tags(&database), "");
}

#[tokio::test]
async fn the_clone_of_another_build_is_made_anew() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    let name = database.target().database();
    let _ = database.sql(&format!("comment on database {name}_pristine is 'of another build'"));
    assert!(databases.settle().await.unwrap());
    assert!(!databases.settle().await.unwrap());
    assert_eq!(databases.reset(None).await.unwrap().cause, Cause::Reset);
}

#[tokio::test]
async fn a_database_with_a_red_gate_is_not_adopted() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    add_tag(&database, "test 1");
    let incoming = databases.prepare(&["somebody_of_old".to_owned()]).await.unwrap();
    let psql = |statement: &str| {
        let done =
            drydock_testkit::psql_on(&incoming, "drydock_owner").args(["--command", statement]).output();
        let output = done.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    // As a later build leaves it.
    bootstrap::run(&incoming).await.unwrap();
    history::migrate(&incoming, &history::compare(&incoming).await.unwrap()).await.unwrap();
    psql("insert into migration._sqlx_migrations values (999, 'later', now(), true, '\\x00', 0)");
    let error = databases.adopt(&incoming, None).await.unwrap_err();
    assert_eq!(error.code().as_str(), "history.ahead");
    assert_eq!(tags(&database), "test 1");

    // An empty one is migrated; without users nobody could sign in, so it is refused as well.
    psql("drop schema migration cascade");
    let error = databases.adopt(&incoming, None).await.unwrap_err();
    assert_eq!(error.code().as_str(), "login.impossible");
    assert_eq!(tags(&database), "test 1");
    databases.abandon(&incoming).await.unwrap();
    let _ = database.sql("drop role somebody_of_old");
}

/// A note that the schema was seen whole spares the next boot a look. One that came with a database is no proof.
#[tokio::test]
async fn the_note_of_an_incoming_database_is_not_believed() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    let incoming = databases.prepare(&[]).await.unwrap();
    let psql = |statement: &str| {
        let output = drydock_testkit::psql_on(&incoming, "drydock_owner")
            .args(["--quiet", "--no-align", "--tuples-only", "--command", statement])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    bootstrap::run(&incoming).await.unwrap();
    history::migrate(&incoming, &history::compare(&incoming).await.unwrap()).await.unwrap();
    psql("drop index migration.ix_asset_tags_tag_id");
    let seen = psql(include_str!("../../crates/store/src/catalogue/state.sql"));
    let state = seen.split('|').next().unwrap();
    let version = catalogue::latest();
    let print = catalogue::fingerprint(catalogue::committed(version).unwrap());
    psql(&format!(
        "comment on schema migration is 'Drydock {version:03}, catalogue {} in state {state}'",
        &print[..16]
    ));
    let error = databases.adopt(&incoming, None).await.unwrap_err();
    assert_eq!(error.code().as_str(), "verify.schema_drifted", "{error}");
    databases.abandon(&incoming).await.unwrap();
}

#[tokio::test]
async fn the_role_of_a_command_goes_although_what_it_owns_was_put_aside() {
    let database = Database::new().await;
    let databases = databases(&database).await;
    let role = ExecRole::create(database.target()).await.unwrap();
    let name = role.name().to_owned();
    let _ = database.sql(&format!("create table public.own (); alter table public.own owner to {name}"));
    databases.reset(None).await.unwrap();
    role.remove().await.unwrap();
    assert_eq!(database.sql(&format!("select count(*) from pg_roles where rolname = '{name}'")), "0");
    let before = format!(
        "select datallowconn from pg_database where datname = '{}_before'",
        database.target().database()
    );
    assert_eq!(database.sql(&before), "f", "what was put aside is closed again");
    databases.undo(None).await.unwrap();
    assert_eq!(database.sql("select tableowner from pg_tables where tablename = 'own'"), "drydock_owner");
}

#[tokio::test]
async fn the_history_tells_in_each_state_how_it_came_to_be_live() {
    const HISTORY: &str =
        "select coalesce(string_agg(action, ' ' order by created_at), '-') from migration.snapshot_history";
    let database = Database::new().await;
    let databases = databases(&database).await;
    databases.reset(None).await.unwrap();
    assert_eq!(database.sql(HISTORY), "reset");
    databases.undo(None).await.unwrap();
    assert_eq!(database.sql(HISTORY), "undone");
    databases.undo(None).await.unwrap();
    assert_eq!(database.sql(HISTORY), "reset undone");
}
