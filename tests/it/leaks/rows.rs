//! Valid rows for every tenant-owned table, made out of the catalogue.

use std::fmt::Write as _;

use uuid::Uuid;

use super::catalogue::{Column, Table};

/// What a column needs where its type does not tell: one value for each row, in turn. A table that is added with a check on a
/// column without default gets a line here.
const VALUES: &[(&str, &str, &[&str])] = &[
    ("application_architecture_overrides", "override_type", &["exception"]),
    ("assessment_learning_feedback", "original_strategy", &["rehost"]),
    ("assessment_learning_feedback", "override_strategy", &["retain"]),
    ("assessments", "assessment_type", &["technical"]),
    ("access_audit_log", "result", &["success"]),
    ("asset_changes", "kind", &["undo"]),
    ("component_treatments", "recommended_strategy", &["replatform"]),
    ("crewai_flow_state_extensions", "flow_type", &["discovery"]),
    ("engagement_access", "access_level", &["read_only"]),
    ("sixr_decisions", "overall_strategy", &["retire"]),
    ("tech_debt_analysis", "severity", &["low"]),
    (
        "workflow_progress",
        "stage",
        &["discovery", "assessment", "planning", "migration", "validation", "completion"],
    ),
];

/// Rows of each client account in each table.
pub(super) const ROWS: usize = 3;
/// The number of a row that is valid and not there.
pub(super) const FRESH: usize = ROWS + 1;
/// The number of a row that is not there and whose parents are not either.
pub(super) const MISSING: usize = 9;

/// One of the two client accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tenant(pub(super) char);

pub(super) const A: Tenant = Tenant('a');
pub(super) const B: Tenant = Tenant('b');

impl Tenant {
    pub(super) fn id(self) -> Uuid {
        id(self, "client_accounts", "id", 1)
    }

    pub(super) fn other(self) -> Self {
        if self == A { B } else { A }
    }
}

/// The id that row `n` of a client account has in a column.
fn id(tenant: Tenant, table: &str, column: &str, n: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{table}/{column}/{n}", tenant.0).as_bytes())
}

/// A person, for the columns that say who.
fn user(n: usize) -> Uuid {
    id(Tenant('u'), "users", "id", n)
}

/// A row: columns and their values as text.
#[derive(Clone, Debug)]
pub(super) struct Row(Vec<(String, String)>);

impl Row {
    /// Row `n` of a client account: what must be there, and everything that is a key or refers to one.
    pub(super) fn new(table: &Table, tenant: Tenant, n: usize) -> Self {
        let columns = table.columns.iter().filter(|column| {
            column.required
                || table.foreign_keys.iter().any(|key| key.column == column.name)
                || table.unique_keys.iter().any(|key| key.columns.contains(&column.name))
        });
        Self(columns.map(|column| (column.name.clone(), value(table, column, tenant, n))).collect())
    }

    /// The value of a column.
    pub(super) fn value(&self, column: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == column);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {column} in {self:?}"))
    }

    /// The same row with another value in one column.
    pub(super) fn with(mut self, column: &str, value: &str) -> Self {
        for (name, kept) in &mut self.0 {
            if name == column {
                value.clone_into(kept);
            }
        }
        self
    }

    /// The columns, as a statement lists them.
    pub(super) fn columns(&self) -> String {
        self.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The values, as VALUES lists them.
    fn literals(&self) -> String {
        self.0.iter().map(|(_, value)| format!("'{value}'")).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn insert(&self, table: &Table) -> String {
        format!("INSERT INTO migration.{} ({}) VALUES ({})", table.name, self.columns(), self.literals())
    }

    /// The row as COPY reads it.
    pub(super) fn copied(&self) -> String {
        let values = self.0.iter().map(|(_, value)| value.replace('\\', "\\\\"));
        format!("{}\n", values.collect::<Vec<_>>().join("\t"))
    }
}

fn value(table: &Table, column: &Column, tenant: Tenant, n: usize) -> String {
    if column.name == "client_account_id" {
        return tenant.id().to_string();
    }
    if let Some((_, _, values)) =
        VALUES.iter().find(|(of, name, _)| *of == table.name && *name == column.name)
    {
        return values[(n - 1) % values.len()].to_owned();
    }
    if let Some(key) = table.foreign_keys.iter().find(|key| key.column == column.name) {
        if !key.within_tenant {
            return user((n - 1) % FRESH + 1).to_string();
        }
        // Each reference is shifted against the one before, and the fresh row's twice as far: pairs of references are keys in
        // some tables and must differ.
        let within = || table.foreign_keys.iter().filter(|key| key.within_tenant);
        let place = within().position(|other| other.name == key.name).unwrap_or(0);
        let parent = match n {
            // Not the same for two references: some tables forbid that.
            MISSING => MISSING + place,
            FRESH => place * 2 % ROWS + 1,
            _ => (n - 1 + place) % ROWS + 1,
        };
        return id(tenant, &key.table, &key.referred, parent).to_string();
    }
    match column.data_type.as_str() {
        "uuid" => id(tenant, &table.name, &column.name, n).to_string(),
        "jsonb" => "{}".to_owned(),
        "boolean" => "true".to_owned(),
        "bytea" => format!("\\x{}", id(tenant, &table.name, &column.name, n).simple().to_string().repeat(2)),
        "date" | "timestamp with time zone" => "2026-01-15".to_owned(),
        "integer" | "bigint" | "smallint" => (if tenant == A { n } else { 10 + n }).to_string(),
        "double precision" | "numeric" | "real" => "0".to_owned(),
        vector if vector.starts_with("vector(") => {
            let length: usize = vector[7..].trim_end_matches(')').parse().unwrap();
            format!("[{}]", vec!["0.5"; length].join(","))
        }
        // Good as a name, a slug, a kind, an action.
        _ => format!("{}{n}", tenant.0),
    }
}

/// Statements that make both client accounts with their people and rows, as superuser. Before each table its name is printed
/// to stderr.
pub(super) fn fixture(tables: &[Table]) -> String {
    let mut script = String::from("BEGIN;\n");
    for tenant in [A, B] {
        let (id, name) = (tenant.id(), tenant.0);
        writeln!(
            script,
            "INSERT INTO migration.client_accounts (id, name, slug) VALUES ('{id}', 'Leaks {name}', 'leaks-{name}');"
        )
        .unwrap();
    }
    for n in 1..=FRESH {
        let id = user(n);
        writeln!(
            script,
            "INSERT INTO migration.users (id, email) VALUES ('{id}', 'leaks-{n}@example.test');
             INSERT INTO migration.user_profiles (user_id) VALUES ('{id}');"
        )
        .unwrap();
    }
    for table in tables {
        writeln!(script, "\\warn {}", table.name).unwrap();
        for tenant in [A, B] {
            let rows: Vec<Row> = (1..=ROWS).map(|n| Row::new(table, tenant, n)).collect();
            let literals: Vec<String> = rows.iter().map(|row| format!("({})", row.literals())).collect();
            // One statement: a row may refer to one that comes after it.
            writeln!(
                script,
                "INSERT INTO migration.{} ({}) VALUES\n{};",
                table.name,
                rows[0].columns(),
                literals.join(",\n")
            )
            .unwrap();
        }
    }
    script.push_str("COMMIT;\nANALYZE;\n");
    script
}
