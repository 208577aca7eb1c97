//! What is asked in each context, and what must come of it.

use super::{
    catalogue::Table,
    rows::{A, B, FRESH, MISSING, ROWS, Row, Tenant},
};

/// In which state of a connection a statement runs. All of a table's run on one connection, in this order, as they would on one
/// of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    None,
    Empty,
    Garbage,
    Within(Tenant),
    AThenB,
    AfterCommit,
    AfterError,
    AfterRollback,
    AfterCancel,
}

pub(super) const CONTEXTS: [Context; 10] = [
    // First: no other has set anything on the connection yet.
    Context::None,
    Context::Empty,
    Context::Garbage,
    Context::Within(A),
    Context::Within(B),
    Context::AThenB,
    Context::AfterCommit,
    Context::AfterError,
    Context::AfterRollback,
    Context::AfterCancel,
];

impl Context {
    pub(super) fn name(self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::Garbage => "garbage".to_owned(),
            Self::Within(tenant) => tenant.0.to_string(),
            Self::AThenB => "a then b".to_owned(),
            Self::AfterCommit => "after commit".to_owned(),
            Self::AfterError => "after error".to_owned(),
            Self::AfterRollback => "after rollback".to_owned(),
            Self::AfterCancel => "after cancel".to_owned(),
        }
    }

    /// Whose rows may be seen.
    fn tenant(self) -> Option<Tenant> {
        match self {
            Self::Within(tenant) => Some(tenant),
            Self::AThenB => Some(B),
            _ => None,
        }
    }

    /// What the client account is set to in the statement's own transaction.
    pub(super) fn setting(self) -> Option<String> {
        match self {
            Self::Empty => Some(String::new()),
            Self::Garbage => Some("'' or true --".to_owned()),
            _ => self.tenant().map(|tenant| tenant.id().to_string()),
        }
    }

    /// What runs on the connection before, and the state that it must end with.
    pub(super) fn before(self, table: &Table) -> Option<(String, &'static str)> {
        let a = A.id();
        let within = format!("BEGIN \\; SET LOCAL app.client_account_id = '{a}' \\;");
        let read = format!("SELECT count(*) FROM migration.{}", table.name);
        match self {
            Self::AThenB | Self::AfterCommit => Some((format!("{within} {read} \\; COMMIT;"), "00000")),
            Self::AfterError => Some((format!("{within} {read} \\; SELECT 1 / 0;"), "22012")),
            Self::AfterRollback => Some((format!("{within} {read} \\; ROLLBACK;"), "00000")),
            Self::AfterCancel => Some((
                format!("{within} SET LOCAL statement_timeout = 1;\n{read} \\; SELECT pg_sleep(60);"),
                "57014",
            )),
            _ => None,
        }
    }
}

/// What must come of a statement.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// It succeeds on that many rows.
    Rows(usize),
    /// It succeeds and prints this.
    Prints(String),
    /// It succeeds, and that many of its lines contain the text.
    Lines(usize, String),
    /// It succeeds, and the first line contains the text.
    First(String),
    /// It is refused with one of these states, and with these words.
    Refused(&'static [&'static str], &'static str),
    /// What comes of it is what came of the cell before it, to the letter, but for the texts that both may name.
    AsBefore,
}

const BY_POLICY: Expected = Expected::Refused(&["42501"], "row-level security");
const BY_RIGHTS: Expected = Expected::Refused(&["42501"], "permission denied");
const BY_FORM: Expected = Expected::Refused(&["22P02"], "invalid input syntax for type uuid");
/// Rights are looked at after the plan is made, which may read the setting.
const BY_FORM_OR_RIGHTS: Expected = Expected::Refused(&["22P02", "42501"], "");
const BY_REFERENCE: Expected = Expected::Refused(&["23503"], "violates foreign key constraint");
const BY_KEY: Expected = Expected::Refused(&["23505"], "violates unique constraint");

