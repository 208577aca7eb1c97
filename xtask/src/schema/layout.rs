//! Where everything in the diagram goes.
//!
//! Sections stand in columns, and tables refer to the left. A reference leaves its column's row on the left, passes the columns between
//! in the gap nearest to its way, and ends at the right of what it refers to; within a column it goes round on the left.

use std::collections::BTreeMap;

use super::sections::Section;
use super::table::{Kind, Table};

/// Width of a table, in pixels as all lengths here.
pub(super) const WIDTH: f64 = 276.0;
/// Height of a table's name.
pub(super) const HEAD: f64 = 27.0;
/// Height of one line below the name.
pub(super) const LINE: f64 = 17.0;
/// Between a section's border and its tables.
pub(super) const PADDING: f64 = 16.0;
/// Height of a section's title.
pub(super) const TITLE: f64 = 34.0;
/// Between two tables.
const GAP: f64 = 26.0;
/// Between two columns.
const CHANNEL: f64 = 92.0;
/// Between two sections of a column.
const BREAK: f64 = 44.0;
const MARGIN: f64 = 46.0;
/// Between two lines in one gap.
const LANE: f64 = 6.0;

/// References to these are words rather than lines where they leave their section: everything has them.
const EVERYWHERE: [&str; 3] = ["client_accounts", "engagements", "users"];

/// A diagram with all its places.
pub(super) struct Layout<'a> {
    pub(super) width: f64,
    /// Height of what is drawn, without the legend.
    pub(super) height: f64,
    pub(super) frames: Vec<Frame>,
    pub(super) boxes: Vec<Box<'a>>,
    pub(super) links: Vec<Link>,
}

/// The border of a section.
pub(super) struct Frame {
    pub(super) title: &'static str,
    pub(super) section: usize,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A table.
pub(super) struct Box<'a> {
    pub(super) table: &'a Table,
    pub(super) section: usize,
    column: usize,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
    pub(super) rows: Vec<Row>,
}

/// A column that refers to something.
pub(super) struct Row {
    pub(super) name: String,
    /// What it refers to, where no line says so.
    pub(super) word: Option<String>,
}

/// A line from a column to a table.
pub(super) struct Link {
    pub(super) from: String,
    pub(super) to: String,
    /// Section of the table that it ends at.
    pub(super) section: usize,
    pub(super) cascades: bool,
    /// From the row to the table, joined by curves where it changes height.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether it stays in its column.
    pub(super) around: bool,
}

impl Box<'_> {
    fn bottom(&self) -> f64 {
        self.y + self.height
    }

    fn head(&self) -> f64 {
        self.y + HEAD / 2.0
    }

    /// Columns that are not among its rows.
    pub(super) fn others(&self) -> usize {
        self.table.columns.len() - self.rows.len()
    }
}

/// Places everything.
pub(super) fn place<'a>(sections: &[Section<'a>]) -> Layout<'a> {
    let mut boxes: Vec<Box<'a>> = Vec::new();
    let mut frames = Vec::new();
    let columns = sections.iter().map(|section| section.place + 1).max().unwrap_or_default();
    let frame_width = WIDTH + 2.0 * PADDING;
    let mut height: f64 = 0.0;
    for column in 0..columns {
        let x = MARGIN + index(column) * (frame_width + CHANNEL);
        let mut y = MARGIN;
        for (number, section) in sections.iter().enumerate().filter(|(_, section)| section.place == column) {
            let top = y;
            y += TITLE;
            for table in &section.tables {
                let rows = rows(table, section);
                let lines = index(rows.len() + 1);
                let placed = Box {
                    table,
                    section: number,
                    column,
                    x: x + PADDING,
                    y,
                    height: HEAD + lines * LINE + 7.0,
                    rows,
                };
                y = placed.bottom() + GAP;
                boxes.push(placed);
            }
            y += PADDING - GAP;
            frames.push(Frame {
                title: section.title,
                section: number,
                x,
                y: top,
                width: frame_width,
                height: y - top,
            });
            height = height.max(y);
            y += BREAK;
        }
    }
    let links = links(&boxes, columns);
    Layout {
        width: 2.0 * MARGIN + index(columns) * frame_width + index(columns - 1) * CHANNEL,
        height: height + MARGIN / 2.0,
        frames,
        boxes,
        links,
    }
}

