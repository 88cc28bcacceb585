//! Runs the cases and collects what they take.

use serde_json::{Value, json};

use super::{Case, OneResult, all, count_under_callgrind};
use crate::contestants::{ALL, Entry};
use crate::options::Options;
use crate::report::{Cell, Report, Table, median};

/// What one contestant takes for one case, a message.
struct Taken {
    nanos: Option<f64>,
    allocations: Option<f64>,
    instructions: Option<f64>,
}

/// Runs the table `proto`.
pub fn run(options: &Options) -> Report {
    let mut report = Report::new("proto");
    let mut tables = [
        Table::new("Instructions a message (callgrind)"),
        Table::new("Nanoseconds a message (median)"),
        Table::new("GB/s of payload"),
        Table::new("Allocations a message"),
    ];
    for case in all() {
        if (options.quick && !case.quick) || !options.selects(&case.name()) {
            continue;
        }
        let contestants: Vec<_> = ALL
            .iter()
            .filter(|one| options.enters(one.info.name))
            .collect();
        let results = measure(&case, &contestants, options);
        let mut rows = [const { Vec::new() }; 4];
        for (contestant, taken) in contestants.iter().zip(&results) {
            let name = contestant.info.name;
            rows[0].push(Cell::number(name, taken.instructions, 0));
            rows[1].push(Cell::number(name, taken.nanos, 1));
            let speed = taken.nanos.map(|nanos| case.size as f64 / nanos);
            rows[2].push(Cell::more_is_better(name, speed, 2));
            rows[3].push(Cell::plain(name, taken.allocations, 2));
            report.json(to_json(&case, name, taken));
        }
        for (table, row) in tables.iter_mut().zip(rows) {
            table.row(&case.name(), row);
        }
        eprintln!("{}", case.name());
    }
    for table in tables {
        report.table(table);
    }
    report
}

fn measure(case: &Case, contestants: &[&Entry], options: &Options) -> Vec<Taken> {
    let mut counts = vec![0; contestants.len()];
    let mut nanos = vec![Vec::new(); contestants.len()];
    let mut allocations = vec![None; contestants.len()];
    if options.times {
        for (count, contestant) in counts.iter_mut().zip(contestants) {
            *count = calibrate(contestant, case, options);
        }
        for _ in 0..options.rounds {
            for (at, contestant) in contestants.iter().enumerate() {
                let name = contestant.info.name;
                if let Some(result) = OneResult::measure(name, case, counts[at]) {
                    nanos[at].push(result.nanos());
                    allocations[at] = Some(result.allocations as f64 / result.messages as f64);
                }
            }
        }
    }
    let instructions = contestants.iter().map(|contestant| {
        let name = contestant.info.name;
        options
            .instructions
            .then(|| count_under_callgrind(name, case))
            .flatten()
    });
    instructions
        .zip(nanos)
        .zip(allocations)
        .map(|((instructions, nanos), allocations)| Taken {
            instructions,
            nanos: median(nanos),
            allocations,
        })
        .collect()
}

/// How many messages to measure with.
fn calibrate(contestant: &Entry, case: &Case, options: &Options) -> u64 {
    let few = ((1_u64 << 18) / case.size as u64).clamp(4, 5000);
    let nanos = match OneResult::measure(contestant.info.name, case, few) {
        Some(result) => result.nanos().max(1.0),
        None => return few,
    };
    ((options.time.as_nanos() as f64 / nanos) as u64).clamp(few, 50_000_000)
}

fn to_json(case: &Case, name: &str, taken: &Taken) -> Value {
    json!({
        "case": case.name(),
        "bytes": case.size,
        "contestant": name,
        "instructions": taken.instructions,
        "nanoseconds": taken.nanos,
        "allocations": taken.allocations,
    })
}
