//! Whatever is changed about the schema is named; what only looks different is not.

use std::process::{Command, Stdio};

use drydock_postgres::{Account, Cluster, DataDirectory, Tree};
use drydock_store::{DatabaseRole, Store, StoreError, Target, catalogue, catalogue::Drift, history, verify};
use drydock_testkit::{Database, folder, program, psql_on, resources};

fn expected() -> &'static str {
    catalogue::committed(catalogue::latest()).unwrap()
}

/// The gate's answer over connections of its own.
async fn gate(target: &Target) -> Result<(), StoreError> {
    let store = Store::open(target);
    let verified = verify::schema(&store).await;
    store.close().await;
    verified.map(drop)
}

#[tokio::test]
async fn every_kind_of_change_is_named() {
    let cases = [
        ("alter table migration.assets drop rack_location", "Missing: column assets.rack_location (character varying(50))."),
        ("alter table migration.assets add shelf text", "Unexpected: column assets.shelf (text)."),
        (
            "alter table migration.assets alter rack_location type text",
            "Different: column assets.rack_location is (text) and must be (character varying(50)).",
        ),
        (
            "alter table migration.user_profiles alter status set default 'active'",
            "Different: column user_profiles.status is (character varying(20) not null default 'active'::character varying)",
        ),
        ("alter table migration.tags alter id drop default", "column tags.id is (uuid not null) and must be (uuid not null default gen_random_uuid())"),
        ("alter table migration.assets alter name drop not null", "column assets.name is (character varying(255)) and must be (character varying(255) not null)"),
        ("drop index migration.ix_assets_flow_id", "Missing: index ix_assets_flow_id (CREATE INDEX"),
        ("create index more on migration.assets (client_account_id, fqdn)", "Unexpected: index more (CREATE INDEX more ON migration.assets"),
        ("alter table migration.assets drop constraint ck_assets_costs", "Missing: constraint assets.ck_assets_costs (CHECK"),
        (
            "alter table migration.tags drop constraint ck_tags_name, add constraint ck_tags_name check (name <> '')",
            "Different: constraint tags.ck_tags_name is (CHECK (((name)::text <> ''::text)))",
        ),
        (
            "create policy more on migration.assets for select to drydock_readonly using (true)",
            "Unexpected: policy assets.more (permissive select to drydock_readonly using true).",
        ),
        (
            "alter policy backup_reads_all on migration.assets using (false)",
            "Different: policy assets.backup_reads_all is (permissive select to drydock_backup using false)",
        ),
        ("drop policy backup_reads_all on migration.assets", "Missing: policy assets.backup_reads_all"),
        ("grant update on migration.boot_history to drydock_app", "Different: grant on boot_history to drydock_app is (delete, insert, select, update)"),
        ("grant update (name) on migration.tags to drydock_backup", "Unexpected: grant on tags.name to drydock_backup (update)."),
        ("grant select on migration.tags to public", "Unexpected: grant on tags to public (select)."),
        ("revoke delete on migration.tags from drydock_app", "Different: grant on tags to drydock_app is (insert, select, update)"),
        ("revoke usage on schema migration from drydock_backup", "Missing: grant on schema migration to drydock_backup (usage)."),
        ("alter table migration.sessions enable row level security", "Different: table sessions is (plain, row security) and must be (plain)."),
        ("alter table migration.seed_history set unlogged", "table seed_history is (plain, unlogged) and must be (plain)"),
        ("alter table migration.asset_tags disable trigger all", "Unexpected: trigger asset_tags.of fk_asset_tags_"),
        ("alter table migration.tags owner to postgres", "table tags is (plain, row security, forced, not the schema's owner's) and must be"),
        ("create table public.more () inherits (migration.tags)", "table tags is (plain, row security, forced, inherited from) and must be"),
        ("create function migration.f() returns int language sql as 'select 1'", "Unexpected: function f()."),
        ("create view migration.v as select 1", "Unexpected: view v."),
        ("create table public.notes (note text)", "Unexpected: table public.notes."),
        ("create function public.f() returns int language sql security definer as 'select 1'", "Unexpected: function public.f() (security definer)."),
        ("create operator public.= (leftarg = int, rightarg = bigint, function = int48eq)", "Unexpected: operator public.=(integer, bigint)."),
        ("create type migration.colour as enum ('red')", "Unexpected: type colour (enum)."),
        ("update pg_index set indisvalid = false where indexrelid = 'migration.ix_assets_flow_id'::regclass", "invalid) and must be (CREATE INDEX"),
        (
            "create table migration.more (client_account_id uuid);
             alter table migration.more enable row level security; alter table migration.more force row level security;
             create policy tenant_isolation on migration.more
                 using (client_account_id = nullif(current_setting('app.client_account_id', true), '')::uuid)",
            "Unexpected: column more.client_account_id (uuid); policy more.tenant_isolation",
        ),
    ];
    for (change, told) in cases {
        let database = Database::new().await;
        gate(database.target()).await.unwrap();
        let _ = database.sql(change);
        let error = gate(database.target()).await.expect_err(change);
        assert_eq!(error.code().as_str(), "verify.schema_drifted", "{change}: {error}");
        assert!(error.to_string().contains(told), "{change}: {error}");
    }
}

