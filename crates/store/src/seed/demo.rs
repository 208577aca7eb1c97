//! Who and what is seeded. Ids are fixed or derived from names, so that two machines show the same links.

use drydock_domain::{ClientAccountId, EngagementId, Role, UserId};
use uuid::{Uuid, uuid};

/// Namespace of the derived ids.
const NAMESPACE: Uuid = uuid!("6a1d6f0e-52f3-4d6c-9a53-0f6c1e6d2b7a");

pub(super) fn derived(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind}/{name}").as_bytes())
}

pub(super) struct Account {
    pub(super) fixed_id: Option<Uuid>,
    pub(super) email: &'static str,
    pub(super) password: &'static str,
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
        UserId(self.fixed_id.unwrap_or_else(|| derived("user", self.email)))
    }
}

pub(super) struct Client {
    pub(super) fixed_id: Option<Uuid>,
    pub(super) name: &'static str,
    pub(super) slug: &'static str,
    pub(super) description: &'static str,
    pub(super) industry: &'static str,
    pub(super) company_size: &'static str,
    pub(super) headquarters: &'static str,
    pub(super) projects: &'static [Project],
}

impl Client {
    pub(super) fn id(&self) -> ClientAccountId {
        ClientAccountId(self.fixed_id.unwrap_or_else(|| derived("client", self.slug)))
    }
}

pub(super) struct Project {
    pub(super) fixed_id: Option<Uuid>,
    pub(super) name: &'static str,
    pub(super) slug: &'static str,
    pub(super) description: &'static str,
    pub(super) priority: &'static str,
    pub(super) days_to_target: i32,
    pub(super) file_name: &'static str,
    pub(super) csv: &'static str,
}

impl Project {
    pub(super) fn id(&self) -> EngagementId {
        EngagementId(self.fixed_id.unwrap_or_else(|| derived("engagement", self.slug)))
    }
}

/// The first account grants everything that is granted to the others.
pub(super) fn administrator() -> UserId {
    ACCOUNTS[0].id()
}

const DEMO_PASSWORD: &str = "Demo123!";

pub(super) const ACCOUNTS: &[Account] = &[
    Account {
        fixed_id: None,
        email: "chocka@gmail.com",
        password: "Password123!",
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
        first_name: "Demo",
        last_name: "Viewer",
        role: Role::Viewer,
        access_level: "read_only",
        organization: "Demo Corporation",
        role_description: "Viewer",
        clients: &["demo-corp"],
    },
];

pub(super) const CLIENTS: &[Client] = &[
    Client {
        fixed_id: Some(uuid!("11111111-1111-1111-1111-111111111111")),
        name: "Demo Corporation",
        slug: "demo-corp",
        description: "Retailer with a web shop, its payment and order services, and two data centres.",
        industry: "Retail",
        company_size: "1,000 to 5,000",
        headquarters: "Columbus, United States",
        projects: &[
            Project {
                fixed_id: Some(uuid!("22222222-2222-2222-2222-222222222222")),
                name: "Demo Cloud Migration Project",
                slug: "demo-cloud-migration",
                description: "Move the web shop and everything behind it to a public cloud.",
                priority: "high",
                days_to_target: 180,
                file_name: "e2e-test-data.csv",
                csv: include_str!("fixtures/e2e-test-data.csv"),
            },
            Project {
                fixed_id: None,
                name: "Enterprise CMDB Consolidation",
                slug: "enterprise-cmdb-consolidation",
                description: "Take stock of the enterprise services and retire the legacy data centre.",
                priority: "medium",
                days_to_target: 270,
                file_name: "enterprise-cmdb-data.csv",
                csv: include_str!("fixtures/enterprise-cmdb-data.csv"),
            },
        ],
    },
    Client {
        fixed_id: None,
        name: "Meridian Logistics",
        slug: "meridian-logistics",
        description: "Freight forwarder whose application portfolio runs in four regions.",
        industry: "Transport and logistics",
        company_size: "5,000 to 10,000",
        headquarters: "Rotterdam, Netherlands",
        projects: &[Project {
            fixed_id: None,
            name: "Application Portfolio Assessment",
            slug: "application-portfolio-assessment",
            description: "Decide for each of forty applications how it moves.",
            priority: "medium",
            days_to_target: 120,
            file_name: "assets-40.csv",
            csv: include_str!("fixtures/assets-40.csv"),
        }],
    },
    Client {
        fixed_id: None,
        name: "Alder Health",
        slug: "alder-health",
        description: "Hospital group that is about to leave its own server rooms.",
        industry: "Health care",
        company_size: "500 to 1,000",
        headquarters: "Leeds, United Kingdom",
        projects: &[Project {
            fixed_id: None,
            name: "Server Estate Discovery",
            slug: "server-estate-discovery",
            description: "Find out what runs on which server before anything moves.",
            priority: "low",
            days_to_target: 90,
            file_name: "discovery-data.csv",
            csv: include_str!("fixtures/discovery-data.csv"),
        }],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_membership_names_a_client() {
        for account in ACCOUNTS {
            for slug in account.clients {
                assert!(CLIENTS.iter().any(|client| client.slug == *slug), "{slug}");
            }
        }
    }
}
