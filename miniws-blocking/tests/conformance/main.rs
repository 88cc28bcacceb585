//! The conformance corpus through this crate: over a pipe in memory, and over TCP.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../miniws-proto/tests/core_subject/given.rs"]
mod given;
mod peer;
mod run;
mod subject;
mod tcp;
#[path = "../../../miniws-proto/tests/core_subject/view.rs"]
mod view;
mod watched;

use std::process::ExitCode;

use miniws_conformance::{Need, Suite, Way, run_all};

fn main() -> ExitCode {
    let pipe = Suite::new(|case| subject::start(case, peer::over_a_pipe()))
        .prefix("pipe/")
        .ways([Way::Whole, Way::Bytewise, Way::Random(1)]);
    let tcp = Suite::new(|case| subject::start(case, tcp::over_tcp()))
        .prefix("tcp/")
        .ways([Way::Whole, Way::Random(2)])
        .lacks(Need::Stall);
    run_all([pipe, tcp].map(less))
}

/// What the adapter's interface doesn't have, or does otherwise.
fn less(suite: Suite) -> Suite {
    const EARLY: &str = "an error is told once the peer has been told";
    const WAITS: &str = "a ping waits until there is room for it";
    let suite = match cfg!(feature = "deflate") {
        true => suite,
        false => suite.lacks(Need::Deflate),
    };
    // What takes time is in `conformance_in_real_time.rs`.
    let suite = suite.lacks(Need::Clock).lacks(Need::Held);
    [
        ("failure/behind-what-is-queued", EARLY),
        ("failure/within-a-message-of-ours", EARLY),
        ("limits/queue-full-for-pings", WAITS),
        ("sending/control-frames-between-fragments", WAITS),
    ]
    .into_iter()
    .fold(suite, |suite, (id, reason)| suite.except(id, reason))
}
