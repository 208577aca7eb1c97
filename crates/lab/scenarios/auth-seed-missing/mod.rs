//! There is nobody who could sign in.

use crate::{platform::SEED, scenario::prelude::*};

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-seed-missing",
    title: "The tables for accounts are there and hold none.",
    stage: Stage::Seed,
    fidelity: Live("the documented account is looked up and not found; the HTTP answer is quoted"),
    world: World::Platform,
    cause: "The seed ran before the tables or the rows it refers to were there, or never; its failure was swallowed.",
    remedy: "Seed behind the check of the schema, in one transaction that adds by natural key what is missing and fails as a whole. Run it twice: the second time \
             it changes nothing.",
    commands: &[Sql("SELECT count(*) FROM users;"), Shell("python -m app.core.database_initialization")],
    band_aid: "Setting the administrator's password to the default at each start.",
    source: "The seeded incident, commits 87fb4fa0a and c20af7cf7",
    inject: &[Step::Sql(As::Owner, "TRUNCATE users CASCADE")],
    boot: Expect::Green,
    symptom: &[
        Step::Try(As::App, "SELECT CASE count(*) WHEN 0 THEN 'no account manager@northwind.example' END FROM users WHERE email = 'manager@northwind.example'"),
        Step::Try(
            As::App,
            "INSERT INTO user_account_associations (user_id, client_account_id, role)
             VALUES ('aaaaaaaa-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111', 'member')",
        ),
    ],
    says: &["no account manager@northwind.example", "violates foreign key constraint"],
    transcript: &[Quote { tool: "HTTP", line: "POST /api/v1/auth/login 401 {\"detail\":\"Invalid credentials\"}" }],
    cure: &[Step::Sql(As::Owner, SEED)],
    touches: &["public.users", "public.user_profiles", "public.user_roles", "public.user_account_associations", "public.client_access", "public.engagement_access"],
    excludes: &["mig-destructive-bootstrap", "auth-no-association", "auth-hash-scheme-mismatch"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let accounts = evidence.observation.as_ref()?.accounts.as_ref()?;
    // A database of Drydock's may be made without any: the first is then set up in the window.
    (accounts.users == 0 && accounts.profile.as_deref() != Some("empty"))
        .then(|| vec![format!("{}.users has no row", accounts.schema)])
}
