//! A finished assessment: its flow, standards, components, findings and decisions.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    copy::{Batch, row},
    derived,
    estate::Estate,
    imports::{People, rfc3339},
    products::Vintage,
    sixr::{Component, Decision, RATE, remaining_cost},
};

/// Phases of an assessment flow, each with the progress that its end means.
pub(super) const PHASES: [(&str, i32); 7] = [
    ("initialization", 10),
    ("architecture_minimums", 20),
    ("component_discovery", 35),
    ("tech_debt_analysis", 50),
    ("component_sixr_strategies", 75),
    ("app_on_page_generation", 90),
    ("finalization", 100),
];

/// A standard: what it is about, whether it must be met, what is supported, and a sentence.
type Standard = (&'static str, bool, &'static [(&'static str, &'static str)], &'static str);

const STANDARDS: [Standard; 13] = [
    (
        "java_versions",
        true,
        &[("java", "11+")],
        "Java applications run on a version that still gets updates.",
    ),
    (
        "dotnet_versions",
        true,
        &[(".net framework", "4.8"), (".net", "8+")],
        ".NET applications run on a supported framework.",
    ),
    (
        "python_versions",
        true,
        &[("python", "3.9+")],
        "Python programs run on a version that still gets updates.",
    ),
    (
        "nodejs_versions",
        true,
        &[("node.js", "18+")],
        "Node.js services run on a version with long-term support.",
    ),
    (
        "authentication",
        true,
        &[],
        "People sign in through the company's single sign-on, with a second factor.",
    ),
    ("data_encryption", true, &[("tls", "1.2+")], "Data are encrypted on the way and where they are kept."),
    ("api_security", true, &[("oauth", "2.0")], "Interfaces ask who calls and limit how often."),
    ("containerization", false, &[("oci image", "1.0+")], "New services are delivered as container images."),
    ("api_design", false, &[("openapi", "3.0+")], "Interfaces are described before they are built."),
    ("microservices", false, &[], "A service owns its data, and no other reads them."),
    (
        "observability",
        true,
        &[("opentelemetry", "1.0+")],
        "Logs, metrics and traces go to the central platform.",
    ),
    ("scalability", false, &[], "What customers use grows and shrinks with the load."),
    (
        "disaster_recovery",
        true,
        &[],
        "Critical applications are back within four hours, and a drill proves it every year.",
    ),
];

/// What an assessment is written with.
pub(super) struct Context<'a> {
    pub(super) number: u64,
    pub(super) scope: &'a str,
    pub(super) engagement: Uuid,
    pub(super) engagement_name: &'a str,
    pub(super) people: People,
    /// When the flow began.
    pub(super) begun: OffsetDateTime,
}

impl Context<'_> {
    fn id(&self, kind: &str, names: &[&str]) -> Uuid {
        let mut all = vec![self.scope];
        all.extend(names);
        derived(self.number, kind, &all)
    }

    /// Id of the flow, by which assets refer to it.
    pub(super) fn flow(&self) -> Uuid {
        self.id("assessment flow", &[])
    }

    /// When the phase of this index ended: a working day each.
    fn at(&self, phase: usize) -> OffsetDateTime {
        let days = i64::try_from(phase).unwrap_or_default();
        self.begun + Duration::days(days) + Duration::hours(3)
    }

    /// When it was finished.
    pub(super) fn finished(&self) -> OffsetDateTime {
        self.at(PHASES.len() - 1)
    }
}

/// The standards of an engagement.
pub(super) fn standards(batch: &mut Batch, context: &Context<'_>) {
    for (kind, mandatory, versions, text) in STANDARDS {
        let versions: serde_json::Map<String, Value> =
            versions.iter().map(|(what, range)| ((*what).to_owned(), (*range).into())).collect();
        row!(
            batch,
            "engagement_architecture_standards",
            id = context.id("standard", &[kind]),
            engagement_id = context.engagement,
            requirement_type = kind,
            description = text,
            mandatory = mandatory,
            supported_versions = (!versions.is_empty()).then_some(Value::Object(versions)),
            created_by = context.people.approver.0,
            created_at = context.begun,
            updated_at = context.at(1),
        );
    }
}

