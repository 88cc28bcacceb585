//! The cases of the conformance corpus that are about time. Neither runtime has a clock to be moved, so
//! they run in real time, all at once, and each of them in a few seconds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "conformance/runtime.rs"]
mod runtime;
#[path = "../../miniws-tokio/tests/conformance/subject/mod.rs"]
mod subject;
#[path = "conformance/suites.rs"]
mod suites;

use std::process::ExitCode;

use miniws_async_std as miniws;
use miniws_conformance::{Suite, run_all};

use subject::Futures;

fn main() -> ExitCode {
    let pipe = suites::piped("pipe/", Futures::Kept);
    let suites = [pipe].into_iter().chain(suites::tcp());
    run_all(suites.map(Suite::in_real_time))
}
