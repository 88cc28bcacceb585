//! The conformance corpus against the core: one test for each case, cut in every way.

mod core_subject;

use std::process::ExitCode;

use miniws_conformance::Suite;

fn main() -> ExitCode {
    Suite::new(core_subject::start).run()
}
