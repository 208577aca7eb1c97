//! A finding or a run as one file to attach to a ticket: Markdown, or HTML that needs nothing beside it. Every piece of text goes through
//! [`redact`], so that nothing that looks like a password gets in, whoever wrote it.

use std::fmt::Write as _;

use drydock_domain::finding::redact;

use crate::diagnosis::{Command, Examination, Finding, Run, Scenario};

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Markdown,
    Html,
}

impl Format {
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// A report before it has a form.
pub(crate) struct Report {
    title: String,
    blocks: Vec<Block>,
}

enum Block {
    Heading(u8, String),
    Text(String),
    List(Vec<String>),
    Code(String),
    Table(Vec<&'static str>, Vec<Vec<String>>),
}

impl Report {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    fn heading(&mut self, level: u8, text: impl Into<String>) {
        self.blocks.push(Block::Heading(level, text.into()));
    }

    fn text(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Text(text));
        }
    }

    fn list(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            self.blocks.push(Block::List(lines.to_vec()));
        }
    }

    fn code(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.blocks.push(Block::Code(text));
        }
    }

    fn finding(&mut self, finding: &Finding) {
        self.heading(3, format!("{}: {}", finding.id, finding.title));
        self.text(format!("Breaks the stage {} ({}).", finding.stage, finding.stage_title));
        self.text("Seen:");
        self.list(&finding.evidence);
        self.text(format!("Cause: {}", finding.cause));
        self.text(format!("Remedy: {}", finding.remedy));
        self.commands(&finding.commands);
        self.text(format!("Not this: {}", finding.band_aid));
        self.text(format!("Known from: {}", finding.source));
    }

    fn commands(&mut self, commands: &[Command]) {
        for command in commands {
            self.code(command.text.clone());
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.finding(finding);
        }
    }

    /// What the doctor saw; of one finding alone where `only` names it.
    pub(crate) fn of_examination(examination: &Examination, only: Option<&str>) -> Self {
        let findings: Vec<Finding> =
            examination.findings.iter().filter(|one| only.is_none_or(|id| one.id == id)).cloned().collect();
        let mut report = Self::new(match (only, findings.len()) {
            (Some(id), _) => format!("Drydock doctor: {id}"),
            (None, 0) => "Drydock doctor: no findings".to_owned(),
            (None, 1) => "Drydock doctor: 1 finding".to_owned(),
            (None, more) => format!("Drydock doctor: {more} findings"),
        });
        report.text(format!(
            "Looked at {} by Drydock {} in {:.0} ms, changing nothing.",
            examination.at,
            crate::VERSION,
            examination.elapsed_ms
        ));
        report.heading(2, "Looked at");
        report.list(&examination.looked_at);
        if !examination.could_not.is_empty() {
            report.heading(2, "Could not be looked at");
            report.list(&examination.could_not);
        }
        report.heading(2, "Findings");
        if findings.is_empty() {
            report.text("Nothing is known to be wrong with it.");
        }
        report.findings(&findings);
        report
    }

    /// What was seen of a run.
    pub(crate) fn of_run(run: &Run, scenarios: &[Scenario]) -> Self {
        let mut report = Self::new(format!("Drydock Deploy Lab: {}", run.scenarios.join(", ")));
        let began = run.began_at.map(|at| format!("Played at {at} ")).unwrap_or_default();
        report.text(format!("{began}by Drydock {} on a throw-away cluster.", crate::VERSION));
        for scenario in scenarios.iter().filter(|one| run.scenarios.contains(&one.id)) {
            report.heading(2, format!("{}: {}", scenario.id, scenario.title));
            report.text(format!("{}: {}", scenario.fidelity, scenario.fidelity_note));
        }
        if let Some(error) = &run.error {
            report
                .text(format!("Not played to its end: {} {} [{}]", error.what, error.next_step, error.code));
        }
        report.heading(2, "What is seen");
        report.blocks.push(Block::Table(
            vec!["who says it", "what", ""],
            run.symptoms
                .iter()
                .map(|line| {
                    let kind = if line.transcript { "quoted" } else { "happened here" };
                    vec![line.source.clone(), line.text.clone(), kind.to_owned()]
                })
                .collect(),
        ));
        for boot in &run.boots {
            report.heading(2, format!("{} ({:.0} ms, {})", boot.phase, boot.elapsed_ms, boot.state));
            report.blocks.push(Block::Table(
                vec!["stage", "", "ms", ""],
                boot.stages
                    .iter()
                    .filter(|stage| stage.status != "pending")
                    .map(|stage| {
                        vec![
                            stage.name.clone(),
                            stage.status.clone(),
                            stage.elapsed_ms.map(|ms| format!("{ms:.1}")).unwrap_or_default(),
                            stage.detail.clone().unwrap_or_default(),
                        ]
                    })
                    .collect(),
            ));
            if let (Some(code), Some(failure)) = (&boot.failure_code, &boot.failure) {
                report.text(format!("Red: {failure} [{code}]"));
            }
        }
        report.heading(2, "What the doctor says, who is not told which scenario it is");
        match &run.findings {
            None => report.text("It has not looked."),
            Some(findings) if findings.is_empty() => report.text("Nothing."),
            Some(findings) => report.findings(findings),
        }
        if let Some(script) = &run.script {
            report.heading(2, "The remedy as it is run");
            report.code(script.clone());
        }
        if !run.proofs.is_empty() {
            report.heading(2, "Proof");
            report.blocks.push(Block::Table(
                vec!["", "", "", ""],
                run.proofs
                    .iter()
                    .map(|proof| {
                        let holds = if proof.holds { "holds" } else { "does not hold" };
                        vec![proof.rule.clone(), proof.title.clone(), holds.to_owned(), proof.what.clone()]
                    })
                    .collect(),
            ));
        }
        report
    }

    /// The report in a form.
    pub(crate) fn write(&self, format: Format) -> String {
        match format {
            Format::Markdown => self.markdown(),
            Format::Html => self.html(),
        }
    }

    /// What its file is called, without an ending.
    pub(crate) fn stem(&self) -> String {
        let kept: String = redact(&self.title)
            .chars()
            .map(|letter| if letter.is_alphanumeric() || " -_.,()".contains(letter) { letter } else { '_' })
            .take(80)
            .collect();
        kept.replace("_ ", " ").trim().to_owned()
    }

    // Writing to a String cannot fail, so the results carry nothing.
    fn markdown(&self) -> String {
        let mut text = format!("# {}\n", plain(&self.title));
        for block in &self.blocks {
            text.push('\n');
            match block {
                Block::Heading(level, words) => {
                    let _ = writeln!(text, "{} {}", "#".repeat((*level).into()), plain(words));
                }
                Block::Text(words) => {
                    let _ = writeln!(text, "{}", plain(words));
                }
                Block::List(lines) => {
                    for line in lines {
                        let _ = writeln!(text, "- {}", plain(line));
                    }
                }
                Block::Code(code) => {
                    let code = redact(code);
                    // Longer than any run of backticks in it.
                    let longest = code.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
                    let fence = "`".repeat(longest.max(2) + 1);
                    let _ = writeln!(text, "{fence}\n{}\n{fence}", code.trim_end());
                }
                Block::Table(head, rows) => {
                    let cells = |row: Vec<String>| format!("| {} |", row.join(" | "));
                    let _ = writeln!(text, "{}", cells(head.iter().map(|word| (*word).to_owned()).collect()));
                    let _ = writeln!(text, "|{}", "---|".repeat(head.len()));
                    for row in rows {
                        let row = row.iter().map(|cell| plain(cell).replace('|', "\\|")).collect();
                        let _ = writeln!(text, "{}", cells(row));
                    }
                }
            }
        }
        text
    }

    fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut text = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
             <body>\n<h1>{title}</h1>\n"
        );
        for block in &self.blocks {
            match block {
                Block::Heading(level, words) => {
                    let _ = writeln!(text, "<h{level}>{}</h{level}>", escaped(words));
                }
                Block::Text(words) => {
                    let _ = writeln!(text, "<p>{}</p>", escaped(words));
                }
                Block::List(lines) => {
                    let items: String =
                        lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect();
                    let _ = writeln!(text, "<ul>{items}</ul>");
                }
                Block::Code(code) => {
                    let _ = writeln!(text, "<pre>{}</pre>", escaped(code));
                }
                Block::Table(head, rows) => {
                    let head: String = head.iter().map(|word| format!("<th>{word}</th>")).collect();
                    let _ = writeln!(text, "<table><tr>{head}</tr>");
                    for row in rows {
                        let row: String =
                            row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
                        let _ = writeln!(text, "<tr>{row}</tr>");
                    }
                    text.push_str("</table>\n");
                }
            }
        }
        text.push_str("</body></html>\n");
        text
    }
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#101c20;background:#fff}\
    pre{padding:.75rem;background:#f5f8f8;border:1px solid #d6dee0;overflow:auto;white-space:pre-wrap}\
    table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;border-top:1px solid #d6dee0;text-align:left;vertical-align:top;overflow-wrap:anywhere}";

/// Text on one line that Markdown takes as it is.
fn plain(text: &str) -> String {
    let mut kept = String::new();
    for letter in redact(text).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' => {
                kept.push('\\');
                kept.push(letter);
            }
            letter if letter.is_control() => kept.push(' '),
            letter => kept.push(letter),
        }
    }
    kept
}

fn escaped(text: &str) -> String {
    redact(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
