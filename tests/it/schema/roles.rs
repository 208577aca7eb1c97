//! What each role may do, and that nobody is served by one that may do more.

use drydock_boot::{Platform, Settings};
use drydock_store::{Store, verify};
use drydock_testkit::{Database, folder, psql_on, resources};

/// Each of these gives the application role too much; the second statement takes it back.
const EXCESS: [(&str, &str, &str); 12] = [
    ("alter role drydock_app superuser", "alter role drydock_app nosuperuser", "is superuser"),
    (
        "alter role drydock_app bypassrls",
        "alter role drydock_app nobypassrls",
        "goes past row-level security",
    ),
    ("alter role drydock_app createrole", "alter role drydock_app nocreaterole", "may make roles"),
    ("alter role drydock_app createdb", "alter role drydock_app nocreatedb", "may make databases"),
    (
        "grant drydock_backup to drydock_app",
        "revoke drydock_backup from drydock_app",
        "may take 1 other roles",
    ),
    (
        "grant drydock_owner to drydock_app; alter role drydock_app set role = 'drydock_owner'",
        "alter role drydock_app reset role; revoke drydock_owner from drydock_app",
        "Role drydock_owner is not drydock_app",
    ),
    (
        "alter role drydock_app superuser; alter role drydock_app set role = 'postgres'",
        "alter role drydock_app reset role; alter role drydock_app nosuperuser",
        "Role postgres is not drydock_app, is superuser",
    ),
    (
        "grant create on schema public to drydock_app",
        "revoke create on schema public from drydock_app",
        "may make things in schema public",
    ),
    (
        "grant create on database drydock to drydock_app",
        "revoke create on database drydock from drydock_app",
        "may make schemas",
    ),
    (
        "grant temporary on database drydock to public",
        "revoke temporary on database drydock from public",
        "may make temporary tables",
    ),
    (
        "alter role drydock_app set session_replication_role = replica",
        "alter role drydock_app reset session_replication_role",
        "writes past foreign keys",
    ),
    (
        "alter table migration.tags owner to drydock_app",
        "alter table migration.tags owner to drydock_owner",
        "owns 1 tables",
    ),
];

/// Roles belong to the whole cluster, so this is a cluster of the test's own.
#[tokio::test]
async fn only_the_application_role_as_it_must_be_is_served() {
    let folder = folder();
    let mut settings = Settings::from_environment("test");
    settings.data_dir = Some(folder.path().join("data"));
    settings.resources = resources();
    let platform = Platform::new(settings);
    platform.boot().await.unwrap();
    let target = platform.target().await.unwrap();
    let run = |statements: &str| {
        let done = psql_on(&target, "postgres").args(["--command", statements]).status().unwrap();
        assert!(done.success(), "{statements}");
    };
    let gate = async || {
        let store = Store::open(&target);
        let verified = verify::schema(&store).await;
        store.close().await;
        verified
    };
    for (give, take, told) in EXCESS {
        run(give);
        let error = gate().await.unwrap_err();
        assert_eq!(error.code().as_str(), "verify.role_unsafe", "{give}: {error}");
        assert!(error.to_string().contains(told), "{give}: {error}");
        run(take);
        // A changed owner leaves other rights behind than it found.
        if !give.contains("owner to") {
            gate().await.unwrap();
        }
    }
    platform.shutdown().await.unwrap();
}

/// What somebody set for a role and would keep the product from working is put right, or has no effect on it.
#[tokio::test]
async fn a_role_that_was_hindered_serves_all_the_same() {
    let folder = folder();
    let mut settings = Settings::from_environment("test");
    settings.data_dir = Some(folder.path().join("data"));
    settings.resources = resources();
    let platform = Platform::new(settings.clone());
    platform.boot().await.unwrap();
    let target = platform.target().await.unwrap();
    let hindered = "alter role drydock_app set row_security = off; alter role drydock_app connection limit 1 nologin;
                    alter role drydock_owner set row_security = off; alter role drydock_owner connection limit 0";
    let done = psql_on(&target, "postgres").args(["--command", hindered]).status().unwrap();
    assert!(done.success());
    platform.shutdown().await.unwrap();
    drop(platform);

    let platform = Platform::new(settings);
    platform.boot().await.unwrap();
    let store = Store::open(&platform.target().await.unwrap());
    let (one, other) = tokio::join!(store.ping(), store.ping());
    one.unwrap();
    other.unwrap();
    // Row-level security that is off refuses what it would have to filter.
    assert!(store.in_sight().await.unwrap().is_empty());
    store.close().await;
    let limits = "select string_agg(rolconnlimit::text, ' ') from pg_roles where rolname like 'drydock%'";
    let output = psql_on(&target, "postgres").args(["--command", limits]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "-1 -1 -1 -1");
    platform.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_right_that_no_policy_governs_is_refused() {
    for right in ["truncate", "references", "trigger"] {
        let database = Database::new().await;
        let _ = database.sql(&format!("grant {right} on migration.assets to drydock_app"));
        let error = verify::schema(database.store()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "verify.role_unsafe", "{right}: {error}");
    }
}

/// What each role is for, and the nearest thing it must not do.
#[tokio::test]
async fn each_role_may_do_what_it_is_for_and_no_more() {
    const CLIENT: &str = "11111111-1111-1111-1111-111111111111";
    let database = Database::new().await;
    let count = |role: &str, before: &str| {
        database.sql_as(role, &format!("{before} select count(*) from migration.assets"))
    };
    let inside = format!("set app.client_account_id = '{CLIENT}';");
    let all = database.sql("select count(*) from migration.assets");
    let own =
        database.sql(&format!("select count(*) from migration.assets where client_account_id = '{CLIENT}'"));
    assert!(own != "0" && own != all, "{own} of {all}");
    for role in ["drydock_app", "drydock_readonly", "drydock_owner"] {
        assert_eq!(count(role, "").unwrap(), "0", "{role} outside");
        assert_eq!(count(role, &inside).unwrap(), own, "{role} inside");
    }
    assert_eq!(count("drydock_backup", "").unwrap(), all);

    let refused = |role: &str, statement: &str, why: &str| {
        let said = database.sql_as(role, statement).unwrap_err();
        assert!(said.contains(why), "{role}, {statement}: {said}");
    };
    for statement in [
        "truncate migration.assets",
        "create table migration.more (id int)",
        "create table public.more (id int)",
        "create temporary table more (id int)",
        "create schema more",
        "alter table migration.assets add more text",
        "drop table migration.tags",
        "delete from migration.users",
        "update migration.security_audit_logs set severity = 'info'",
        "update migration.boot_history set outcome = 'ready'",
        "delete from migration.snapshot_history",
        "delete from migration.alembic_version",
        "set role drydock_owner",
    ] {
        let why = if statement.starts_with("alter") || statement.starts_with("drop") {
            "must be owner"
        } else {
            "permission denied"
        };
        refused("drydock_app", statement, why);
    }
    for role in ["drydock_readonly", "drydock_backup"] {
        refused(role, "delete from migration.tags", "read-only transaction");
        // Whoever switches that off still has no right to.
        refused(role, "begin read write; delete from migration.tags", "permission denied");
    }
    for secret in
        ["password_hash from migration.users", "token_hash from migration.sessions", "* from migration.users"]
    {
        refused("drydock_readonly", &format!("select {secret}"), "permission denied");
    }
    database.sql_as("drydock_readonly", "select id, email, is_active from migration.users").unwrap();
    database.sql_as("drydock_readonly", "select id, user_id, expires_at from migration.sessions").unwrap();
}
