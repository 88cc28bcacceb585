//! Tables as text.

use std::fmt::Write;

use super::{Report, Row, Table};

/// So many cases stand side by side.
const ACROSS: usize = 6;

/// Everything.
pub fn of(report: &Report) -> String {
    let mut text = format!("\n{}\n", report.machine);
    for about in &report.contestants {
        let _ = writeln!(
            text,
            "  {:<18} {:<8} {}",
            about.name, about.version, about.notes
        );
    }
    for table in &report.tables {
        let _ = writeln!(
            text,
            "\n{}; behind it the ratio to the best, the floor aside",
            table.title
        );
        for rows in table.rows.chunks(ACROSS) {
            push_rows(&mut text, table, rows);
        }
    }
    text
}

/// Contestants down, cases across.
fn push_rows(text: &mut String, table: &Table, rows: &[Row]) {
    let _ = write!(text, "\n{:18}", "");
    for row in rows {
        let _ = write!(text, " {:>24}", row.case);
    }
    text.push('\n');
    for (at, contestant) in table.contestants.iter().enumerate() {
        if rows.iter().all(|row| row.values[at].is_none()) {
            continue;
        }
        let _ = write!(text, "{contestant:18}");
        for row in rows {
            let cell = match (row.values[at], table.best(row)) {
                (Some(value), Some(best)) if best > 0.0 => {
                    format!("{} {:6.2}", table.show(value), value / best)
                }
                (Some(value), _) => format!("{}       ", table.show(value)),
                (None, _) => "-       ".to_owned(),
            };
            let _ = write!(text, " {cell:>24}");
        }
        text.push('\n');
    }
}
