//! An engagement with everything in it.

use serde_json::Value;
use time::Duration;

use super::{
    Moment,
    assessment::{self, cloud_cost, money},
    at, cmdb,
    copy::{Batch, row},
    demo::{Content, Project},
    derived,
    estate::{Builder, Estate},
    imports::{self, File, Origin, People, Progress},
    portfolio::{self, Application},
    random::Random,
    sixr::{self, Decision},
    tags,
    waves::{self, Move},
};
use crate::StoreError;

const SERVER_COLUMNS: &[(&str, Option<&str>)] = &[
    ("CI Type", Some("asset_type")),
    ("Name", Some("name")),
    ("Host Name", Some("hostname")),
    ("FQDN", Some("fqdn")),
    ("IP Address", Some("ip_address")),
    ("Operating System", Some("operating_system")),
    ("OS Version", Some("os_version")),
    ("Environment", Some("environment")),
    ("Application", Some("application_name")),
    ("Department", Some("department")),
    ("Owner", Some("business_owner")),
    ("Support Group", Some("technical_owner")),
    ("Criticality", Some("criticality")),
    ("Status", Some("status")),
    ("Location", Some("location")),
    ("Data Centre", Some("datacenter")),
    ("Rack", Some("rack_location")),
    ("CPU Cores", Some("cpu_cores")),
    ("Memory GB", Some("memory_gb")),
    ("Storage GB", Some("storage_gb")),
    ("Monthly Cost", Some("current_monthly_cost")),
    ("Serial Number", None),
];

const APPLICATION_COLUMNS: &[(&str, Option<&str>)] = &[
    ("Name", Some("name")),
    ("Description", Some("description")),
    ("Type", Some("asset_type")),
    ("Business Criticality", Some("criticality")),
    ("Department", Some("department")),
    ("Owner", Some("business_owner")),
    ("Support Group", Some("technical_owner")),
    ("Technology Stack", Some("technology_stack")),
    ("Environment", Some("environment")),
    ("Status", Some("status")),
    ("Monthly Cost", Some("current_monthly_cost")),
    ("Dependencies", Some("dependencies")),
];

const DATABASE_COLUMNS: &[(&str, Option<&str>)] = &[
    ("Name", Some("name")),
    ("Type", Some("asset_type")),
    ("Engine", Some("technology_stack")),
    ("Environment", Some("environment")),
    ("Application", Some("application_name")),
    ("Department", Some("department")),
    ("Owner", Some("business_owner")),
    ("Support Group", Some("technical_owner")),
    ("Criticality", Some("criticality")),
    ("Status", Some("status")),
    ("Location", Some("location")),
    ("Storage GB", Some("storage_gb")),
    ("Monthly Cost", Some("current_monthly_cost")),
    ("Dependencies", Some("dependencies")),
    ("Instance Id", None),
];

const DEVICE_COLUMNS: &[(&str, Option<&str>)] = &[
    ("Device", Some("name")),
    ("Device Type", Some("asset_type")),
    ("Model", Some("technology_stack")),
    ("Firmware", Some("operating_system")),
    ("Management IP", Some("ip_address")),
    ("Location", Some("location")),
    ("Data Centre", Some("datacenter")),
    ("Rack", Some("rack_location")),
    ("Owner", Some("business_owner")),
    ("Status", Some("status")),
    ("Capacity GB", Some("storage_gb")),
    ("Monthly Cost", Some("current_monthly_cost")),
    ("Serial Number", None),
];

const HOSTS: &[&str] = &["server", "virtual_machine"];
const DEVICES: &[&str] = &["network_device", "load_balancer", "storage"];

/// What an engagement is built from.
pub(super) struct Context<'a> {
    pub(super) moment: Moment,
    /// Short name of its client account.
    pub(super) client: &'a str,
    pub(super) project: &'a Project,
    pub(super) people: People,
}

impl Context<'_> {
    fn random(&self, what: &str) -> Random {
        Random::new(self.moment.number, &format!("{}/{what}", self.project.slug))
    }

    fn file(
        &self,
        days: i64,
        (name, title, category, source): (&'static str, &'static str, &'static str, &'static str),
        (columns, records): (Vec<imports::Column>, Vec<imports::Record>),
    ) -> File {
        let at = at(self.moment.anchor, days, 9, 12);
        File { name, title, category, source, columns, records, at, progress: Progress::Finished }
    }
}