/// The rows of a table: its references, but for the one that every tenant-owned table has.
fn rows(table: &Table, section: &Section<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for key in table.of_kind(Kind::Foreign) {
        let (Some(name), Some(target)) = (key.own_column(), key.target.as_deref()) else { continue };
        if table.closed && name == "client_account_id" && table.name != "engagements" {
            continue;
        }
        let word = if target == table.name {
            Some("itself".to_owned())
        } else {
            (!is_drawn(table, target, section)).then(|| target.to_owned())
        };
        rows.push(Row { name: name.to_owned(), word });
    }
    // In the table's own order.
    rows.sort_by_key(|row| table.columns.iter().position(|column| column.name == row.name));
    rows
}

fn is_drawn(table: &Table, target: &str, section: &Section<'_>) -> bool {
    !EVERYWHERE.contains(&target)
        || section.tables.iter().any(|own| own.name == target)
        || (table.name == "engagements" && target == "client_accounts")
}

fn links(boxes: &[Box<'_>], columns: usize) -> Vec<Link> {
    let mut lanes = Lanes::of(boxes, columns);
    let mut links = Vec::new();
    let mut rounds: BTreeMap<usize, f64> = BTreeMap::new();
    for from in boxes {
        for (number, row) in from.rows.iter().enumerate().filter(|(_, row)| row.word.is_none()) {
            let mut keys = from.table.of_kind(Kind::Foreign);
            let Some(key) = keys.find(|key| key.own_column() == Some(row.name.as_str())) else { continue };
            let Some(to) = boxes.iter().find(|to| Some(&to.table.name) == key.target.as_ref()) else {
                continue;
            };
            let start = (from.x, from.y + HEAD + (index(number) + 0.5) * LINE + 2.0);
            let around = from.column == to.column;
            let mut points = vec![start];
            if around {
                // The further it goes, the further out.
                let round = rounds.entry(from.column).or_insert(0.0);
                *round += 1.0;
                let out = 10.0 + 2.2 * *round + (start.1 - to.head()).abs() / 40.0;
                points.push((from.x - out, (start.1 + to.head()) / 2.0));
                points.push((to.x, to.head()));
            } else {
                for column in (to.column + 1..from.column).rev() {
                    let share = index(from.column - column) / index(from.column - to.column);
                    let wish = start.1 + (to.head() - start.1) * share;
                    let x = boxes.iter().find(|other| other.column == column).map_or(0.0, |other| other.x);
                    let y = lanes.take(column, wish, &to.table.name);
                    points.push((x + WIDTH + PADDING, y));
                    points.push((x - PADDING, y));
                }
                points.push((to.x + WIDTH, to.head()));
            }
            links.push(Link {
                from: format!("{}.{}", from.table.name, row.name),
                to: to.table.name.clone(),
                section: to.section,
                cascades: key.cascades,
                points,
                around,
            });
        }
    }
    links
}

/// The gaps through which lines pass columns. Lines to the same table share one.
struct Lanes {
    /// Upper and lower end of the gaps of each column, and what passes already.
    gaps: Vec<Vec<(f64, f64, Vec<String>)>>,
}

impl Lanes {
    fn of(boxes: &[Box<'_>], columns: usize) -> Self {
        let gaps = (0..columns)
            .map(|column| {
                let own: Vec<_> = boxes.iter().filter(|other| other.column == column).collect();
                let mut gaps: Vec<_> =
                    own.windows(2).map(|pair| (pair[0].bottom(), pair[1].y, Vec::new())).collect();
                if let Some(last) = own.last() {
                    gaps.push((last.bottom() + PADDING, last.bottom() + PADDING + BREAK, Vec::new()));
                }
                gaps
            })
            .collect();
        Self { gaps }
    }

    /// A height at which a line to `target` passes `column`, near `wish`.
    fn take(&mut self, column: usize, wish: f64, target: &str) -> f64 {
        let room = |gap: &(f64, f64, Vec<String>)| {
            gap.2.iter().any(|there| there == target) || (index(gap.2.len()) + 2.0) * LANE < gap.1 - gap.0
        };
        let distance = |gap: &(f64, f64, Vec<String>)| ((gap.0 + gap.1) / 2.0 - wish).abs();
        let nearest = self.gaps[column]
            .iter_mut()
            .filter(|gap| room(gap))
            .min_by(|one, other| distance(one).total_cmp(&distance(other)));
        let Some(gap) = nearest else { return wish };
        let lane = gap.2.iter().position(|there| there == target).unwrap_or_else(|| {
            gap.2.push(target.to_owned());
            gap.2.len() - 1
        });
        gap.0 + (index(lane) + 1.5) * LANE
    }
}

/// A small count as a length's factor.
pub(super) fn index(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
