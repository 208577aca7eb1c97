//! The 6R decision for an application: debt, currency, cloud readiness and complexity of each of its parts, and what follows from
//! them. All figures are percentages.

use time::Date;

use super::{
    estate::{Block, Estate, Tier},
    portfolio::{Criticality, Fate},
    products::{Product, Stack, Vintage, technology},
};

/// A finding of technical debt.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) category: &'static str,
    pub(super) severity: &'static str,
    pub(super) text: String,
    pub(super) hours: u32,
    /// What it adds to the debt of its part: the severity's weight times the finding's own 0 to 10.
    pub(super) debt: u32,
}

/// A part with its figures and the strategy that follows.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) kind: &'static str,
    pub(super) technologies: Vec<&'static str>,
    pub(super) assets: Vec<usize>,
    pub(super) findings: Vec<Finding>,
    pub(super) debt: u32,
    pub(super) currency: u32,
    pub(super) readiness: u32,
    pub(super) complexity: u32,
    pub(super) strategy: &'static str,
    pub(super) confidence: f64,
}

impl Component {
    /// How much it wants change.
    pub(super) fn need(&self) -> u32 {
        (self.debt + 100 - self.currency) / 2
    }

    /// How hard change is.
    pub(super) fn difficulty(&self) -> u32 {
        (self.complexity + 100 - self.readiness) / 2
    }
}

/// The decision for an application.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    /// Index of the application in [`Estate::blocks`].
    pub(super) block: usize,
    pub(super) components: Vec<Component>,
    /// The kind of the part that decided.
    pub(super) deciding: &'static str,
    /// What the engine found.
    pub(super) found: &'static str,
    /// What counts: the owners' word where they had one.
    pub(super) strategy: &'static str,
    pub(super) confidence: f64,
    pub(super) complexity: u32,
    pub(super) debt: u32,
    pub(super) hours: u32,
}

/// Of one hour of work, in the currency of the client account.
pub(super) const RATE: u32 = 110;

impl Decision {
    pub(super) fn is_overridden(&self) -> bool {
        self.strategy != self.found
    }

    /// Whether there is anything to plan.
    pub(super) fn moves(&self) -> bool {
        self.strategy != "retain"
    }

    /// The word of `assets.migration_complexity`.
    pub(super) fn complexity_word(&self) -> &'static str {
        match self.complexity {
            0..40 => "low",
            40..60 => "medium",
            60..80 => "high",
            _ => "critical",
        }
    }

    pub(super) fn cost(&self) -> u32 {
        self.hours * RATE
    }
}

/// Share of the present cost that remains in the cloud, in percent; `None` where the application stays where it is.
pub(super) fn remaining_cost(strategy: &str) -> Option<u32> {
    match strategy {
        "rehost" => Some(82),
        "replatform" => Some(68),
        "replace" => Some(61),
        "refactor" => Some(54),
        "rearchitect" => Some(49),
        "retire" => Some(0),
        _ => None,
    }
}

/// Decides for every application of the estate.
pub(super) fn decide(estate: &Estate, anchor: Date) -> Vec<Decision> {
    (0..estate.blocks.len()).map(|index| decide_one(estate, index, anchor)).collect()
}

fn decide_one(estate: &Estate, index: usize, anchor: Date) -> Decision {
    let block = &estate.blocks[index];
    let components: Vec<_> = block.tiers.iter().map(|tier| component(estate, block, tier, anchor)).collect();
    // The part that wants change most decides; of two alike, the first.
    let mut deciding = 0;
    for (index, component) in components.iter().enumerate() {
        if component.need() > components[deciding].need() {
            deciding = index;
        }
    }
    let found = components[deciding].strategy;
    let strategy = match block.application.fate {
        Fate::Open => found,
        Fate::Retire => "retire",
        Fate::Replace => "replace",
    };
    let hours = match strategy {
        // Saving the data and switching off; choosing a service and moving the data there.
        "retire" => 40,
        "replace" => 320,
        "retain" => 16,
        _ => components.iter().map(effort).sum(),
    };
    let complexity = components.iter().map(|component| component.complexity).max().unwrap_or_default();
    let debt = components.iter().map(|component| component.debt).max().unwrap_or_default();
    let (confidence, deciding) = (components[deciding].confidence, components[deciding].kind);
    Decision { block: index, deciding, found, strategy, confidence, complexity, debt, hours, components }
}

/// Hours: weeks by kind of part, times a factor by its complexity.
fn effort(component: &Component) -> u32 {
    let weeks = match component.kind {
        "web" => 1,
        "database" => 4,
        "mainframe" => 8,
        _ => 3,
    };
    // In halves.
    let factor = match component.complexity {
        0..40 => 2,
        40..60 => 3,
        60..80 => 4,
        _ => 5,
    };
    let share = match component.strategy {
        "rehost" | "retain" => 1,
        "replatform" => 2,
        "refactor" => 3,
        _ => 4,
    };
    weeks * 40 * factor * share / 4
}

