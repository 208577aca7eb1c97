//! The applications of the demo's client accounts: names, owners, technology and who calls whom.

mod health;
mod legacy;
mod logistics;
mod retail;

pub(super) use health::APPLICATIONS as HEALTH;
pub(super) use legacy::APPLICATIONS as LEGACY;
pub(super) use logistics::APPLICATIONS as LOGISTICS;
pub(super) use retail::APPLICATIONS as RETAIL;

use super::products::{Stack, Vintage};

/// How much the business depends on something; the names are those of `assets.criticality`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Criticality {
    Low,
    Medium,
    High,
    Critical,
}

impl Criticality {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What its owners decided about an application beforehand, which overrides the engine's 6R decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// Nobody needs it any more.
    Retire,
    /// A service that can be subscribed to takes its place.
    Replace,
}

/// An application and how it is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Application {
    pub(super) name: &'static str,
    /// Begins the names of its hosts and databases.
    pub(super) code: &'static str,
    pub(super) purpose: &'static str,
    pub(super) department: &'static str,
    pub(super) owner: &'static str,
    pub(super) criticality: Criticality,
    pub(super) stack: Stack,
    pub(super) vintage: Vintage,
    /// 1 to 3: how many hosts each of its tiers has.
    pub(super) size: u8,
    pub(super) fate: Fate,
    /// Codes of the applications of the same list that it calls.
    pub(super) calls: &'static [&'static str],
}

impl Application {
    #[allow(clippy::too_many_arguments, reason = "a line of a table")]
    pub(super) const fn new(
        code: &'static str,
        name: &'static str,
        department: &'static str,
        owner: &'static str,
        criticality: Criticality,
        stack: Stack,
        vintage: Vintage,
        size: u8,
        calls: &'static [&'static str],
        purpose: &'static str,
    ) -> Self {
        let fate = Fate::Open;
        Self { name, code, purpose, department, owner, criticality, stack, vintage, size, fate, calls }
    }

    pub(super) const fn retired(self) -> Self {
        Self { fate: Fate::Retire, ..self }
    }

    pub(super) const fn replaced(self) -> Self {
        Self { fate: Fate::Replace, ..self }
    }

    /// What compliance rules its data come under.
    pub(super) fn compliance(&self) -> &'static [&'static str] {
        match self.department {
            "Payments" => &["pci"],
            "Clinical Services" | "Diagnostics" | "Patient Services" => &["health-data"],
            "Human Resources" | "Marketing" | "Customer Service" => &["personal-data"],
            "Finance" | "Customs" => &["audit"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_every_call_meets_an_application() {
        for list in [RETAIL, LEGACY, LOGISTICS, HEALTH] {
            let codes: BTreeSet<_> = list.iter().map(|application| application.code).collect();
            let names: BTreeSet<_> = list.iter().map(|application| application.name).collect();
            assert_eq!((codes.len(), names.len()), (list.len(), list.len()));
            for application in list {
                assert!((1..=3).contains(&application.size), "{}", application.name);
                for called in application.calls {
                    assert!(codes.contains(called), "{} calls {called}", application.name);
                    assert_ne!(*called, application.code);
                }
            }
        }
    }
}
