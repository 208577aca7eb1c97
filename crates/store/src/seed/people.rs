//! The default users, and what they may see.

use drydock_domain::{Profile, Role, UserId};
use serde_json::json;
use uuid::{Uuid, uuid};

use super::{
    BEGUN, Plan, at,
    copy::{Batch, row},
    demo::Client,
    named,
};

/// A default user.
pub(super) struct Account {
    pub(super) fixed_id: Option<Uuid>,
    pub(super) email: &'static str,
    pub(super) password: &'static str,
    /// What [`password::hash_default`] makes of the two, which takes longer than everything else that is seeded with them.
    pub(super) hash: &'static str,
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) role: Role,
    pub(super) access_level: &'static str,
    pub(super) organization: &'static str,
    pub(super) role_description: &'static str,
    /// Slugs of the client accounts it is a member of.
    pub(super) clients: &'static [&'static str],
}

impl Account {
    pub(super) fn id(&self) -> UserId {
        UserId(self.fixed_id.unwrap_or_else(|| named("user", self.email)))
    }

    /// Whether it belongs to `client`. What is made to measure with is everybody's.
    fn is_member(&self, client: &Client) -> bool {
        client.is_for_all || self.clients.contains(&client.slug.as_ref())
    }
}

/// Grants everything that is granted to the others.
pub(super) fn administrator() -> UserId {
    ACCOUNTS[0].id()
}

/// Leads the engagements, and approves what is imported.
pub(super) fn manager() -> UserId {
    ACCOUNTS[1].id()
}

/// Imports for `client`: the analyst where that is a member, else the manager.
pub(super) fn importer(client: &Client) -> UserId {
    ACCOUNTS[1..3].iter().rev().find(|account| account.is_member(client)).map_or_else(manager, Account::id)
}

const DEMO_PASSWORD: &str = "Demo123!";

/// Strongest role first.
pub(super) const ACCOUNTS: &[Account] = &[
    Account {
        fixed_id: None,
        email: "chocka@gmail.com",
        password: "Password123!",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$L4ysdKswzucv45Wij5L3Zg$+zbIR/4PiRu5OiNI8FeuhDT8QJt8S9sKn00s9CTk8Lc",
        first_name: "Platform",
        last_name: "Admin",
        role: Role::PlatformAdmin,
        access_level: "super_admin",
        organization: "Platform",
        role_description: "Platform administrator",
        clients: &["demo-corp", "meridian-logistics", "alder-health"],
    },
    Account {
        fixed_id: None,
        email: "manager@demo-corp.com",
        password: DEMO_PASSWORD,
        hash: "$argon2id$v=19$m=19456,t=2,p=1$pywI8xk0PFwU/x2NioJU4A$fl473SmelmEykXF8O/mhdZWvKv5T2r2Ed4PSwuJv3+U",
        first_name: "Demo",
        last_name: "Manager",
        role: Role::EngagementManager,
        access_level: "admin",
        organization: "Demo Corporation",
        role_description: "Engagement manager",
        clients: &["demo-corp", "meridian-logistics", "alder-health"],
    },
    Account {
        fixed_id: None,
        email: "analyst@demo-corp.com",
        password: DEMO_PASSWORD,
        hash: "$argon2id$v=19$m=19456,t=2,p=1$prBKF6ywOPBExA5nKEz+rQ$h6ViqqNymJSJ3gBUWZLKunYiQQTGRZJYuthoetNDOwY",
        first_name: "Demo",
        last_name: "Analyst",
        role: Role::Analyst,
        access_level: "read_write",
        organization: "Demo Corporation",
        role_description: "Analyst",
        clients: &["demo-corp", "meridian-logistics"],
    },
    Account {
        fixed_id: Some(uuid!("33333333-3333-3333-3333-333333333333")),
        email: "demo@demo-corp.com",
        password: DEMO_PASSWORD,
        hash: "$argon2id$v=19$m=19456,t=2,p=1$cRNY7golSVbY1MNeaS1J7w$GVgK694IqrNTeH3fh4gn3QWOikwU/dBRpKZ2dgthT+A",
        first_name: "Demo",
        last_name: "User",
        role: Role::Analyst,
        access_level: "read_write",
        organization: "Demo Corporation",
        role_description: "Demo user",
        clients: &["demo-corp"],
    },
    Account {
        fixed_id: None,
        email: "viewer@demo-corp.com",
        password: DEMO_PASSWORD,
        hash: "$argon2id$v=19$m=19456,t=2,p=1$EtxefpKSuNzflYAIt+SqXg$JxM0HOc1+SKi4IBCiiBW5bTNPFTmQdCZusRmCH/VuEQ",
        first_name: "Demo",
        last_name: "Viewer",
        role: Role::Viewer,
        access_level: "read_only",
        organization: "Demo Corporation",
        role_description: "Viewer",
        clients: &["demo-corp"],
    },
];

