//! Asks every cell on real connections and compares.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use drydock_store::Target;
use drydock_testkit::{Database, folder, psql_on};
use tokio::sync::Semaphore;

use super::{
    catalogue::{self, Table},
    cells::{self, CONTEXTS, Cell, Expected},
    rows::{self, A, B, FRESH, Row, Tenant},
};

/// The server has forty connections for all tests together.
static CONNECTIONS: Semaphore = Semaphore::const_new(6);

/// What the matrix found.
pub(super) struct Found {
    pub(super) tables: usize,
    pub(super) denials: usize,
    pub(super) controls: usize,
    /// The cells that are not as they must be.
    pub(super) wrong: Vec<Wrong>,
}

pub(super) struct Wrong {
    pub(super) table: String,
    pub(super) context: String,
    pub(super) operation: String,
    expected: String,
    found: String,
}

impl Found {
    /// The wrong cells as a table for people.
    pub(super) fn report(&self) -> String {
        let mut text = format!("{} wrong cells\n", self.wrong.len());
        for wrong in self.wrong.iter().take(60) {
            writeln!(
                text,
                "{:<34} {:<14} {}\n    expected {}\n    found    {}",
                wrong.table, wrong.context, wrong.operation, wrong.expected, wrong.found
            )
            .unwrap();
        }
        text
    }
}

/// Puts rows of two client accounts into every tenant-owned table.
pub(super) fn fill(database: &Database) {
    let tables = catalogue::tables(database, "drydock_app");
    let folder = folder();
    let script = folder.path().join("rows.sql");
    fs::write(&script, rows::fixture(&tables)).unwrap();
    let output = run(database.target(), "postgres", &script, true);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let table = said.lines().rev().find(|line| tables.iter().any(|table| table.name == *line));
        panic!(
            "No valid row is known for migration.{}: name what its columns need in VALUES of tests/it/leaks/rows.rs.\n{said}",
            table.unwrap_or("?")
        );
    }
}

/// Asks everything of every tenant-owned table, or of `only` one, as `role`.
pub(super) async fn ask(database: &Database, role: &str, only: Option<&str>) -> Found {
    let tables: Vec<Table> = catalogue::tables(database, role)
        .into_iter()
        .filter(|table| only.is_none_or(|name| name == table.name))
        .collect();
    let mut found = Found { tables: tables.len(), denials: 0, controls: 0, wrong: Vec::new() };
    let folder = folder();
    let mut asked = tokio::task::JoinSet::new();
    for table in tables {
        let (target, role, folder) = (database.target().clone(), role.to_owned(), folder.path().to_owned());
        asked.spawn(async move {
            let _one = CONNECTIONS.acquire().await.unwrap();
            tokio::task::spawn_blocking(move || of_table(&target, &role, &folder, &table)).await.unwrap()
        });
    }
    while let Some(of_table) = asked.join_next().await {
        let (denials, controls, wrong) = of_table.unwrap();
        found.denials += denials;
        found.controls += controls;
        found.wrong.extend(wrong);
    }
    found.wrong.sort_by(|one, other| (&one.table, &one.context).cmp(&(&other.table, &other.context)));
    found
}

