//! Assets as comma-separated values (RFC 4180), page by page.

use drydock_domain::{
    EngagementId,
    asset::{Column, Kind},
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    filter::Filter,
    page::{Count, Key, Order, Start, keys},
};
use crate::{StoreError, TenantTx};

/// How assets are written.
#[derive(Clone, Debug)]
pub struct Format {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Whether text that a spreadsheet would run as a formula gets an apostrophe before it, as OWASP advises
    /// (<https://owasp.org/www-community/attacks/CSV_Injection>).
    pub escape_formulas: bool,
}

/// A piece of a file.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Whole lines, ended by CR LF.
    pub text: Vec<u8>,
    /// So many assets.
    pub assets: usize,
    /// Where the next piece begins; `None` after the last.
    pub next: Option<Key>,
    /// Assets in all pieces.
    pub total: Count,
}

/// The line of the columns' names.
///
/// # Errors
/// None that can happen: it is written to memory.
pub fn head(format: &Format) -> Result<Vec<u8>, StoreError> {
    lines(std::iter::once(format.columns.iter().map(|column| column.name().to_owned()).collect()))
}

/// The lines of the next `limit` assets behind `after`, or of the first ones.
///
/// # Errors
/// As for [`page`](super::page()).
pub async fn piece(
    tx: &mut TenantTx,
    engagement: EngagementId,
    filter: &Filter,
    order: Order,
    format: &Format,
    after: Option<Key>,
    limit: u16,
) -> Result<Piece, StoreError> {
    let start = after.map_or(Start::First, Start::After);
    let found = keys(tx, engagement, filter, order, &start, limit).await?;
    let rows = cells(tx, &found.ids, &format.columns).await?;
    let lines = lines(rows.into_iter().map(|row| {
        row.into_iter()
            .zip(&format.columns)
            .map(|(cell, column)| match cell {
                Some(cell) if format.escape_formulas && is_text(*column) && is_formula(&cell) => {
                    format!("'{cell}")
                }
                cell => cell.unwrap_or_default(),
            })
            .collect()
    }))?;
    Ok(Piece { text: lines, assets: found.ids.len(), next: found.next, total: found.total })
}

/// What the columns hold, as text, in the order of `ids`.
async fn cells(
    tx: &mut TenantTx,
    ids: &[Uuid],
    columns: &[Column],
) -> Result<Vec<Vec<Option<String>>>, StoreError> {
    let mut sql = QueryBuilder::new("select array[");
    for (position, column) in columns.iter().enumerate() {
        sql.push(if position == 0 { "" } else { ", " });
        match column.kind() {
            // As ISO 8601 has it.
            Kind::Moment => sql.push("to_json(").push(column.name()).push(") #>> '{}'"),
            _ => sql.push(column.name()).push("::text"),
        };
    }
    sql.push("]::text[] from unnest(").push_bind(ids).push(") with ordinality as wanted (asset, place)");
    sql.push(" join migration.assets on client_account_id = ").push_bind(tx.client_account_id().0);
    sql.push(" and id = asset order by place");
    Ok(sql.build_query_scalar().persistent(false).fetch_all(tx.connection()).await?)
}

fn lines(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|error| StoreError::UnexpectedValue(error.to_string()))
}

fn is_text(column: Column) -> bool {
    matches!(column.kind(), Kind::Text(_) | Kind::Word(_) | Kind::Choice(_))
}

/// Whether a spreadsheet takes the cell for a formula: what OWASP lists, and the full-width forms of it.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_formula_is_known() {
        for cell in ["=1", "+1", "-1", "@A", "\t=1", "\r", "\n", "＝1"] {
            assert!(is_formula(cell), "{cell:?}");
        }
        for cell in ["", "a=1", " =1", "'=1", "1"] {
            assert!(!is_formula(cell), "{cell:?}");
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let row = ["a", "b,c", "d\"e", "f\r\ng", ""].map(str::to_owned).to_vec();
        let text = String::from_utf8(lines(std::iter::once(row)).unwrap()).unwrap();
        assert_eq!(text, "a,\"b,c\",\"d\"\"e\",\"f\r\ng\",\r\n");
    }
}