/// Somebody who may not sign in as things are, so that there is something to decide about.
struct Outsider {
    email: &'static str,
    hash: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    /// Whether they were let in once and kept out since; else they wait to be let in.
    suspended: bool,
    reason: &'static str,
    role_description: &'static str,
}

/// Those of the demo. Let in, they sign in with the demo's password.
const OUTSIDERS: &[Outsider] = &[
    Outsider {
        email: "newcomer@demo-corp.com",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$tdq5QytECrER4Oh/vWZ1yg$OFXuG0L6m0DL/q6XRyX3HJkbvtpKwN3rV8gQaMjOo/g",
        first_name: "Demo",
        last_name: "Newcomer",
        suspended: false,
        reason: "I am to look after the inventory from next month on.",
        role_description: "Inventory analyst",
    },
    Outsider {
        email: "absent@demo-corp.com",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$Mch5v5idNE1Eif0X/zlH4A$+UhKkA2qeAc/Pqtr8oRXTnZaKwUnwqTwYuO8y0QIvzg",
        first_name: "Demo",
        last_name: "Absentee",
        suspended: true,
        reason: "I review the waves with the architects.",
        role_description: "Reviewer",
    },
];

/// The users of a profile.
fn accounts(profile: Profile) -> &'static [Account] {
    if profile.has_default_users() { ACCOUNTS } else { &[] }
}

/// Adds the users with their profiles, roles and memberships.
pub(super) fn write(batch: &mut Batch, plan: &Plan, clients: &[Client]) {
    let begun = at(plan.anchor, BEGUN, 8, 0);
    let Some(first) = clients.first() else { return };
    for account in accounts(plan.profile) {
        row!(
            batch,
            "users",
            id = account.id().0,
            email = account.email,
            password_hash = account.hash,
            first_name = account.first_name,
            last_name = account.last_name,
            is_active = true,
            is_verified = true,
            default_client_id = first.id().0,
            default_engagement_id = first.projects.first().map(|project| project.id().0),
            created_at = begun,
            updated_at = begun,
        );
    }
    for account in accounts(plan.profile) {
        row!(
            batch,
            "user_profiles",
            user_id = account.id().0,
            status = "active",
            approval_requested_at = begun,
            approved_at = begun,
            approved_by = administrator().0,
            organization = account.organization,
            role_description = account.role_description,
            requested_access_level = account.access_level,
            created_at = begun,
            updated_at = begun,
        );
        let scope = (account.role != Role::PlatformAdmin).then(|| first.id().0);
        row!(
            batch,
            "user_roles",
            id = named("role", account.email),
            user_id = account.id().0,
            role_type = account.role.as_str(),
            role_name = account.role_description,
            description = account.role_description,
            scope_type = if scope.is_some() { "client" } else { "global" },
            scope_client_id = scope,
            is_active = true,
            assigned_at = begun,
            assigned_by = administrator().0,
            created_at = begun,
            updated_at = begun,
        );
        for client in clients.iter().filter(|client| account.is_member(client)) {
            row!(
                batch,
                "user_account_associations",
                id = named("association", &format!("{}/{}", account.email, client.slug)),
                user_id = account.id().0,
                client_account_id = client.id().0,
                role = account.role.as_str(),
                created_at = begun,
                updated_at = begun,
                created_by = administrator().0,
            );
            row!(
                batch,
                "client_access",
                id = named("access", &format!("{}/{}", account.email, client.slug)),
                user_profile_id = account.id().0,
                client_account_id = client.id().0,
                access_level = account.access_level,
                permissions = permissions(account),
                granted_at = begun,
                granted_by = administrator().0,
                created_at = begun,
                updated_at = begun,
            );
        }
    }
}

