//! The verdict on a history against a simple model of it, over histories nobody would think of.

use std::collections::BTreeSet;

use drydock_store::history::{Applied, Migrations, Observed, REVISION};
use proptest::prelude::*;

/// How the text differs that a migration was applied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Same,
    LineEnds,
    Edited,
}

#[derive(Clone, Debug)]
struct Row {
    version: i64,
    text: Text,
    success: bool,
}

/// A database's history as it is made up.
#[derive(Clone, Debug)]
struct World {
    shipped: BTreeSet<i64>,
    rows: Vec<Row>,
    history_schemas: Vec<&'static str>,
    alembic_schemas: Vec<&'static str>,
    malformed: bool,
    tables: usize,
    width: Option<i32>,
    revisions: Vec<&'static str>,
}

fn text(version: i64) -> String {
    format!("create table migration.t{version} (id int);\nselect {version};\n")
}

impl World {
    fn migrations(&self) -> Migrations {
        of(self.shipped.iter().copied(), text)
    }

    fn observed(&self) -> Observed {
        let applied = self.rows.iter().map(|row| {
            let with = match row.text {
                Text::Same => text(row.version),
                Text::LineEnds => text(row.version).replace('\n', "\r\n"),
                Text::Edited => format!("{} -- edited", text(row.version)),
            };
            Applied {
                version: row.version,
                description: String::new(),
                checksum: of([row.version], |_| with.clone()).checksum(row.version).unwrap().to_vec(),
                success: row.success,
                at: String::new(),
                execution_ns: -1,
            }
        });
        let names = |schemas: &[&str]| schemas.iter().map(|name| (*name).to_owned()).collect();
        Observed {
            histories: names(&self.history_schemas),
            malformed: self.malformed.then(|| "is no table".to_owned()),
            applied: applied.collect(),
            alembics: names(&self.alembic_schemas),
            revision_type: self.width.map(|width| format!("character varying({width})")),
            revisions: names(&self.revisions),
            tables: self.tables,
            invalid_indexes: Vec::new(),
        }
    }

    /// The first thing that is wrong, in the order of the documentation; empty where nothing is.
    fn model(&self) -> &'static str {
        let recorded: Vec<i64> = self.rows.iter().map(|row| row.version).collect();
        let applied: BTreeSet<i64> = recorded.iter().copied().collect();
        let unknown: BTreeSet<i64> = &applied - &self.shipped;
        let newest = self.shipped.last().copied().unwrap_or_default();
        let outside = |schemas: &[&str]| schemas.iter().any(|schema| *schema != "migration");
        let inside = |schemas: &[&str]| schemas.contains(&"migration");
        let with = |text| self.rows.iter().any(|row| row.text == text);
        let wrong = [
            (outside(&self.history_schemas) && inside(&self.history_schemas), "history.doubled"),
            (outside(&self.history_schemas), "history.elsewhere"),
            (outside(&self.alembic_schemas) && inside(&self.alembic_schemas), "history.doubled"),
            (outside(&self.alembic_schemas), "history.elsewhere"),
            (applied.len() < recorded.len(), "history.duplicate"),
            (self.malformed, "history.malformed"),
            (
                self.tables == 0 && !(applied.is_empty() && self.revisions.is_empty()),
                "history.tables_missing",
            ),
            (self.tables > 0 && applied.is_empty(), "history.missing"),
            (self.rows.iter().any(|row| !row.success), "history.dirty"),
            (
                !unknown.is_empty()
                    && unknown.iter().all(|version| *version > newest)
                    && self.shipped.is_subset(&applied),
                "history.ahead",
            ),
            (!unknown.is_empty(), "history.unknown"),
            (with(Text::Edited), "history.changed"),
            (
                self.shipped
                    .iter()
                    .any(|version| !applied.contains(version) && applied.last() > Some(version)),
                "history.out_of_order",
            ),
            (with(Text::LineEnds), "history.line_endings"),
            (applied.contains(&1) && self.width.is_none(), "history.alembic_missing"),
            (applied.contains(&1) && self.width < Some(255), "history.alembic_narrow"),
            (applied.contains(&1) && self.revisions.is_empty(), "history.alembic_missing"),
            (applied.contains(&1) && self.revisions.len() > 1, "history.alembic_heads"),
            (applied.contains(&1) && self.revisions != [REVISION], "history.alembic_foreign"),
        ];
        wrong.into_iter().find(|(is_so, _)| *is_so).map_or("", |(_, code)| code)
    }
}

