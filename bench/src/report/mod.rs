//! What is printed, and written for later.

mod machine;
mod markdown;
mod plot;
mod text;

use std::fmt::Display;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::contestants::{ALL, FLOOR, HARNESS};
use machine::Machine;
pub use markdown::{is_shown, print_readme};

/// Tables, and where they come from. As JSON it is `NAME.json`.
#[derive(Serialize, Deserialize)]
pub struct Report {
    name: String,
    machine: Machine,
    contestants: Vec<About>,
    tables: Vec<Table>,
}

/// What is told about a contestant.
#[derive(Serialize, Deserialize)]
struct About {
    name: String,
    version: String,
    notes: String,
}

/// A measure: cases, and a value of each contestant.
#[derive(Serialize, Deserialize)]
pub struct Table {
    title: String,
    better: Better,
    /// Behind the point.
    digits: usize,
    contestants: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    case: String,
    /// In the order of the contestants.
    values: Vec<Option<f64>>,
}

/// Which way a number is good.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Better {
    Less,
    More,
}

impl Report {
    /// Tables without any number are left out.
    pub fn new(name: &str, mut tables: Vec<Table>) -> Self {
        for table in &mut tables {
            let has_number = |row: &Row| row.values.iter().any(Option::is_some);
            table.rows.retain(has_number);
        }
        tables.retain(|table| !table.rows.is_empty());
        let about = ALL.iter().map(|entry| About {
            name: entry.name.to_owned(),
            version: machine::version(entry.package).to_owned(),
            notes: entry.notes.to_owned(),
        });
        Self {
            name: name.to_owned(),
            machine: Machine::here(),
            contestants: about.collect(),
            tables,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is no number in it.
    pub const fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Prints it for people.
    pub fn print(&self) {
        print!("{}", text::of(self));
    }

    /// Writes `NAME.json` and `NAME.svg` into a folder.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)?;
        std::fs::write(folder.join(format!("{}.json", self.name)), json + "\n")?;
        let panels: Vec<_> = self.tables.iter().take(1).flat_map(plot::panels).collect();
        std::fs::write(
            folder.join(format!("{}.svg", self.name)),
            plot::svg(&panels, &self.machine.to_string()),
        )
    }

    /// Reads `NAME.json` from a folder.
    ///
    /// # Errors
    ///
    /// When it is not there, or is something else.
    fn read(folder: &Path, name: &str) -> io::Result<Self> {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json")))?;
        Ok(serde_json::from_str(&text)?)
    }
}

impl Table {
    pub fn new(title: &str, better: Better, digits: usize, contestants: &[impl Display]) -> Self {
        Self {
            title: title.to_owned(),
            better,
            digits,
            contestants: contestants.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, case: &str, values: Vec<Option<f64>>) {
        self.rows.push(Row {
            case: case.to_owned(),
            values,
        });
    }

    /// The best value of a row, the limits aside.
    fn best(&self, row: &Row) -> Option<f64> {
        let ranked = self.contestants.iter().zip(&row.values);
        let values = ranked.filter_map(|(name, value)| value.filter(|_| !is_limit(name)));
        match self.better {
            Better::Less => values.reduce(f64::min),
            Better::More => values.reduce(f64::max),
        }
    }

    /// A value, as it is shown.
    fn show(&self, value: f64) -> String {
        grouped(&format!("{value:.*}", self.digits))
    }
}

/// Whether this is no WebSocket that anyone could use.
fn is_limit(contestant: &str) -> bool {
    contestant == FLOOR || contestant == HARNESS
}

/// Whether this is what the benchmark is about.
fn is_ours(contestant: &str) -> bool {
    contestant.starts_with("miniws")
}

/// 1234567.8 with commas.
fn grouped(number: &str) -> String {
    let end = number.find('.').unwrap_or(number.len());
    let (whole, rest) = number.split_at(end);
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
