//! Files that were imported: their raw rows, field mappings and flows, and which asset came from which row.

use drydock_domain::UserId;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    copy::{Batch, row},
    derived,
    estate::{Asset, Estate, titled},
    random::Random,
};
use crate::StoreError;

/// Phases of a discovery flow, in order.
pub(super) const PHASES: [&str; 6] = [
    "data_import",
    "field_mapping",
    "data_cleansing",
    "asset_inventory",
    "dependency_analysis",
    "tech_debt_assessment",
];

/// How sure the mapper is of a header that is the target's own name, and of one that matches a pattern of it.
const EXACT: f64 = 0.95;
const PATTERN: f64 = 0.8;

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Every phase is done, and the assets are there.
    Finished,
    /// The rows are there; a person is to approve the mappings.
    AwaitsMapping,
    /// No row could be taken.
    Failed,
}

/// A column of a file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) header: String,
    /// Column of `assets`; `None` where a person dropped it.
    pub(super) target: Option<&'static str>,
}

impl Column {
    pub(super) fn new(header: &str, target: Option<&'static str>) -> Self {
        Self { header: header.to_owned(), target }
    }

    fn is_exact(&self) -> bool {
        self.target == Some(self.header.to_lowercase().replace(' ', "_").as_str())
    }
}

/// A row of a file.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) cells: Vec<String>,
    /// Index of the asset that it became.
    pub(super) asset: Option<usize>,
    /// Why it became none: a code, the column and a sentence.
    pub(super) refused: Option<(&'static str, String, String)>,
}

/// An imported file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// `data_imports.import_type`.
    pub(super) category: &'static str,
    pub(super) source: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) records: Vec<Record>,
    /// When it was uploaded.
    pub(super) at: OffsetDateTime,
    pub(super) progress: Progress,
}

/// Who imports, and who approves mappings.
#[derive(Clone, Copy, Debug)]
pub(super) struct People {
    pub(super) importer: UserId,
    pub(super) approver: UserId,
}

/// Where an asset came from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) record: Uuid,
    pub(super) flow: Uuid,
    pub(super) master_flow: Uuid,
    pub(super) file: &'static str,
    pub(super) uploaded: OffsetDateTime,
    pub(super) completed: OffsetDateTime,
}

/// A file of generated assets: the columns, with what to say in those that are dropped, and one row for each asset of `kinds`.
pub(super) fn export(
    estate: &Estate,
    kinds: &[&str],
    columns: &[(&str, Option<&'static str>)],
    random: &mut Random,
) -> (Vec<Column>, Vec<Record>) {
    let heads = columns.iter().map(|(header, target)| Column::new(header, *target)).collect();
    let mut records = Vec::new();
    for (index, asset) in estate.assets.iter().enumerate() {
        if !kinds.contains(&asset.kind) {
            continue;
        }
        let cells = columns
            .iter()
            .map(|(_, target)| match target {
                Some(target) => shown(&field(asset, target), target),
                None => format!("{:08X}", random.between(0x1000_0000, 0xFFFF_FFFF)),
            })
            .collect();
        records.push(Record { cells, asset: Some(index), refused: None });
    }
    (heads, records)
}

/// Adds rows that were refused: doubles of others, and one without a name.
pub(super) fn refuse_some(columns: &[Column], records: &mut Vec<Record>, count: usize, random: &mut Random) {
    let unique = |column: &&Column| matches!(column.target, Some("hostname" | "name"));
    let Some(key) = columns.iter().find(unique).map(|column| column.header.clone()) else { return };
    let last = u32::try_from(records.len().saturating_sub(1)).unwrap_or_default();
    for number in 0..count {
        let double = random.between(0, last) as usize;
        let Some(mut record) = records.get(double).cloned() else { return };
        record.asset = None;
        record.refused = Some(if number == 0 {
            for (cell, column) in record.cells.iter_mut().zip(columns) {
                if column.target == Some("name") {
                    cell.clear();
                }
            }
            ("required", "name".to_owned(), "The row has no name.".to_owned())
        } else {
            // Rows count from 1 with the header row, and those before the refused ones keep their numbers.
            ("duplicate", key.clone(), format!("Row {} has the same value.", double + 2))
        });
        records.push(record);
    }
}

/// What column `target` of `assets` holds.
fn field(asset: &Asset, target: &str) -> Value {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    let number = |number: Option<u32>| number.map_or(Value::Null, Value::from);
    match target {
        "name" => asset.name.clone().into(),
        "asset_type" => asset.kind.into(),
        "hostname" => text(&asset.hostname),
        "fqdn" => text(&asset.fqdn),
        "description" => text(&asset.description),
        "ip_address" => text(&asset.ip_address),
        "environment" => text(&asset.environment),
        "location" => text(&asset.location),
        "datacenter" => text(&asset.datacenter),
        "rack_location" => text(&asset.rack),
        "operating_system" => text(&asset.operating_system),
        "os_version" => text(&asset.os_version),
        "cpu_cores" => number(asset.cpu_cores),
        "memory_gb" => number(asset.memory_gb),
        "storage_gb" => number(asset.storage_gb),
        "business_owner" => text(&asset.business_owner),
        "technical_owner" => text(&asset.technical_owner),
        "department" => text(&asset.department),
        "application_name" => text(&asset.application_name),
        "technology_stack" => text(&asset.technology),
        "criticality" => text(&asset.criticality),
        "status" => text(&asset.status),
        "current_monthly_cost" => asset.cost.map_or(Value::Null, |cost| (f64::from(cost) / 100.0).into()),
        "dependencies" if asset.dependencies.is_empty() => Value::Null,
        "dependencies" => asset.dependencies.clone().into(),
        "custom_attributes" if asset.custom_attributes.is_empty() => Value::Null,
        "custom_attributes" => asset.custom_attributes.clone().into(),
        _ => Value::Null,
    }
}

/// A value as a file has it.
fn shown(value: &Value, target: &str) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(word) if matches!(target, "environment" | "status" | "criticality" | "asset_type") => {
            titled(word)
        }
        Value::String(text) => text.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The file's bytes, as they were uploaded.
fn bytes(file: &File) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(file.columns.iter().map(|column| &column.header))?;
    for record in &file.records {
        writer.write_record(&record.cells)?;
    }
    writer.into_inner().map_err(|error| StoreError::UnexpectedValue(error.to_string()))
}

/// Who and what an import belongs to.
pub(super) struct Context<'a> {
    pub(super) number: u64,
    pub(super) scope: &'a str,
    pub(super) engagement: Uuid,
    pub(super) people: People,
}

