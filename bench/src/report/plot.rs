//! A table as bars.

use std::fmt::Write;

use super::{Table, best};

const WIDTH: usize = 860;
const LEFT: usize = 150;
const BAR: usize = 14;
const SCALE: f64 = 5.0;
const COLOURS: [&str; 2] = ["#9aa4b2", "#d9541e"];

/// One group of bars for each row. Each bar is a ratio to the best of the row, so that rows of
/// different size can stand together; ours are in another colour.
pub fn svg(table: &Table) -> String {
    let bars: usize = table.rows.iter().map(|(_, cells)| cells.len()).sum();
    let height = 60 + table.rows.len() * 30 + bars * BAR;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"24\" font-size=\"15\">{}, each bar against the best of its row</text>\n",
        table.title
    );
    let mut y = 40;
    for (name, cells) in &table.rows {
        y += 18;
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{y}\" font-weight=\"bold\">{name}</text>"
        );
        y += 6;
        let best = best(cells).unwrap_or(1.0);
        for cell in cells {
            let Some(value) = cell.value else { continue };
            let ratio = if best > 0.0 { value / best } else { 0.0 };
            let room = (WIDTH - LEFT - 120) as f64;
            let width = (ratio / SCALE).min(1.0) * room;
            let colour = COLOURS[usize::from(cell.contestant.starts_with("miniws"))];
            let end = LEFT as f64 + width + 5.0;
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\" fill=\"{colour}\"/>\
                 <text x=\"{end:.1}\" y=\"{}\">{value:.*}{}</text>",
                LEFT - 6,
                y + 10,
                cell.contestant,
                BAR - 3,
                y + 10,
                cell.digits,
                if ratio > SCALE { " →" } else { "" },
            );
            y += BAR;
        }
        y += 6;
    }
    svg.push_str("</svg>\n");
    svg
}
