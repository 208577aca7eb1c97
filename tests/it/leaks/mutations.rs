//! That the matrix sees a leak: each of these opens one table, and the matrix must say so.

use drydock_testkit::Database;
use uuid::Uuid;

use super::matrix;

/// The table that is opened: it has references and is referred to, and its rows may be changed.
const TABLE: &str = "asset_tags";

/// What is done to the table, and the operation that must be found to go wrong by it.
const MUTATIONS: &[(&str, &str)] = &[
    ("alter table migration.asset_tags disable row level security", "select without predicate"),
    ("drop policy tenant_isolation on migration.asset_tags", "control: select"),
    (
        "drop policy tenant_isolation on migration.asset_tags;
         create policy tenant_isolation on migration.asset_tags using (true)",
        "copy of the table",
    ),
    (
        "create policy another on migration.asset_tags for select using (true)",
        "division by zero on their rows",
    ),
    ("create policy another on migration.asset_tags for insert with check (true)", "insert"),
    // As the older policies of the platform have it: an empty setting is an error instead of nobody.
    (
        "drop policy tenant_isolation on migration.asset_tags;
         create policy tenant_isolation on migration.asset_tags
             using (client_account_id = current_setting('app.client_account_id', true)::uuid)",
        "select",
    ),
    // An owner may truncate, whatever the policies say.
    ("alter table migration.asset_tags owner to drydock_app", "truncate"),
    (
        "alter table migration.asset_tags owner to drydock_app;
         alter table migration.asset_tags no force row level security",
        "delete",
    ),
    ("grant truncate on migration.asset_tags to drydock_app", "truncate"),
    (
        "create unique index uq_asset_tags_everywhere on migration.asset_tags (id)",
        "insert what they have in uq_asset_tags_everywhere",
    ),
    (
        "alter table migration.tags add constraint uq_tags_id unique (id);
         alter table migration.asset_tags drop constraint fk_asset_tags_tag_id,
             add constraint fk_asset_tags_tag_id foreign key (tag_id) references migration.tags (id)",
        "insert referring to theirs through fk_asset_tags_tag_id",
    ),
];

async fn asked(database: &Database, role: &str, expected: &str, what: &str) {
    let found = matrix::ask(database, role, Some(TABLE)).await;
    assert!(
        found.wrong.iter().any(|wrong| wrong.table == TABLE && wrong.operation == expected),
        "{what}: {expected} is not among the {} wrong cells {:?}",
        found.wrong.len(),
        found.wrong.iter().map(|wrong| (&wrong.context, &wrong.operation)).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_sees_what_opens_a_table() {
    let mut asking = tokio::task::JoinSet::new();
    for (mutation, expected) in MUTATIONS {
        asking.spawn(async move {
            let database = Database::new().await;
            matrix::fill(&database);
            let _ = database.sql(mutation);
            asked(&database, "drydock_app", expected, mutation).await;
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_sees_that_row_level_security_is_not_forced() {
    let database = Database::new().await;
    matrix::fill(&database);
    let found = matrix::ask(&database, "drydock_owner", Some(TABLE)).await;
    assert!(found.wrong.is_empty(), "{}", found.report());
    let _ = database.sql("alter table migration.asset_tags no force row level security");
    asked(&database, "drydock_owner", "select without predicate", "no force").await;
}

/// Roles are the whole cluster's, so the application's own is left alone: another has its rights and goes past the policies.
#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_sees_a_role_that_goes_past_row_level_security() {
    let database = Database::new().await;
    matrix::fill(&database);
    let role = format!("leaks_{}", Uuid::new_v4().simple());
    let _ = database.sql(&format!("create role {role} login in role drydock_app"));
    let closed = matrix::ask(&database, &role, Some(TABLE)).await;
    let _ = database.sql(&format!("alter role {role} bypassrls"));
    let open = matrix::ask(&database, &role, Some(TABLE)).await;
    let _ = database.sql(&format!("drop role {role}"));
    assert!(closed.wrong.is_empty(), "{}", closed.report());
    for expected in ["select without predicate", "insert", "update to", "copy into", "statistics"] {
        assert!(open.wrong.iter().any(|wrong| wrong.operation == expected), "{expected}");
    }
}

const NOVEL: &str = "create table migration.novel (
         client_account_id uuid not null references migration.client_accounts (id), id uuid not null, kind text not null,
         constraint pk_novel primary key (client_account_id, id), constraint ck_novel_kind check (kind <> all (array['a1', 'b1'])));
     grant select, insert, update, delete on migration.novel to drydock_app";

#[tokio::test]
async fn a_table_that_is_added_is_asked_as_well() {
    let database = Database::new().await;
    let _ = database.sql(&format!("{NOVEL}; alter table migration.novel drop constraint ck_novel_kind"));
    matrix::fill(&database);
    let found = matrix::ask(&database, "drydock_app", Some("novel")).await;
    assert!(found.wrong.iter().any(|wrong| wrong.operation == "select"), "{}", found.report());
}

#[tokio::test]
#[should_panic(expected = "No valid row is known for migration.novel")]
async fn a_table_without_a_valid_row_is_told() {
    let database = Database::new().await;
    let _ = database.sql(NOVEL);
    matrix::fill(&database);
}
