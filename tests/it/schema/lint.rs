//! The rules of the schema: ours keeps all of them, and each of them is seen to be broken.

use std::collections::BTreeSet;

use drydock_store::catalogue;
use drydock_testkit::Database;

#[tokio::test]
async fn ours_keeps_every_rule() {
    let database = Database::new().await;
    let findings = catalogue::findings_in(database.target()).await.unwrap();
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// A tenant-owned table as it must be, but for what `{}` adds.
const TENANT: &str = "
    create table migration.odd (
        client_account_id uuid not null, id uuid not null default gen_random_uuid(), engagement_id uuid, other_id uuid,
        created_at timestamptz not null default now(),
        constraint pk_odd primary key (client_account_id, id),
        constraint fk_odd_client_account_id foreign key (client_account_id) references migration.client_accounts (id));
    comment on table migration.odd is 'For a test.';
    alter table migration.odd enable row level security;
    alter table migration.odd force row level security;
    create policy tenant_isolation on migration.odd
        using (client_account_id = nullif(current_setting('app.client_account_id', true), '')::uuid)
        with check (client_account_id = nullif(current_setting('app.client_account_id', true), '')::uuid);";

/// Applies `change` to a table that keeps every rule, and expects findings of these rules and no other.
async fn breaks(rules: &[&str], change: &str) {
    let database = Database::new().await;
    let _ = database.sql(TENANT);
    let clean = catalogue::findings_in(database.target()).await.unwrap();
    assert!(clean.is_empty(), "{clean:?}");
    let _ = database.sql(change);
    let findings = catalogue::findings_in(database.target()).await.unwrap();
    let found: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(found, rules.iter().copied().collect(), "{change}: {findings:?}");
    for finding in findings {
        assert!(!finding.object.is_empty() && finding.sentence.ends_with('.'), "{finding:?}");
    }
}

macro_rules! broken {
    ($($test:ident: $($rule:literal),+ by $change:expr;)+) => {
        /// Every rule that a test below breaks.
        const BROKEN: &[&str] = &[$($($rule),+),+];
        $(
            #[tokio::test]
            async fn $test() {
                breaks(&[$($rule),+], $change).await;
            }
        )+
    };
}

broken! {
    a_tenant_column_that_may_be_null: "tenant.column", "tenant.primary_key", "tenant.unique" by
        "alter table migration.odd drop constraint pk_odd, alter client_account_id drop not null;
         create unique index uq_odd on migration.odd (id)";
    a_tenant_that_is_no_client_account: "tenant.client_account" by
        "alter table migration.odd drop constraint fk_odd_client_account_id";
    a_primary_key_without_the_tenant: "tenant.primary_key" by
        "alter table migration.odd drop constraint pk_odd, add constraint pk_odd primary key (id)";
    a_unique_key_without_the_tenant: "tenant.unique" by
        "alter table migration.odd add constraint uq_odd unique (engagement_id)";
    an_index_without_the_tenant: "tenant.index" by "create index ix_odd on migration.odd (engagement_id)";
    a_reference_to_another_tenants_rows: "tenant.foreign_key" by
        "create unique index uq_odd on migration.odd (client_account_id, id, engagement_id);
         alter table migration.odd add constraint fk_odd_other foreign key (other_id, client_account_id, engagement_id)
             references migration.odd (id, client_account_id, engagement_id);
         create index ix_odd_other on migration.odd (client_account_id, other_id, engagement_id)";
    row_security_that_the_owner_passes: "tenant.row_security" by
        "alter table migration.odd no force row level security";
    row_security_switched_off: "tenant.row_security" by "alter table migration.odd disable row level security";
    a_policy_that_lets_everything_through: "tenant.policy" by
        "alter policy tenant_isolation on migration.odd using (true)";
    a_policy_without_nullif: "tenant.policy" by
        "alter policy tenant_isolation on migration.odd
             using (client_account_id = current_setting('app.client_account_id', true)::uuid)";
    a_second_policy: "tenant.other_policy" by "create policy more on migration.odd for select to drydock_app using (true)";
    a_global_table_that_refers_to_a_tenants: "global.foreign_key" by
        "alter table migration.seed_history add client_account_id uuid, add other_id uuid,
             add constraint fk_seed_history_odd foreign key (client_account_id, other_id) references migration.odd;
         create index ix_seed_history_odd on migration.seed_history (client_account_id, other_id)";
    a_table_without_a_key: "table.primary_key" by "alter table migration.seed_history drop constraint pk_seed_history";
    a_table_without_a_comment: "table.comment" by "comment on table migration.odd is null";
    a_table_that_a_crash_empties: "table.unlogged" by "alter table migration.odd set unlogged";
    an_id_that_the_database_does_not_fill: "column.id" by "alter table migration.odd alter id drop default";
    a_time_of_change_without_a_default: "column.timestamps" by "alter table migration.odd add updated_at timestamptz";
    no_time_of_creation: "column.timestamps" by "alter table migration.odd drop created_at";
    a_time_without_a_zone: "column.type" by "alter table migration.odd add seen timestamp";
    json_as_text: "column.type" by "alter table migration.odd add more json";
    numbered_rows: "column.sequence", "schema.sequence" by "alter table migration.odd add number serial";
    a_status_that_may_be_anything: "column.status" by "alter table migration.odd add status text";
    a_default_in_capitals: "column.case" by "alter table migration.odd add risk_level varchar(20) default 'HIGH'";
    a_constraint_that_postgresql_named: "constraint.name" by "alter table migration.odd add check (other_id is not null) not valid;
        alter table migration.odd validate constraint odd_other_id_check";
    an_index_that_postgresql_named: "index.name" by "create index on migration.odd (client_account_id, other_id)";
    a_name_as_long_as_names_get: "name.length" by
        "create index ix_odd_abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghijk
             on migration.odd (client_account_id, other_id)";
    a_constraint_that_old_rows_may_break: "constraint.validated" by
        "alter table migration.odd add constraint ck_odd check (other_id is not null) not valid";
    an_index_that_was_never_finished: "index.valid" by
        "create index ix_odd_other on migration.odd (client_account_id, other_id);
         update pg_index set indisvalid = false where indexrelid = 'migration.ix_odd_other'::regclass";
    a_foreign_key_that_nothing_keeps: "foreign_key.enforced" by "alter table migration.odd disable trigger all";
    a_foreign_key_that_clears_its_columns: "foreign_key.action" by
        "alter table migration.odd add constraint fk_odd_other foreign key (client_account_id, other_id)
             references migration.odd on delete set null;
         create index ix_odd_other on migration.odd (client_account_id, other_id)";
    a_foreign_key_without_an_index: "foreign_key.index" by
        "alter table migration.odd add constraint fk_odd_other foreign key (client_account_id, other_id) references migration.odd";
    a_foreign_key_with_half_an_index: "foreign_key.index" by
        "alter table migration.odd add constraint fk_odd_other foreign key (client_account_id, other_id) references migration.odd;
         create index ix_odd_other on migration.odd (client_account_id, other_id) where engagement_id is not null";
    a_trigger: "schema.trigger" by
        "create trigger suppress before update on migration.odd for each row execute function suppress_redundant_updates_trigger()";
    a_rule: "schema.rule" by "create rule nothing as on delete to migration.odd do instead nothing";
    an_enum: "schema.enum" by "create type migration.colour as enum ('red')";
    a_materialised_view: "schema.materialised_view" by "create materialized view migration.all_odd as select * from migration.odd";
    a_view_with_its_owners_rights: "schema.view" by "create view migration.all_odd as select * from migration.odd";
    a_sequence: "schema.sequence" by "create sequence migration.numbers";
    a_function_with_its_owners_rights: "schema.security_definer" by
        "create function migration.one() returns int language sql security definer as 'select 1'";
    a_table_where_no_rule_applies: "schema.public" by "create table public.odd (id int)";
    a_function_in_public_with_its_owners_rights: "schema.public" by
        "create function public.one() returns int language sql security definer as 'select 1'";
    a_type_in_public: "schema.public" by "create type public.colour as enum ('red')";
    an_operator_in_public: "schema.public" by "create operator public.=== (leftarg = int, rightarg = int, function = int4eq)";
    a_right_of_everybodys: "grant.public" by "grant select on migration.odd to public";
    a_right_that_policies_do_not_govern: "grant.app" by "grant truncate on migration.odd to drydock_app";
    users_that_can_be_deleted: "grant.delete" by "grant delete on migration.users to drydock_app";
    a_log_that_can_be_changed: "grant.audit" by "grant update on migration.security_audit_logs to drydock_app";
    a_reader_that_writes: "grant.reader" by "grant insert on migration.odd to drydock_readonly";
    a_reader_that_makes_tables: "grant.create" by "grant create on schema migration to drydock_app";
}

/// A rule that no test breaks could be blind.
#[test]
fn every_rule_is_broken_by_some_test() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/store/src/catalogue/lint.sql");
    let text = std::fs::read_to_string(path).unwrap();
    let rules: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("SELECT '")?.split_once("',"))
        .map(|(rule, _)| rule)
        .collect();
    assert!(rules.len() > 30, "{rules:?}");
    // This one is asked in elsewhere.sql, whose lines the listing has as well.
    let rules: BTreeSet<&str> = rules.into_iter().chain(["schema.public"]).collect();
    assert_eq!(rules, BROKEN.iter().copied().collect());
}

/// What a view may be: one that asks with the reader's own rights.
#[tokio::test]
async fn a_view_that_asks_as_its_reader_is_fine() {
    breaks(
        &[],
        "create view migration.some_odd with (security_invoker = true) as select * from migration.odd",
    )
    .await;
}