/// One statement in one context.
#[derive(Debug)]
pub(super) struct Cell {
    /// In which it runs.
    pub(super) context: Context,
    /// The control: that the same works where it may.
    pub(super) control: bool,
    pub(super) operation: String,
    pub(super) sql: String,
    pub(super) expected: Expected,
    /// Values of the statement that its refusal may repeat.
    pub(super) named: Vec<String>,
}

/// Every cell of a table in a context, the denials before their controls.
pub(super) fn cells(table: &Table, context: Context, file: &dyn Fn(Tenant) -> String) -> Vec<Cell> {
    let asking = |context: Context, control: bool| Asking { table, context, control };
    match context.tenant() {
        Some(own) => {
            let mut cells = asking(context, false).of(own.other(), file);
            cells.extend(asking(context, true).of(own, file));
            cells
        }
        None => {
            let mut cells = asking(context, false).of(A, file);
            cells.extend(asking(Context::Within(A), true).of(A, file));
            cells
        }
    }
}

struct Asking<'a> {
    table: &'a Table,
    context: Context,
    control: bool,
}

impl Asking<'_> {
    /// Everything that is asked about the rows of `target`: seen where they are one's own, hidden where not.
    fn of(&self, target: Tenant, file: &dyn Fn(Tenant) -> String) -> Vec<Cell> {
        let mut cells = self.reads(target);
        cells.extend(self.writes(target, file));
        cells.extend(self.catalogue());
        cells.extend(self.references(target));
        cells.extend(self.keys(target));
        cells
    }

    fn cell(&self, operation: impl Into<String>, sql: String, expected: Expected) -> Cell {
        let (context, control) = (self.context, self.control);
        Cell { context, control, operation: operation.into(), sql, expected, named: Vec::new() }
    }

    /// What is expected: `own` of one's own rows, `hidden` of others', and an error where the setting is no client account.
    fn either(&self, own: Expected, hidden: Expected) -> Expected {
        match self.context {
            Context::Garbage => BY_FORM,
            _ if self.control => own,
            _ => hidden,
        }
    }

    /// The same where the role needs a right first.
    fn allowed(&self, right: bool, own: Expected, hidden: Expected) -> Expected {
        match (right, self.context) {
            (true, _) => self.either(own, hidden),
            (false, Context::Garbage) => BY_FORM_OR_RIGHTS,
            (false, _) => BY_RIGHTS,
        }
    }

    fn rows(&self) -> Expected {
        self.either(Expected::Rows(ROWS), Expected::Rows(0))
    }

    /// How many rows are in sight in this context.
    fn in_sight(&self) -> usize {
        if self.context.tenant().is_some() { ROWS } else { 0 }
    }

    fn reads(&self, target: Tenant) -> Vec<Cell> {
        let (name, key, id) = (&self.table.name, self.table.key(), target.id());
        let first = Row::new(self.table, target, 1);
        let prints = |own: &str, hidden: &str| {
            self.either(Expected::Prints(own.to_owned()), Expected::Prints(hidden.to_owned()))
        };
        let copied =
            || self.either(Expected::Lines(ROWS, id.to_string()), Expected::Lines(0, id.to_string()));
        let theirs = format!("SELECT * FROM migration.{name} WHERE client_account_id = '{id}'");
        vec![
            self.cell(
                "select",
                format!("SELECT count(*) FROM migration.{name} WHERE client_account_id = '{id}'"),
                prints(&ROWS.to_string(), "0"),
            ),
            self.cell(
                "select without predicate",
                format!(
                    "SELECT count(*), count(*) FILTER (WHERE client_account_id = '{id}') FROM migration.{name}"
                ),
                prints(&format!("{ROWS}|{ROWS}"), &format!("{}|0", self.in_sight())),
            ),
            self.cell(
                "select by id",
                format!("SELECT count(*) FROM migration.{name} WHERE {key} = '{}'", first.value(key)),
                prints("1", "0"),
            ),
            self.cell(
                "cursor",
                format!("DECLARE leaks CURSOR FOR {theirs} \\; FETCH ALL FROM leaks"),
                self.rows(),
            ),
            self.cell("copy of a query", format!("COPY ({theirs}) TO STDOUT"), copied()),
            self.cell("copy of the table", format!("COPY migration.{name} TO STDOUT"), copied()),
            self.cell(
                "explain analyze",
                format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {theirs}"),
                // What the plan's first line says came of it. How many rows a scan removed may be there as well.
                self.either(
                    Expected::First(format!("(actual rows={ROWS} ")),
                    Expected::First("(actual rows=0 ".to_owned()),
                ),
            ),
            self.cell(
                "division by zero on their rows",
                format!("SELECT count(*) FROM migration.{name} WHERE 1 / (client_account_id <> '{id}')::int > 0"),
                self.either(
                    Expected::Refused(&["22012"], "division by zero"),
                    Expected::Prints(self.in_sight().to_string()),
                ),
            ),
            self.cell(
                "select for update",
                format!("SELECT {key} FROM migration.{name} WHERE client_account_id = '{id}' FOR UPDATE"),
                self.allowed(self.table.may_update, Expected::Rows(ROWS), Expected::Rows(0)),
            ),
        ]
    }

    fn writes(&self, target: Tenant, file: &dyn Fn(Tenant) -> String) -> Vec<Cell> {
        let table = self.table;
        let (name, key, id) = (&table.name, table.key(), target.id());
        let fresh = Row::new(table, target, FRESH);
        let delete = if self.control {
            // The other rows are referred to.
            let one = format!("DELETE FROM migration.{name} WHERE {key} = '{}'", fresh.value(key));
            format!("{} \\; {one}", fresh.insert(table))
        } else {
            format!("DELETE FROM migration.{name} WHERE client_account_id = '{id}'")
        };
        let moved = match self.context.tenant() {
            Some(_) => BY_POLICY,
            None => Expected::Rows(0),
        };
        vec![
            self.cell(
                "insert",
                fresh.insert(table),
                self.allowed(table.may_insert, Expected::Rows(1), BY_POLICY),
            ),
            self.cell(
                "insert what is there",
                format!("{} ON CONFLICT DO NOTHING", Row::new(table, target, 1).insert(table)),
                self.allowed(table.may_insert, Expected::Rows(0), BY_POLICY),
            ),
            self.cell(
                "update",
                format!("UPDATE migration.{name} SET {key} = {key} WHERE client_account_id = '{id}'"),
                self.allowed(table.may_update, Expected::Rows(ROWS), Expected::Rows(0)),
            ),
            self.cell(
                "update to",
                format!("UPDATE migration.{name} SET client_account_id = '{id}'"),
                self.allowed(table.may_update, Expected::Rows(ROWS), moved),
            ),
            self.cell("delete", delete, self.allowed(table.may_delete, Expected::Rows(1), Expected::Rows(0))),
            // PostgreSQL refuses it wherever row-level security applies, one's own rows too.
            self.cell(
                "copy into",
                format!("\\copy migration.{name} ({}) from '{}'", fresh.columns(), file(target)),
                if table.may_insert {
                    Expected::Refused(&["0A000"], "not supported with row-level security")
                } else {
                    Expected::Refused(&["0A000", "42501"], "")
                },
            ),
        ]
    }

    /// What else tells of rows: nothing here differs between one's own and others'.
    fn catalogue(&self) -> Vec<Cell> {
        let name = &self.table.name;
        let none = || Expected::Prints("0".to_owned());
        let mut cells = vec![
            self.cell(
                "statistics",
                format!(
                    "SELECT count(*) FROM pg_stats WHERE schemaname = 'migration' AND tablename = '{name}'"
                ),
                none(),
            ),
            self.cell(
                "statistics as stored",
                format!("SELECT count(*) FROM pg_statistic WHERE starelid = 'migration.{name}'::regclass"),
                BY_RIGHTS,
            ),
        ];
        if !self.table.may_truncate {
            cells.push(self.cell("truncate", format!("TRUNCATE migration.{name} CASCADE"), BY_RIGHTS));
        }
        cells
    }

    /// References to a row that is not one's own are refused as those to none are.
    fn references(&self, target: Tenant) -> Vec<Cell> {
        let table = self.table;
        let own = self.context.tenant().unwrap_or(A);
        let mut cells = Vec::new();
        if self.control {
            return cells;
        }
        for key in table.foreign_keys.iter().filter(|key| key.within_tenant) {
            // Outside of a client account nobody's rows are one's own.
            let foreign = if own == target { target.other() } else { target };
            let parents = [1, MISSING].map(|n| Row::new(table, foreign, n).value(&key.column).to_owned());
            let inserted = parents
                .each_ref()
                .map(|parent| Row::new(table, own, FRESH).with(&key.column, parent).insert(table));
            let updated = parents
                .each_ref()
                .map(|parent| format!("UPDATE migration.{} SET {} = '{parent}'", table.name, key.column));
            let hidden = match self.context.tenant() {
                Some(_) => [BY_REFERENCE; 2],
                None => [BY_POLICY, Expected::Rows(0)],
            };
            let [on_insert, on_update] = hidden;
            let asked = [
                ("insert", inserted, self.allowed(table.may_insert, BY_REFERENCE, on_insert)),
                ("update", updated, self.allowed(table.may_update, BY_REFERENCE, on_update)),
            ];
            for (what, [theirs, missing], expected) in asked {
                let through = &key.name;
                let operation = format!("{what} referring to nothing through {through}");
                let mut missing = self.cell(operation, missing, expected);
                missing.named.push(parents[1].clone());
                let operation = format!("{what} referring to theirs through {through}");
                let mut theirs = self.cell(operation, theirs, Expected::AsBefore);
                theirs.named.push(parents[0].clone());
                cells.extend([missing, theirs]);
            }
        }
        cells
    }

    /// Values that are taken by others' rows are as free as those that nobody has.
    fn keys(&self, target: Tenant) -> Vec<Cell> {
        let table = self.table;
        let own = self.context.tenant().unwrap_or(A);
        let mut cells = Vec::new();
        for key in table.unique_keys.iter().filter(|key| !key.columns.is_empty()) {
            let taking = |tenant: Tenant, n: usize| {
                let taken = Row::new(table, tenant, n);
                let values: Vec<String> =
                    key.columns.iter().map(|column| taken.value(column).to_owned()).collect();
                let row = key
                    .columns
                    .iter()
                    .zip(&values)
                    .fold(Row::new(table, own, FRESH), |row, (column, value)| row.with(column, value));
                (row.insert(table), values)
            };
            if self.control {
                let (sql, _) = taking(own, 2);
                let operation = format!("insert what is taken in {}", key.name);
                cells.push(self.cell(operation, sql, self.allowed(table.may_insert, BY_KEY, BY_KEY)));
                continue;
            }
            let foreign = if own == target { target.other() } else { target };
            let (sql, named) = taking(foreign, MISSING);
            let refers = table
                .foreign_keys
                .iter()
                .any(|reference| reference.within_tenant && key.columns.contains(&reference.column));
            let free = match self.context.tenant() {
                None => BY_POLICY,
                // A parent of theirs is none of one's own.
                Some(_) if refers => BY_REFERENCE,
                Some(_) => Expected::Rows(1),
            };
            let mut missing = self.cell(
                format!("insert what nobody has in {}", key.name),
                sql,
                self.allowed(table.may_insert, Expected::Rows(1), free),
            );
            missing.named = named;
            let (sql, named) = taking(foreign, 2);
            let mut theirs =
                self.cell(format!("insert what they have in {}", key.name), sql, Expected::AsBefore);
            theirs.named = named;
            cells.extend([missing, theirs]);
        }
        cells
    }
}
