//! The conformance corpus through this crate: over a pipe that reads and writes in pieces and is often
//! not ready, the same with every future dropped and made anew, and over the TCP of each runtime.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod runtime;
#[path = "../../../miniws-tokio/tests/conformance/subject/mod.rs"]
mod subject;
mod suites;

use std::process::ExitCode;

use miniws_async_std as miniws;
use miniws_conformance::{Need, Way, run_all};

use subject::Futures;

fn main() -> ExitCode {
    let pipes = [
        suites::piped("pipe/", Futures::Kept),
        suites::piped("cancelled/", Futures::Dropped),
    ];
    let ways = [Way::Whole, Way::Bytewise, Way::Random(1)];
    let tcp = suites::tcp().into_iter().map(|suite| suite.ways(ways));
    let suites = pipes.into_iter().chain(tcp);
    // What takes time is in `conformance_in_real_time.rs`.
    run_all(suites.map(|suite| suite.lacks(Need::Clock)))
}