/// Adds everything in the engagement, which itself is there.
pub(super) fn write(batch: &mut Batch, context: &Context<'_>) -> Result<(), StoreError> {
    let project = context.project;
    let (estate, files) = match project.content {
        Content::Empty => return Ok(()),
        Content::Retail => retail(context)?,
        Content::Legacy => legacy(context)?,
        Content::Logistics => logistics(context)?,
        Content::Health => health(context)?,
    };
    let (number, scope, engagement) = (context.moment.number, project.slug.as_ref(), project.id().0);
    let assessed = matches!(project.content, Content::Retail | Content::Logistics);
    let decisions = if assessed { sixr::decide(&estate, context.moment.anchor) } else { Vec::new() };
    let moves = waves::distribute(&estate, &decisions);

    let mut origins = vec![None; estate.assets.len()];
    let importing = imports::Context { number, scope, engagement, people: context.people };
    for file in &files {
        imports::write(batch, &importing, file, &estate, &mut origins)?;
    }
    let assessing = assessment::Context {
        number,
        scope,
        engagement,
        engagement_name: project.name,
        people: context.people,
        begun: at(context.moment.anchor, -44, 8, 30),
    };
    if assessed {
        assessment::standards(batch, &assessing);
        assessment::flow(batch, &assessing, &estate, &decisions);
    }
    let results =
        Results { context, assessing: &assessing, estate: &estate, decisions: &decisions, moves: &moves };
    assets(batch, &results, &origins);
    edges(batch, &results, &origins);
    tags::write(
        batch,
        number,
        context.client,
        &estate,
        context.people,
        at(context.moment.anchor, -46, 14, 0),
    );
    progress(batch, &results, &origins);
    if assessed {
        assessment::results(batch, &assessing, &estate, &decisions);
        let planning = waves::Context {
            number,
            scope,
            engagement,
            anchor: context.moment.anchor,
            planner: context.people.approver,
        };
        waves::write(batch, &planning, &estate, &decisions, &moves);
    }
    Ok(())
}

/// Applications with all they run on.
fn built(context: &Context<'_>, list: &'static [Application], access_switches: u32) -> Builder {
    let project = context.project;
    let mut builder =
        Builder::new(context.moment.number, &project.slug, project.place, context.moment.anchor);
    builder.infrastructure("", access_switches);
    for application in list {
        builder.application(application, "");
    }
    builder.calls(0);
    builder
}

fn retail(context: &Context<'_>) -> Result<(Estate, Vec<File>), StoreError> {
    let mut estate = built(context, portfolio::RETAIL, 6).finish();
    let mut random = context.random("files");
    let devices = imports::export(&estate, DEVICES, DEVICE_COLUMNS, &mut random);
    let mut servers = imports::export(&estate, HOSTS, SERVER_COLUMNS, &mut random);
    imports::refuse_some(&servers.0, &mut servers.1, 7, &mut random);
    let databases = imports::export(&estate, &["database"], DATABASE_COLUMNS, &mut random);
    let applications = imports::export(&estate, &["application"], APPLICATION_COLUMNS, &mut random);
    let csv = include_str!("fixtures/e2e-test-data.csv");
    let pilot = cmdb::read(&mut estate, context.moment.number, &context.project.slug, csv)?;
    let files = vec![
        context.file(-61, ("e2e-test-data.csv", "Trial with a few systems", "cmdb", "CMDB"), pilot),
        context.file(
            -56,
            ("network-and-storage.csv", "Network and storage", "infrastructure", "CMDB"),
            devices,
        ),
        context.file(
            -55,
            ("server-inventory.csv", "Servers and virtual machines", "infrastructure", "CMDB"),
            servers,
        ),
        context.file(-54, ("database-inventory.csv", "Databases", "infrastructure", "CMDB"), databases),
        context.file(
            -52,
            ("application-portfolio.csv", "Application portfolio", "app-discovery", "CMDB"),
            applications,
        ),
    ];
    Ok((estate, files))
}