/// Adds an import with everything that belongs to it; `origins` learns where its assets came from.
pub(super) fn write(
    batch: &mut Batch,
    context: &Context<'_>,
    file: &File,
    estate: &Estate,
    origins: &mut [Option<Origin>],
) -> Result<(), StoreError> {
    let id = |kind: &str, name: &str| derived(context.number, kind, &[context.scope, file.name, name]);
    let (import, master) = (id("import", ""), id("flow", "discovery"));
    let engagement = context.engagement;
    let total = file.records.len();
    let processed = file.records.iter().filter(|record| record.asset.is_some()).count();
    let failed = file.records.iter().filter(|record| record.refused.is_some()).count();
    let done = match file.progress {
        Progress::Finished => PHASES.len(),
        Progress::AwaitsMapping => 1,
        Progress::Failed => 0,
    };
    let at = |phase: usize| file.at + Duration::minutes([4, 46, 61, 72, 95, 110][phase]);
    let ended = match file.progress {
        Progress::Finished => Some(at(5)),
        Progress::AwaitsMapping => None,
        Progress::Failed => Some(at(0)),
    };
    let (flow_status, child_status, import_status) = match file.progress {
        Progress::Finished => ("completed", "completed", "completed"),
        Progress::AwaitsMapping => ("waiting_for_approval", "waiting_for_approval", "discovery_initiated"),
        Progress::Failed => ("failed", "failed", "failed"),
    };
    let last = if done == 0 { at(0) } else { at(done - 1) };
    let transitions: Vec<_> = (0..done)
        .map(|phase| json!({ "phase": PHASES[phase], "status": "completed", "at": rfc3339(at(phase)) }))
        .collect();
    let error = (file.progress == Progress::Failed).then(|| format!("None of {total} rows could be read."));
    row!(
        batch,
        "crewai_flow_state_extensions",
        id = id("master", ""),
        flow_id = master,
        engagement_id = engagement,
        user_id = context.people.importer.0,
        flow_type = "discovery",
        flow_name = format!("Discovery of {}", file.name),
        flow_status = flow_status,
        phase_transitions = Value::from(transitions),
        error_history = error
            .as_ref()
            .map_or_else(|| json!([]), |error| json!([{ "phase": PHASES[0], "message": error }])),
        child_flow_ids = json!([id("flow", "child")]),
        created_at = file.at,
        updated_at = last,
    );

    let bytes = bytes(file)?;
    row!(
        batch,
        "data_imports",
        id = import,
        engagement_id = engagement,
        master_flow_id = master,
        import_name = file.title,
        import_type = file.category,
        filename = file.name,
        file_size = bytes.len(),
        file_sha256 = Sha256::digest(&bytes).to_vec(),
        mime_type = "text/csv",
        source_system = file.source,
        status = import_status,
        progress_percentage = percent(processed + failed, total),
        total_records = total,
        processed_records = processed,
        failed_records = failed,
        imported_by = context.people.importer.0,
        error_message = error,
        started_at = file.at,
        completed_at = ended,
        created_at = file.at,
        updated_at = last,
    );

    let tech_debt = (done == PHASES.len()).then(|| {
        let count = |status: &str| {
            let has = |record: &&Record| {
                record.asset.is_some_and(|index| {
                    estate.assets[index].technical_details.get("support_status").and_then(Value::as_str) == Some(status)
                })
            };
            file.records.iter().filter(has).count()
        };
        json!({ "end_of_life": count("end_of_life"), "ends_soon": count("ends_soon"), "supported": count("supported") })
    });
    row!(
        batch,
        "discovery_flows",
        id = id("discovery", ""),
        flow_id = id("flow", "child"),
        master_flow_id = master,
        engagement_id = engagement,
        user_id = context.people.importer.0,
        data_import_id = import,
        flow_name = format!("Discovery of {}", file.name),
        status = child_status,
        progress_percentage = percent(done, PHASES.len()),
        data_import_completed = done > 0,
        field_mapping_completed = done > 1,
        data_cleansing_completed = done > 2,
        asset_inventory_completed = done > 3,
        dependency_analysis_completed = done > 4,
        tech_debt_assessment_completed = done > 5,
        assessment_ready = done == PHASES.len(),
        flow_type = "discovery",
        current_phase = PHASES.get(done).copied(),
        phases_completed = Value::from(PHASES[..done].to_vec()),
        tech_debt_analysis = tech_debt,
        error_message = error,
        error_phase = error.as_ref().map(|_| PHASES[0]),
        created_at = file.at,
        updated_at = last,
        completed_at = ended.filter(|_| file.progress == Progress::Finished),
    );

    write_records(
        batch,
        context,
        file,
        estate,
        origins,
        Written { import, master, child: id("flow", "child"), at: &at, done },
    )?;
    let failed = file.progress == Progress::Failed;
    for column in file.columns.iter().filter(|_| !failed) {
        let approved = done > 1;
        row!(
            batch,
            "import_field_mappings",
            id = id("mapping", &column.header),
            data_import_id = import,
            engagement_id = engagement,
            master_flow_id = master,
            source_field = column.header,
            target_field = column.target.unwrap_or("UNMAPPED"),
            match_type = if column.is_exact() { "exact" } else { "pattern" },
            confidence_score = column.target.map(|_| if column.is_exact() { EXACT } else { PATTERN }),
            status = if approved { "approved" } else { "suggested" },
            approved_by = approved.then_some(context.people.approver.0),
            approved_at = approved.then(|| at(1)),
            created_at = at(0),
            updated_at = if approved { at(1) } else { at(0) },
        );
    }
    Ok(())
}

