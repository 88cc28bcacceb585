//! What the project's README shows.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::io;
use std::path::Path;

use super::{Report, Row, Table, plot};

/// Some cases of a table, under a heading.
struct Section {
    heading: &'static str,
    report: &'static str,
    /// What the table's title begins with.
    title: &'static str,
    /// Case and what it is called here; all cases, by their own names, if there are none.
    cases: &'static [(&'static str, &'static str)],
    /// Those that are plotted.
    plotted: &'static [&'static str],
}

const SECTIONS: &[Section] = &[
    Section {
        heading: "Instructions to receive a message at the server",
        report: "instructions",
        title: "Instructions",
        cases: &[
            ("receive/server/binary/16", "16 B"),
            ("receive/server/binary/125", "125 B"),
            ("receive/server/binary/1K", "1 KiB"),
            ("receive/server/multi/1K", "1 KiB multi-byte text"),
            ("receive/server/binary/16K", "16 KiB"),
            (
                "receive-fragments-1K/server/multi/64K",
                "64 KiB of it in fragments",
            ),
        ],
        plotted: &["receive/server/binary/16", "receive/server/binary/1K"],
    },
    Section {
        heading: "Instructions to send a message",
        report: "instructions",
        title: "Instructions",
        cases: &[
            ("send/server/binary/16", "server 16 B"),
            ("send/server/binary/1K", "server 1 KiB"),
            ("send/client/binary/16", "client 16 B"),
            ("send/client/binary/1K", "client 1 KiB"),
            ("broadcast-1000/server/binary/1K", "1 KiB to each of 1,000"),
        ],
        plotted: &[],
    },
    Section {
        heading: "Allocations for an echo",
        report: "instructions",
        title: "Allocations",
        cases: &[
            ("echo/server/binary/16", "16 B"),
            ("echo/server/binary/1K", "1 KiB"),
            ("echo/server/binary/4K", "4 KiB"),
            ("echo/server/binary/64K", "64 KiB"),
        ],
        plotted: &[],
    },
    Section {
        heading: "Bytes on the wire for a compressed message",
        report: "instructions",
        title: "Bytes on the wire",
        cases: &[
            ("send/server/json-deflate/1K", "1 KiB of JSON"),
            ("send/server/json-deflate/16K", "16 KiB of JSON"),
        ],
        plotted: &[],
    },
    Section {
        heading: "Nanoseconds to receive a message at the server, and to send one as a client",
        report: "proto",
        title: "Nanoseconds a message",
        cases: &[
            ("receive/server/binary/16", "16 B"),
            ("receive/server/binary/1K", "1 KiB"),
            ("receive/server/binary/16K", "16 KiB"),
            ("receive/server/binary/1M", "1 MiB"),
            (
                "receive-fragments-1K/server/multi/64K",
                "64 KiB of it in fragments",
            ),
            ("send/client/binary/1K", "client sends 1 KiB"),
            (
                "receive/server/json-deflate/1K",
                "1 KiB of JSON, compressed",
            ),
        ],
        plotted: &[],
    },
    Section {
        heading: "The same without `rep movsb`",
        report: "proto",
        title: "Nanoseconds a message, glibc",
        cases: &[
            ("receive/server/binary/16K", "16 KiB"),
            ("receive/server/binary/1M", "1 MiB"),
            (
                "receive-fragments-1K/server/multi/64K",
                "64 KiB of it in fragments",
            ),
        ],
        plotted: &[],
    },
    Section {
        heading: "Echo server: CPU seconds for a million messages",
        report: "echo",
        title: "Echo: server processor",
        cases: &[
            ("100 x 20", "100 connections x 20 B"),
            ("10 x 1K", "10 x 1K"),
            ("10 x 16K", "10 x 16K"),
            ("10 x 16K multi", "10 x 16K text"),
            ("200 x 16K", "200 x 16K"),
            ("10 x 1M", "10 x 1M"),
            ("50 x 16 x 32", "50 x 32, 16 in flight"),
            ("10 x 1K json-deflate", "10 x 1K of JSON, compressed"),
        ],
        plotted: &["100 x 20", "50 x 16 x 32"],
    },
    Section {
        heading: "The same without `rep movsb`",
        report: "echo",
        title: "Echo: server processor",
        cases: &[
            ("10 x 16K no-movsb", "10 x 16K"),
            ("10 x 1M no-movsb", "10 x 1M"),
        ],
        plotted: &[],
    },
    Section {
        heading: "Echo server: messages a second",
        report: "echo",
        title: "Echo: messages",
        cases: &[
            ("100 x 20", "100 x 20"),
            ("10 x 16K", "10 x 16K"),
            ("10 x 1M", "10 x 1M"),
            ("50 x 16 x 32", "50 x 32, 16 in flight"),
        ],
        plotted: &[],
    },
    Section {
        heading: "Memory for each of 5,000 idle connections, bytes (RSS)",
        report: "idle",
        title: "Bytes of memory",
        cases: &[],
        plotted: &["after an echo of 1K"],
    },
    Section {
        heading: "Broadcast to 1,000: CPU seconds for a million",
        report: "broadcast",
        title: "Broadcast to",
        cases: &[],
        plotted: &["1000 x 1K"],
    },
    Section {
        heading: "Processor microseconds for a connection and its handshake, as a server",
        report: "handshake",
        title: "Processor microseconds for a connection and its handshake, as a server",
        cases: &[],
        plotted: &[],
    },
    Section {
        heading: "Processor microseconds for a connection and its handshake, as a client",
        report: "handshake",
        title: "Processor microseconds for a connection and its handshake, as a client",
        cases: &[],
        plotted: &[],
    },
];

