//! Row-level security is there and does not bind whom it must.

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "rls-not-enforced",
    title: "Row-level security has policies that do not bind everybody.",
    stage: Stage::Verify,
    fidelity: Live("one client account's rows are read from another, and Drydock's gate verify"),
    world: World::Drydock,
    cause: "ENABLE without FORCE leaves the owner out, and policies that compare with a bare current_setting fail on an empty one. Nothing tells: \
            the rows of every client account simply come.",
    remedy: "Force it, connect as a role that owns nothing and has no BYPASSRLS, and compare with NULLIF(current_setting(name, true), '')::uuid that is set \
             by SET LOCAL in each transaction. Then count foreign rows as that role: there must be none.",
    commands: &[
        Sql("ALTER TABLE assets FORCE ROW LEVEL SECURITY;"),
        Sql("ALTER ROLE app NOSUPERUSER NOBYPASSRLS;"),
        Sql("CREATE POLICY tenant_isolation ON assets USING (client_account_id = NULLIF(current_setting('app.client_account_id', true), '')::uuid);"),
    ],
    band_aid: "A WHERE clause in every query: one is forgotten. DISCARD ALL on the way back to the pool: the way that fails does not come by.",
    source: "PostgreSQL documentation 5.9, Row Security Policies; OWASP Multi-Tenant Security Cheat Sheet",
    inject: &[Step::Sql(As::Owner, "ALTER TABLE migration.assets NO FORCE ROW LEVEL SECURITY")],
    boot: Expect::Red(Stage::Verify, "verify.tenancy_open"),
    symptom: &[Step::Try(
        As::Owner,
        "SELECT 'rows of ' || count(DISTINCT client_account_id) || ' client accounts without having chosen one' FROM migration.assets",
    )],
    says: &["rows of …client accounts without having chosen one", "Not closed by row-level security"],
    cure: &[Step::Sql(As::Owner, "ALTER TABLE migration.assets FORCE ROW LEVEL SECURITY")],
    excludes: &["mig-stamped-without-tables"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let of_tenants: Vec<_> = seen
        .made()
        .filter(|table| (table.has("tenant_id") || table.has("client_account_id")) && (table.row_security || table.policies > 0))
        .collect();
    let mut lines = Vec::new();
    for table in of_tenants {
        let name = table.qualified();
        if !table.row_security {
            lines.push(format!("{name} has {} policies, and row-level security is not enabled", table.policies));
        } else if !table.forced {
            lines.push(format!("{name} has row-level security that does not bind its owner {}", table.owner));
        }
        if table.lacks_nullif {
            lines.push(format!("{name} has a policy that fails on an empty setting instead of showing nothing"));
        }
    }
    (!lines.is_empty()).then_some(lines)
}
