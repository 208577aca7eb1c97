//! The client accounts of the profiles demo and qa, and what is in them. Ids are fixed or derived from names, so that two machines
//! show the same links.

use std::borrow::Cow;

use drydock_domain::{ClientAccountId, EngagementId};
use uuid::{Uuid, uuid};

use super::{
    estate::{Place, Site},
    named,
};

/// A client account.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) fixed_id: Option<Uuid>,
    pub(super) name: Cow<'static, str>,
    pub(super) slug: Cow<'static, str>,
    pub(super) description: &'static str,
    pub(super) industry: &'static str,
    pub(super) company_size: &'static str,
    pub(super) headquarters: &'static str,
    pub(super) projects: Cow<'static, [Project]>,
    /// Whether every default user is a member.
    pub(super) is_for_all: bool,
}

impl Client {
    pub(super) fn id(&self) -> ClientAccountId {
        ClientAccountId(self.fixed_id.unwrap_or_else(|| named("client", &self.slug)))
    }
}

/// An engagement.
#[derive(Clone, Debug)]
pub(super) struct Project {
    pub(super) fixed_id: Option<Uuid>,
    pub(super) name: &'static str,
    pub(super) slug: Cow<'static, str>,
    pub(super) description: &'static str,
    pub(super) priority: &'static str,
    pub(super) days_to_target: i64,
    pub(super) content: Content,
    pub(super) place: Place,
}

/// What is in an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The retailer's systems, found, assessed and on their way.
    Retail,
    /// The retailer's data centre that is to be closed, found and not yet assessed.
    Legacy,
    /// The forwarder's portfolio, found, assessed and on its way.
    Logistics,
    /// The hospitals' systems, with an import that waits for a person.
    Health,
    /// Nothing.
    Empty,
}

impl Project {
    pub(super) fn id(&self) -> EngagementId {
        EngagementId(self.fixed_id.unwrap_or_else(|| named("engagement", &self.slug)))
    }
}

const COLUMBUS: Site = Site { code: "cmh", location: "Columbus", datacenter: "Columbus North" };
const RENO: Site = Site { code: "rno", location: "Reno", datacenter: "Reno 2" };
const DAYTON: Site = Site { code: "day", location: "Dayton", datacenter: "Dayton Legacy" };
const ROTTERDAM: Site = Site { code: "rtm", location: "Rotterdam", datacenter: "Rotterdam Maasvlakte" };
const HAMBURG: Site = Site { code: "ham", location: "Hamburg", datacenter: "Hamburg Hafen" };
const LEEDS: Site = Site { code: "lds", location: "Leeds", datacenter: "Leeds General" };
const YORK: Site = Site { code: "yrk", location: "York", datacenter: "York District" };

pub(super) const CLIENTS: &[Client] = &[
    Client {
        fixed_id: Some(uuid!("11111111-1111-1111-1111-111111111111")),
        name: Cow::Borrowed("Demo Corporation"),
        slug: Cow::Borrowed("demo-corp"),
        description: "Retailer with a web shop, its payment and order services, and two data centres.",
        industry: "Retail",
        company_size: "1,000 to 5,000",
        headquarters: "Columbus, United States",
        is_for_all: false,
        projects: Cow::Borrowed(&[
            Project {
                fixed_id: Some(uuid!("22222222-2222-2222-2222-222222222222")),
                name: "Demo Cloud Migration Project",
                slug: Cow::Borrowed("demo-cloud-migration"),
                description: "Move the web shop and everything behind it to a public cloud.",
                priority: "high",
                days_to_target: 180,
                content: Content::Retail,
                place: Place { sites: [COLUMBUS, RENO], domain: "demo-corp.example", network: 20 },
            },
            Project {
                fixed_id: None,
                name: "Enterprise CMDB Consolidation",
                slug: Cow::Borrowed("enterprise-cmdb-consolidation"),
                description: "Take stock of the enterprise services and retire the legacy data centre.",
                priority: "medium",
                days_to_target: 270,
                content: Content::Legacy,
                place: Place { sites: [DAYTON, COLUMBUS], domain: "legacy.demo-corp.example", network: 30 },
            },
        ]),
    },
    Client {
        fixed_id: None,
        name: Cow::Borrowed("Meridian Logistics"),
        slug: Cow::Borrowed("meridian-logistics"),
        description: "Freight forwarder whose application portfolio runs in four regions.",
        industry: "Transport and logistics",
        company_size: "5,000 to 10,000",
        headquarters: "Rotterdam, Netherlands",
        is_for_all: false,
        projects: Cow::Borrowed(&[Project {
            fixed_id: None,
            name: "Application Portfolio Assessment",
            slug: Cow::Borrowed("application-portfolio-assessment"),
            description: "Decide for each of forty applications how it moves.",
            priority: "medium",
            days_to_target: 120,
            content: Content::Logistics,
            place: Place { sites: [ROTTERDAM, HAMBURG], domain: "meridian-logistics.example", network: 40 },
        }]),
    },
    Client {
        fixed_id: None,
        name: Cow::Borrowed("Alder Health"),
        slug: Cow::Borrowed("alder-health"),
        description: "Hospital group that is about to leave its own server rooms.",
        industry: "Health care",
        company_size: "500 to 1,000",
        headquarters: "Leeds, United Kingdom",
        is_for_all: false,
        projects: Cow::Borrowed(&[Project {
            fixed_id: None,
            name: "Server Estate Discovery",
            slug: Cow::Borrowed("server-estate-discovery"),
            description: "Find out what runs on which server before anything moves.",
            priority: "low",
            days_to_target: 90,
            content: Content::Health,
            place: Place { sites: [LEEDS, YORK], domain: "alder-health.example", network: 50 },
        }]),
    },
];

/// The client account of the profile `qa`, under the demo's ids, so that the same requests work.
pub(super) const QA: &[Client] = &[Client {
    fixed_id: Some(uuid!("11111111-1111-1111-1111-111111111111")),
    name: Cow::Borrowed("Demo Corporation"),
    slug: Cow::Borrowed("demo-corp"),
    description: "An empty client account to test in.",
    industry: "Retail",
    company_size: "1,000 to 5,000",
    headquarters: "Columbus, United States",
    is_for_all: false,
    projects: Cow::Borrowed(&[Project {
        fixed_id: Some(uuid!("22222222-2222-2222-2222-222222222222")),
        name: "Demo Cloud Migration Project",
        slug: Cow::Borrowed("demo-cloud-migration"),
        description: "Empty: begin with an import.",
        priority: "medium",
        days_to_target: 180,
        content: Content::Empty,
        place: Place { sites: [COLUMBUS, RENO], domain: "demo-corp.example", network: 20 },
    }]),
}];
