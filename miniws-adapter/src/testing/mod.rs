//! What tests of applications need on any runtime: a pipe in memory, and a peer in the hand of the test.

// Failing is what a test does with what it did not expect.
#![allow(clippy::panic)]

mod peer;
mod pipe;
mod transcript;
mod wire;

use bytes::BytesMut;
use miniws_proto::{Config, Connection, Negotiated};

pub use peer::Peer;
pub use pipe::{Pipe, pipe};

/// How many bytes a pipe holds in each direction, unless told otherwise: about what sockets do.
pub const CAPACITY: usize = 64 << 10;

/// The server's and the client's side of a connection whose handshake agreed on nothing. All masking
/// keys are zero, so that each run of a test sees the same bytes.
#[must_use]
pub fn connections() -> (Connection, Connection) {
    let zeros = |key: &mut [u8]| key.fill(0);
    (
        Connection::server(Config::default(), Negotiated::default()),
        Connection::client(Config::default(), Negotiated::default(), zeros),
    )
}

/// A transport, the connection over it, and what has been read but not yet received.
pub type Parts<S> = (S, Connection, BytesMut);