fn of_table(target: &Target, role: &str, folder: &Path, table: &Table) -> (usize, usize, Vec<Wrong>) {
    let file = |tenant: Tenant| folder.join(format!("{}-{}.copy", table.name, tenant.0));
    for tenant in [A, B] {
        fs::write(file(tenant), Row::new(table, tenant, FRESH).copied()).unwrap();
    }
    let file = |tenant: Tenant| file(tenant).to_string_lossy().into_owned();
    let cells: Vec<(String, Cell)> = CONTEXTS
        .iter()
        .flat_map(|context| {
            cells::cells(table, *context, &file).into_iter().map(|cell| (context.name(), cell))
        })
        .collect();
    let script = folder.join(format!("{}.sql", table.name));
    fs::write(&script, written(table, &cells)).unwrap();
    let output = run(target, role, &script, false);
    assert!(output.status.success(), "{}: {}", table.name, String::from_utf8_lossy(&output.stderr));
    let outcomes = read(&output, cells.len());

    let mut wrong = Vec::new();
    for (at, (context, cell)) in cells.iter().enumerate() {
        let outcome = &outcomes[at];
        let before = cell.context.before(table).map(|(_, state)| state);
        let prepared = outcome.before.as_deref() == before;
        let before_it = at.checked_sub(1).map(|at| (&cells[at].1, &outcomes[at]));
        if prepared && holds(cell, outcome, before_it) {
            continue;
        }
        let expected = match (&cell.expected, before_it) {
            (Expected::AsBefore, Some((_, other))) => format!("the same as of what nobody has: {other}"),
            (expected, _) => format!("{expected:?}"),
        };
        wrong.push(Wrong {
            table: table.name.clone(),
            context: context.clone(),
            operation: format!("{}{}", if cell.control { "control: " } else { "" }, cell.operation),
            expected: if prepared { expected } else { format!("{before:?} beforehand") },
            found: if prepared { outcome.to_string() } else { format!("{:?} beforehand", outcome.before) },
        });
    }
    let controls = cells.iter().filter(|(_, cell)| cell.control).count();
    (cells.len() - controls, controls, wrong)
}

/// The statements as a script of psql's. Around each cell its number goes to both outputs, and behind it how it went.
fn written(table: &Table, cells: &[(String, Cell)]) -> String {
    let mut script = String::new();
    for (number, (_, cell)) in cells.iter().enumerate() {
        if let Some((before, _)) = cell.context.before(table) {
            // Where it failed, its transaction is still there.
            let end =
                if before.ends_with("ROLLBACK;") || before.ends_with("COMMIT;") { "" } else { "ROLLBACK;" };
            writeln!(script, "{before}\n\\set before :SQLSTATE\n{end}").unwrap();
        } else {
            script.push_str("\\set before -\n");
        }
        writeln!(script, "\\echo @{number}\n\\warn @{number}").unwrap();
        match cell.context.setting() {
            Some(value) => {
                writeln!(script, "BEGIN \\; SET LOCAL app.client_account_id = '{value}';").unwrap();
            }
            None => script.push_str("BEGIN;\n"),
        }
        // A line that begins with a backslash is psql's own.
        let end = if cell.sql.starts_with('\\') { "" } else { ";" };
        writeln!(
            script,
            "{}{end}\n\\echo @= :before :SQLSTATE :ROW_COUNT\n\\echo @.\n\\warn @.\nROLLBACK;",
            cell.sql
        )
        .unwrap();
    }
    script
}

fn run(target: &Target, role: &str, script: &PathBuf, stop: bool) -> Output {
    psql_on(target, role)
        .args([
            "--set=VERBOSITY=verbose",
            if stop { "--set=ON_ERROR_STOP=1" } else { "--set=ON_ERROR_STOP=0" },
        ])
        .arg("--file")
        .arg(script)
        .output()
        .expect("psql")
}

/// What came of a cell.
#[derive(Clone, Debug, Default)]
struct Outcome {
    before: Option<String>,
    state: String,
    rows: String,
    printed: Vec<String>,
    /// The refusal, with everything that the server says.
    refusal: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let printed: String = self.printed.join(" / ").chars().take(200).collect();
        write!(f, "{} on {} rows, {printed:?} {}", self.state, self.rows, self.refusal)
    }
}