/// The flow and its master row; to be written before the assets, which refer to it.
pub(super) fn flow(batch: &mut Batch, context: &Context<'_>, estate: &Estate, decisions: &[Decision]) {
    let master = context.id("flow", &["assessment"]);
    let finished = context.finished();
    let transitions: Vec<_> = PHASES
        .iter()
        .enumerate()
        .map(|(index, (phase, _))| json!({ "phase": phase, "status": "completed", "at": rfc3339(context.at(index)) }))
        .collect();
    row!(
        batch,
        "crewai_flow_state_extensions",
        id = context.id("master", &["assessment"]),
        flow_id = master,
        engagement_id = context.engagement,
        user_id = context.people.importer.0,
        flow_type = "assessment",
        flow_name = format!("Assessment of {}", context.engagement_name),
        flow_status = "completed",
        phase_transitions = Value::from(transitions),
        error_history = json!([]),
        child_flow_ids = json!([context.flow()]),
        created_at = context.begun,
        updated_at = finished,
    );
    let ids = |wanted: &dyn Fn(&Decision) -> bool| -> Value {
        let applications = decisions.iter().filter(|decision| wanted(decision));
        applications
            .map(|decision| estate.assets[estate.blocks[decision.block].asset].id.to_string())
            .collect()
    };
    let components: usize = decisions.iter().map(|decision| decision.components.len()).sum();
    let findings: usize = decisions
        .iter()
        .flat_map(|decision| &decision.components)
        .map(|component| component.findings.len())
        .sum();
    row!(
        batch,
        "assessment_flows",
        id = context.flow(),
        engagement_id = context.engagement,
        master_flow_id = master,
        flow_name = format!("Assessment of {}", context.engagement_name),
        status = "completed",
        progress = PHASES[PHASES.len() - 1].1,
        current_phase = PHASES[PHASES.len() - 1].0,
        selected_application_ids = ids(&|_| true),
        architecture_captured = true,
        phase_results = json!({
            "initialization": { "applications": decisions.len() },
            "architecture_minimums": { "standards": STANDARDS.len() },
            "component_discovery": { "components": components },
            "tech_debt_analysis": { "findings": findings },
            "component_sixr_strategies": { "decisions": decisions.len() },
        }),
        apps_ready_for_planning = ids(&Decision::moves),
        last_user_interaction = finished,
        created_at = context.begun,
        updated_at = finished,
        completed_at = finished,
    );
}

/// Components, findings, treatments and decisions; to be written after the assets.
pub(super) fn results(batch: &mut Batch, context: &Context<'_>, estate: &Estate, decisions: &[Decision]) {
    for decision in decisions {
        overrides(batch, context, estate, decision);
        for component in &decision.components {
            parts(batch, context, estate, decision, component);
        }
        decide(batch, context, estate, decision);
    }
    whole(batch, context, estate, decisions);
}

/// What an application that is not moved to newer versions may keep.
fn overrides(batch: &mut Batch, context: &Context<'_>, estate: &Estate, decision: &Decision) {
    let block = &estate.blocks[decision.block];
    let rests = matches!(decision.strategy, "retain" | "rehost" | "retire");
    if !rests || block.application.vintage == Vintage::Modern {
        return;
    }
    let code = block.application.code;
    row!(
        batch,
        "application_architecture_overrides",
        id = context.id("override", &[code]),
        engagement_id = context.engagement,
        assessment_flow_id = context.flow(),
        application_id = estate.assets[block.asset].id,
        standard_id = context.id("standard", &["containerization"]),
        override_type = "exception",
        override_details = json!({ "strategy": decision.strategy }),
        rationale = "It is not rebuilt, so it is not delivered as a container image either.",
        approved_by = context.people.approver.0,
        created_at = context.at(1),
        updated_at = context.at(1),
    );
}

