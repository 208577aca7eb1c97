//! Tables that signing in needs are not there.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-rbac-tables-missing",
    title: "Tables that signing in needs are missing.",
    stage: Stage::Verify,
    fidelity: Live("PostgreSQL's own refusal, and Drydock's gate verify"),
    world: World::Drydock,
    cause: "The migrations, or the one that all of them were squashed into, leave out tables that signing in reads.",
    remedy: "Make the whole set by one new migration, compare the schema with what the migrations leave, seed again, and sign in once as each role. \
             Look at all missing tables at once: one deploy for each is how a night goes by.",
    commands: &[
        Sql("SELECT t FROM unnest(ARRAY['users','user_profiles','user_roles','user_account_associations','client_accounts','engagements','client_access','engagement_access']) t WHERE to_regclass(t) IS NULL;"),
        Shell("alembic revision -m \"tables that signing in needs\""),
    ],
    band_aid: "CREATE TABLE in the program's start: the schema then has two authors. Letting everybody in where the role cannot be read.",
    source: "The seeded incident, commits a39c04b33 to 04506941b; PostgreSQL error 42P01",
    inject: &[Step::Sql(As::Owner, "ALTER TABLE migration.user_roles RENAME TO user_roles_gone")],
    boot: Expect::Red(Stage::Verify, "verify.table_missing"),
    symptom: &[Step::Try(As::App, "SELECT role_type FROM migration.user_roles WHERE is_active")],
    says: &["relation \"…user_roles\" does not exist", "Missing in schema migration: user_roles"],
    cure: &[Step::Sql(As::Owner, "ALTER TABLE migration.user_roles_gone RENAME TO user_roles")],
    excludes: &["mig-stamped-without-tables"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let (schema, missing) = seen.identity()?;
    // Where nearly all are missing, something else has happened to them.
    if missing.is_empty() || missing.len() > 5 {
        return None;
    }
    Some(vec![format!("Schema {schema} lacks {} of the 8 tables that signing in needs: {}", missing.len(), missing.join(", "))])
}
