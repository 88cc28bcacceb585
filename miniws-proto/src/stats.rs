//! What has gone over a connection.

use core::time::Duration;

/// What has gone over a connection so far, and what waits; see
/// [`Connection::stats`](crate::Connection::stats). The handshake does not count.
///
/// A message counts when its last frame has been queued, or has fully come; what is queued counts
/// as sent, except in [`Traffic::bytes`].
///
/// ```
/// use bytes::BytesMut;
/// use miniws_proto::{Config, Connection, Negotiated};
///
/// let mut server = Connection::server(Config::default(), Negotiated::default());
/// let mut input = BytesMut::from(&b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0"[..]);
/// while server.receive(&mut input)?.is_some() {}
/// server.send("hello")?;
///
/// let stats = server.stats();
/// assert_eq!((stats.received.messages, stats.received.message_bytes), (1, 2));
/// assert_eq!((stats.received.control_frames, stats.received.bytes), (1, 14));
/// assert_eq!((stats.sent.messages, stats.sent.message_bytes), (1, 5));
/// assert_eq!(stats.queued, 9); // the answer to the ping, and the message
/// assert_eq!(stats.latency, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// What has come from the peer.
    pub received: Traffic,
    /// What has been sent to the peer.
    pub sent: Traffic,
    /// How many bytes wait for the transport now. A message that is cut into fragments
    /// ([`Config::fragment_size`](crate::Config::fragment_size)) counts with all that is left of it.
    pub queued: usize,
    /// The round trip of the last keep-alive ping that was answered; see
    /// [`Connection::latency`](crate::Connection::latency).
    pub latency: Option<Duration>,
}

/// What has gone in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Whole messages.
    pub messages: u64,
    /// Bytes of messages as the application has them: before they are compressed, after they were
    /// inflated.
    pub message_bytes: u64,
    /// Bytes of messages as frames carry them: after they were compressed, before they are inflated.
    /// Where nothing is compressed, the same as `message_bytes`.
    pub payload_bytes: u64,
    /// Frames of messages.
    pub data_frames: u64,
    /// Pings, pongs and closes.
    pub control_frames: u64,
    /// Bytes of all frames, headers included: of those that have fully come, or what the transport
    /// has taken.
    pub bytes: u64,
}
