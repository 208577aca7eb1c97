//! How the tables are grouped, for readers.

use anyhow::{Result, bail};

use super::table::Table;

/// Title, place in the diagram (column, and before or after others of that column) and tables, in the order of the migrations.
const SECTIONS: [(&str, usize, &[&str]); 9] = [
    (
        "Identity and access",
        0,
        &[
            "client_accounts",
            "users",
            "user_profiles",
            "user_roles",
            "user_account_associations",
            "client_access",
            "sessions",
            "sign_in_attempts",
            "password_parameters",
        ],
    ),
    ("Engagements", 1, &["engagements", "engagement_access", "saved_views", "table_layouts"]),
    (
        "Discovery",
        2,
        &[
            "crewai_flow_state_extensions",
            "data_imports",
            "discovery_flows",
            "raw_import_records",
            "import_field_mappings",
            "field_mapping_memory",
        ],
    ),
    ("Assessment flows", 3, &["assessment_flows", "engagement_architecture_standards"]),
    (
        "Assets",
        4,
        &[
            "assets",
            "asset_dependencies",
            "tags",
            "asset_tags",
            "asset_embeddings",
            "workflow_progress",
            "asset_changes",
            "asset_change_rows",
        ],
    ),
    (
        "Assessment",
        5,
        &[
            "assessments",
            "application_architecture_overrides",
            "application_components",
            "tech_debt_analysis",
            "component_treatments",
            "sixr_decisions",
            "assessment_learning_feedback",
        ],
    ),
    ("Waves", 1, &["migration_waves", "wave_plans"]),
    ("Audit", 1, &["access_audit_log", "security_audit_logs", "audit_chains"]),
    ("Histories", 3, &["boot_history", "snapshot_history", "seed_history", "alembic_version"]),
];

/// A group of tables.
pub(super) struct Section<'a> {
    pub(super) title: &'static str,
    /// Column of the diagram, from the left; tables refer to those further left.
    pub(super) place: usize,
    pub(super) tables: Vec<&'a Table>,
}

impl Section<'_> {
    /// Name of its page.
    pub(super) fn file(&self) -> String {
        format!("{}.md", self.title.to_lowercase().replace(' ', "-"))
    }
}

/// Every table in its section.
pub(super) fn of(tables: &[Table]) -> Result<Vec<Section<'_>>> {
    let grouped = |name: &str| SECTIONS.iter().any(|(_, _, names)| names.contains(&name));
    if let Some(table) = tables.iter().find(|table| !grouped(&table.name)) {
        bail!("table {} is in no section: put it into one in xtask/src/schema/sections.rs", table.name);
    }
    let mut sections = Vec::new();
    for (title, place, names) in SECTIONS {
        let mut own = Vec::new();
        for name in names {
            let Some(table) = tables.iter().find(|table| table.name == *name) else {
                bail!(
                    "section {title} names {name}, and there is no such table: see xtask/src/schema/sections.rs"
                );
            };
            own.push(table);
        }
        sections.push(Section { title, place, tables: own });
    }
    Ok(sections)
}
