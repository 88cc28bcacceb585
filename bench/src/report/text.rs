//! Tables as text.

use super::{Report, Table, best, machine};
use crate::contestants::ALL;

/// Prints everything.
pub fn print(report: &Report) {
    println!("{}", machine::Machine::here());
    for contestant in ALL {
        let info = contestant.info;
        let version = machine::version(info.package);
        println!("  {:<18} {:<8} {}", info.name, version, info.notes);
    }
    for table in report.tables.iter().filter(|table| !table.is_empty()) {
        print_table(table);
    }
}

fn print_table(table: &Table) {
    println!(
        "\n{}; in brackets the ratio to the best, the floor aside\n",
        table.title
    );
    let Some((_, first)) = table.rows.first() else {
        return;
    };
    let names = table.rows.iter().map(|(name, _)| name.len());
    let width = names.max().unwrap_or(0);
    print!("{:width$}", "");
    for cell in first {
        print!(" {:>17}", cell.contestant);
    }
    println!();
    for (name, cells) in &table.rows {
        let best = best(cells);
        print!("{name:width$}");
        for cell in cells {
            let text = match (cell.value, best) {
                (None, _) => "-".to_owned(),
                (Some(value), Some(best)) if best > 0.0 => {
                    format!("{value:.*} ({:.2})", cell.digits, value / best)
                }
                (Some(value), _) => format!("{value:.*}", cell.digits),
            };
            print!(" {text:>17}");
        }
        println!();
    }
}
