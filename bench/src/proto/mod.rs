//! The tables `instructions` and `proto`: what it takes to receive and send in memory, without
//! sockets.

mod case;
pub mod drive;
mod exact;
mod instructions;
mod one;
mod times;

pub use case::{Case, all, named, size_name};
pub use drive::Footprint;
pub use one::{OneResult, one};

use crate::contestants::ALL;
use crate::entry::Entry;
use crate::options::Options;
use crate::report::{Report, is_shown};

/// Runs both, as far as the options ask for them.
pub fn run(options: &Options) -> Vec<Report> {
    let mut reports = Vec::new();
    if options.instructions {
        reports.push(exact::run(options));
    }
    if options.times {
        reports.push(times::run(options));
    }
    reports
}

/// The cases that the options ask for, for a report.
fn cases(options: &Options, report: &str) -> Vec<Case> {
    let mut cases = all();
    cases.retain(|case| {
        let name = case.name();
        (!options.quick || case.is_quick())
            && (!options.readme || is_shown(report, &name))
            && options.selects(&name)
    });
    cases
}

/// The contestants that the options ask for and that do anything in memory.
fn contestants(options: &Options) -> Vec<&'static Entry> {
    let enters = |entry: &&Entry| entry.proto.is_some() && options.enters(entry.name);
    ALL.iter().filter(enters).collect()
}