fn legacy(context: &Context<'_>) -> Result<(Estate, Vec<File>), StoreError> {
    let mut estate = built(context, portfolio::LEGACY, 2).finish();
    let mut random = context.random("files");
    let systems = imports::export(&estate, &[HOSTS, DEVICES].concat(), SERVER_COLUMNS, &mut random);
    let databases = imports::export(&estate, &["database"], DATABASE_COLUMNS, &mut random);
    let applications = imports::export(&estate, &["application"], APPLICATION_COLUMNS, &mut random);
    let csv = include_str!("fixtures/enterprise-cmdb-data.csv");
    let enterprise = cmdb::read(&mut estate, context.moment.number, &context.project.slug, csv)?;
    let files = vec![
        context.file(-40, ("enterprise-cmdb-data.csv", "Enterprise services", "cmdb", "CMDB"), enterprise),
        context.file(
            -35,
            ("dayton-systems.csv", "Systems of the legacy data centre", "infrastructure", "CMDB"),
            systems,
        ),
        context.file(
            -34,
            ("dayton-databases.csv", "Databases of the legacy data centre", "infrastructure", "CMDB"),
            databases,
        ),
        context.file(
            -32,
            ("dayton-applications.csv", "Applications of the legacy data centre", "app-discovery", "CMDB"),
            applications,
        ),
    ];
    Ok((estate, files))
}

fn logistics(context: &Context<'_>) -> Result<(Estate, Vec<File>), StoreError> {
    let mut estate = built(context, portfolio::LOGISTICS, 4).finish();
    let mut random = context.random("files");
    let devices = imports::export(&estate, DEVICES, DEVICE_COLUMNS, &mut random);
    let mut servers = imports::export(&estate, HOSTS, SERVER_COLUMNS, &mut random);
    imports::refuse_some(&servers.0, &mut servers.1, 4, &mut random);
    let databases = imports::export(&estate, &["database"], DATABASE_COLUMNS, &mut random);
    let csv = include_str!("fixtures/assets-40.csv");
    let applications = cmdb::read(&mut estate, context.moment.number, &context.project.slug, csv)?;
    let files = vec![
        context.file(-58, ("assets-40.csv", "Application portfolio", "app-discovery", "CMDB"), applications),
        context.file(
            -53,
            ("network-and-storage.csv", "Network and storage", "infrastructure", "CMDB"),
            devices,
        ),
        context.file(
            -51,
            ("hosts-rotterdam-hamburg.csv", "Hosts of both data centres", "infrastructure", "CMDB"),
            servers,
        ),
        context.file(-50, ("databases.csv", "Databases", "infrastructure", "CMDB"), databases),
    ];
    Ok((estate, files))
}

fn health(context: &Context<'_>) -> Result<(Estate, Vec<File>), StoreError> {
    let mut estate = built(context, portfolio::HEALTH, 3).finish();
    let mut random = context.random("files");
    let mut systems = imports::export(&estate, &[HOSTS, DEVICES].concat(), SERVER_COLUMNS, &mut random);
    imports::refuse_some(&systems.0, &mut systems.1, 5, &mut random);
    let databases = imports::export(&estate, &["database"], DATABASE_COLUMNS, &mut random);
    let applications = imports::export(&estate, &["application"], APPLICATION_COLUMNS, &mut random);
    let csv = include_str!("fixtures/discovery-data.csv");
    let first = cmdb::read(&mut estate, context.moment.number, &context.project.slug, csv)?;
    let mut broken = context.file(
        -19,
        ("invalid-cmdb-data.csv", "Ward systems, first try", "infrastructure", "Spreadsheet"),
        unreadable(include_str!("fixtures/invalid-cmdb-data.csv")),
    );
    broken.progress = Progress::Failed;
    let mut waiting = context.file(
        -1,
        ("ward-devices.csv", "Devices of the wards", "infrastructure", "Spreadsheet"),
        ward_devices(&mut random),
    );
    waiting.progress = Progress::AwaitsMapping;
    let files = vec![
        context.file(
            -30,
            ("discovery-data.csv", "Trial with a few systems", "infrastructure", "Scanner"),
            first,
        ),
        context.file(
            -27,
            ("leeds-york-systems.csv", "Systems of both sites", "infrastructure", "CMDB"),
            systems,
        ),
        context.file(
            -26,
            ("leeds-york-databases.csv", "Databases of both sites", "infrastructure", "CMDB"),
            databases,
        ),
        context.file(
            -25,
            ("clinical-applications.csv", "Clinical and office applications", "app-discovery", "CMDB"),
            applications,
        ),
        broken,
        waiting,
    ];
    Ok((estate, files))
}

