//! Which assets are wanted.

use drydock_domain::{
    EngagementId,
    asset::{Column, Kind},
};
use sqlx::{Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::TenantTx;

/// What one column must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// One of these words or texts, exactly, or nothing recorded if `or_missing`.
    OneOf {
        /// The values.
        values: Vec<String>,
        /// Whether nothing recorded passes as well.
        or_missing: bool,
    },
    /// Text that contains this, in any case.
    Contains(String),
    /// A number within these bounds, both included.
    Numbers {
        /// Not below it.
        least: Option<f64>,
        /// Not above it.
        most: Option<f64>,
    },
    /// A moment from the first on and before the second.
    Moments {
        /// Not before it.
        from: Option<OffsetDateTime>,
        /// Before it.
        until: Option<OffsetDateTime>,
    },
    /// Nothing recorded.
    Missing,
    /// Anything recorded.
    Recorded,
}

/// Which assets are wanted: those for which all of it is true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Each is in `search_text`, in any case.
    pub words: Vec<String>,
    /// What columns hold.
    pub tests: Vec<(Column, Test)>,
}

impl Filter {
    /// Whether every asset passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.tests.is_empty()
    }

    /// Adds the condition, of which every part begins with `and`.
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        for word in &self.words {
            // Folded by the database, as the column is.
            sql.push(" and search_text like lower(").push_bind(containing(word)).push(")");
        }
        for (column, test) in &self.tests {
            push_test(sql, *column, test);
        }
    }
}

fn push_test(sql: &mut QueryBuilder<Postgres>, column: Column, test: &Test) {
    let name = column.name();
    match test {
        Test::OneOf { values, or_missing } => {
            sql.push(" and (").push(name);
            match values.as_slice() {
                [one] => sql.push(" = ").push_bind(one.clone()),
                several => sql.push(" = any(").push_bind(several.to_vec()).push(")"),
            };
            if *or_missing {
                sql.push(" or ").push(name).push(" is null");
            }
            sql.push(")");
        }
        Test::Contains(text) => {
            sql.push(" and lower(").push(name).push(") like lower(").push_bind(containing(text)).push(")");
        }
        Test::Numbers { least, most } => {
            for (operator, bound) in [(" >= ", least), (" <= ", most)] {
                let Some(bound) = bound else { continue };
                // A whole column is compared as what it is, so that its index can be used; the bound may lie beyond it.
                sql.push(" and ").push(name).push(operator);
                if column.kind() == Kind::Whole {
                    let whole = if operator == " >= " { bound.ceil() } else { bound.floor() };
                    #[allow(
                        clippy::cast_possible_truncation,
                        reason = "a float is cut to the nearest that an i64 holds"
                    )]
                    sql.push_bind(whole as i64);
                } else {
                    sql.push_bind(*bound);
                }
            }
            if least.is_none() && most.is_none() {
                sql.push(" and ").push(name).push(" is not null");
            }
        }
        Test::Moments { from, until } => {
            for (operator, bound) in [(" >= ", from), (" < ", until)] {
                if let Some(bound) = bound {
                    sql.push(" and ").push(name).push(operator).push_bind(*bound);
                }
            }
        }
        Test::Missing => {
            sql.push(" and ").push(name).push(" is null");
        }
        Test::Recorded => {
            sql.push(" and ").push(name).push(" is not null");
        }
    }
}

/// What narrows a statement to the assets of an engagement that pass.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) client_account: Uuid,
    pub(super) engagement: Uuid,
    pub(super) filter: &'a Filter,
}

impl<'a> Scope<'a> {
    pub(super) fn new(tx: &TenantTx, engagement: EngagementId, filter: &'a Filter) -> Self {
        Self { client_account: tx.client_account_id().0, engagement: engagement.0, filter }
    }

    /// Adds `from migration.assets where` and the condition.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" from migration.assets where client_account_id = ").push_bind(self.client_account);
        sql.push(" and engagement_id = ").push_bind(self.engagement);
        self.filter.push(sql);
    }
}

/// The LIKE pattern for "contains `text`", with the pattern characters taken literally.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn pattern_characters_are_literal() {
        assert_eq!(containing("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
