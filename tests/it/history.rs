//! What can happen to a migration history, done to databases of our own: each refused at its stage, with its code, and nothing
//! changed.

use std::process::Output;

use drydock_boot::boot::Stage;
use drydock_store::{StoreError, Target, bootstrap, clone, history, history::Migrations};
use drydock_testkit::{Database, program, psql_on};

/// The one shipped file and its name.
pub(crate) const BASELINE: (&str, &str) = (
    "001_comprehensive_initial_schema.sql",
    include_str!("../../migrations/001_comprehensive_initial_schema.sql"),
);

/// A database beside a test's own that begins with nothing in it, dropped at the end.
pub(crate) struct Fresh {
    target: Target,
    // Holds the cluster.
    _beside: Option<Database>,
}

impl Fresh {
    /// One that does not exist yet.
    pub(crate) async fn absent() -> Self {
        let beside = Database::new().await;
        let target = beside.target().with_database(format!("{}_fresh", beside.target().database()));
        Self { target, _beside: Some(beside) }
    }

    /// A copy of it, to which nobody may be connected meanwhile.
    async fn copy(&self, name: &str) -> Self {
        let target = self.target.with_database(format!("{}_{name}", self.target.database()));
        clone::create(&target, self.target.database()).await.unwrap();
        Self { target, _beside: None }
    }

    /// One without anything in it.
    pub(crate) async fn empty() -> Self {
        let fresh = Self::absent().await;
        let maintenance = fresh.target.with_database("postgres");
        sql(&maintenance, "postgres", &format!("create database {}", fresh.target.database()));
        fresh
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let target = self.target.clone();
        let _ = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|runtime| runtime.block_on(clone::remove(&target)))
        })
        .join();
    }
}

/// Runs statements in one transaction, or a single one as it is; returns what psql prints.
pub(crate) fn try_sql(target: &Target, role: &str, statements: &str) -> Output {
    psql_on(target, role).args(["--command", statements]).output().unwrap()
}

