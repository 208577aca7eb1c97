//! Plans: the same one gives the same rows, another one others.

use drydock_domain::Profile;
use drydock_store::{
    DatabaseRole, StoreError,
    audit::Origin,
    databases::{Cause, Databases},
    seed::{self, Plan, Scale},
};
use drydock_testkit::{Database, PLAN};
use time::macros::date;

use crate::app::{ADMINISTRATOR, DEMO, DEMO_CLIENT};

/// Puts a database of `plan` in the place of the test's own.
pub(crate) async fn seeded(plan: &Plan) -> Database {
    let database = Database::new().await;
    let before = Databases::new(database.store().clone()).seed(plan, None, &|_| ()).await.unwrap();
    assert_eq!(before.cause, Cause::Reset);
    assert_eq!(seed::standing(database.store()).await.unwrap().plan, Some(*plan));
    database
}

/// A digest of each table's rows, but for the moment of the seeding and the programs' own tables.
fn rows(database: &Database) -> String {
    let statement = database.sql(
        "select string_agg(format('select %L, count(*), md5(coalesce(string_agg(%s, '','' order by t::text collate \"C\"), '''')) from migration.%I t',
                c.relname, case c.relname when 'seed_history' then '(to_jsonb(t) - ''created_at'')::text' else 't::text' end, c.relname),
                ' union all ' order by c.relname) || ' order by 1'
         from pg_class c where c.relnamespace = 'migration'::regnamespace and c.relkind = 'r'
           and c.relname not in ('_sqlx_migrations', 'snapshot_history', 'boot_history')",
    );
    database.sql(&statement)
}

fn counts(database: &Database) -> String {
    rows(database).lines().map(|line| line.rsplit_once('|').unwrap().0.to_owned() + "\n").collect()
}

#[tokio::test]
async fn the_same_plan_gives_the_same_bytes() {
    // The template was made by the same plan, minutes before and in another transaction.
    let (template, made) = tokio::join!(Database::new(), seeded(&PLAN));
    assert_eq!(rows(&made), rows(&template));
}

#[tokio::test]
async fn another_number_gives_other_rows_of_the_same_shape() {
    let (template, other) = tokio::join!(Database::new(), seeded(&Plan { number: 8, ..PLAN }));
    let engagements = "select slug from migration.engagements order by 1";
    assert_eq!(other.sql(engagements), template.sql(engagements));
    for table in ["assets", "raw_import_records", "sixr_decisions", "asset_dependencies"] {
        let one = format!("select id from migration.{table} order by id limit 1");
        assert_ne!(other.sql(&one), template.sql(&one), "{table}");
        let count = |database: &Database| -> f64 {
            database.sql(&format!("select count(*) from migration.{table}")).parse().unwrap()
        };
        let ratio = count(&other) / count(&template);
        assert!((0.9..1.1).contains(&ratio), "{table}: {ratio}");
    }
    let per_client = other.sql("select count(*) from migration.assets group by client_account_id");
    assert!(
        per_client.lines().all(|count| (300..=1_200).contains(&count.parse::<u32>().unwrap())),
        "{per_client}"
    );
}

#[tokio::test]
async fn another_anchor_moves_every_moment_and_changes_no_count_of_assets() {
    let (template, other) =
        tokio::join!(Database::new(), seeded(&Plan { anchor: date!(2027 - 03 - 01), ..PLAN }));
    let latest = "select max(i.completed_at), max(w.planned_end_date), min(e.start_date)
                  from migration.data_imports i, migration.migration_waves w, migration.engagements e";
    assert_eq!(template.sql(latest), "2025-12-27 09:16:00+00|2026-05-07 17:00:00+00|2025-10-17 00:00:00+00");
    assert_eq!(other.sql(latest), "2027-02-10 09:16:00+00|2027-06-21 17:00:00+00|2026-12-01 00:00:00+00");
    let assets = "select asset_type, count(*) from migration.assets group by 1 order by 1";
    assert_eq!(template.sql(assets), other.sql(assets));
    let ended = |database: &Database| -> u32 {
        database.sql("select count(*) from migration.assets where technical_details ->> 'support_status' = 'end_of_life'").parse().unwrap()
    };
    assert!(ended(&other) > ended(&template), "more has ended by then");
}

#[tokio::test]
async fn qa_has_the_users_and_one_empty_engagement() {
    let database = seeded(&Plan { profile: Profile::Qa, ..PLAN }).await;
    let present: Vec<String> =
        counts(&database).lines().filter(|line| !line.ends_with("|0")).map(str::to_owned).collect();
    assert_eq!(
        present,
        [
            "alembic_version|1",
            "client_access|5",
            "client_accounts|1",
            "engagement_access|5",
            "engagements|1",
            "seed_history|1",
            "user_account_associations|5",
            "user_profiles|5",
            "user_roles|5",
            "users|5"
        ]
    );
    database.store().sign_in(DEMO.0, DEMO.1, &Origin::default()).await.unwrap();
}

