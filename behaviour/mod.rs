//! What every asynchronous adapter promises, one file for each group of promises.
//!
//! Each runtime has a test program that includes this folder, and tells it what is different there: the
//! adapter's names in `crate::miniws`, and the runtime's own in `crate::runtime`.

mod bad_requests;
mod cancelling;
mod closing;
#[cfg(feature = "deflate")]
mod compressing;
mod connecting;
mod crowd;
mod detached;
mod events;
#[cfg(unix)]
mod exhausted;
mod faulting;
mod keeping_alive;
mod listening;
mod memory;
mod proxying;
mod reconnecting;
mod redirecting;
mod requesting;
mod responses;
mod safe_defaults;
mod sending;
mod splitting;
#[cfg(feature = "stats")]
mod stats;
mod stopping;
mod stream_and_sink;
pub(crate) mod streams;
mod subprotocols;
pub(crate) mod support;
#[cfg(feature = "testing")]
mod testing;
#[cfg(feature = "tracing")]
mod tracing;
#[cfg(unix)]
mod unix_sockets;
mod verifying;
