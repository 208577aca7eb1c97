//! The boot sequence: green from nothing, green again, and red with a sentence.

use std::{path::Path, sync::Arc};

use drydock_boot::{
    Platform, Settings,
    boot::{BootSnapshot, BootState, Failure, Stage, StageStatus},
    history::Migrations,
};
use drydock_testkit::{folder, psql_on, resources};

fn settings(data: &Path) -> Settings {
    Settings {
        data_dir: Some(data.to_owned()),
        resources: resources(),
        templates: Vec::new(),
        ..Settings::from_environment("test")
    }
}

async fn boot(settings: Settings) -> (Result<(), Failure>, BootSnapshot, Platform) {
    let platform = Platform::new(settings);
    let outcome = platform.boot().await;
    let snapshot = platform.watch().borrow().clone();
    (outcome, snapshot, platform)
}

fn detail(snapshot: &BootSnapshot, stage: Stage) -> String {
    snapshot.stages[stage as usize].detail.clone().unwrap_or_default()
}

#[tokio::test]
async fn from_nothing_to_ready_and_once_more() {
    let folder = folder();
    let data = folder.path().join("data");
    let (outcome, first, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    assert_eq!(first.state, BootState::Ready);
    assert!(
        first.stages.iter().all(|stage| stage.status == StageStatus::Passed && stage.elapsed_ms.is_some())
    );
    let applied = match Migrations::shipped().versions().count() {
        1 => "1 migration applied".to_owned(),
        more => format!("{more} migrations applied"),
    };
    assert_eq!(detail(&first, Stage::Migrate), applied);
    assert_eq!(platform.demo_accounts().await.unwrap().len(), 5);
    platform.shutdown().await.unwrap();
    platform.shutdown().await.unwrap();

    let (outcome, second, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    assert_eq!(detail(&second, Stage::Migrate), "nothing to apply");
    assert_eq!(detail(&second, Stage::Seed), "nothing to add, profile demo");
    platform.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_course_is_told_stage_by_stage() {
    let folder = folder();
    let platform = Arc::new(Platform::new(settings(&folder.path().join("data"))));
    let mut watcher = platform.watch();
    let follower = tokio::spawn(async move {
        let mut revisions = Vec::new();
        loop {
            watcher.changed().await.unwrap();
            let snapshot = watcher.borrow_and_update().clone();
            let running = snapshot.stages.iter().filter(|stage| stage.status == StageStatus::Running).count();
            assert!(running <= 1, "two stages at once");
            revisions.push(snapshot.revision);
            if snapshot.state != BootState::Booting {
                return (revisions, snapshot.state);
            }
        }
    });
    platform.boot().await.unwrap();
    let (revisions, state) = follower.await.unwrap();
    assert_eq!(state, BootState::Ready);
    assert!(revisions.is_sorted() && revisions.len() > 5, "{revisions:?}");
    platform.shutdown().await.unwrap();
}

/// Until the last gate is green the API tells how the boot is going, and nothing else.
#[tokio::test]
async fn before_the_end_there_is_no_sign_in() {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt as _;

    let platform = Platform::new(settings(Path::new("/nonexistent")));
    for (path, status) in [
        ("/livez", 200),
        ("/api/v1/boot", 200),
        ("/readyz", 503),
        ("/api/v1/demo/accounts", 503),
        ("/api/v1/auth/me", 503),
        ("/api/v1/context/clients", 503),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = platform.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
    let login = Request::post("/api/v1/auth/login")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"email":"demo@demo-corp.com","password":"Demo123!"}"#))
        .unwrap();
    assert_eq!(platform.router().oneshot(login).await.unwrap().status(), 503);
}

fn assert_red(outcome: Result<(), Failure>, snapshot: &BootSnapshot, stage: Stage, code: &str) -> Failure {
    let failure = outcome.unwrap_err();
    assert_eq!((failure.stage, failure.code.as_str()), (stage, code), "{failure}");
    assert!(!failure.what.is_empty() && !failure.next_step.is_empty(), "{failure:?}");
    assert_eq!(snapshot.state, BootState::Failed);
    let report = snapshot.report("0", "test");
    assert!(report.contains(code) && report.contains(&failure.next_step), "{report}");
    for later in &snapshot.stages[stage as usize + 1..] {
        assert_eq!(later.status, StageStatus::Pending);
    }
    failure
}

#[tokio::test]
async fn a_missing_tree_is_said_at_locate() {
    let folder = folder();
    let (outcome, snapshot, _platform) = boot(Settings {
        postgres: Some(folder.path().join("nowhere")),
        ..settings(&folder.path().join("data"))
    })
    .await;
    assert_red(outcome, &snapshot, Stage::Locate, "postgres.tree_missing");
}

#[tokio::test]
async fn a_second_start_on_the_same_data_is_refused_and_the_first_goes_on() {
    let folder = folder();
    let data = folder.path().join("data");
    let (outcome, _, first) = boot(settings(&data)).await;
    outcome.unwrap();
    let (outcome, snapshot, second) = boot(settings(&data)).await;
    let failure = assert_red(outcome, &snapshot, Stage::Locate, "data.in_use");
    assert!(failure.cause.contains(&std::process::id().to_string()), "{failure}");
    second.shutdown().await.unwrap();
    assert_eq!(first.demo_accounts().await.unwrap().len(), 5);
    first.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_of_another_major_is_left_alone() {
    let folder = folder();
    let data = folder.path().join("data");
    std::fs::create_dir_all(data.join("cluster")).unwrap();
    std::fs::write(data.join("cluster/PG_VERSION"), "15\n").unwrap();
    let (outcome, snapshot, _platform) = boot(settings(&data)).await;
    assert_red(outcome, &snapshot, Stage::Initialise, "data.other_major");
    assert_eq!(std::fs::read_to_string(data.join("cluster/PG_VERSION")).unwrap(), "15\n");
}

/// The faults that a database can have, each made by hand, each named by its gate.
#[tokio::test]
async fn red_gates_name_what_was_done_to_the_database() {
    use drydock_store::verify;
    use drydock_testkit::Database;

    let cases = [
        ("alter table migration.user_roles rename to roles", "verify.table_missing"),
        ("alter table migration.assets no force row level security", "verify.tenancy_open"),
        (
            "drop policy tenant_isolation on migration.engagements; drop policy if exists backup_reads_all on migration.engagements",
            "verify.tenancy_open",
        ),
        ("create table migration.stray (id int)", "verify.tenancy_open"),
        ("drop policy tenant_isolation on migration.assets", "verify.tenancy_open"),
        ("create policy oops on migration.assets using (true)", "verify.tenancy_open"),
        ("alter policy tenant_isolation on migration.assets using (true)", "verify.tenancy_open"),
        (
            "do $$ begin execute format('alter role drydock_app in database %I set app.client_account_id = %L', current_database(), 'x'); end $$",
            "verify.role_unsafe",
        ),
        ("update migration.users set password_hash = '$argon2id$broken'", "login.impossible"),
        ("revoke insert on migration.sessions from drydock_app", "verify.schema_drifted"),
        ("alter table migration.assets add shelf text", "verify.schema_drifted"),
        (
            "do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$",
            "login.impossible",
        ),
        ("grant truncate on migration.assets to drydock_app", "verify.role_unsafe"),
        ("alter table migration.tags owner to drydock_app", "verify.role_unsafe"),
        ("update migration.users set is_active = false", "login.impossible"),
        ("update migration.user_roles set is_active = false", "login.impossible"),
    ];
    for (change, code) in cases {
        let database = Database::new().await;
        verify::schema(database.store()).await.unwrap();
        verify::login(database.store()).await.unwrap();
        let _ = database.sql(change);
        // Settings of a role or database count from the next connection on.
        let store = drydock_store::Store::open(database.target());
        let error = match verify::schema(&store).await {
            Ok(_) => verify::login(&store).await.unwrap_err(),
            Err(error) => error,
        };
        store.close().await;
        assert_eq!(error.code().as_str(), code, "{change}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_dies_is_told_and_the_next_start_is_fine() {
    let folder = folder();
    let data = folder.path().join("data");
    let (outcome, snapshot, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    let detail = detail(&snapshot, Stage::Start);
    let pid = detail.split_whitespace().nth(1).unwrap();
    assert!(std::process::Command::new("kill").args(["-9", pid]).status().unwrap().success());
    let failure = platform.lost().await;
    assert_eq!(failure.code, "database.lost");
    let told = platform.watch().borrow().clone();
    assert_eq!(told.state, BootState::Failed);
    assert!(told.revision > snapshot.revision);
    assert!((told.elapsed_ms - snapshot.elapsed_ms).abs() < f64::EPSILON, "the boot took what it took");
    let _ = platform.shutdown().await;
    drop(platform);

    let (outcome, _, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    platform.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_breaks_the_boot_off_and_leaves_a_directory_that_boots() {
    let folder = folder();
    let data = folder.path().join("data");
    let platform = Platform::new(settings(&data));
    let mut watcher = platform.watch();
    let (outcome, stopped) = tokio::join!(platform.boot(), async {
        watcher
            .wait_for(|snapshot| snapshot.stages[Stage::Start as usize].status == StageStatus::Passed)
            .await
            .unwrap();
        platform.shutdown().await
    });
    assert_eq!(outcome.unwrap_err().code, "boot.cancelled");
    stopped.unwrap();
    drop(platform);

    let (outcome, _, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    platform.shutdown().await.unwrap();
}

/// Roles belong to the whole cluster, so these two faults are put into one of their own.
#[tokio::test]
async fn a_role_that_could_become_another_is_red_and_lost_attributes_are_put_right() {
    let folder = folder();
    let data = folder.path().join("data");
    let alter = async |statement: &str| {
        let (outcome, _, platform) = boot(settings(&data)).await;
        let target = platform.target().await.unwrap();
        let done = psql_on(&target, "postgres").args(["--command", statement]).status().unwrap();
        assert!(done.success(), "{statement}");
        platform.shutdown().await.unwrap();
        outcome
    };
    alter("alter role drydock_app superuser bypassrls").await.unwrap();
    alter("grant drydock_owner to drydock_app").await.unwrap();
    let (outcome, snapshot, platform) = boot(settings(&data)).await;
    assert_red(outcome, &snapshot, Stage::Verify, "verify.role_unsafe");
    platform.shutdown().await.unwrap();
    drop(platform);
    alter("revoke drydock_owner from drydock_app").await.unwrap_err();
    let (outcome, _, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    platform.shutdown().await.unwrap();
}

/// An operator that fits exactly is preferred to the system's own, which needs a cast: the gate must leave none to be preferred.
#[tokio::test]
async fn the_gate_is_not_fooled_by_operators_of_the_owners() {
    use drydock_store::verify;
    use drydock_testkit::Database;

    let database = Database::new().await;
    let fool = |left: &str, right: &str, answer: bool| {
        let name = format!("fool_{left}_{right}");
        database
            .sql_as(
                "drydock_owner",
                &format!(
                    "create function public.{name}({left}, {right}) returns boolean language sql immutable as 'select {answer}';
                     create operator public.= (leftarg = {left}, rightarg = {right}, function = public.{name})"
                ),
            )
            .unwrap();
    };
    fool("regrole", "oid", false);
    fool("oid", "regrole", false);
    database
        .sql_as("drydock_owner", "create policy leak on migration.assets to drydock_app using (true)")
        .unwrap();
    let store = drydock_store::Store::open(database.target());
    let error = verify::schema(&store).await.unwrap_err();
    store.close().await;
    assert_eq!(error.code().as_str(), "verify.tenancy_open", "{error}");
}

/// What lies in the schemas may have come with somebody's snapshot: nothing of it may run with a superuser's rights.
#[tokio::test]
async fn no_view_of_the_owners_is_read_as_superuser() {
    let folder = folder();
    let data = folder.path().join("data");
    let (outcome, _, platform) = boot(settings(&data)).await;
    outcome.unwrap();
    let target = platform.target().await.unwrap();
    let trap = "create function migration.trap() returns boolean language plpgsql volatile as $$
                begin
                    if current_setting('is_superuser') = 'on' then execute 'alter role drydock_readonly superuser'; end if;
                    return true;
                end $$;
                create function public.trap(oid, regclass) returns boolean language sql as 'select migration.trap()';
                create operator public.= (leftarg = oid, rightarg = regclass, function = public.trap);
                alter table migration._sqlx_migrations rename to applied;
                create view migration._sqlx_migrations as
                select version, description, installed_on, migration.trap() as success, checksum, execution_time from migration.applied";
    assert!(psql_on(&target, "drydock_owner").args(["--command", trap]).status().unwrap().success());
    platform.shutdown().await.unwrap();
    drop(platform);

    let (_, _, platform) = boot(settings(&data)).await;
    let target = platform.target().await.unwrap();
    drydock_store::databases::facts(&target).await.unwrap();
    let asked = "select count(*) from pg_roles where rolsuper";
    let output = psql_on(&target, "postgres").args(["--command", asked]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1");
    platform.shutdown().await.unwrap();
}
