//! Tables as bars.

use std::fmt::Write;

use super::{Better, Row, Table, is_limit, is_ours};

const WIDTH: usize = 920;
const PANEL: usize = 450;
const NAMES: usize = 130;
const VALUES: usize = 74;
const BAR: usize = 18;

/// Legible on a light page and on a dark one: it has a ground of its own, and follows the reader's
/// preference.
const STYLE: &str = "\
.ground{fill:#ffffff}.text{fill:#1f2328}.quiet{fill:#59636e}
.peer{fill:#8c959f}.limit{fill:#d1d9e0}.ours{fill:#bc4c00}
@media (prefers-color-scheme: dark){
.ground{fill:#0d1117}.text{fill:#f0f6fc}.quiet{fill:#9198a1}
.peer{fill:#656c76}.limit{fill:#3d444d}.ours{fill:#f0883e}
}";

/// One case of a table.
pub struct Panel<'a> {
    title: &'a str,
    caption: String,
    bars: Vec<Bar<'a>>,
}

struct Bar<'a> {
    contestant: &'a str,
    value: f64,
    label: String,
}

/// A panel for each case.
pub fn panels(table: &Table) -> Vec<Panel<'_>> {
    let rows = table.rows.iter();
    rows.map(|row| panel(&row.case, &table.title, table, row))
        .collect()
}

/// A panel for one case, the best on top.
pub fn panel<'a>(title: &'a str, caption: &str, table: &'a Table, row: &Row) -> Panel<'a> {
    let values = table.contestants.iter().zip(&row.values);
    let mut bars: Vec<_> = values
        .filter_map(|(contestant, value)| {
            Some(Bar {
                contestant,
                value: (*value)?,
                label: table.show((*value)?),
            })
        })
        .collect();
    bars.sort_by(|one, other| one.value.total_cmp(&other.value));
    let better = match table.better {
        Better::Less => "less is better",
        Better::More => {
            bars.reverse();
            "more is better"
        }
    };
    Panel {
        title,
        caption: format!("{caption}; {better}"),
        bars,
    }
}

/// Two panels side by side, ours in another colour.
pub fn svg(panels: &[Panel<'_>], footer: &str) -> String {
    let mut body = String::new();
    let mut y = 10;
    for pair in panels.chunks(2) {
        for (at, panel) in pair.iter().enumerate() {
            push_panel(&mut body, panel, 10 + at * PANEL, y);
        }
        let most = pair.iter().map(|panel| panel.bars.len()).max();
        y += 56 + most.unwrap_or(0) * BAR;
    }
    let height = y + 24;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n{body}\
         <text class=\"quiet\" x=\"14\" y=\"{}\" font-size=\"10\">{}</text>\n</svg>\n",
        y + 10,
        escaped(footer),
    )
}

fn push_panel(body: &mut String, panel: &Panel<'_>, x: usize, y: usize) {
    let (title, caption) = (escaped(panel.title), escaped(&panel.caption));
    let _ = writeln!(
        body,
        "<text class=\"text\" x=\"{}\" y=\"{}\" font-weight=\"600\">{title}</text>\
         <text class=\"quiet\" x=\"{}\" y=\"{}\" font-size=\"10\">{caption}</text>",
        x + 4,
        y + 16,
        x + 4,
        y + 32,
    );
    let most = panel.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let room = (PANEL - 20 - NAMES - VALUES) as f64;
    for (at, bar) in panel.bars.iter().enumerate() {
        let top = y + 40 + at * BAR;
        let width = (bar.value / most.max(f64::MIN_POSITIVE) * room).max(1.0);
        let class = match bar.contestant {
            name if is_ours(name) => "ours",
            name if is_limit(name) => "limit",
            _ => "peer",
        };
        let _ = writeln!(
            body,
            "<text class=\"text\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" rx=\"2\"/>\
             <text class=\"text\" x=\"{:.1}\" y=\"{}\">{}</text>",
            x + NAMES - 6,
            top + 12,
            escaped(bar.contestant),
            x + NAMES,
            top + 2,
            BAR - 4,
            (x + NAMES) as f64 + width + 5.0,
            top + 12,
            bar.label,
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
