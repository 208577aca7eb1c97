//! The diagram as SVG, in the colours of whoever looks at it.

use std::fmt::Write as _;

use anyhow::Result;

use super::layout::{self, Box, HEAD, LINE, Layout, Link, TITLE, WIDTH};
use super::sections::Section;

/// Height of the legend.
const LEGEND: f64 = 92.0;

/// Of each section: lines and heads in light and in dark colours.
const COLOURS: [(&str, &str); 9] = [
    ("#2563a8", "#6fb1f5"),
    ("#0f766e", "#4fc4b8"),
    ("#6d4bc3", "#b39df3"),
    ("#a3570f", "#eda555"),
    ("#3a7d1e", "#8fcf6b"),
    ("#b02a5b", "#f28fb4"),
    ("#0f6f8a", "#62c3de"),
    ("#5b6472", "#a9b3c1"),
    ("#5b6472", "#a9b3c1"),
];

pub(super) fn svg(sections: &[Section<'_>]) -> Result<String> {
    let layout = layout::place(sections);
    let mut out = String::new();
    let (width, height) = (layout.width, layout.height + LEGEND);
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-labelledby="title description">
<title id="title">The tables of schema migration and how they refer to each other</title>
<desc id="description">{} tables in {} sections; docs/schema.md says the same in words.</desc>
<style>
{}</style>
<rect class="page" width="{width:.0}" height="{height:.0}"/>"#,
        layout.boxes.len(),
        sections.len(),
        style()
    )?;
    for frame in &layout.frames {
        writeln!(
            out,
            r#"<g class="s{}"><rect class="frame" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="12"/><text class="section" x="{:.1}" y="{:.1}">{}</text></g>"#,
            frame.section,
            frame.x,
            frame.y,
            frame.width,
            frame.height,
            frame.x + 16.0,
            frame.y + TITLE - 11.0,
            frame.title
        )?;
    }
    for link in &layout.links {
        draw_link(&mut out, link)?;
    }
    for placed in &layout.boxes {
        draw_box(&mut out, placed)?;
    }
    // Over the tables, so that no border cuts them.
    for link in &layout.links {
        draw_arrow(&mut out, link)?;
    }
    legend(&mut out, &layout)?;
    out.push_str("</svg>\n");
    Ok(out)
}

fn style() -> String {
    let mut light = String::from(
        ".page{fill:#ffffff}.frame{fill-opacity:.05;stroke-opacity:.35}.box{fill:#ffffff;stroke:#c4cad3}\
         .name{fill:#ffffff}.column{fill:#1f2630}.word,.more,.legend{fill:#626c7a}\n",
    );
    let mut dark = String::from(
        ".page{fill:#12161c}.frame{fill-opacity:.08;stroke-opacity:.4}.box{fill:#1a2029;stroke:#3b4552}\
         .name{fill:#12161c}.column{fill:#e4e9f0}.word,.more,.legend{fill:#98a3b2}\n",
    );
    for (number, (in_light, in_dark)) in COLOURS.iter().enumerate() {
        for (rules, colour) in [(&mut light, in_light), (&mut dark, in_dark)] {
            let _ = writeln!(
                rules,
                ".s{number} .frame,.s{number} .head,.s{number} .arrow,.s{number} .section{{fill:{colour}}}\
                 .s{number} .frame,.s{number} .line{{stroke:{colour}}}"
            );
        }
    }
    format!(
        "text{{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:11.5px}}\
         .section{{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:15px;font-weight:600}}\
         .legend{{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:13px}}\
         .name{{font-weight:600;font-size:12px}}.more{{font-size:10.5px}}.line{{fill:none;stroke-width:1.5}}\
         .holds{{stroke-dasharray:5 4}}.word,.more{{text-anchor:end}}\n\
         {light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"
    )
}

