//! A table as the catalogue describes it.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A table of the schema.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) comment: String,
    /// Whether it belongs to client accounts, that is, row-level security closes it.
    pub(super) closed: bool,
    pub(super) columns: Vec<Column>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
    /// What the application may do, as SQL calls it.
    pub(super) app: Vec<String>,
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) not_null: bool,
    pub(super) generated: bool,
    pub(super) default: Option<String>,
    pub(super) comment: String,
}

pub(super) struct Constraint {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) definition: String,
    pub(super) columns: Vec<String>,
    /// The table that a foreign key refers to.
    pub(super) target: Option<String>,
    /// Whether a row goes with the one it refers to.
    pub(super) cascades: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Primary,
    Unique,
    Foreign,
    Check,
}

pub(super) struct Index {
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) unique: bool,
}

impl Table {
    /// Reads the answer of `describe.sql`.
    pub(super) fn all(described: &str) -> Result<Vec<Self>> {
        let value: Value = serde_json::from_str(described).context("describe.sql answered with no JSON")?;
        Ok(list(&value).iter().map(Self::read).collect())
    }

    fn read(value: &Value) -> Self {
        Self {
            name: text(&value["name"]),
            comment: text(&value["comment"]),
            closed: value["closed"] == true,
            columns: list(&value["columns"]).iter().map(Column::read).collect(),
            constraints: list(&value["constraints"]).iter().map(Constraint::read).collect(),
            indexes: list(&value["indexes"])
                .iter()
                .map(|index| Index {
                    name: text(&index["name"]),
                    definition: text(&index["definition"]),
                    unique: index["unique"] == true,
                })
                .collect(),
            app: list(&value["app"]).iter().map(text).collect(),
        }
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(move |constraint| constraint.kind == kind)
    }
}

impl Column {
    fn read(value: &Value) -> Self {
        let short = text(&value["type"])
            .replace("character varying", "varchar")
            .replace("timestamp with time zone", "timestamptz");
        Self {
            name: text(&value["name"]),
            type_name: short,
            not_null: value["not_null"] == true,
            generated: value["generated"] == true,
            default: value["default"].as_str().map(|default| default.replace("::character varying", "")),
            comment: text(&value["comment"]),
        }
    }
}

impl Constraint {
    fn read(value: &Value) -> Self {
        Self {
            name: text(&value["name"]),
            kind: match value["kind"].as_str() {
                Some("p") => Kind::Primary,
                Some("u") => Kind::Unique,
                Some("f") => Kind::Foreign,
                _ => Kind::Check,
            },
            definition: text(&value["definition"]),
            columns: list(&value["columns"]).iter().map(text).collect(),
            target: value["target"].as_str().map(str::to_owned),
            cascades: value["cascades"] == true,
        }
    }

    /// The column of a foreign key that is its own, beside the client account's.
    pub(super) fn own_column(&self) -> Option<&str> {
        self.columns.last().map(String::as_str)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
