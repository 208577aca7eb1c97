//! Whoever signs in sees no client account.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-no-association",
    title: "Accounts belong to no client account.",
    stage: Stage::Seed,
    fidelity: Live("what the account may see is asked for and comes empty; the HTTP answers are quoted"),
    world: World::Platform,
    cause: "The association of user and client account is missing. The same comes of a page that does not send the client account's header, of which the platform's \
            has three ways to make.",
    remedy: "Add the association, so that it is written down who did. Take the client account from the session, and the header as a choice among those that the user \
             belongs to.",
    commands: &[
        Sql("SELECT u.email FROM users u WHERE NOT EXISTS (SELECT FROM user_account_associations a WHERE a.user_id = u.id);"),
        Sql("INSERT INTO user_account_associations (user_id, client_account_id, role) VALUES ('USER', 'CLIENT ACCOUNT', 'analyst');"),
    ],
    band_aid: "Falling back to a client account that is written into the program, or believing the header.",
    source: "The platform's railway_deployment_diagnosis.md; OWASP Multi-Tenant Security Cheat Sheet",
    inject: &[Step::Sql(As::Owner, "DELETE FROM user_account_associations")],
    boot: Expect::Green,
    symptom: &[Step::Try(
        As::App,
        "SELECT u.email || ' sees ' || count(a.id) || ' client accounts' FROM users u LEFT JOIN user_account_associations a ON a.user_id = u.id
         WHERE u.email = 'analyst@northwind.example' GROUP BY u.email",
    )],
    says: &["analyst@northwind.example sees 0 client accounts"],
    transcript: &[
        Quote { tool: "HTTP", line: "GET /api/v1/clients/11111111-1111-4111-8111-111111111111/engagements 404" },
        Quote { tool: "HTTP", line: "400 {\"detail\":\"Missing headers: ['User ID']\"}" },
    ],
    cure: &[Step::Sql(
        As::Owner,
        "INSERT INTO user_account_associations (user_id, client_account_id, role)
         SELECT u.id, c.id, 'member' FROM users u
         JOIN client_accounts c ON (split_part(u.email, '@', 2), c.slug) IN (('northwind.example', 'northwind-freight'), ('harbour.example', 'harbour-health'))
         ON CONFLICT DO NOTHING",
    )],
    touches: &["public.user_account_associations"],
    excludes: &["mig-destructive-bootstrap", "auth-seed-missing"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let accounts = evidence.observation.as_ref()?.accounts.as_ref()?;
    let without = accounts.without_association.filter(|count| *count > 0)?;
    Some(vec![format!(
        "{without} of {} active accounts that are no platform administrators belong to no client account",
        accounts.with_active_profile.unwrap_or(accounts.enabled)
    )])
}
