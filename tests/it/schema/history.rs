//! What a database tells of its boots and of what was done with snapshots.

use std::path::Path;

use drydock_api::maintenance::{Maintenance as _, TaskState};
use drydock_boot::{DatabaseMaintenance, Platform, Settings};
use drydock_domain::UserId;
use drydock_testkit::{folder, psql_on, resources};

fn platform(folder: &Path) -> Platform {
    let mut settings = Settings::from_environment("test");
    settings.data_dir = Some(folder.join("data"));
    settings.downloads = folder.to_owned();
    settings.resources = resources();
    settings.templates = Vec::new();
    Platform::new(settings)
}

/// What psql prints as superuser.
async fn sql(platform: &Platform, statement: &str) -> String {
    let target = platform.target().await.unwrap();
    let output = psql_on(&target, "postgres").args(["--command", statement]).output().unwrap();
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

const BOOTS: &str = "select outcome, coalesce(failure_stage, '-'), coalesce(failure_code, '-'), program, jsonb_array_length(stages),
                            elapsed_ms > 0 and started_at < created_at and postgres_version ~ '^16[.]' and app_version <> ''
                     from migration.boot_history order by started_at";

#[tokio::test]
async fn each_boot_leaves_a_row_and_the_oldest_go() {
    let folder = folder();
    let first = platform(folder.path());
    first.boot().await.unwrap();
    first.shutdown().await.unwrap();

    let second = platform(folder.path());
    second.boot().await.unwrap();
    let row = "ready|-|-|test|13|t";
    assert!(sql(&second, BOOTS).await.starts_with(row));
    let _ = sql(
        &second,
        "insert into migration.boot_history (started_at, elapsed_ms, outcome, program, app_version, postgres_version)
         select timestamptz '2020-01-01' + n * interval '1 day', 1, 'ready', 'old', '0', '16.0' from generate_series(1, 250) n;
         alter table migration.tags alter is_active drop default",
    )
    .await;
    second.shutdown().await.unwrap();

    let third = platform(folder.path());
    assert_eq!(third.boot().await.unwrap_err().code, "verify.schema_drifted");
    third.shutdown().await.unwrap();

    // Found again by a platform whose boot fails as well, which leaves its server running.
    let fourth = platform(folder.path());
    fourth.boot().await.unwrap_err();
    let told = sql(&fourth, &format!("{BOOTS} desc limit 4")).await;
    let rows: Vec<&str> = told.lines().filter(|line| !line.contains("|old|")).collect();
    let failed = "failed|verify|verify.schema_drifted|test|10|t";
    // The fourth writes its own row beside this.
    assert_eq!(rows.iter().rev().take(3).copied().collect::<Vec<_>>(), [row, row, failed], "{told}");
    let kept = sql(&fourth, "select count(*) between 200 and 201 from migration.boot_history").await;
    assert_eq!(kept, "t");
    fourth.shutdown().await.unwrap();
}

/// Waits until nothing is under way.
async fn done(maintenance: &DatabaseMaintenance) {
    let mut status = maintenance.watch();
    let ended = status
        .wait_for(|status| status.task.as_ref().is_none_or(|task| task.state != TaskState::Running))
        .await
        .unwrap()
        .task
        .clone()
        .unwrap();
    assert_eq!(ended.state, TaskState::Done, "{ended:?}");
}

#[tokio::test]
async fn what_is_done_with_snapshots_is_kept_where_it_counts() {
    const ACTIONS: &str =
        "select string_agg(action || ' ' || coalesce(snapshot_name, '-'), ', ' order by created_at, id)
                           from migration.snapshot_history";
    let folder = folder();
    let platform = platform(folder.path());
    platform.boot().await.unwrap();
    let maintenance = platform.maintenance().await.unwrap();
    assert_eq!(sql(&platform, ACTIONS).await, "");

    let somebody = sql(&platform, "select id from migration.users order by email limit 1").await;
    let actor = UserId(somebody.parse().unwrap());
    maintenance.create("one".to_owned(), String::new(), actor).await.unwrap();
    done(&maintenance).await;
    let id = maintenance.watch().borrow().task.as_ref().unwrap().snapshot_id.unwrap();
    maintenance.edit(id, Some("two".to_owned()), None, actor).await.unwrap();
    maintenance.export(id, actor).await.unwrap();
    done(&maintenance).await;
    assert_eq!(sql(&platform, ACTIONS).await, "created one, renamed two, exported two");
    let whole = "select bool_and(snapshot_id is not null and actor_user_id is not null and size_bytes > 1000 and length(schema_digest) = 64 and app_version <> '')
                 from migration.snapshot_history";
    assert_eq!(sql(&platform, whole).await, "t");

    // Each state tells how it came to be.
    maintenance.reset(None).await.unwrap();
    assert_eq!(sql(&platform, ACTIONS).await, "reset -");
    maintenance.undo(None).await.unwrap();
    assert_eq!(sql(&platform, ACTIONS).await, "created one, renamed two, exported two, undone -");
    maintenance.restore(id, None).await.unwrap();
    done(&maintenance).await;
    assert_eq!(sql(&platform, ACTIONS).await, "restored two");
    maintenance.remove(id, actor).await.unwrap();
    maintenance.put_back(id, actor).await.unwrap();
    assert_eq!(sql(&platform, ACTIONS).await, "restored two, deleted two, put_back two");

    // Nobody may write history anew.
    let target = platform.target().await.unwrap();
    let change = "update migration.snapshot_history set action = 'created'";
    let output = psql_on(&target, "drydock_app").args(["--command", change]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("permission denied"));
    platform.shutdown().await.unwrap();
}