/// Adds who waits to be let in, and who was kept out: they ask for the first client account, or had it.
pub(super) fn outsiders(batch: &mut Batch, plan: &Plan, clients: &[Client]) {
    let Some(first) = clients.first().filter(|_| plan.profile == Profile::Demo) else { return };
    for outsider in OUTSIDERS {
        let id = named("user", outsider.email);
        let asked = at(plan.anchor, if outsider.suspended { BEGUN } else { -2 }, 9, 30);
        let decided = outsider.suspended.then(|| at(plan.anchor, BEGUN, 10, 0));
        let changed = if outsider.suspended { at(plan.anchor, -14, 16, 0) } else { asked };
        let decider = outsider.suspended.then(|| administrator().0);
        row!(
            batch,
            "users",
            id = id,
            email = outsider.email,
            password_hash = outsider.hash,
            first_name = outsider.first_name,
            last_name = outsider.last_name,
            is_active = false,
            is_verified = outsider.suspended,
            default_client_id = outsider.suspended.then(|| first.id().0),
            created_at = asked,
            updated_at = changed,
        );
        row!(
            batch,
            "user_profiles",
            user_id = id,
            status = if outsider.suspended { "suspended" } else { "pending_approval" },
            approval_requested_at = asked,
            approved_at = decided,
            approved_by = decider,
            registration_reason = outsider.reason,
            organization = "Demo Corporation",
            role_description = outsider.role_description,
            requested_access_level = "read_only",
            created_at = asked,
            updated_at = changed,
        );
        // Access that was only asked for has nobody who granted it, and opens nothing.
        row!(
            batch,
            "client_access",
            id = named("access", &format!("{}/{}", outsider.email, first.slug)),
            user_profile_id = id,
            client_account_id = first.id().0,
            access_level = "read_only",
            is_active = outsider.suspended,
            granted_at = decided.unwrap_or(asked),
            granted_by = decider,
            created_at = asked,
            updated_at = decided.unwrap_or(asked),
        );
        if outsider.suspended {
            row!(
                batch,
                "user_account_associations",
                id = named("association", &format!("{}/{}", outsider.email, first.slug)),
                user_id = id,
                client_account_id = first.id().0,
                role = Role::Viewer.as_str(),
                created_at = asked,
                updated_at = asked,
                created_by = administrator().0,
            );
        }
    }
}

/// Adds the access of `client`'s members to its engagements.
pub(super) fn engagement_access(batch: &mut Batch, plan: &Plan, client: &Client) {
    let begun = at(plan.anchor, BEGUN, 8, 30);
    for project in client.projects.iter() {
        for account in ACCOUNTS.iter().filter(|account| account.is_member(client)) {
            row!(
                batch,
                "engagement_access",
                id = named(
                    "engagement access",
                    &format!("{}/{}/{}", account.email, client.slug, project.slug)
                ),
                user_profile_id = account.id().0,
                engagement_id = project.id().0,
                access_level = account.access_level,
                engagement_role = account.role.as_str(),
                granted_at = begun,
                granted_by = administrator().0,
                created_at = begun,
                updated_at = begun,
            );
        }
    }
}

/// What the account's access level means, in the words of `client_access.permissions`.
fn permissions(account: &Account) -> serde_json::Value {
    let writes = account.access_level != "read_only";
    let manages = account.role >= Role::EngagementManager;
    let administers = account.role >= Role::ClientAdmin;
    json!({
        "can_view_data": true,
        "can_import_data": writes,
        "can_export_data": writes,
        "can_manage_engagements": manages,
        "can_configure_client_settings": administers,
        "can_manage_client_users": administers,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
mod tests {
    use super::{ACCOUNTS, DEMO_PASSWORD, OUTSIDERS};
    use crate::password;

    #[tokio::test]
    async fn the_hashes_are_those_of_the_passwords() {
        for account in ACCOUNTS {
            assert_eq!(password::hash_default(account.email, account.password).await.unwrap(), account.hash);
        }
        for outsider in OUTSIDERS {
            assert_eq!(password::hash_default(outsider.email, DEMO_PASSWORD).await.unwrap(), outsider.hash);
        }
    }
}
