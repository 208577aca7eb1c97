//! The pages.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::sections::Section;
use super::table::{Column, Index, Kind, Table};

const BEGIN: &str = "<!-- tables: written by `cargo xtask schema` -->";
const END: &str = "<!-- end of tables -->";

/// The introduction with the list of tables between its marks.
pub(super) fn with_overview(text: &str, sections: &[Section<'_>]) -> Result<String> {
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else {
        bail!("docs/schema.md lacks the marks {BEGIN} and {END} between which the tables are listed");
    };
    let mut list = String::from("\n");
    for section in sections {
        let _ = writeln!(list, "\n| [{}](schema/{}) | |\n|---|---|", section.title, section.file());
        for table in &section.tables {
            let place = format!("schema/{}#{}", section.file(), table.name);
            let _ = writeln!(list, "| [`{}`]({place}) | {} |", table.name, cell(&table.comment));
        }
    }
    list.push('\n');
    Ok(format!("{}{list}{}", &text[..begin + BEGIN.len()], &text[end..]))
}

/// The page of one section.
pub(super) fn section(section: &Section<'_>) -> String {
    let mut page = format!(
        "# {}\n\nWritten by `cargo xtask schema` from the database's own catalogue. [The schema](../schema.md) has the rules, and the \
         meaning of what every table has.\n",
        section.title
    );
    for table in &section.tables {
        describe(&mut page, table);
    }
    page
}

fn describe(page: &mut String, table: &Table) {
    let owner = if table.closed { "Tenant-owned." } else { "Global." };
    let rights = match table.app.as_slice() {
        [] => "nothing".to_owned(),
        rights => rights.join(", "),
    };
    // Writing to a String cannot fail, so the results carry nothing.
    let _ = writeln!(
        page,
        "\n## {}\n\n{}\n\n{owner} The application may: {rights}.\n",
        table.name, table.comment
    );
    page.push_str("| column | type | default | |\n|---|---|---|---|\n");
    for column in &table.columns {
        let _ = writeln!(
            page,
            "| `{}` | {}{} | {} | {} |",
            column.name,
            column.type_name,
            if column.not_null { "" } else { ", null" },
            default(column),
            cell(&column.comment)
        );
    }
    page.push('\n');
    for key in table.constraints.iter().filter(|key| matches!(key.kind, Kind::Primary | Kind::Unique)) {
        let what = if key.kind == Kind::Primary { "Primary key" } else { "Unique" };
        let _ = writeln!(page, "- {what} ({}): `{}`", key.columns.join(", "), key.name);
    }
    for key in table.of_kind(Kind::Foreign) {
        let target = key.target.as_deref().unwrap_or_default();
        let end = if key.cascades { ", goes with it" } else { "" };
        let _ = writeln!(page, "- ({}) refers to `{target}`{end}: `{}`", key.columns.join(", "), key.name);
    }
    for check in table.of_kind(Kind::Check) {
        let _ = writeln!(page, "- `{}`: `{}`", check.name, short(&check.definition));
    }
    for index in &table.indexes {
        let what = if index.unique { "Unique" } else { "Index" };
        let _ = writeln!(page, "- {what} {}: `{}`", covered(index), index.name);
    }
}

fn default(column: &Column) -> String {
    match &column.default {
        None => String::new(),
        Some(expression) if column.generated => format!("always `{}`", cell(expression)),
        Some(expression) => format!("`{}`", cell(expression)),
    }
}

/// What of an index's definition is after the table's name and method.
fn covered(index: &Index) -> String {
    let columns =
        index.definition.split_once("USING btree ").map_or(index.definition.as_str(), |(_, rest)| rest);
    match columns.split_once(" WHERE ") {
        Some((columns, condition)) => format!("{columns} where {}", condition.trim_matches(['(', ')'])),
        None => columns.to_owned(),
    }
}

/// A check on one line and without the casts that PostgreSQL adds.
fn short(definition: &str) -> String {
    let mut text = definition.split_whitespace().collect::<Vec<_>>().join(" ");
    for cast in ["::character varying", "::text[]", "::text", "::double precision", "::numeric"] {
        text = text.replace(cast, "");
    }
    text
}

/// Text that fits into a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
