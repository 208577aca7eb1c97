//! The scenarios.

use drydock_boot::boot::Stage;
use drydock_store::fault::Fault;

/// A fault of a deploy and where the boot sequence must find it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Stable id.
    pub id: &'static str,
    /// What happened, in a line.
    pub title: &'static str,
    /// Which stage's gate turns red.
    pub stage: Stage,
    /// With which code.
    pub code: &'static str,
    pub(crate) fault: Fault,
}

/// Every scenario, in the order of the stages.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "mig-edited-checksum",
        title: "An applied migration was edited afterwards.",
        stage: Stage::History,
        code: "history.changed",
        fault: Fault::ChecksumEdited,
    },
    Scenario {
        id: "mig-schema-ahead",
        title: "A newer build has migrated the database; this one was rolled back.",
        stage: Stage::History,
        code: "history.ahead",
        fault: Fault::SchemaAhead,
    },
    Scenario {
        id: "auth-rbac-tables-missing",
        title: "The role tables are missing, so that every sign-in would fail.",
        stage: Stage::Verify,
        code: "verify.table_missing",
        fault: Fault::RbacTableMissing,
    },
    Scenario {
        id: "rls-not-enforced",
        title: "Row-level security is enabled but not forced.",
        stage: Stage::Verify,
        code: "verify.tenancy_open",
        fault: Fault::RowSecurityNotForced,
    },
];

impl Scenario {
    /// The scenario with this id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.id == id)
    }
}