pub(crate) fn sql(target: &Target, role: &str, statements: &str) -> String {
    let output = try_sql(target, role, statements);
    assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Every definition, right and row of a database, as text.
pub(crate) fn everything(target: &Target) -> String {
    let output = std::process::Command::new(program("pg_dump"))
        .args(["--username=postgres", "--dbname", target.database()])
        .arg("--host")
        .arg(target.socket_dir())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // pg_dump puts a random word behind these two.
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect();
    // A row that was changed and changed back stands at another place.
    lines.sort_unstable();
    lines.join("\n")
}

/// What the boot does with a database before the gate verify.
pub(crate) async fn gates(target: &Target) -> Result<usize, (Stage, StoreError)> {
    bootstrap::run(target).await.map_err(|error| (Stage::Bootstrap, error))?;
    let seen = history::compare(target).await.map_err(|error| (Stage::History, error))?;
    history::migrate(target, &seen).await.map_err(|error| (Stage::Migrate, error))
}

/// The last version that is shipped.
pub(crate) fn last() -> i64 {
    Migrations::shipped().versions().next_back().unwrap()
}

/// The name of a file that would come so many versions after the last one.
pub(crate) fn later(number: i64, name: &str) -> String {
    format!("{:03}_{name}.sql", last() + number)
}

/// Something that happens to a database, and how it must be refused.
struct Accident {
    /// As the catalogue of deploy failures calls it.
    scenario: &'static str,
    happens: String,
    stage: Stage,
    code: &'static str,
    /// What the sentence must name.
    names: Vec<String>,
}

fn accident(
    scenario: &'static str,
    happens: impl Into<String>,
    code: &'static str,
    names: &[&str],
) -> Accident {
    let stage = if code.starts_with("migrate.") { Stage::Migrate } else { Stage::History };
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Accident { scenario, happens: happens.into(), stage, code, names }
}

/// The SHA-384 of another text of the baseline, as SQL.
fn checksum_of(text: &str) -> String {
    let other = Migrations::of_files([(BASELINE.0, text)]).unwrap();
    let bytes = other.checksum(1).unwrap();
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("'\\x{hexadecimal}'::bytea")
}

#[tokio::test]
async fn every_accident_is_refused_with_its_code_and_changes_nothing() {
    let with_returns = checksum_of(&BASELINE.1.replace('\n', "\r\n"));
    let without_last = checksum_of(BASELINE.1.trim_end());
    let with_a_space = checksum_of(&format!("{} ", BASELINE.1));
    let stamp = |checksum: &str| {
        format!("update migration._sqlx_migrations set checksum = {checksum} where version = 1")
    };
    let next = last() + 1;
    let record = |version: i64| {
        format!(
            "insert into migration._sqlx_migrations values ({version}, 'of somebody', now(), true, '\\x00', 0)"
        )
    };
    let accidents = [
        accident(
            "mig-deleted-revision",
            format!("update migration._sqlx_migrations set version = {next} where version = 1"),
            "history.unknown",
            &[&format!("{next:03}")],
        ),
        accident(
            "mig-deleted-revision",
            "update migration.alembic_version set version_num = '002_add_raw'",
            "history.alembic_foreign",
            &["002_add_raw", "001_comprehensive_initial_schema"],
        ),
        accident("mig-deleted-revision", "delete from migration.alembic_version", "history.alembic_missing", &["empty"]),
        accident("mig-deleted-revision", "drop table migration.alembic_version", "history.alembic_missing", &["no table"]),
        accident(
            "mig-multiple-heads",
            "insert into migration.alembic_version values ('002_branch')",
            "history.alembic_heads",
            &["2 rows", "002_branch"],
        ),
        accident(
            "mig-multiple-heads",
            "alter table migration._sqlx_migrations drop constraint _sqlx_migrations_pkey;
             insert into migration._sqlx_migrations select * from migration._sqlx_migrations",
            "history.duplicate",
            &["001"],
        ),
        accident("mig-edited-checksum", stamp(&with_a_space), "history.changed", &["001"]),
        accident("mig-edited-checksum", stamp(&with_returns), "history.line_endings", &["001", "CRLF"]),
        accident("mig-edited-checksum", stamp(&without_last), "history.line_endings", &["001", "last line"]),
        accident(
            "mig-half-applied-nontx",
            "update migration._sqlx_migrations set success = false",
            "history.dirty",
            &["001"],
        ),
        accident(
            "mig-half-applied-nontx",
            "create unique index concurrently ux_half on migration.engagements (client_account_id)",
            "migrate.half_applied",
            &["DROP INDEX migration.ux_half"],
        ),
        accident(
            "mig-version-too-long",
            "alter table migration.alembic_version alter column version_num type varchar(32)",
            "history.alembic_narrow",
            &["32", "255"],
        ),
        accident(
            "mig-stamped-without-tables",
            "do $$ declare name text; begin
                 for name in select c.relname from pg_class c where c.relnamespace = 'migration'::regnamespace
                             and c.relkind in ('r', 'p') and c.relname not in ('_sqlx_migrations', 'alembic_version') loop
                     execute format('drop table migration.%I cascade', name);
                 end loop;
             end $$",
            "history.tables_missing",
            &["001", "no table"],
        ),
        accident("mig-tables-without-stamp", "delete from migration._sqlx_migrations", "history.missing", &["tables"]),
        accident("mig-tables-without-stamp", "drop table migration._sqlx_migrations", "history.missing", &["tables"]),
        accident(
            "mig-wrong-schema",
            "alter table migration._sqlx_migrations set schema public",
            "history.elsewhere",
            &["_sqlx_migrations", "public"],
        ),
        accident(
            "mig-wrong-schema",
            "create table public.alembic_version (version_num varchar(32) primary key)",
            "history.doubled",
            &["alembic_version", "public"],
        ),
        accident(
            "mig-wrong-schema",
            "create schema app; create table app._sqlx_migrations (like migration._sqlx_migrations)",
            "history.doubled",
            &["_sqlx_migrations", "app"],
        ),
        accident(
            "mig-wrong-schema",
            "alter table migration._sqlx_migrations rename to applied;
             create view migration._sqlx_migrations as table migration.applied",
            "history.malformed",
            &["no table"],
        ),
        accident(
            "mig-wrong-schema",
            "alter table migration._sqlx_migrations drop column checksum",
            "history.malformed",
            &["checksum bytea"],
        ),
        accident(
            "mig-wrong-schema",
            "alter table migration._sqlx_migrations drop constraint _sqlx_migrations_pkey",
            "history.malformed",
            &["primary key"],
        ),
        accident(
            "mig-schema-ahead",
            record(next),
            "history.ahead",
            &[&format!("{next:03} (of somebody)"), &format!("ends at {:03}", last()), "newer build"],
        ),
    ];
    // Few rows, for they are looked at often.
    let whole = Fresh::absent().await;
    gates(whole.target()).await.unwrap();
    sql(
        whole.target(),
        "postgres",
        "insert into migration.client_accounts (name, slug) values ('One', 'one'), ('Other', 'other');
         insert into migration.engagements (client_account_id, name, slug)
             select id, 'An engagement', slug || e from migration.client_accounts, generate_series(1, 2) e",
    );
    let mut codes = std::collections::BTreeSet::new();
    for (number, Accident { scenario, happens, stage, code, names }) in (1..).zip(accidents) {
        let database = whole.copy(&number.to_string()).await;
        assert_eq!(gates(database.target()).await.unwrap(), 0);
        let done = try_sql(database.target(), "postgres", &happens);
        assert!(done.status.success() || code == "migrate.half_applied", "{scenario}: {done:?}");
        let before = everything(database.target());

        let (at, error) = gates(database.target()).await.unwrap_err();
        assert_eq!((at, error.code().as_str()), (stage, code), "{scenario}, {happens}: {error}");
        let told = error.to_string();
        for name in names {
            assert!(told.contains(&name), "{scenario}: {told:?} does not say {name:?}");
        }
        assert!(everything(database.target()) == before, "{scenario}: the refusal changed something");
        codes.insert(code);
    }
    assert!(codes.len() >= 15, "{codes:?}");
}

/// A later migration is applied and an earlier one is not: nothing of the one that was left out is applied behind the other.
#[tokio::test]
async fn a_migration_that_was_left_out_is_not_applied_behind_a_later_one() {
    let database = Database::new().await;
    let (second, third) =
        ((later(1, "two"), "create table migration.two (id int)"), (later(2, "three"), "select 3"));
    let shipped = Migrations::shipped();
    let without = shipped.and([third.clone()]).unwrap();
    let seen = without.compare(database.target()).await.unwrap();
    assert_eq!(seen.pending, [last() + 2]);
    assert_eq!(without.migrate(database.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap(), 1);

    let before = everything(database.target());
    let with = shipped.and([second, third]).unwrap();
    let error = with.compare(database.target()).await.unwrap_err();
    assert_eq!(error.code().as_str(), "history.out_of_order", "{error}");
    for version in [last() + 1, last() + 2] {
        assert!(error.to_string().contains(&format!("{version:03}")), "{error}");
    }
    // Nor by somebody who looked before the later one was applied.
    let error = with.migrate(database.target(), &seen, history::PATIENCE, &|_| ()).await.unwrap_err();
    assert_eq!(error.code().as_str(), "history.out_of_order", "{error}");
    assert!(everything(database.target()) == before);
}

/// Scenario `mig-model-drift`. What comes next was tested on what the last one leaves: with anything else there it is not begun.
#[tokio::test]
async fn a_schema_that_was_changed_by_hand_is_not_migrated_on() {
    for (happens, names) in [
        ("alter table migration.tags add column extra int", "column tags.extra"),
        ("alter table migration.assets drop column description", "column assets.description"),
        ("alter table migration.users alter column first_name type text", "column users.first_name"),
        ("drop index migration.ix_access_audit_log_created_at", "ix_access_audit_log_created_at"),
        ("alter table migration.assets no force row level security", "assets"),
    ] {
        let database = Database::new().await;
        let target = database.target();
        sql(target, "postgres", happens);
        let next = Migrations::shipped().and([(later(1, "next"), "select 2")]).unwrap();
        let before = everything(target);
        let error = next.compare(target).await.unwrap_err();
        assert_eq!(error.code().as_str(), "history.schema_differs", "{happens}: {error}");
        assert!(error.to_string().contains(names), "{error}");
        assert!(error.to_string().contains(&format!("{:03}", last())), "{error}");
        assert!(everything(target) == before, "{happens}: the refusal changed something");
        // Where nothing is pending, the gate verify looks.
        assert!(history::compare(target).await.unwrap().pending.is_empty());
    }
}

/// What the migrations did is compared with what they are known to do.
#[tokio::test]
async fn a_server_that_makes_something_else_of_the_migrations_is_found_out() {
    let fresh = Fresh::absent().await;
    bootstrap::run(fresh.target()).await.unwrap();
    sql(
        fresh.target(),
        "postgres",
        "alter default privileges for role drydock_owner in schema migration grant insert on tables to drydock_readonly",
    );
    let (stage, error) = gates(fresh.target()).await.unwrap_err();
    assert_eq!((stage, error.code().as_str()), (Stage::Migrate, "migrate.schema_differs"), "{error}");
    assert!(error.to_string().contains("drydock_readonly"), "{error}");
}

/// Where tables are looked for is settled by the connection, whatever was set for the role: a history never lands elsewhere.
#[tokio::test]
async fn another_search_path_leads_nobody_astray() {
    let fresh = Fresh::empty().await;
    let database = fresh.target().database();
    bootstrap::run(fresh.target()).await.unwrap();
    let maintenance = fresh.target().with_database("postgres");
    for role in ["drydock_owner", "drydock_app"] {
        sql(
            &maintenance,
            "postgres",
            &format!("alter role {role} in database {database} set search_path = public, pg_temp"),
        );
    }
    assert_eq!(gates(fresh.target()).await.unwrap(), Migrations::shipped().versions().count());
    let places = "select string_agg(distinct n.nspname, ',') from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relname in ('_sqlx_migrations', 'alembic_version', 'assets')";
    assert_eq!(sql(fresh.target(), "postgres", places), "migration");
}

/// Other line ends are accepted when asked for, and nothing else is.
#[tokio::test]
async fn line_ends_are_accepted_and_edits_are_not() {
    let database = Database::new().await;
    let target = database.target();
    assert!(history::accept_line_endings(target).await.unwrap().is_empty(), "there is nothing to accept");
    let whole = everything(target);

    let stamp = |text: &str| {
        let statement = format!(
            "update migration._sqlx_migrations set checksum = {} where version = 1",
            checksum_of(text)
        );
        let _ = database.sql(&statement);
    };
    stamp(&BASELINE.1.replace('\n', "\r\n"));
    assert_eq!(history::accept_line_endings(target).await.unwrap(), [1]);
    assert!(everything(target) == whole, "nothing but the checksum is put right");
    assert_eq!(gates(target).await.unwrap(), 0);

    stamp(&format!("{}\nselect 1;\n", BASELINE.1));
    let before = everything(target);
    let error = history::accept_line_endings(target).await.unwrap_err();
    assert_eq!(error.code().as_str(), "history.changed");
    assert!(everything(target) == before);
}

/// Until the history agrees nobody is let in: the process is alive, and says that it is not ready.
#[tokio::test]
async fn a_red_history_serves_nobody() {
    use axum::{body::Body, http::Request};
    use drydock_boot::{Platform, Settings};
    use drydock_testkit::{folder, resources};
    use tower::ServiceExt as _;

    let folder = folder();
    let settings = Settings {
        data_dir: Some(folder.path().join("data")),
        resources: resources(),
        templates: Vec::new(),
        ..Settings::from_environment("test")
    };
    let platform = Platform::new(settings.clone());
    platform.boot().await.unwrap();
    let target = platform.target().await.unwrap();
    sql(&target, "postgres", "update migration._sqlx_migrations set checksum = '\\x00'");
    platform.shutdown().await.unwrap();
    drop(platform);

    let platform = Platform::new(settings);
    let failure = platform.boot().await.unwrap_err();
    assert_eq!((failure.stage, failure.code.as_str()), (Stage::History, "history.changed"));
    for (path, status) in [("/livez", 200), ("/readyz", 503), ("/api/v1/context/clients", 503)] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(platform.router().oneshot(request).await.unwrap().status(), status, "{path}");
    }
    platform.shutdown().await.unwrap();
}
