//! The cases of the conformance corpus that are about time. There is no clock to be moved, so they
//! run in real time, all at once, and each of them in a few seconds.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
#[allow(dead_code)]
#[path = "conformance/peer.rs"]
mod peer;
#[path = "conformance/run.rs"]
mod run;
#[path = "conformance/subject.rs"]
mod subject;
#[path = "../../miniws-proto/tests/core_subject/view.rs"]
mod view;
#[path = "conformance/watched.rs"]
mod watched;

use std::process::ExitCode;

use miniws_conformance::{Need, Suite};

fn main() -> ExitCode {
    const CODELESS: &str = "no call to close without a code";
    const EARLY: &str = "an error is told once all is over: there is nothing to look at after it";
    Suite::new(|case| subject::start(case, peer::over_a_pipe()))
        .in_real_time()
        .lacks(Need::Held)
        .lacks(Need::Deflate)
        .except("time/keep-alive-ends-with-the-close", CODELESS)
        .except("time/close-of-a-failure-but-tcp-stays-at-the-client", EARLY)
        .except("time/idle", EARLY)
        .run()
}
