//! A first run that begins with the template ends where one that begins with initdb does.

use std::path::{Path, PathBuf};

use drydock_boot::{
    Platform, Settings,
    boot::{BootSnapshot, Stage},
    make_template,
};
use drydock_store::Target;
use drydock_testkit::{folder, program, psql_on, resources};

fn settings(data: &Path, templates: Vec<PathBuf>) -> Settings {
    Settings {
        data_dir: Some(data.to_owned()),
        resources: resources(),
        templates,
        ..Settings::from_environment("test")
    }
}

async fn boot(settings: Settings) -> (Platform, BootSnapshot) {
    let platform = Platform::new(settings);
    platform.boot().await.unwrap();
    let snapshot = platform.watch().borrow().clone();
    (platform, snapshot)
}

fn detail(snapshot: &BootSnapshot, stage: Stage) -> &str {
    snapshot.stages[stage as usize].detail.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn both_ways_to_a_first_run_give_the_same_schema_and_rows() {
    let folder = folder();
    let file = folder.path().join("made/cluster.template");
    let made = make_template(&settings(folder.path(), Vec::new()), &file).await.unwrap().unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().len(), made);
    assert_eq!(make_template(&settings(folder.path(), Vec::new()), &file).await.unwrap(), None, "made twice");

    let (unpacked, told) = boot(settings(&folder.path().join("unpacked"), vec![file])).await;
    assert_eq!(detail(&told, Stage::Initialise), "a new cluster, unpacked from the template");
    assert_eq!(detail(&told, Stage::Migrate), "nothing to apply");
    assert_eq!(detail(&told, Stage::Seed), "nothing to add, profile demo");
    let (created, told) = boot(settings(&folder.path().join("created"), Vec::new())).await;
    assert_eq!(detail(&told, Stage::Initialise), "a new cluster with data checksums");

    let (one, other) = (unpacked.target().await.unwrap(), created.target().await.unwrap());
    assert_eq!(schema(&one), schema(&other));
    assert_eq!(rows(&one), rows(&other));
    // Roles and their settings belong to the cluster, not to a database.
    let roles = "select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
                        rolconfig from pg_roles where rolname !~ '^pg_' order by 1";
    assert_eq!(sql(&one, roles), sql(&other, roles));
    let settings = "select (select string_agg(name || '=' || setting, ' ' order by name) from pg_settings
                            where name in ('data_checksums', 'server_encoding', 'wal_segment_size')),
                           datcollate, datctype from pg_database where datname = current_database()";
    assert_eq!(sql(&one, settings), sql(&other, settings));
    unpacked.shutdown().await.unwrap();
    created.shutdown().await.unwrap();
}

#[tokio::test]
async fn without_a_usable_template_a_first_run_makes_its_cluster() {
    let folder = folder();
    let file = folder.path().join("cluster.template");
    for (number, content) in [&b""[..], b"not a template at all", &[0x28; 4096]].into_iter().enumerate() {
        std::fs::write(&file, content).unwrap();
        let data = folder.path().join(number.to_string());
        let (platform, told) = boot(settings(&data, vec![folder.path().join("none"), file.clone()])).await;
        assert_eq!(detail(&told, Stage::Initialise), "a new cluster with data checksums");
        platform.shutdown().await.unwrap();
    }
}

fn sql(target: &Target, statement: &str) -> String {
    let output = psql_on(target, "postgres").args(["--command", statement]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What pg_dump writes of everything but rows: tables, constraints, indexes, policies, grants, comments.
fn schema(target: &Target) -> String {
    let mut dump = std::process::Command::new(program("pg_dump"));
    dump.args(["--schema-only", "--username", "postgres", "--host"]).arg(target.socket_dir());
    let output = dump.arg(target.database()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // A key of the dump's own, random each time.
    text.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
}

/// A digest of each table's rows but for what tells of the making: its moment and how long it took.
fn rows(target: &Target) -> String {
    let digests = sql(
        target,
        "select string_agg(format('select %L, count(*), md5(string_agg(r::text, E''\\n'' order by r::text)) from (select %s from migration.%I) r',
                                  relname, columns, relname), ' union all ' order by relname) || ' order by 1'
         from (select c.relname, string_agg(quote_ident(a.attname), ',' order by a.attnum) as columns
               from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               where c.relnamespace = 'migration'::regnamespace and c.relkind = 'r' and c.relname not in ('sessions', 'boot_history', 'snapshot_history')
                 and (c.relname, a.attname) not in (('_sqlx_migrations', 'installed_on'), ('_sqlx_migrations', 'execution_time'), ('seed_history', 'created_at'))
               group by c.relname) tables",
    );
    sql(target, &digests)
}