/// What the rows of an import refer to.
struct Written<'a> {
    import: Uuid,
    master: Uuid,
    child: Uuid,
    at: &'a dyn Fn(usize) -> OffsetDateTime,
    done: usize,
}

fn write_records(
    batch: &mut Batch,
    context: &Context<'_>,
    file: &File,
    estate: &Estate,
    origins: &mut [Option<Origin>],
    written: Written<'_>,
) -> Result<(), StoreError> {
    for (index, record) in file.records.iter().enumerate() {
        // Row 1 is the header row.
        let row_number =
            i32::try_from(index + 2).map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
        let id = derived(context.number, "row", &[context.scope, file.name, &row_number.to_string()]);
        let mut raw = Map::new();
        for (position, cell) in record.cells.iter().enumerate() {
            let header = match file.columns.get(position) {
                Some(column) => column.header.clone(),
                None => format!("column_{}", position + 1),
            };
            raw.insert(header, cell.clone().into());
        }
        let asset = record.asset.map(|index| &estate.assets[index]);
        let cleansed = asset.map(|asset| {
            let targets = file.columns.iter().filter_map(|column| column.target);
            let known = targets.map(|target| (target.to_owned(), field(asset, target)));
            Value::Object(known.filter(|(_, value)| !value.is_null()).collect())
        });
        let processed = asset.is_some().then(|| (written.at)(3));
        let errors = record
            .refused
            .as_ref()
            .map(|(code, column, message)| json!([{ "code": code, "column": column, "message": message }]));
        row!(
            batch,
            "raw_import_records",
            id = id,
            data_import_id = written.import,
            engagement_id = context.engagement,
            master_flow_id = written.master,
            row_number = row_number,
            raw_data = Value::Object(raw),
            cleansed_data = cleansed,
            validation_errors = errors,
            is_processed = asset.is_some(),
            is_valid = record.refused.is_none(),
            asset_id = asset.map(|asset| asset.id),
            created_at = file.at,
            updated_at = processed.unwrap_or((written.at)(0)),
            processed_at = processed,
        );
        if let Some(index) = record.asset {
            origins[index] = Some(Origin {
                record: id,
                flow: written.child,
                master_flow: written.master,
                file: file.name,
                uploaded: file.at,
                completed: (written.at)(written.done.saturating_sub(1)),
            });
        }
    }
    Ok(())
}

/// `part` of `whole` in percent; of nothing, nothing.
pub(super) fn percent(part: usize, whole: usize) -> f64 {
    // Counts of rows are far below where an f64 skips whole numbers.
    #[allow(clippy::cast_precision_loss)]
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// A moment as JSON has it.
pub(super) fn rfc3339(moment: OffsetDateTime) -> String {
    let (hour, minute, second) = moment.time().as_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", moment.date())
}
