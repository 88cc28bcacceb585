//! The subjects of this crate, and what they can't do.

use miniws_conformance::{Need, Suite};

use crate::runtime::Runtime;
use crate::subject::{Futures, over_pipe, over_tcp};

pub(crate) fn piped(prefix: &str, futures: Futures) -> Suite {
    let suite = Suite::new(move |case| over_pipe(case, futures, Runtime));
    less(suite.prefix(prefix))
}

/// Over the TCP of each runtime.
pub(crate) fn tcp() -> Vec<Suite> {
    let suites = [
        Suite::new(|case| over_tcp(case, Runtime, smol::net::TcpStream::try_from)).prefix("smol/"),
        Suite::new(|case| {
            over_tcp(case, Runtime, |stream| {
                Ok(async_std::net::TcpStream::from(stream))
            })
        })
        .prefix("async-std/"),
    ];
    suites
        .map(|suite| less(suite).lacks(Need::Stall).lacks(Need::Held))
        .into()
}

/// What the adapter's interface doesn't have.
fn less(suite: Suite) -> Suite {
    const PONG_COUNTS: &str = "no view of the queue without the pong that is not in it yet";
    let suite = suite
        .except("limits/queue-full-for-pings", "a ping waits for room")
        .except("control/ping-flood-is-bounded", PONG_COUNTS)
        .except("control/ping-flood-the-latest-wins", PONG_COUNTS);
    match cfg!(feature = "deflate") {
        true => suite,
        false => suite.lacks(Need::Deflate),
    }
}
