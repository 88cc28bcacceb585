//! What a message takes by the clock.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::{Case, OneResult, cases, contestants};
use crate::entry::Entry;
use crate::options::Options;
use crate::report::{Better, Report, Table};
use crate::rounds::Rounds;
use crate::serving::Movsb;

/// From this size on glibc may copy with `rep movsb`, so it is measured without, too.
const LARGE: usize = 16 << 10;

/// Runs the table `proto`.
pub fn run(options: &Options) -> Report {
    let contestants = contestants(options);
    let mut nanos = Table::new("Nanoseconds a message", Better::Less, 1, &contestants);
    let mut speed = Table::new("GB/s of payload", Better::More, 2, &contestants);
    let title = "Nanoseconds a message, glibc kept from copying with rep movsb";
    let mut without = Table::new(title, Better::Less, 1, &contestants);
    for case in cases(options, "proto") {
        eprintln!("times {}", case.name());
        let rounds = measure(&case, &contestants, Movsb::AsGlibcLikes, options);
        nanos.row(&case.name(), rounds.medians(OneResult::nanos));
        speed.row(
            &case.name(),
            rounds.medians(|one| case.size as f64 / one.nanos()),
        );
        if case.size >= LARGE {
            let rounds = measure(&case, &contestants, Movsb::Never, options);
            without.row(&case.name(), rounds.medians(OneResult::nanos));
        }
    }
    Report::new("proto", vec![nanos, speed, without])
}

fn measure(
    case: &Case,
    contestants: &[&Entry],
    movsb: Movsb,
    options: &Options,
) -> Rounds<OneResult> {
    let able = contestants.iter().filter(|one| one.proto(case).is_some());
    let counts: HashMap<_, _> = able
        .filter_map(|one| {
            let count = calibrate(one.name, case, options.time / 5);
            let told = count.inspect_err(|error| eprintln!("{one}: {error}"));
            Some((one.name, told.ok()?))
        })
        .collect();
    Rounds::run(options.rounds, contestants, |one| {
        match counts.get(one.name) {
            Some(&count) => OneResult::measure(one.name, case, count, movsb).map(Some),
            None => Ok(None),
        }
    })
}

/// How many messages to measure with.
fn calibrate(contestant: &str, case: &Case, time: Duration) -> io::Result<u64> {
    let few = ((1_u64 << 18) / case.size as u64).clamp(4, 5000);
    let result = OneResult::measure(contestant, case, few, Movsb::AsGlibcLikes)?;
    let messages = time.as_nanos() as f64 / result.nanos().max(1.0);
    Ok((messages as u64).clamp(few, 50_000_000))
}