#[tokio::test]
async fn empty_has_nothing_and_waits_for_the_first_account() {
    let database = seeded(&Plan { profile: Profile::Empty, ..PLAN }).await;
    let present: Vec<String> =
        counts(&database).lines().filter(|line| !line.ends_with("|0")).map(str::to_owned).collect();
    assert_eq!(present, ["alembic_version|1", "seed_history|1"]);
    assert!(database.store().needs_first_account().await.unwrap());
    assert!(seed::demo_accounts(database.store()).await.unwrap().is_empty());
}

#[tokio::test]
async fn scale_has_as_many_assets_as_asked_for_in_each_client_account() {
    let scale = Scale { tenants: 2, assets: 1_234 };
    let database = seeded(&Plan { profile: Profile::Scale, scale: Some(scale), ..PLAN }).await;
    assert_eq!(
        database.sql("select count(*) from migration.assets group by client_account_id"),
        "1234\n1234"
    );
    let strangers = "select count(*) from migration.asset_dependencies d
                     where not exists (select from migration.assets a where (a.client_account_id, a.engagement_id, a.id) = (d.client_account_id, d.engagement_id, d.asset_id))
                        or not exists (select from migration.assets a where (a.client_account_id, a.engagement_id, a.id) = (d.client_account_id, d.engagement_id, d.depends_on_asset_id))";
    assert_eq!(database.sql(strangers), "0");
    // Nothing so large is kept ready; a reset makes it anew.
    let databases = Databases::new(database.store().clone());
    assert!(!databases.settle().await.unwrap());
    let seeded = rows(&database);
    let _ = database.sql("delete from migration.asset_dependencies");
    databases.reset(None).await.unwrap();
    assert_eq!(rows(&database), seeded);
    database.store().sign_in(DEMO.0, DEMO.1, &Origin::default()).await.unwrap();
}

#[tokio::test]
async fn a_reset_goes_back_to_the_plan_of_the_live_database_and_undo_to_the_one_before() {
    let database = seeded(&Plan { profile: Profile::Qa, ..PLAN }).await;
    let databases = Databases::new(database.store().clone());
    let engagements = |database: &Database| database.sql("select count(*) from migration.engagements");
    let _ = database.sql("delete from migration.engagements");
    databases.reset(None).await.unwrap();
    assert_eq!(engagements(&database), "1");
    databases.undo(None).await.unwrap();
    assert_eq!(engagements(&database), "0");
    databases.seed(&PLAN, None, &|_| ()).await.unwrap();
    assert_eq!(engagements(&database), "4");
    databases.settle().await.unwrap();
    assert!(databases.standing().await.unwrap().spare_ready);
    databases.undo(None).await.unwrap();
    assert_eq!(databases.plan().await.unwrap().profile, Profile::Qa);
    assert!(!databases.standing().await.unwrap().spare_ready, "the clone is of another plan");
}

#[tokio::test]
async fn a_plan_that_fails_leaves_the_live_database_and_nothing_else() {
    let database = Database::new().await;
    let name = database.target().database();
    let before = rows(&database);
    // Beyond what the column holds.
    let unthinkable = Plan { number: u64::MAX, ..PLAN };
    let error = Databases::new(database.store().clone()).seed(&unthinkable, None, &|_| ()).await.unwrap_err();
    assert_eq!(error.code().as_str(), "seed.failed");
    assert_eq!(rows(&database), before);
    assert_eq!(
        database.sql(&format!("select count(*) from pg_database where starts_with(datname, '{name}_')")),
        "0"
    );
}

#[tokio::test]
async fn whoever_is_known_to_both_stays_signed_in() {
    let database = Database::new().await;
    let databases = Databases::new(database.store().clone());
    let token =
        database.store().sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1, &Origin::default()).await.unwrap().1.token;
    let session = database.store().verify_session(&token, Origin::default()).await.unwrap();
    databases.seed(&Plan { profile: Profile::Qa, ..PLAN }, Some(&session), &|_| ()).await.unwrap();
    database.store().verify_session(&token, Origin::default()).await.unwrap();
    databases.seed(&Plan { profile: Profile::Empty, ..PLAN }, Some(&session), &|_| ()).await.unwrap();
    let gone = database.store().verify_session(&token, Origin::default()).await;
    assert!(matches!(gone, Err(StoreError::SessionExpired)), "{gone:?}");
}

#[tokio::test]
async fn the_policies_bind_the_role_that_seeds() {
    let database = Database::new().await;
    let owner = DatabaseRole::Owner.name();
    assert_eq!(database.sql_as(owner, "select count(*) from migration.assets").unwrap(), "0");
    let copied = database.sql_as(owner, "copy migration.tags from stdin").unwrap_err();
    assert!(copied.contains("row-level security"), "{copied}");
    let stranger = database.sql_as(
        owner,
        &format!(
            "insert into migration.tags (client_account_id, name, category) values ('{DEMO_CLIENT}', 'x', 'x')"
        ),
    );
    assert!(stranger.unwrap_err().contains("row-level security"));
}