fn component(estate: &Estate, block: &Block, tier: &Tier, anchor: Date) -> Component {
    let application = block.application;
    let technology = technology(application.stack, application.vintage);
    let mainframe = application.stack == Stack::Mainframe;
    let kind = if mainframe && tier.kind == "application" { "mainframe" } else { tier.kind };
    let products: Vec<Product> = match tier.kind {
        "web" => vec![technology.system],
        "database" => vec![technology.database],
        _ => vec![technology.system, technology.runtime],
    };
    let mut findings: Vec<Finding> =
        products.iter().filter_map(|product| unsupported(*product, anchor)).collect();
    if mainframe {
        findings.push(Finding {
            category: "architecture",
            severity: "high",
            text: "One program on one machine does everything.".to_owned(),
            hours: 480,
            debt: 42,
        });
    }
    if tier.kind == "database"
        && application.criticality >= Criticality::High
        && application.vintage == Vintage::Legacy
    {
        findings.push(Finding {
            category: "operations",
            severity: "medium",
            text: "A restore of its back-ups has not been tried.".to_owned(),
            hours: 24,
            debt: 20,
        });
    }
    let debt = findings.iter().map(|finding| finding.debt).sum::<u32>().min(100);
    let ended = products.iter().any(|product| product.has_ended(anchor));
    let soon = products.iter().any(|product| product.ends_soon(anchor));
    let mut lost = 0;
    for (holds, points) in
        [(ended, 40), (soon, 20), (application.vintage == Vintage::Legacy, 25), (mainframe, 30)]
    {
        lost += if holds { points } else { 0 };
    }
    let currency = 100_u32.saturating_sub(lost);
    let mut readiness = 50_i32;
    for (holds, points) in [
        (tier.kind == "web", 15),
        (tier.kind == "database", -10),
        (application.stack == Stack::Node, 25),
        (
            matches!(application.stack, Stack::Java | Stack::Python)
                && application.vintage >= Vintage::Current,
            10,
        ),
        (application.vintage == Vintage::Modern, 20),
        (application.stack == Stack::Packaged, -20),
        (application.vintage == Vintage::Legacy, -20),
        (mainframe, -30),
    ] {
        readiness += if holds { points } else { 0 };
    }
    let readiness = readiness.clamp(0, 100).unsigned_abs();
    let calls = match tier.kind {
        "application" => estate
            .edges
            .iter()
            .filter(|edge| edge.kind == "api" && (edge.from == block.asset || edge.to == block.asset))
            .count(),
        _ => 1,
    };
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    let patterns = u32::from(application.size > 2)
        + u32::from(application.vintage == Vintage::Legacy)
        + 3 * u32::from(mainframe);
    let technologies: Vec<&'static str> = products.iter().map(|product| product.name).collect();
    let many = u32::try_from(technologies.len()).unwrap_or(u32::MAX);
    let complexity = (20 + 5 * calls + 3 * many + 10 * patterns).min(100);
    let mut component = Component {
        kind,
        technologies,
        assets: tier.assets.clone(),
        findings,
        debt,
        currency,
        readiness,
        complexity,
        strategy: "",
        confidence: 0.0,
    };
    (component.strategy, component.confidence) = rule(&component);
    component
}

/// What is found about a product on a day.
fn unsupported(product: Product, anchor: Date) -> Option<Finding> {
    let end = product.end()?;
    let name = product.name;
    let long_ago = Date::from_ordinal_date(anchor.year() - 3, 1).is_ok_and(|day| product.has_ended(day));
    let (severity, text, hours, debt) = if long_ago {
        ("critical", format!("Support of {name} ended on {end}."), 120, 80)
    } else if product.has_ended(anchor) {
        ("high", format!("Support of {name} ended on {end}."), 80, 49)
    } else if product.ends_soon(anchor) {
        ("medium", format!("Support of {name} ends on {end}."), 40, 20)
    } else {
        return None;
    };
    Some(Finding { category: "end_of_support", severity, text, hours, debt })
}

/// The first condition that holds, with how sure it makes.
fn rule(component: &Component) -> (&'static str, f64) {
    let (need, difficulty) = (component.need(), component.difficulty());
    let (readiness, complexity) = (component.readiness, component.complexity);
    match () {
        // To be written anew is to be replaced.
        () if need > 80 && difficulty > 70 => ("replace", 0.9),
        () if need > 80 => ("rearchitect", 0.85),
        () if need > 60 && readiness > 70 => ("refactor", 0.8),
        () if need > 60 => ("rearchitect", 0.75),
        () if need > 40 && readiness > 60 => ("replatform", 0.8),
        () if need > 40 => ("refactor", 0.75),
        () if readiness > 70 && complexity < 40 => ("rehost", 0.85),
        () if component.currency > 80 => ("retain", 0.9),
        () => ("replatform", 0.7),
    }
}