fn of(versions: impl IntoIterator<Item = i64>, text: impl Fn(i64) -> String) -> Migrations {
    let files = versions.into_iter().map(|version| (format!("{version:03}_x.sql"), text(version)));
    Migrations::of_files(files).unwrap()
}

/// Mostly a history as it should be, of which a few things are not so.
fn world() -> impl Strategy<Value = World> {
    let rarely = |wrong: f64| prop::bool::weighted(wrong);
    let row = (1..8_i64, 0..12_u8, rarely(0.05)).prop_map(|(version, text, dirty)| Row {
        version,
        text: match text {
            0 => Text::Edited,
            1 => Text::LineEnds,
            _ => Text::Same,
        },
        success: !dirty,
    });
    // As many as are shipped, fewer, or more; each line with a gap now and then.
    let line = |most| (0..most, prop::option::weighted(0.2, 1..6_i64));
    (
        line(6_i64),
        line(7_i64),
        prop::collection::vec(row, 0..3),
        (rarely(0.05), rarely(0.03), rarely(0.03), rarely(0.03)),
        (rarely(0.1), rarely(0.05), rarely(0.05), 0..12_u8),
    )
        .prop_map(
            |(
                shipped,
                applied,
                odd,
                (both, alembic_both, gone, malformed),
                (bare, no_column, narrow, heads),
            )| {
                let versions = |(last, gap): (i64, Option<i64>)| -> BTreeSet<i64> {
                    (1..=last).filter(|version| Some(*version) != gap).collect()
                };
                let (shipped, applied) = (versions(shipped), versions(applied));
                let mut rows: Vec<Row> = applied
                    .iter()
                    .map(|version| Row { version: *version, text: Text::Same, success: true })
                    .collect();
                for odd in odd {
                    match rows.iter_mut().find(|row| row.version == odd.version) {
                        Some(row) if odd.text != Text::Same || !odd.success => *row = odd,
                        // Twice the same, or one more.
                        _ if odd.version == 7 || malformed => rows.push(odd),
                        _ => {}
                    }
                }
                rows.sort_by_key(|row| row.version);
                let is_empty = rows.is_empty();
                World {
                    shipped,
                    history_schemas: match (both, gone) {
                        (true, false) => vec!["migration", "public"],
                        (true, true) => vec!["public"],
                        (false, _) => vec!["migration"],
                    },
                    alembic_schemas: match (alembic_both, gone) {
                        (true, false) => vec!["migration", "public"],
                        (true, true) => vec!["app"],
                        (false, _) => vec!["migration"],
                    },
                    malformed,
                    // A table where something is applied, and the reverse now and then.
                    tables: usize::from(is_empty == bare) * 34,
                    width: (!no_column).then_some(if narrow { 32 } else { 255 }),
                    revisions: match heads {
                        0 => vec![],
                        1 => vec![REVISION, "002_branch"],
                        2 => vec!["002_other"],
                        _ if is_empty => vec![],
                        _ => vec![REVISION],
                    },
                    rows,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_the_models(world in world()) {
        let verdict = world.observed().judge(&world.migrations());
        let code = verdict.as_ref().map_or_else(|accident| accident.code().as_str(), |_| "");
        prop_assert_eq!(code, world.model());
        if let Ok(history) = verdict {
            // Whole: the applied ones are the beginning, and the pending ones the rest.
            let both: Vec<i64> = history.applied.iter().chain(&history.pending).copied().collect();
            prop_assert_eq!(both, world.shipped.iter().copied().collect::<Vec<_>>());
        }
    }
}

/// The generator reaches every verdict: a model that is never asked would agree with anything.
#[test]
fn every_verdict_comes_up() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};

    let mut runner = TestRunner::deterministic();
    let strategy = world();
    let seen: BTreeSet<&str> =
        (0..20_000).map(|_| strategy.new_tree(&mut runner).unwrap().current().model()).collect();
    let all = BTreeSet::from([
        "",
        "history.ahead",
        "history.alembic_foreign",
        "history.alembic_heads",
        "history.alembic_missing",
        "history.alembic_narrow",
        "history.changed",
        "history.dirty",
        "history.doubled",
        "history.duplicate",
        "history.elsewhere",
        "history.line_endings",
        "history.malformed",
        "history.missing",
        "history.out_of_order",
        "history.tables_missing",
        "history.unknown",
    ]);
    assert_eq!(seen, all);
}