/// Whether a case is shown.
pub fn is_shown(report: &str, case: &str) -> bool {
    let mut sections = SECTIONS.iter().filter(|section| section.report == report);
    sections.any(|section| {
        let mut cases = section.cases.iter();
        section.cases.is_empty() || cases.any(|(name, _)| *name == case)
    })
}

/// Prints the tables of earlier runs as Markdown, and writes `readme.svg`.
///
/// # Errors
///
/// When there were none.
pub fn print_readme(folder: &Path) -> io::Result<()> {
    let names: BTreeSet<_> = SECTIONS.iter().map(|section| section.report).collect();
    let mut reports = HashMap::new();
    for name in names {
        match Report::read(folder, name) {
            Ok(report) => drop(reports.insert(name, report)),
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    let mut panels = Vec::new();
    let mut machine = String::new();
    for section in SECTIONS {
        let Some(report) = reports.get(section.report) else {
            continue;
        };
        let mut tables = report.tables.iter();
        let of_title = tables.find(|table| table.title.starts_with(section.title));
        let Some((table, rows)) = of_title.map(|table| (table, section.rows(table))) else {
            continue;
        };
        if rows.is_empty() {
            continue;
        }
        println!("**{}**\n", section.heading);
        println!("{}", markdown(report, table, &rows));
        let plotted = rows
            .iter()
            .filter(|(_, row)| section.plotted.contains(&&*row.case));
        panels.extend(plotted.map(|(label, row)| plot::panel(section.heading, label, table, row)));
        machine = report.machine.to_string();
    }
    println!("{machine}");
    std::fs::write(folder.join("readme.svg"), plot::svg(&panels, &machine))
}

impl Section {
    /// The rows that it shows, and what they are called.
    fn rows<'a>(&self, table: &'a Table) -> Vec<(&'a str, &'a Row)> {
        let rows = table.rows.iter();
        rows.filter_map(|row| {
            let mut cases = self.cases.iter();
            match cases.find(|(name, _)| *name == row.case) {
                Some((_, label)) => Some((*label, row)),
                None => self.cases.is_empty().then_some((&*row.case, row)),
            }
        })
        .collect()
    }
}

/// Contestants down, cases across; the best, the floor aside, is bold.
fn markdown(report: &Report, table: &Table, rows: &[(&str, &Row)]) -> String {
    let mut out = "| |".to_owned();
    for (label, _) in rows {
        let _ = write!(out, " {label} |");
    }
    out += "\n|---|";
    out += &"--:|".repeat(rows.len());
    out += "\n";
    for (at, contestant) in table.contestants.iter().enumerate() {
        if rows.iter().all(|(_, row)| row.values[at].is_none()) {
            continue;
        }
        let mut about = report.contestants.iter();
        let about = about.find(|about| about.name == *contestant);
        let version = about.map_or("", |about| &about.version);
        let _ = write!(out, "| {} |", format!("{contestant} {version}").trim_end());
        for (_, row) in rows {
            let cell = match row.values[at] {
                Some(value) if Some(value) == table.best(row) => {
                    format!("**{}**", table.show(value))
                }
                Some(value) => table.show(value),
                None => "-".to_owned(),
            };
            let _ = write!(out, " {cell} |");
        }
        out += "\n";
    }
    out
}
