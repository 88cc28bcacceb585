//! Limits, timeouts and modes of a connection.

use core::time::Duration;

#[cfg(feature = "deflate")]
use crate::deflate::DeflateConfig;

/// Limits, timeouts and modes of a connection. The defaults are safe for a server that faces the
/// open internet.
///
/// ```
/// use core::time::Duration;
/// use miniws_proto::Config;
///
/// let config = Config::default()
///     .max_message_size(64 * 1024)
///     .idle_timeout(Some(Duration::from_secs(300)));
/// # let _ = config;
/// ```
///
/// | limit | default | when it is hit |
/// |---|---|---|
/// | [`max_message_size`](Self::max_message_size) | 16 MiB | close 1009 |
/// | [`max_frame_size`](Self::max_frame_size) | 16 MiB | close 1009 |
/// | [`max_fragments`](Self::max_fragments) | 131,072 | close 1009 |
/// | [`max_queued`](Self::max_queued) | 1 MiB | [`SendError::Full`](crate::SendError::Full) |
/// | [`max_head_size`](Self::max_head_size) | 16 KiB | status 431 |
/// | [`max_headers`](Self::max_headers) | 100 | status 431 |
/// | [`max_body_size`](Self::max_body_size) | 64 KiB | the rest of the body is left out |
///
/// | timeout | default | when it passes |
/// |---|---|---|
/// | [`handshake_timeout`](Self::handshake_timeout) | 10 s | status 408 |
/// | [`keep_alive`](Self::keep_alive) | 30 s | a ping is sent |
/// | [`pong_timeout`](Self::pong_timeout) | 20 s | the connection is over |
/// | [`write_timeout`](Self::write_timeout) | 30 s | the connection is over |
/// | [`idle_timeout`](Self::idle_timeout) | none | close 1001 |
/// | [`close_timeout`](Self::close_timeout) | 5 s | the connection is over |
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) max_message_size: usize,
    pub(crate) max_frame_size: usize,
    pub(crate) max_fragments: u32,
    pub(crate) max_queued: usize,
    pub(crate) max_head_size: usize,
    pub(crate) max_headers: usize,
    pub(crate) max_body_size: usize,
    pub(crate) fragment_size: Option<usize>,
    pub(crate) chunks: bool,
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<DeflateConfig>,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) pong_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) write_timeout: Option<Duration>,
    pub(crate) handshake_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message_size: 16 << 20,
            max_frame_size: 16 << 20,
            max_fragments: 1 << 17,
            max_queued: 1 << 20,
            max_head_size: 16 << 10,
            max_headers: 100,
            max_body_size: 64 << 10,
            fragment_size: None,
            chunks: false,
            #[cfg(feature = "deflate")]
            deflate: None,
            keep_alive: Some(Duration::from_secs(30)),
            pong_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            idle_timeout: None,
            write_timeout: Some(Duration::from_secs(30)),
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// The most payload bytes that a received message may have, all its fragments together.
    ///
    /// A message of exactly this size passes. In chunk mode nothing is assembled, and the limit
    /// still holds for the sum of a message's chunks; use [`usize::MAX`] to receive without end.
    #[must_use]
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// The most payload bytes that one received frame may announce.
    ///
    /// It is judged at the frame's header, before any of its payload has come.
    #[must_use]
    pub fn max_frame_size(mut self, bytes: usize) -> Self {
        self.max_frame_size = bytes;
        self
    }

    /// The most frames that one received message may be made of, empty ones included.
    ///
    /// A fragment costs no memory beyond its bytes, but takes time to decode.
    #[must_use]
    pub fn max_fragments(mut self, frames: u32) -> Self {
        self.max_fragments = frames;
        self
    }

    /// The high-water mark of the send queue, in bytes: at or above it,
    /// [`Connection::send`](crate::Connection::send) hands the message back.
    ///
    /// The queue holds at most this much and one message more; 0 counts as 1.
    #[must_use]
    pub fn max_queued(mut self, bytes: usize) -> Self {
        self.max_queued = bytes.max(1);
        self
    }

    /// The most bytes that the head of a handshake's request or response may have.
    #[must_use]
    pub fn max_head_size(mut self, bytes: usize) -> Self {
        self.max_head_size = bytes;
        self
    }

    /// The most header fields that the head of a handshake's request or response may have.
    #[must_use]
    pub fn max_headers(mut self, fields: usize) -> Self {
        self.max_headers = fields;
        self
    }

    /// The most bytes that a client keeps of the body of a response that refuses the handshake.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = bytes;
        self
    }

    /// Cut a message that is larger than this into frames of at most so many payload bytes when it
    /// is sent, so that control frames can go between them. `None` never cuts; 0 counts as 1.
    #[must_use]
    pub fn fragment_size(mut self, bytes: Option<usize>) -> Self {
        self.fragment_size = bytes.map(|bytes| bytes.max(1));
        self
    }

    /// Hand received messages on in chunks, as their bytes arrive
    /// ([`Event::Chunk`](crate::Event::Chunk)), instead of whole
    /// ([`Event::Message`](crate::Event::Message)). When a message turns out to be wrong, what came
    /// before that has been handed on.
    #[must_use]
    pub fn chunks(mut self, chunks: bool) -> Self {
        self.chunks = chunks;
        self
    }

    /// Offer compression (RFC 7692), or agree to it as a server, with these settings. By default, or
    /// with `None`, all messages are uncompressed.
    ///
    /// Fewer bytes cost time, some memory, and care with secrets: see [`DeflateConfig`].
    /// [`max_message_size`](Self::max_message_size) counts what a message inflates to, and
    /// [`max_frame_size`](Self::max_frame_size) what is received.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(mut self, deflate: Option<DeflateConfig>) -> Self {
        self.deflate = deflate;
        self
    }

    /// Send a ping when nothing has come from the peer for so long, a millisecond at least. `None`
    /// never does.
    ///
    /// The answer also measures the round trip, see
    /// [`Connection::latency`](crate::Connection::latency).
    #[must_use]
    pub fn keep_alive(mut self, interval: Option<Duration>) -> Self {
        self.keep_alive = interval.map(|interval| interval.max(Duration::from_millis(1)));
        self
    }

    /// How long after a keep-alive ping the peer may stay silent before it counts as gone.
    #[must_use]
    pub fn pong_timeout(mut self, timeout: Duration) -> Self {
        self.pong_timeout = timeout;
        self
    }

    /// How long the end may take: from the first close frame, whoever sent it, until the transport
    /// has ended.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Close with 1001 when no message has been received or sent for so long. `None` never does.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long the transport may refuse to take a single byte of queued output before the peer
    /// counts as gone. `None` waits for ever.
    #[must_use]
    pub fn write_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// How long the whole handshake may take, in either role, from the first byte to the last, the
    /// answer included. In the adapters, the time that a server's application takes to decide does
    /// not count, and a client that was refused gets a second more to take note of that.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }
}