fn draw_box(out: &mut String, placed: &Box<'_>) -> Result<()> {
    let Box { x, y, height, .. } = placed;
    let table = placed.table;
    writeln!(out, r#"<g class="s{}">"#, placed.section)?;
    writeln!(
        out,
        r#"<rect class="box" x="{x:.1}" y="{y:.1}" width="{WIDTH:.1}" height="{height:.1}" rx="6"/>"#
    )?;
    let (right, low) = (x + WIDTH, y + HEAD);
    writeln!(
        out,
        r#"<path class="head" d="M{x:.1} {low:.1}V{:.1}q0 -6 6 -6H{:.1}q6 0 6 6V{low:.1}Z"/>"#,
        y + 6.0,
        right - 6.0
    )?;
    writeln!(out, r#"<text class="name" x="{:.1}" y="{:.1}">{}</text>"#, x + 10.0, y + 18.0, table.name)?;
    for (number, row) in placed.rows.iter().enumerate() {
        let base = low + layout::index(number) * LINE + 14.5;
        writeln!(out, r#"<text class="column" x="{:.1}" y="{base:.1}">{}</text>"#, x + 10.0, row.name)?;
        if let Some(word) = &row.word {
            writeln!(out, r#"<text class="word" x="{:.1}" y="{base:.1}">{word}</text>"#, right - 10.0)?;
        }
    }
    let base = low + layout::index(placed.rows.len()) * LINE + 14.5;
    let more = if placed.rows.is_empty() { "" } else { "more " };
    let kind = if placed.others() == 1 { "column" } else { "columns" };
    writeln!(
        out,
        r#"<text class="more" x="{:.1}" y="{base:.1}">{} {more}{kind}</text></g>"#,
        right - 10.0,
        placed.others()
    )?;
    Ok(())
}

fn draw_link(out: &mut String, link: &Link) -> Result<()> {
    let mut path = String::new();
    let (x, y) = link.points[0];
    write!(path, "M{x:.1} {y:.1}")?;
    if link.around {
        let ((out_x, _), (to_x, to_y)) = (link.points[1], link.points[2]);
        write!(path, "C{out_x:.1} {y:.1} {out_x:.1} {to_y:.1} {to_x:.1} {to_y:.1}")?;
    } else {
        for pair in link.points.windows(2) {
            let ((from_x, from_y), (to_x, to_y)) = (pair[0], pair[1]);
            if (from_y - to_y).abs() < 0.5 {
                write!(path, "H{to_x:.1}")?;
            } else {
                let middle = (from_x + to_x) / 2.0;
                write!(path, "C{middle:.1} {from_y:.1} {middle:.1} {to_y:.1} {to_x:.1} {to_y:.1}")?;
            }
        }
    }
    let holds = if link.cascades { "" } else { " holds" };
    writeln!(
        out,
        r#"<g class="s{}"><path class="line{holds}" d="{path}"><title>{} refers to {}</title></path></g>"#,
        link.section, link.from, link.to
    )?;
    Ok(())
}

fn draw_arrow(out: &mut String, link: &Link) -> Result<()> {
    let Some((x, y)) = link.points.last() else { return Ok(()) };
    let back = if link.around { -8.0 } else { 8.0 };
    writeln!(
        out,
        r#"<g class="s{}"><path class="arrow" d="M{x:.1} {y:.1}l{back} -4.5v9Z"/></g>"#,
        link.section
    )?;
    Ok(())
}

fn legend(out: &mut String, layout: &Layout<'_>) -> Result<()> {
    let (x, y) = (62.0, layout.height + 22.0);
    let line = |out: &mut String, number: f64, class: &str, text: &str| {
        let base = y + number * 22.0;
        let sample = if class.is_empty() {
            String::new()
        } else {
            format!(r#"<g class="s0"><path class="{class}" d="M{x:.1} {:.1}h44"/></g>"#, base - 4.5)
        };
        writeln!(out, r#"{sample}<text class="legend" x="{:.1}" y="{base:.1}">{text}</text>"#, x + 56.0)
    };
    line(out, 0.0, "line", "a row goes with the one it refers to")?;
    line(out, 1.0, "line holds", "a row holds the one it refers to")?;
    line(
        out,
        2.0,
        "",
        "Listed are the columns that refer to something. Every table outside Identity, Histories and security_audit_logs is tenant-owned: \
         its client_account_id, first in every key, refers to client_accounts and is not drawn.",
    )?;
    Ok(())
}
