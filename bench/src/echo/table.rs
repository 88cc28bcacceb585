//! Runs the cases and collects what they take.

use std::io;
use std::time::Duration;

use serde_json::json;

use super::load::{Clients, Load};
use crate::content::Content;
use crate::contestants::{ALL, Entry};
use crate::options::Options;
use crate::proto::size_name;
use crate::report::{Cell, Report, Table, median};
use crate::serving::{Child, pin_load};

/// What a run of one server came to.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// Server processor seconds for a million messages.
    processor: f64,
    messages_a_second: f64,
    p50: f64,
    p99: f64,
}

fn cases() -> Vec<Load> {
    let cases = [
        (100, 20, 1, Content::Binary),
        (10, 1 << 10, 1, Content::Binary),
        (10, 16 << 10, 1, Content::Binary),
        (10, 16 << 10, 1, Content::MultiByte),
        (200, 16 << 10, 1, Content::Binary),
        (10, 1 << 20, 1, Content::Binary),
        (50, 32, 16, Content::Binary),
        (100, 20, 16, Content::Binary),
        (10, 1 << 10, 16, Content::Binary),
        (10, 16 << 10, 16, Content::Binary),
    ];
    let load = |(connections, size, in_flight, content)| Load {
        connections,
        content,
        size,
        in_flight,
    };
    cases.into_iter().map(load).collect()
}

fn name(load: &Load) -> String {
    let size = size_name(load.size);
    let content = load.content.name();
    match load.in_flight {
        1 => format!("{} x {size} {content}", load.connections),
        many => format!("{} x {many} x {size} {content}", load.connections),
    }
}

/// Runs the table `echo`.
pub fn run(options: &Options) -> Report {
    pin_load();
    let mut report = Report::new("echo");
    let mut tables = [
        Table::new("Server processor seconds for a million messages (median)"),
        Table::new("Messages a second"),
        Table::new("Latency, median, microseconds"),
        Table::new("Latency, 99th percentile, microseconds"),
    ];
    for load in cases() {
        let case = name(&load);
        if !options.selects(&case) {
            continue;
        }
        let enters = |one: &&Entry| one.serve.is_some() && options.enters(one.info.name);
        let contestants: Vec<_> = ALL.iter().filter(enters).collect();
        let mut rounds = vec![Vec::new(); contestants.len()];
        for _ in 0..options.rounds {
            for (rounds, contestant) in rounds.iter_mut().zip(&contestants) {
                match round(contestant, &load, options.time * 5) {
                    Ok(round) => rounds.push(round),
                    Err(error) => eprintln!("{}, {case}: {error}", contestant.info.name),
                }
            }
        }
        let mut rows = [const { Vec::new() }; 4];
        for (contestant, rounds) in contestants.iter().zip(&rounds) {
            let name = contestant.info.name;
            let of = |field: fn(&Round) -> f64| median(rounds.iter().map(field).collect());
            let (processor, speed) = (of(|one| one.processor), of(|one| one.messages_a_second));
            let (p50, p99) = (of(|one| one.p50), of(|one| one.p99));
            rows[0].push(Cell::number(name, processor, 2));
            rows[1].push(Cell::more_is_better(name, speed, 0));
            rows[2].push(Cell::number(name, p50, 0));
            rows[3].push(Cell::number(name, p99, 0));
            report.json(json!({
                "case": case,
                "contestant": name,
                "processor_seconds_a_million": processor,
                "messages_a_second": speed,
                "p50_microseconds": p50,
                "p99_microseconds": p99,
            }));
        }
        for (table, row) in tables.iter_mut().zip(rows) {
            table.row(&case, row);
        }
        eprintln!("{case}");
    }
    for table in tables {
        report.table(table);
    }
    report
}

fn round(contestant: &Entry, load: &Load, time: Duration) -> io::Result<Round> {
    let server = Child::start(contestant.info.name)?;
    let mut clients = Clients::connect(server.address(), load)?;
    clients.run(time / 4, false)?;
    let before = server.processor_time()?;
    let outcome = clients.run(time, true)?;
    let processor = server.processor_time()? - before;
    if outcome.messages == 0 {
        return Err(io::Error::other("not one echo in the time"));
    }
    Ok(Round {
        processor: processor.as_secs_f64() * 1e6 / outcome.messages as f64,
        messages_a_second: outcome.messages_a_second(),
        p50: outcome.latency(500),
        p99: outcome.latency(990),
    })
}
