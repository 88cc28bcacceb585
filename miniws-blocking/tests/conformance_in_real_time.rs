//! The cases of the conformance corpus that are about time. There is no clock to be moved, so they
//! run in real time, all at once, and each of them in a few seconds.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
#[path = "../../miniws-proto/tests/core_subject/given.rs"]
mod given;
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
    const EARLY: &str = "an error is told once all is over: there is nothing to look at after it";
    const GLANCES: &str = "a half that waits to read looks at this deadline every ten seconds";
    let suite = Suite::new(|case| subject::start(case, peer::over_a_pipe()));
    let suite = match cfg!(feature = "deflate") {
        true => suite,
        false => suite.lacks(Need::Deflate),
    };
    suite
        .in_real_time()
        .lacks(Need::Held)
        .except("deflate-sending/window-released-when-idle", GLANCES)
        .except("time/close-of-a-failure-but-tcp-stays-at-the-client", EARLY)
        .except("time/idle", EARLY)
        .run()
}
