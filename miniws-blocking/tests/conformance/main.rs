//! The conformance corpus through this crate: over a pipe in memory, and over TCP.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod peer;
mod run;
mod subject;
#[path = "../../../miniws-proto/tests/core_subject/view.rs"]
mod view;
mod watched;

use std::process::ExitCode;

use miniws_conformance::{Action, Corpus, Need, Step, Suite, Way, run_all};

fn main() -> ExitCode {
    let pipe = Suite::new(|case| subject::start(case, peer::over_a_pipe()))
        .prefix("pipe/")
        .ways([Way::Whole, Way::Bytewise, Way::Random(1)]);
    let tcp = Suite::new(|case| subject::start(case, peer::over_tcp()))
        .prefix("tcp/")
        .ways([Way::Whole, Way::Random(2)])
        .lacks(Need::Stall);
    // What takes time is in `conformance_in_real_time.rs`.
    run_all([pipe, tcp].map(|suite| {
        leave_out(
            suite
                .lacks(Need::Clock)
                .lacks(Need::Held)
                .lacks(Need::Deflate),
        )
    }))
}

/// What the adapters have no call for, or do otherwise.
fn leave_out(suite: Suite) -> Suite {
    const EARLY: &str = "an error is told once the peer has been told";
    const WAITS: &str = "a ping waits until there is room for it";
    let suite = [
        ("failure/behind-what-is-queued", EARLY),
        ("failure/within-a-message-of-ours", EARLY),
        ("limits/queue-full-for-pings", WAITS),
        ("sending/control-frames-between-fragments", WAITS),
    ]
    .into_iter()
    .fold(suite, |suite, (id, reason)| suite.except(id, reason));

    let cases = Corpus::load().map_or_else(|_| Vec::new(), |corpus| corpus.cases);
    let closes_without_a_code = |step: &Step| matches!(step, Step::App(Action::Close(None), _));
    cases
        .into_iter()
        .filter(|case| case.steps.iter().any(closes_without_a_code))
        .fold(suite, |suite, case| {
            suite.except(case.id, "no call to close without a code")
        })
}
