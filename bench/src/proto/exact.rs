//! What can be counted exactly, however busy the machine is: instructions, allocations, bytes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::instructions::{callgrind_is_there, count_under_callgrind};
use super::{Case, OneResult, cases, contestants};
use crate::entry::Entry;
use crate::options::Options;
use crate::report::{Better, Report, Table};

/// What one contestant takes for one case.
type Counted = Option<(OneResult, f64)>;

/// Runs the table `instructions`.
pub fn run(options: &Options) -> Report {
    let contestants = contestants(options);
    let table = |title, digits| Table::new(title, Better::Less, digits, &contestants);
    let mut instructions = table("Instructions a message (callgrind)", 0);
    let mut allocations = table("Allocations a message", 2);
    let mut wire = table("Bytes on the wire for a compressed message", 0);
    let mut heap = table("Bytes on the heap that a connection keeps after it", 0);
    let mut cases = cases(options, "instructions");
    if !callgrind_is_there() {
        eprintln!("there is no valgrind, so neither instructions nor allocations are counted");
        cases.clear();
    }
    for case in cases {
        eprintln!("instructions {}", case.name());
        let counted = count(&case, &contestants);
        let row = |of: &dyn Fn(&(OneResult, f64)) -> f64| {
            counted.iter().map(|one| one.as_ref().map(of)).collect()
        };
        let name = case.name();
        instructions.row(&name, row(&|one| one.1));
        allocations.row(&name, row(&|one| one.0.allocations()));
        if case.deflate {
            if name.starts_with("send") {
                wire.row(&name, row(&|one| one.0.footprint.wire as f64));
            }
            heap.row(&name, row(&|one| one.0.footprint.heap as f64));
        }
    }
    Report::new("instructions", vec![instructions, allocations, wire, heap])
}

/// Everybody's figures for one case, counted on all processors at once.
fn count(case: &Case, contestants: &[&Entry]) -> Vec<Counted> {
    let next = AtomicUsize::new(0);
    let counted = Mutex::new(vec![None; contestants.len()]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Relaxed);
                    let Some(contestant) = contestants.get(at) else {
                        return;
                    };
                    let able = contestant.proto(case).is_some();
                    let one = able
                        .then(|| count_under_callgrind(contestant.name, case))
                        .flatten();
                    if able && one.is_none() {
                        eprintln!("{contestant}: {} fails under callgrind", case.name());
                    }
                    if let Ok(mut counted) = counted.lock() {
                        counted[at] = one;
                    }
                }
            });
        }
    });
    counted.into_inner().unwrap_or_default()
}
