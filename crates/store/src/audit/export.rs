//! Entries as CSV (RFC 4180) for a spreadsheet.

use super::Entry;
use crate::StoreError;

const HEAD: [&str; 20] = [
    "number",
    "at",
    "event",
    "title",
    "severity",
    "outcome",
    "actor_email",
    "actor_role",
    "target_email",
    "resource_type",
    "resource_id",
    "client_account_id",
    "engagement_id",
    "description",
    "ip_address",
    "user_agent",
    "request_id",
    "request",
    "details",
    "entry_hash",
];

/// The line that names the columns.
///
/// # Errors
/// When a cell cannot be written, which does not happen in memory.
pub fn csv_head() -> Result<Vec<u8>, StoreError> {
    lines([HEAD.map(str::to_owned)].into_iter())
}

/// One line for each entry. Text that a spreadsheet would run as a formula is led by an apostrophe, as OWASP advises
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
///
/// # Errors
/// As [`csv_head`].
pub fn csv_lines(entries: &[Entry]) -> Result<Vec<u8>, StoreError> {
    lines(entries.iter().map(cells))
}

fn cells(entry: &Entry) -> [String; 20] {
    let text = |value: Option<&str>| value.map(plain).unwrap_or_default();
    let id = |value: Option<uuid::Uuid>| value.map(|id| id.to_string()).unwrap_or_default();
    let at = entry.at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    let request =
        [&entry.request_method, &entry.request_path].map(|part| part.as_deref().unwrap_or_default());
    [
        entry.number.to_string(),
        at,
        entry.event.clone(),
        plain(entry.title()),
        entry.severity.clone(),
        entry.outcome.clone(),
        text(entry.actor_email.as_deref()),
        text(entry.actor_role.as_deref()),
        text(entry.target_email.as_deref()),
        text(entry.resource_type.as_deref()),
        text(entry.resource_id.as_deref()),
        id(entry.client_account_id),
        id(entry.engagement_id),
        plain(&entry.description),
        text(entry.ip_address.as_deref()),
        text(entry.user_agent.as_deref()),
        text(entry.request_id.as_deref()),
        plain(request.join(" ").trim()),
        plain(&entry.details.to_string()),
        crate::content::hexadecimal(&entry.entry_hash),
    ]
}

/// A cell that no spreadsheet computes: what OWASP lists as a beginning of a formula, and the full-width forms of it.
fn plain(cell: &str) -> String {
    let begins =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠');
    if cell.trim_start_matches(' ').starts_with(begins) { format!("'{cell}") } else { cell.to_owned() }
}

fn lines(rows: impl Iterator<Item = [String; 20]>) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| StoreError::UnexpectedValue(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_is_run_as_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "  =1"] {
            assert_eq!(plain(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in ["", "web-01", "1+1", "a@b.example", "'=1"] {
            assert_eq!(plain(cell), cell);
        }
    }
}
