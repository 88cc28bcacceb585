//! What a reconnecting client tells its application.

use std::time::Duration;

use miniws_proto::Event;

use super::Cause;

/// What has happened to a client that stays connected.
#[derive(Debug)]
#[non_exhaustive]
pub enum Update<W> {
    /// A connection is open. This sends over it, and over no other one: what it is given after the
    /// connection is lost fails.
    Connected(W),
    /// Something was received. The peer's close is not among it: it is the cause of a
    /// [`Lost`](Self::Lost).
    Event(Event),
    /// There is no connection: the one that was open has ended, or an attempt to connect has failed.
    Lost {
        /// What has happened.
        cause: Cause,
        /// Which attempt comes next: 1 after the first loss or failure, and again after a connection
        /// that had lasted ([`Backoff::lasting`](super::Backoff::lasting)).
        retry: u32,
        /// How long from now it comes.
        delay: Duration,
    },
}