fn parts(
    batch: &mut Batch,
    context: &Context<'_>,
    estate: &Estate,
    decision: &Decision,
    component: &Component,
) {
    let block = &estate.blocks[decision.block];
    let code = block.application.code;
    let id = context.id("component", &[code, component.kind]);
    let application = estate.assets[block.asset].id;
    let names: Value = component.assets.iter().map(|index| estate.assets[*index].name.clone()).collect();
    row!(
        batch,
        "application_components",
        id = id,
        engagement_id = context.engagement,
        assessment_flow_id = context.flow(),
        application_id = application,
        component_name = format!("{} {}", block.application.name, component.kind),
        component_type = component.kind,
        component_config = json!({ "assets": names }),
        technology_stack = Value::from(component.technologies.clone()),
        created_at = context.at(2),
        updated_at = context.at(2),
    );
    for (index, finding) in component.findings.iter().enumerate() {
        row!(
            batch,
            "tech_debt_analysis",
            id = context.id("finding", &[code, component.kind, &index.to_string()]),
            engagement_id = context.engagement,
            assessment_flow_id = context.flow(),
            application_id = application,
            component_id = id,
            debt_category = finding.category,
            severity = finding.severity,
            description = finding.text,
            remediation_effort_hours = finding.hours,
            tech_debt_score = finding.debt,
            detected_by_agent = "component engine",
            created_at = context.at(3),
            updated_at = context.at(3),
        );
    }
    row!(
        batch,
        "component_treatments",
        id = context.id("treatment", &[code, component.kind]),
        engagement_id = context.engagement,
        assessment_flow_id = context.flow(),
        application_id = application,
        component_id = id,
        treatment_config = figures(component),
        recommended_strategy = component.strategy,
        rationale = format!(
            "Need for change {} %, difficulty {} %, cloud readiness {} %.",
            component.need(),
            component.difficulty(),
            component.readiness
        ),
        compatibility_validated = true,
        created_at = context.at(4),
        updated_at = context.at(4),
    );
}

fn figures(component: &Component) -> Value {
    json!({
        "debt": component.debt,
        "currency": component.currency,
        "readiness": component.readiness,
        "complexity": component.complexity,
        "need": component.need(),
        "difficulty": component.difficulty(),
        "confidence": component.confidence,
    })
}

/// What the assets of an application cost per month, in hundredths.
pub(super) fn monthly_cost(estate: &Estate, block: usize) -> u32 {
    estate.assets.iter().filter(|asset| asset.block == Some(block)).filter_map(|asset| asset.cost).sum()
}

/// What `cost` becomes in the cloud, rounded down to hundredths for each asset.
pub(super) fn cloud_cost(cost: u32, strategy: &str) -> Option<u32> {
    remaining_cost(strategy).map(|share| cost / 100 * share)
}

