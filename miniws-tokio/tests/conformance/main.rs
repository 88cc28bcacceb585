//! The conformance corpus through the adapter: over a pipe that reads and writes in pieces and is
//! often not ready, the same with every future dropped and made anew, and over TCP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod runtime;
mod subject;

use std::process::ExitCode;

use miniws_conformance::{Need, Suite, Way, run_all};
use miniws_tokio as miniws;
use tokio::net::TcpStream;

use runtime::Runtime;
use subject::{Futures, over_pipe, over_tcp};

fn main() -> ExitCode {
    let piped = |futures| Suite::new(move |case| over_pipe(case, futures, Runtime::new(false)));
    let kept = piped(Futures::Kept).prefix("pipe/");
    let dropped = piped(Futures::Dropped).prefix("cancelled/");
    let tcp = Suite::new(|case| over_tcp(case, Runtime::new(true), TcpStream::from_std))
        .prefix("tcp/")
        .ways([Way::Whole, Way::Bytewise, Way::Random(1)])
        .lacks(Need::Clock)
        .lacks(Need::Stall)
        .lacks(Need::Held);
    run_all([kept, dropped, tcp].map(less))
}

/// What the adapter's interface doesn't have.
fn less(suite: Suite) -> Suite {
    let suite = match cfg!(feature = "deflate") {
        true => suite,
        false => suite.lacks(Need::Deflate),
    };
    EXCEPT
        .into_iter()
        .fold(suite, |suite, (id, reason)| suite.except(id, reason))
}

const EXCEPT: [(&str, &str); 3] = [
    ("limits/queue-full-for-pings", "a ping waits for room"),
    ("control/ping-flood-is-bounded", PONG_COUNTS),
    ("control/ping-flood-the-latest-wins", PONG_COUNTS),
];

const PONG_COUNTS: &str = "no view of the queue without the pong that is not in it yet";
