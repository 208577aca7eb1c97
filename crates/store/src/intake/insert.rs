//! Writing rows of which some may not fit.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, types::Json};
use uuid::Uuid;

use super::{Document, Taken, columns::Columns, refuse};
use crate::{StoreError, error::words};

/// How often a row is tried with one more value left out.
const TRIES: u32 = 12;

/// Writes rows of one client account, or global ones. A batch that is refused is halved until the rows are alone that do not fit;
/// such a row is tried again without the values a constraint named, where they may be empty.
pub(super) async fn write(
    tx: &mut PgConnection,
    columns: &Columns,
    owner: Option<Uuid>,
    mut documents: Vec<Document>,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    // Nothing but a uuid's text form is in it; see `TenantTx::enter`.
    let owner = owner.map_or_else(String::new, |owner| owner.as_hyphenated().to_string());
    let enter = format!("SET LOCAL app.client_account_id = '{owner}'");
    sqlx::raw_sql(AssertSqlSafe(enter)).execute(&mut *tx).await?;

    let statement = columns.insert();
    let mut tries = 0;
    let mut open = Vec::new();
    open.push(0..documents.len());
    while let Some(range) = open.pop() {
        let rows = documents[range.clone()].iter().cloned().map(Value::Object).collect();
        let Some(refusal) = attempt(tx, &statement, rows).await? else {
            taken.taken += range.len() as u64;
            tries = 0;
            continue;
        };
        if range.len() > 1 {
            let middle = range.start + range.len() / 2;
            open.extend([middle..range.end, range.start..middle]);
            continue;
        }
        let constraint = refusal.constraint.as_deref();
        tries += 1;
        if tries < TRIES
            && constraint.is_some_and(|name| columns.empty(name, &mut documents[range.start], taken))
        {
            open.push(range);
        } else {
            tries = 0;
            refuse(taken, refusal.reason());
        }
    }
    Ok(())
}

/// Why rows were refused.
struct Refusal {
    constraint: Option<String>,
    code: String,
    message: String,
}

impl Refusal {
    /// The same for all rows that were refused for the same reason: the constraint, or the server's words without the row's values.
    fn reason(self) -> String {
        match self.constraint {
            Some(constraint) => format!("against {constraint}"),
            None => match self.message.split_once(": \"") {
                Some((before, _)) => format!("{before} [{}]", self.code),
                None => format!("{} [{}]", self.message, self.code),
            },
        }
    }
}

async fn attempt(
    tx: &mut PgConnection,
    statement: &str,
    rows: Vec<Value>,
) -> Result<Option<Refusal>, StoreError> {
    sqlx::raw_sql("SAVEPOINT attempt").execute(&mut *tx).await?;
    // Names of our own catalogue, quoted, and defaults as it prints them; the rows are the parameter.
    let done = sqlx::query(AssertSqlSafe(statement.to_owned()))
        .bind(Json(Value::Array(rows)))
        .execute(&mut *tx)
        .await;
    match done {
        Ok(_) => {
            sqlx::raw_sql("RELEASE SAVEPOINT attempt").execute(&mut *tx).await?;
            Ok(None)
        }
        Err(error) => {
            let Some(database) = error.as_database_error() else { return Err(error.into()) };
            let refusal = Refusal {
                constraint: database.constraint().map(str::to_owned),
                code: database.code().map_or_else(String::new, |code| code.into_owned()),
                message: words(&error),
            };
            sqlx::raw_sql("ROLLBACK TO SAVEPOINT attempt").execute(&mut *tx).await?;
            Ok(Some(refusal))
        }
    }
}