#[tokio::test]
async fn what_is_undone_is_forgotten() {
    let database = Database::new().await;
    let _ = database.sql("alter table migration.tags alter is_active drop default");
    gate(database.target()).await.unwrap_err();
    let _ = database.sql("alter table migration.tags alter is_active set default true");
    gate(database.target()).await.unwrap();
    // At the table's end now.
    let _ = database.sql("alter table migration.tags drop description, add description text");
    gate(database.target()).await.unwrap();
}

/// What the gate leaves behind to be quicker next time must not make it blind.
#[tokio::test]
async fn the_note_of_a_whole_schema_is_of_that_state_alone() {
    let database = Database::new().await;
    let note = || database.sql("select obj_description('migration'::regnamespace, 'pg_namespace')");
    gate(database.target()).await.unwrap();
    let whole = note();
    let begins = format!("Drydock {:03}, catalogue ", catalogue::latest());
    assert!(whole.starts_with(&begins), "{whole}");
    let _ = database.sql("analyze");
    let _ = database.sql("vacuum full migration.tags");
    gate(database.target()).await.unwrap();
    let moved = note();
    gate(database.target()).await.unwrap();
    assert_eq!(note(), moved, "looked at once more");

    let _ =
        database.sql("alter table migration.tags alter is_active set not null, alter is_active drop default");
    gate(database.target()).await.unwrap_err();
    assert_eq!(note(), moved, "a note is left of whole schemas only");
    let _ = database.sql("comment on schema migration is null");
    gate(database.target()).await.unwrap_err();
    let _ = database.sql("alter table migration.tags alter is_active set default true");
    gate(database.target()).await.unwrap();
    assert_ne!(note(), moved);
}

#[tokio::test]
async fn the_committed_listing_is_that_of_the_shipped_migrations() {
    let database = Database::new().await;
    let listing = catalogue::listing_of(database.target(), DatabaseRole::App).await.unwrap();
    assert_eq!(Drift::between(expected(), &listing), None, "run `cargo xtask schema`");
    assert_eq!(listing, expected());
    let applied = history::compare(database.target()).await.unwrap().applied;
    assert_eq!(applied.last(), Some(&catalogue::latest()));
    assert!(applied.iter().all(|version| catalogue::committed(*version).is_some()));
    // Whoever asks, from wherever they look.
    for role in [DatabaseRole::Superuser, DatabaseRole::Owner, DatabaseRole::Readonly] {
        assert_eq!(catalogue::listing_of(database.target(), role).await.unwrap(), listing, "{role:?}");
    }
}

/// Dumped and restored, the schema reads the same, though its catalogue's rows are others.
#[tokio::test]
async fn a_restored_schema_reads_the_same() {
    let database = Database::new().await;
    let copy = database.target().with_database(format!("{}_copy", database.target().database()));
    let _ =
        database.sql(&format!("create database {} owner drydock_owner template template0", copy.database()));
    let prepare = psql_on(&copy, "postgres").args(["--command", "create extension vector"]).status().unwrap();
    assert!(prepare.success());
    let mut dump = Command::new(program("pg_dump"))
        .args(["--username", "postgres", "--schema", "migration", "--dbname", database.target().database()])
        .arg("--host")
        .arg(database.target().socket_dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let restored = psql_on(&copy, "postgres").stdin(dump.stdout.take().unwrap()).status().unwrap();
    assert!(dump.wait().unwrap().success() && restored.success());
    let listing = catalogue::listing_of(&copy, DatabaseRole::App).await;
    let _ = database.sql(&format!("drop database {} with (force)", copy.database()));
    assert_eq!(Drift::between(expected(), &listing.unwrap()), None);
}

/// The migrations need nothing of ours: on a bare server, as an owner of any name, they leave the same schema but for the rights of
/// roles that are not there.
#[tokio::test]
async fn psql_alone_makes_the_same_schema_on_a_bare_server() {
    let folder = folder();
    let tree = Tree::locate(None, &resources()).unwrap();
    let account = Account::resolve().unwrap();
    let data = DataDirectory::open(&folder.path().join("data"), &account, "test").unwrap();
    let (cluster, _) = Cluster::initialise(&tree, data, &account, None).await.unwrap();
    let mut server = cluster.start(|_| ()).await.unwrap();
    let target = Target::new(server.socket_dir(), server.port(), "bare");
    let run = |target: &Target, role: &str, arguments: &[&str]| {
        assert!(psql_on(target, role).args(arguments).status().unwrap().success(), "{arguments:?}");
    };
    let server_itself = target.with_database("postgres");
    run(
        &server_itself,
        "postgres",
        &["-c", "create role somebody", "-c", "create database bare owner somebody"],
    );
    run(
        &target,
        "postgres",
        &["-c", "create extension vector", "-c", "create schema migration authorization somebody"],
    );
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "sql"));
    files.sort();
    for file in files {
        let file = file.to_str().unwrap();
        run(
            &target,
            "postgres",
            &[
                "-1",
                "-c",
                "set session authorization somebody",
                "-c",
                "set search_path = migration, public",
                "-f",
                file,
            ],
        );
    }
    let listing = catalogue::listing_of(&target, DatabaseRole::Superuser).await;
    server.stop().await.unwrap();
    let without_roles: String = expected()
        .lines()
        .filter(|line| !line.starts_with("grant on ") && !line.contains(".backup_reads_all: "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(Drift::between(&without_roles, &listing.unwrap()), None);
}
