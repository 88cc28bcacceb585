//! What is printed and written at the end.

mod machine;
mod plot;
mod text;

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::contestants::ALL;
pub use machine::Machine;
pub use text::print;

/// Tables, and the numbers behind them.
pub struct Report {
    name: &'static str,
    tables: Vec<Table>,
    numbers: Vec<Value>,
}

/// Cases down, contestants across.
pub struct Table {
    title: String,
    rows: Vec<(String, Vec<Cell>)>,
}

/// One number of one contestant.
pub struct Cell {
    contestant: &'static str,
    value: Option<f64>,
    digits: usize,
    better: Better,
}

/// Which way a number is good, for the ratio to the best. The floor is left out of that.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Less,
    More,
    /// No ratio is shown.
    Neither,
}

impl Report {
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            tables: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    pub fn json(&mut self, numbers: Value) {
        self.numbers.push(numbers);
    }

    /// Writes `NAME.json` and `NAME.svg` into a folder.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let machine = Machine::here();
        let contestants: Vec<_> = ALL
            .iter()
            .map(|one| {
                json!({
                    "name": one.info.name,
                    "version": machine::version(one.info.package),
                    "notes": one.info.notes,
                })
            })
            .collect();
        let all = json!({
            "table": self.name,
            "machine": machine.to_json(),
            "contestants": contestants,
            "numbers": self.numbers,
        });
        let json = serde_json::to_string_pretty(&all)?;
        std::fs::write(folder.join(format!("{}.json", self.name)), json + "\n")?;
        let svg = folder.join(format!("{}.svg", self.name));
        match self.tables.iter().find(|table| !table.is_empty()) {
            Some(table) => std::fs::write(svg, plot::svg(table)),
            None => Ok(()),
        }
    }
}

impl Table {
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, name: &str, cells: Vec<Cell>) {
        self.rows.push((name.to_owned(), cells));
    }

    /// Whether it has not a single number.
    fn is_empty(&self) -> bool {
        let mut cells = self.rows.iter().flat_map(|(_, cells)| cells);
        cells.all(|cell| cell.value.is_none())
    }
}

impl Cell {
    const fn new(
        contestant: &'static str,
        value: Option<f64>,
        digits: usize,
        better: Better,
    ) -> Self {
        Self {
            contestant,
            value,
            digits,
            better,
        }
    }

    /// A number of which less is better.
    pub const fn number(contestant: &'static str, value: Option<f64>, digits: usize) -> Self {
        Self::new(contestant, value, digits, Better::Less)
    }

    /// A number of which more is better.
    pub const fn more_is_better(
        contestant: &'static str,
        value: Option<f64>,
        digits: usize,
    ) -> Self {
        Self::new(contestant, value, digits, Better::More)
    }

    /// A number without a ratio.
    pub const fn plain(contestant: &'static str, value: Option<f64>, digits: usize) -> Self {
        Self::new(contestant, value, digits, Better::Neither)
    }
}

/// The best value of a row, the floor's aside.
fn best(cells: &[Cell]) -> Option<f64> {
    let of_peers = cells.iter().filter(|cell| cell.contestant != "floor");
    let values = of_peers.filter_map(|cell| cell.value);
    match cells.first()?.better {
        Better::Less => values.reduce(f64::min),
        Better::More => values.reduce(f64::max),
        Better::Neither => None,
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