fn decide(batch: &mut Batch, context: &Context<'_>, estate: &Estate, decision: &Decision) {
    let block = &estate.blocks[decision.block];
    let asset = &estate.assets[block.asset];
    let application = block.application;
    let id = context.id("decision", &[application.code]);
    let of_block = || estate.assets.iter().filter(|asset| asset.block == Some(decision.block));
    let cloud: Option<u32> =
        of_block().map(|asset| cloud_cost(asset.cost.unwrap_or_default(), decision.strategy)).sum();
    let findings: Vec<&str> = decision
        .components
        .iter()
        .flat_map(|component| &component.findings)
        .map(|finding| finding.text.as_str())
        .collect();
    let reason = match decision.strategy {
        "retire" => "Its owners say that nobody needs it any more.",
        _ => "Its owners subscribe to a service instead.",
    };
    let change = decision.is_overridden().then(|| {
        json!({ "overall_strategy": { "from": decision.found, "to": decision.strategy }, "reason": reason })
    });
    let mut risks: Vec<&str> = Vec::new();
    for (holds, risk) in [
        (decision.complexity >= 60, "high technical complexity"),
        (asset.criticality.as_deref() == Some("critical"), "business impact"),
        (decision.debt >= 80, "software without support"),
        (block.application.calls.len() > 3, "many interfaces"),
    ] {
        if holds {
            risks.push(risk);
        }
    }
    let edges = estate.edges.iter().filter(|edge| edge.from == block.asset).count();
    let hosts = of_block().filter(|asset| matches!(asset.kind, "server" | "virtual_machine")).count();
    let databases = of_block().filter(|asset| asset.kind == "database").count();
    let rationale = match decision.is_overridden() {
        true => format!("{reason} The engine found {}.", decision.found),
        false => format!("The part that wants change most decides: {}.", decision.deciding),
    };
    row!(
        batch,
        "sixr_decisions",
        id = id,
        engagement_id = context.engagement,
        assessment_flow_id = context.flow(),
        application_id = asset.id,
        application_name = asset.name,
        overall_strategy = decision.strategy,
        confidence_score = decision.confidence,
        rationale = rationale,
        tech_debt_score = decision.debt,
        risk_factors = Value::from(risks),
        estimated_effort_hours = decision.hours,
        estimated_cost = decision.cost(),
        user_modifications = change,
        modified_by = decision.is_overridden().then_some(context.people.approver.0),
        modified_at = decision.is_overridden().then(|| context.at(5)),
        app_on_page_data = json!({
            "application": asset.name,
            "purpose": asset.description,
            "owner": asset.business_owner,
            "department": asset.department,
            "criticality": asset.criticality,
            "technology": asset.technology,
            "strategy": decision.strategy,
            "components": decision.components.len(),
            "hosts": hosts,
            "databases": databases,
            "dependencies": edges,
            "findings": findings,
            "monthly_cost": money(monthly_cost(estate, decision.block)),
            "estimated_cloud_cost": cloud.map(money),
        }),
        decision_factors = json!(
            decision
                .components
                .iter()
                .map(|component| (component.kind.to_owned(), figures(component)))
                .collect::<serde_json::Map<_, _>>()
        ),
        ready_for_planning = decision.moves(),
        created_at = context.at(4),
        updated_at = if decision.is_overridden() { context.at(5) } else { context.at(4) },
    );
    if decision.is_overridden() {
        row!(
            batch,
            "assessment_learning_feedback",
            id = context.id("feedback", &[application.code]),
            engagement_id = context.engagement,
            assessment_flow_id = context.flow(),
            decision_id = id,
            original_strategy = decision.found,
            override_strategy = decision.strategy,
            feedback_reason = reason,
            agent_id = "component engine",
            created_at = context.at(5),
            updated_at = context.at(5),
        );
    }
}

/// The assessment of the engagement as a whole.
fn whole(batch: &mut Batch, context: &Context<'_>, estate: &Estate, decisions: &[Decision]) {
    let current: u32 = decisions.iter().map(|decision| monthly_cost(estate, decision.block)).sum();
    let moving = |decision: &&Decision| decision.moves();
    let hours: u32 = decisions.iter().filter(moving).map(|decision| decision.hours).sum();
    // What stays costs what it did.
    let target: u32 = estate
        .assets
        .iter()
        .filter_map(|asset| {
            let decision = decisions.iter().find(|decision| Some(decision.block) == asset.block)?;
            let cost = asset.cost.unwrap_or_default();
            Some(cloud_cost(cost, decision.strategy).unwrap_or(cost))
        })
        .sum();
    let migration = hours * RATE;
    let savings = f64::from(current - target) / 100.0;
    // Months until the savings have paid for the migration.
    #[allow(clippy::cast_possible_truncation, reason = "a few dozen")]
    let months = (f64::from(migration) / savings).ceil() as i64;
    let mut strategies = std::collections::BTreeMap::<&str, usize>::new();
    for decision in decisions {
        *strategies.entry(decision.strategy).or_default() += 1;
    }
    row!(
        batch,
        "assessments",
        id = context.id("assessment", &[]),
        engagement_id = context.engagement,
        master_flow_id = context.id("flow", &["assessment"]),
        assessment_type = "technical",
        status = "approved",
        title = format!("Assessment of {}", context.engagement_name),
        summary = format!(
            "{} applications were assessed; {} of them move.",
            decisions.len(),
            decisions.iter().filter(moving).count()
        ),
        current_cost = money(current),
        estimated_migration_cost = migration,
        estimated_target_cost = money(target),
        cost_savings_potential = savings,
        roi_months = months,
        ai_insights = json!({ "decisions": strategies }),
        estimated_effort_hours = hours,
        assessor = "component engine",
        assessment_date = context.at(4),
        review_date = context.at(5),
        approval_date = context.finished(),
        created_at = context.begun,
        updated_at = context.finished(),
    );
}

/// Hundredths as whole units and their fraction.
pub(super) fn money(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}