fn read(output: &Output, cells: usize) -> Vec<Outcome> {
    let by_cell = |bytes: &[u8]| {
        let mut texts: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let mut current = None;
        for line in String::from_utf8_lossy(bytes).lines() {
            match line.strip_prefix('@').and_then(|number| number.parse().ok()) {
                Some(number) => current = Some(number),
                None if line == "@." => current = None,
                None => {
                    if let Some(current) = current {
                        texts.entry(current).or_default().push(line.to_owned());
                    }
                }
            }
        }
        texts
    };
    let (printed, refused) = (by_cell(&output.stdout), by_cell(&output.stderr));
    (0..cells)
        .map(|cell| {
            let mut outcome = Outcome::default();
            for line in printed.get(&cell).into_iter().flatten() {
                match line.strip_prefix("@= ") {
                    None => outcome.printed.push(line.clone()),
                    Some(end) => {
                        let mut words = end.split(' ').map(str::to_owned);
                        outcome.before = words.next().filter(|before| before != "-");
                        outcome.state = words.next().unwrap_or_default();
                        outcome.rows = words.next().unwrap_or_default();
                    }
                }
            }
            // The first refusal, without the place in the script and the lines on where in the server's source it is.
            let lines = refused.get(&cell).into_iter().flatten();
            let lines = lines.skip_while(|line| !line.contains("ERROR:")).enumerate();
            let lines =
                lines.take_while(|(at, line)| *at == 0 || !line.contains("ERROR:")).map(|(_, line)| line);
            let kept = lines.filter(|line| !line.starts_with("LINE ") && !line.trim_start().starts_with('^'));
            outcome.refusal = kept
                .map(|line| line.find("ERROR:").map_or(line.as_str(), |at| &line[at..]))
                .collect::<Vec<_>>()
                .join(" ");
            // psql does not say that a COPY failed once it had begun.
            if let Some(refused) = outcome.refusal.strip_prefix("ERROR:  ") {
                outcome.state = refused.chars().take_while(|letter| *letter != ':').collect();
            }
            outcome
        })
        .collect()
}

fn holds(cell: &Cell, outcome: &Outcome, before: Option<(&Cell, &Outcome)>) -> bool {
    let succeeded = outcome.state == "00000";
    match &cell.expected {
        Expected::Rows(rows) => succeeded && outcome.rows == rows.to_string(),
        Expected::Prints(text) => succeeded && outcome.printed == [text.clone()],
        Expected::Lines(count, text) => {
            succeeded && outcome.printed.iter().filter(|line| line.contains(text)).count() == *count
        }
        Expected::First(text) => succeeded && outcome.printed.first().is_some_and(|line| line.contains(text)),
        Expected::Refused(states, words) => {
            states.contains(&outcome.state.as_str()) && outcome.refusal.contains(words)
        }
        Expected::AsBefore => before.is_some_and(|(other, as_of)| {
            (&outcome.state, &outcome.rows, &outcome.printed) == (&as_of.state, &as_of.rows, &as_of.printed)
                && told(outcome, &cell.named) == told(as_of, &other.named)
        }),
    }
}

/// What a refusal tells besides the values it was given. Only ids and digests stand in one; a shorter text might be part of another.
fn told(outcome: &Outcome, named: &[String]) -> String {
    named
        .iter()
        .filter(|value| value.len() >= 32)
        .fold(outcome.refusal.clone(), |text, value| text.replace(value.as_str(), "?"))
}

/// That what is refused everywhere would work for somebody: returns what did not.
pub(super) fn for_nobody_else(database: &Database) -> Vec<String> {
    let folder = folder();
    let mut failed = Vec::new();
    for table in catalogue::tables(database, "drydock_app") {
        let file = folder.path().join(&table.name);
        let fresh = Row::new(&table, A, FRESH);
        fs::write(&file, fresh.copied()).unwrap();
        let script = folder.path().join("control.sql");
        let (name, columns) = (&table.name, fresh.columns());
        fs::write(
            &script,
            format!(
                "BEGIN;\n\\copy migration.{name} ({columns}) from '{}'\n\\echo :ROW_COUNT\n
                 SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'migration' AND tablename = '{name}';
                 TRUNCATE migration.{name} CASCADE;\nSELECT count(*) FROM migration.{name};\nROLLBACK;\n",
                file.display()
            ),
        )
        .unwrap();
        let output = run(database.target(), "postgres", &script, true);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if printed.split_whitespace().collect::<Vec<_>>() != ["1", "t", "0"] {
            failed.push(format!("{name}: {printed}{}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    failed
}