/// A file of which no row fits its header row.
fn unreadable(csv: &str) -> (Vec<imports::Column>, Vec<imports::Record>) {
    let mut lines = csv.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let wanted = header.len();
    let refused = |cells: &[String]| {
        let sentence = format!("The row has {} columns, the header row {wanted}.", cells.len());
        ("columns", header[0].clone(), sentence)
    };
    let records =
        lines.map(|cells| imports::Record { refused: Some(refused(&cells)), cells, asset: None }).collect();
    (header.iter().map(|name| imports::Column::new(name, None)).collect(), records)
}

/// A file that nobody has mapped yet.
fn ward_devices(random: &mut Random) -> (Vec<imports::Column>, Vec<imports::Record>) {
    let columns = [
        ("Device", Some("name")),
        ("Kind", Some("asset_type")),
        ("Ward", Some("location")),
        ("IP", Some("ip_address")),
        ("Software", Some("operating_system")),
        ("Inventory No", None),
    ];
    let wards = ["Ward 1", "Ward 2", "Ward 4", "Intensive Care", "Maternity", "Emergency"];
    let kinds = [
        ("Infusion pump", "Firmware 8.2"),
        ("Patient monitor", "Windows 10 LTSC"),
        ("Medication cart", "Windows 7"),
    ];
    let records = (1..=36)
        .map(|number| {
            let (kind, software) = *random.of(&kinds);
            let cells = vec![
                format!("DEV-{number:04}"),
                kind.to_owned(),
                (*random.of(&wards)).to_owned(),
                format!("10.50.240.{}", number + 3),
                software.to_owned(),
                format!("{:06}", random.between(100_000, 999_999)),
            ];
            imports::Record { cells, asset: None, refused: None }
        })
        .collect();
    (columns.map(|(header, target)| imports::Column::new(header, target)).to_vec(), records)
}

/// What is known of the assets once they were assessed.
struct Results<'a> {
    context: &'a Context<'a>,
    assessing: &'a assessment::Context<'a>,
    estate: &'a Estate,
    decisions: &'a [Decision],
    moves: &'a [Option<Move>],
}

impl Results<'_> {
    fn decision(&self, block: Option<usize>) -> Option<&Decision> {
        self.decisions.get(block?)
    }

    fn movement(&self, block: Option<usize>) -> Option<Move> {
        self.moves.get(block?).copied().flatten()
    }
}

fn assets(batch: &mut Batch, results: &Results<'_>, origins: &[Option<Origin>]) {
    let context = results.context;
    let people = context.people;
    let edges = |index: usize| results.estate.edges.iter().any(|edge| edge.from == index);
    for (index, (asset, origin)) in results.estate.assets.iter().zip(origins).enumerate() {
        let Some(origin) = origin else { continue };
        let decision = results.decision(asset.block);
        let movement = results.movement(asset.block);
        let is_application = asset.kind == "application";
        let score = decision.filter(|_| is_application).map(|decision| {
            let complexity = match decision.complexity_word() {
                "low" => 5,
                "medium" => 15,
                _ => 30,
            };
            100 - complexity - if edges(index) { 10 } else { 0 }
        });
        let updated = match (decision, movement) {
            (Some(_), _) => results.assessing.finished(),
            _ => origin.completed,
        };
        let text = |object: &serde_json::Map<String, Value>| {
            (!object.is_empty()).then(|| Value::Object(object.clone()))
        };
        row!(
            batch,
            "assets",
            id = asset.id,
            engagement_id = context.project.id().0,
            flow_id = origin.flow,
            master_flow_id = origin.master_flow,
            discovery_flow_id = origin.flow,
            assessment_flow_id = decision.map(|_| results.assessing.flow()),
            source_phase = "data_import",
            current_phase = "tech_debt_assessment",
            name = asset.name,
            hostname = asset.hostname,
            asset_type = asset.kind,
            description = asset.description,
            ip_address = asset.ip_address,
            fqdn = asset.fqdn,
            environment = asset.environment,
            location = asset.location,
            datacenter = asset.datacenter,
            rack_location = asset.rack,
            operating_system = asset.operating_system,
            os_version = asset.os_version,
            cpu_cores = asset.cpu_cores,
            memory_gb = asset.memory_gb,
            storage_gb = asset.storage_gb,
            business_owner = asset.business_owner,
            technical_owner = asset.technical_owner,
            department = asset.department,
            application_name = asset.application_name,
            technology_stack = asset.technology,
            criticality = asset.criticality,
            business_criticality = asset.criticality,
            custom_attributes = text(&asset.custom_attributes),
            technical_details = text(&asset.technical_details),
            six_r_strategy = decision.map(|decision| decision.strategy),
            mapping_status = "mapped",
            migration_complexity = decision.map(Decision::complexity_word),
            migration_wave = movement.map(|to| to.wave),
            sixr_ready = decision.map(|_| "ready"),
            status = asset.status,
            migration_status = movement.map(|to| to.status),
            dependencies = (!asset.dependencies.is_empty()).then(|| Value::from(asset.dependencies.clone())),
            discovery_method = "import",
            discovery_source = origin.file,
            discovery_timestamp = origin.uploaded,
            discovery_status = "completed",
            discovery_completed_at = origin.completed,
            discovered_at = origin.uploaded,
            cpu_utilization_percent = asset.cpu_use,
            memory_utilization_percent = asset.memory_use,
            complexity_score = decision.filter(|_| is_application).map(|decision| decision.complexity),
            assessment_readiness = if decision.is_some() { "ready" } else { "not_ready" },
            assessment_readiness_score = score,
            current_monthly_cost = asset.cost.map(money),
            estimated_cloud_cost =
                decision.and_then(|decision| cloud_cost(asset.cost?, decision.strategy)).map(money),
            imported_by = people.importer.0,
            imported_at = origin.completed,
            source_filename = origin.file,
            raw_import_records_id = origin.record,
            created_at = origin.uploaded + Duration::minutes(72),
            updated_at = updated,
            created_by = people.importer.0,
            updated_by = if decision.is_some() { people.approver.0 } else { people.importer.0 },
        );
    }
}

