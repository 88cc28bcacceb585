//! The conformance corpus against the core: one test for each case, cut in every way.

mod core_subject;

use std::process::ExitCode;

use miniws_conformance::{Need, Suite};

fn main() -> ExitCode {
    let suite = Suite::new(core_subject::start);
    if cfg!(feature = "deflate") {
        suite.run()
    } else {
        suite.lacks(Need::Deflate).run()
    }
}
