//! The conformance corpus through this crate: over a pipe in memory that gives and takes a few bytes
//! at a time and often isn't ready, the same with every future dropped and made anew at each poll, and
//! over the TCP of each runtime.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod application;
#[path = "../../../behaviour/support/drip.rs"]
mod drip;
#[path = "../../../behaviour/support/duplex.rs"]
mod duplex;
mod peer;
mod subject;
#[path = "../../../miniws-proto/tests/core_subject/view.rs"]
mod view;
mod watched;

use std::process::ExitCode;

use application::Receive;
use miniws_conformance::{Action, Corpus, Need, Step, Suite, Way, run_all};

fn main() -> ExitCode {
    let pipes = [
        Suite::new(|case| subject::start(case, peer::over_a_pipe(1000), Receive::Stream))
            .prefix("pipe/")
            .ways([Way::Whole, Way::Bytewise, Way::Random(1)]),
        Suite::new(|case| subject::start(case, peer::over_a_pipe(7), Receive::Remade))
            .prefix("remade/")
            .ways([Way::Whole, Way::Random(2)]),
    ];
    let tcp = [
        #[cfg(feature = "smol")]
        tcp("smol/", |std| {
            smol::net::TcpStream::try_from(std).expect("the stream is good")
        }),
        #[cfg(feature = "async-std")]
        tcp("async-std/", async_std::net::TcpStream::from),
    ];
    let suites = pipes.into_iter().chain(tcp).map(|suite| {
        leave_out(suite)
            // Deadlines are kept in real time, and the runner does not wait for so long.
            .lacks(Need::Clock)
            .lacks(Need::Held)
            .lacks(Need::Deflate)
    });
    run_all(suites)
}

#[cfg(any(feature = "smol", feature = "async-std"))]
fn tcp<S>(prefix: &str, convert: fn(std::net::TcpStream) -> S) -> Suite
where
    S: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin + Send + 'static,
{
    Suite::new(move |case| subject::start(case, peer::over_tcp(convert), Receive::Kept))
        .prefix(prefix)
        .ways([Way::Whole, Way::Random(3)])
        .lacks(Need::Stall)
}

/// What the adapters do otherwise.
fn leave_out(suite: Suite) -> Suite {
    const TOLD: &str =
        "an error is told once the peer has been told, which one that is stalled has not";
    let suite = suite
        .except("limits/queue-full-for-pings", "`ping` waits for room")
        .except("failure/behind-what-is-queued", TOLD)
        .except("failure/within-a-message-of-ours", TOLD);
    let cases = Corpus::load().map_or_else(|_| Vec::new(), |corpus| corpus.cases);
    let closes_without_a_code = |step: &Step| matches!(step, Step::App(Action::Close(None), _));
    cases
        .into_iter()
        .filter(|case| case.steps.iter().any(closes_without_a_code))
        .fold(suite, |suite, case| {
            suite.except(case.id, "no call to close without a code")
        })
}
