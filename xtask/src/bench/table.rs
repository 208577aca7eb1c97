//! Tables of medians, for the terminal and for a Markdown file.

use crate::sample::Sample;

/// Rows of measurements under one title.
pub(crate) struct Table {
    title: String,
    unit: &'static str,
    rows: Vec<Row>,
    notes: Vec<String>,
    /// Whether p50 and p99 are told rather than median, least and greatest.
    percentiles: bool,
}

struct Row {
    name: String,
    sample: Sample,
    /// What the row is compared with.
    base: Option<f64>,
}

impl Table {
    /// An empty one; `unit` is what every number counts.
    pub(crate) fn new(title: impl Into<String>, unit: &'static str) -> Self {
        Self { title: title.into(), unit, rows: Vec::new(), notes: Vec::new(), percentiles: false }
    }

    /// An empty one that tells p50 and p99.
    pub(crate) fn percentiles(title: impl Into<String>, unit: &'static str) -> Self {
        Self { percentiles: true, ..Self::new(title, unit) }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, name: impl Into<String>, sample: &Sample) {
        self.rows.push(Row { name: name.into(), sample: sample.clone(), base: None });
    }

    /// Adds a row that also says how many times `base` its median is.
    pub(crate) fn compared(&mut self, name: impl Into<String>, sample: &Sample, base: &Sample) {
        self.rows.push(Row { name: name.into(), sample: sample.clone(), base: Some(base.median()) });
    }

    /// Adds a row of one number.
    pub(crate) fn number(&mut self, name: impl Into<String>, value: f64) {
        let mut sample = Sample::default();
        sample.add(value);
        self.row(name, &sample);
    }

    /// Adds a sentence under the table.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// The table as text.
    pub(crate) fn print(&self, markdown: bool) -> String {
        let ratios = self.rows.iter().any(|row| row.base.is_some());
        let spread = self.rows.iter().any(|row| row.sample.len() > 1);
        let mut header = vec![format!("{} ({})", self.title, self.unit)];
        header.push(match (self.percentiles, spread) {
            (true, _) => "p50".to_owned(),
            (false, true) => "median".to_owned(),
            (false, false) => self.unit.to_owned(),
        });
        if self.percentiles {
            header.extend(["p99".to_owned(), "max".to_owned()]);
        } else if spread {
            header.extend(["min".to_owned(), "max".to_owned()]);
        }
        if ratios {
            header.push("ratio".to_owned());
        }
        let mut lines = vec![header];
        for row in &self.rows {
            let number =
                |value: f64| if value.is_finite() { format!("{value:.1}") } else { "–".to_owned() };
            let mut line = vec![row.name.clone(), number(row.sample.median())];
            if self.percentiles {
                line.extend([number(row.sample.percentile(0.99)), number(row.sample.max())]);
            } else if spread {
                line.extend([number(row.sample.min()), number(row.sample.max())]);
            }
            if ratios {
                let ratio = row.base.map(|base| row.sample.median() / base).filter(|ratio| ratio.is_finite());
                line.push(ratio.map_or_else(String::new, |ratio| format!("{ratio:.1} ×")));
            }
            lines.push(line);
        }
        let mut text = if markdown { as_markdown(&lines) } else { as_columns(&lines) };
        for note in &self.notes {
            text.push_str(&format!("\n{note}\n"));
        }
        text
    }
}

fn as_markdown(lines: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        text.push_str(&format!("| {} |\n", line.join(" | ")));
        if number == 0 {
            text.push_str(&format!("| --- |{}\n", " ---: |".repeat(line.len() - 1)));
        }
    }
    text
}

fn as_columns(lines: &[Vec<String>]) -> String {
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let mut text = String::new();
    for line in lines {
        for (column, cell) in line.iter().enumerate() {
            let width = width(column).unwrap_or(0);
            text.push_str(&if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::sample::Sample;

    #[test]
    fn a_ratio_compares_medians_and_a_missing_number_is_a_dash() {
        let sample = |values: &[f64]| {
            let mut sample = Sample::default();
            values.iter().for_each(|value| sample.add(*value));
            sample
        };
        let ours = sample(&[10.0, 20.0, 30.0]);
        let mut table = Table::new("warm start", "ms");
        table.row("ours", &ours);
        table.compared("theirs", &sample(&[50.0, 50.0, 80.0]), &ours);
        table.compared("nobody's", &Sample::default(), &ours);
        table.note("a note");
        assert_eq!(
            table.print(true),
            "| warm start (ms) | median | min | max | ratio |\n\
             | --- | ---: | ---: | ---: | ---: |\n\
             | ours | 20.0 | 10.0 | 30.0 |  |\n\
             | theirs | 50.0 | 50.0 | 80.0 | 2.5 × |\n\
             | nobody's | – | – | – |  |\n\
             \na note\n"
        );
        assert!(table.print(false).starts_with("warm start (ms)  median   min   max  ratio\nours "));
    }
}
