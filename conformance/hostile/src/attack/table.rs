//! The result: a table with a row for each attack and a column for each runtime.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use super::play::Withstood;
use super::row::Attack;
use crate::Result;
use crate::program::name;

pub(crate) struct Table {
    runtimes: Vec<String>,
    rows: Vec<Row>,
    failures: usize,
}

struct Row {
    id: &'static str,
    what: &'static str,
    expected: String,
    cells: Vec<String>,
}

impl Table {
    pub(crate) fn new(directories: &[PathBuf]) -> Self {
        Self {
            runtimes: directories.iter().map(|each| name(each)).collect(),
            rows: Vec::new(),
            failures: 0,
        }
    }

    /// Each row comes once.
    pub(crate) fn add(&mut self, attack: &Attack) {
        if self.rows.iter().any(|row| row.what == attack.what) {
            return;
        }
        self.rows.push(Row {
            id: attack.id,
            what: attack.what,
            expected: attack.expected.to_string(),
            cells: vec![String::new(); self.runtimes.len()],
        });
    }

    pub(crate) fn enter(&mut self, (runtime, what, played): (usize, &str, Result<Withstood>)) {
        let cell = match played {
            Ok(Withstood { growth, slowest }) => {
                let slowest = slowest.map_or_else(
                    || "–".to_owned(),
                    |slowest| format!("{} ms", slowest.as_millis()),
                );
                format!("{growth} KiB, {slowest}")
            }
            Err(error) => {
                eprintln!("{}: {what}: {error}", self.runtimes[runtime]);
                self.failures += 1;
                "**failed**".to_owned()
            }
        };
        for row in self.rows.iter_mut().filter(|row| row.what == what) {
            row.cells[runtime].clone_from(&cell);
        }
    }

    pub(crate) fn verdict(&self) -> ExitCode {
        match self.failures {
            0 => {
                eprintln!("all {} attacks were withstood", self.rows.len());
                ExitCode::SUCCESS
            }
            count => {
                eprintln!("{count} attacks were not withstood");
                ExitCode::FAILURE
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | attack | result | {} |", self.runtimes.join(" | "))?;
        writeln!(f, "|---|---|---|{}", "--:|".repeat(self.runtimes.len()))?;
        let mut last = "";
        for row in &self.rows {
            let id = if row.id == last { "" } else { row.id };
            last = row.id;
            let cells = row.cells.join(" | ");
            writeln!(f, "| {id} | {} | {} | {cells} |", row.what, row.expected)?;
        }
        Ok(())
    }
}