fn edges(batch: &mut Batch, results: &Results<'_>, origins: &[Option<Origin>]) {
    let (number, scope) = (results.context.moment.number, results.context.project.slug.as_ref());
    for edge in &results.estate.edges {
        let assets = &results.estate.assets;
        let (from, to) = (&assets[edge.from], &assets[edge.to]);
        // Known once both ends are.
        let known = [edge.from, edge.to]
            .iter()
            .filter_map(|end| origins[*end].as_ref())
            .map(|origin| origin.completed)
            .max();
        row!(
            batch,
            "asset_dependencies",
            id = derived(number, "dependency", &[scope, &from.id.to_string(), &to.id.to_string()]),
            engagement_id = results.context.project.id().0,
            asset_id = from.id,
            depends_on_asset_id = to.id,
            dependency_type = edge.kind,
            confidence_score = if edge.named { 0.95 } else { 0.8 },
            source = if edge.named { "import" } else { "network" },
            created_at = known,
            updated_at = known,
        );
    }
}

/// How far each application has come.
fn progress(batch: &mut Batch, results: &Results<'_>, origins: &[Option<Origin>]) {
    let number = results.context.moment.number;
    let anchor = results.context.moment.anchor;
    for (index, asset) in results.estate.assets.iter().enumerate() {
        let Some(origin) = origins[index].as_ref().filter(|_| asset.kind == "application") else { continue };
        let mut stages = vec![("discovery", "completed", origin.uploaded, Some(origin.completed))];
        if results.decision(asset.block).is_some() {
            let assessing = results.assessing;
            stages.push(("assessment", "completed", assessing.begun, Some(assessing.finished())));
        }
        if let Some(to) = results.movement(asset.block) {
            stages.push(("planning", "completed", at(anchor, -35, 9, 0), Some(at(anchor, -33, 10, 0))));
            let began = at(anchor, if to.wave == 1 { -28 } else { -7 }, 7, 0);
            match to.status {
                "migrated" => stages.push((
                    "migration",
                    "completed",
                    began,
                    Some(at(anchor, if to.wave == 1 { -14 } else { -2 }, 17, 0)),
                )),
                "in_progress" => stages.push(("migration", "in_progress", began, None)),
                _ => {}
            }
        }
        for (stage, status, started, completed) in stages {
            row!(
                batch,
                "workflow_progress",
                id = derived(number, "progress", &[&asset.id.to_string(), stage]),
                asset_id = asset.id,
                stage = stage,
                status = status,
                started_at = started,
                completed_at = completed,
                created_at = started,
                updated_at = completed.unwrap_or(started),
            );
        }
    }
}
