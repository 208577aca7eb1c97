//! The accounts are there, and none of them is let in.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-profile-not-active",
    title: "Accounts are active, and their profiles are not.",
    stage: Stage::Seed,
    fidelity: Live("Drydock's gate login; the platform's HTTP answers are quoted"),
    world: World::Drydock,
    cause: "Signing in needs a row in users and one in user_profiles whose status is active. Whoever was made with SQL has the first alone; upper-case defaults of \
            the column fit no comparison of the program's.",
    remedy: "Approve them where administrators do, so that it is written down who did. Where nobody can sign in to do that, give one administrator an active \
             profile and let that one approve the others.",
    commands: &[
        Sql("SELECT u.email FROM users u LEFT JOIN user_profiles p ON p.user_id = u.id WHERE p.user_id IS NULL OR p.status <> 'active' OR NOT u.is_active OR NOT u.is_verified;"),
        Sql("UPDATE user_profiles SET status = 'active' WHERE user_id = (SELECT id FROM users WHERE email = 'admin@example.com');"),
    ],
    band_aid: "Leaving the profile out of the check. The platform also looks at it before the password, so that its answers tell which addresses have accounts.",
    source: "The platform's authentication_service.py at c20af7cf7",
    inject: &[Step::Sql(As::Owner, "UPDATE migration.user_profiles SET status = 'deactivated' WHERE status = 'active'")],
    boot: Expect::Red(Stage::Login, "login.impossible"),
    symptom: &[Step::Try(As::Owner, "SELECT status, count(*) FROM migration.user_profiles GROUP BY 1")],
    says: &["There is no active account with a role", "deactivated | "],
    transcript: &[
        Quote { tool: "HTTP", line: "POST /api/v1/auth/login 401 {\"detail\":\"Account not approved\"}" },
        Quote { tool: "HTTP", line: "POST /api/v1/auth/login 401 {\"detail\":\"Account not activated\"}" },
    ],
    cure: &[Step::Sql(As::Owner, "UPDATE migration.user_profiles SET status = 'active' WHERE status = 'deactivated'")],
    touches: &["migration.user_profiles"],
    excludes: &["mig-stamped-without-tables"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let accounts = evidence.observation.as_ref()?.accounts.as_ref()?;
    let (with, active) = (accounts.with_profile?, accounts.with_active_profile?);
    let mut lines = Vec::new();
    if accounts.enabled > with {
        lines.push(format!("{} active accounts have no profile", accounts.enabled - with));
    }
    if with > 0 && active == 0 {
        lines.push(format!("Of {with} active accounts none has an active profile"));
    }
    (!lines.is_empty()).then_some(lines)
}
