//! How a connection compresses, and what it asks of its peer.

use core::time::Duration;

/// Settings of permessage-deflate (RFC 7692), for [`Config::deflate`](crate::Config::deflate).
///
/// They are the same for both roles. *Sending* is what this endpoint compresses, the server's
/// direction on a server and the client's on a client; *receiving* is the other.
///
/// ```
/// use miniws_proto::{Config, DeflateConfig};
///
/// // Better compression of many similar messages, for memory: see below.
/// let deflate = DeflateConfig::default().send_takeover(true).send_window_bits(12);
/// let config = Config::default().deflate(Some(deflate));
/// # let _ = config;
/// ```
///
/// # Memory
///
/// Nothing is allocated before the first compressed message of a direction. What a message needs
/// while it is worked on comes from a pool and goes back there when the message is done: 63 KiB to
/// receive, from its first byte to its last, and what the table says to send. Between messages a
/// connection holds
///
/// - of what it received, with [`receive_takeover`](Self::receive_takeover), the window: at most
///   2^[`receive_window_bits`](Self::receive_window_bits) bytes, 4 KiB unless set otherwise;
/// - of what it sent, without [`send_takeover`](Self::send_takeover), nothing; with it, until
///   [`release_after`](Self::release_after), the state of the compressor:
///
/// | [`send_window_bits`](Self::send_window_bits) | [`memory_level`](Self::memory_level) 1 | 5 (default) | 8 | 9 |
/// |---|---|---|---|---|
/// | 9 | 134 KiB | 147 KiB | 245 KiB | 357 KiB |
/// | 10 | 136 KiB | 149 KiB | 247 KiB | 359 KiB |
/// | 11 | 140 KiB | 153 KiB | 251 KiB | 363 KiB |
/// | 12 | 148 KiB | 161 KiB | 259 KiB | 371 KiB |
/// | 13 | 164 KiB | 177 KiB | 275 KiB | 387 KiB |
/// | 14 | 196 KiB | 209 KiB | 307 KiB | 419 KiB |
/// | 15 | 260 KiB | 273 KiB | 371 KiB | 483 KiB |
///
/// `tests/deflate_memory.rs` measures all of this.
///
/// # Secrets
///
/// The length of what is compressed tells something about its contents. Who can have text of their
/// own put next to a secret in the same message, or with takeover in the same connection, and can
/// watch lengths, may guess the secret piece by piece. Send it with
/// [`Compression::Never`](crate::Compression::Never).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateConfig {
    pub(crate) level: u8,
    pub(crate) memory_level: u8,
    pub(crate) send_window_bits: u8,
    pub(crate) receive_window_bits: u8,
    pub(crate) send_takeover: bool,
    pub(crate) receive_takeover: bool,
    pub(crate) threshold: usize,
    pub(crate) max_ratio: Option<u32>,
    pub(crate) release_after: Option<Duration>,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            level: 3,
            memory_level: 5,
            send_window_bits: 15,
            receive_window_bits: 12,
            send_takeover: false,
            receive_takeover: true,
            threshold: 256,
            max_ratio: None,
            release_after: Some(Duration::from_secs(60)),
        }
    }
}

impl DeflateConfig {
    /// How hard to compress, from 1, fast, to 9, small. The default is 3. On JSON of a few KiB and
    /// more it takes much less time than 6, and what it makes is a tenth larger at most. What is out
    /// of range counts as the nearest.
    #[must_use]
    pub fn level(mut self, level: u8) -> Self {
        self.level = level.clamp(1, 9);
        self
    }

    /// How much memory to compress with beyond the window, from 1 to 9. The default is 5. More makes
    /// a difference only to messages of hundreds of KiB. What is out of range counts as the nearest.
    #[must_use]
    pub fn memory_level(mut self, level: u8) -> Self {
        self.memory_level = level.clamp(1, 9);
        self
    }

    /// How far to look back for repetitions when compressing: 2 to the power of this in bytes, from 9
    /// to 15, less when the peer asks for less. The default is 15. What is out of range counts as the
    /// nearest.
    ///
    /// A peer may ask for 8, a window of 256 bytes, which the compressor cannot do. A server then
    /// declines the offer, and a client sends its messages uncompressed (RFC 7692 section 7.1.2
    /// leaves either free to).
    #[must_use]
    pub fn send_window_bits(mut self, bits: u8) -> Self {
        self.send_window_bits = bits.clamp(9, 15);
        self
    }

    /// How far the peer may look back: 2 to the power of this in bytes, from 8 to 15. The default is
    /// 12. What is out of range counts as the nearest.
    ///
    /// A client that cannot be told so (RFC 7692 section 7.1.2.2), or a server that does not agree, is
    /// asked for no context takeover instead, so that the window is not kept.
    #[must_use]
    pub fn receive_window_bits(mut self, bits: u8) -> Self {
        self.receive_window_bits = bits.clamp(8, 15);
        self
    }

    /// Whether what is sent is compressed with what was sent before it in view, unless the peer
    /// declines that. By default it is not: each message is compressed on its own, which costs no
    /// memory between messages. It pays for small messages that resemble each other.
    #[must_use]
    pub fn send_takeover(mut self, takeover: bool) -> Self {
        self.send_takeover = takeover;
        self
    }

    /// Whether the peer may do so. By default it may.
    #[must_use]
    pub fn receive_takeover(mut self, takeover: bool) -> Self {
        self.receive_takeover = takeover;
        self
    }

    /// From how many bytes on a message is compressed. The default is 256.
    ///
    /// What does not get smaller is sent as it is, unless it takes part in a context takeover. With
    /// 0, everything is compressed, even what gets larger.
    #[must_use]
    pub fn threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// How many times larger than its compressed form a received message may be. More fails with
    /// 1009. By default there is no such limit.
    ///
    /// It is judged each time that 16 KiB have come out and more would, so smaller messages pass. The
    /// compression can do a little more than 1000 to 1, and honest data rarely goes beyond 100 to 1.
    /// [`Config::max_message_size`](crate::Config::max_message_size) holds in any case.
    #[must_use]
    pub fn max_ratio(mut self, ratio: Option<u32>) -> Self {
        self.max_ratio = ratio;
        self
    }

    /// After how long without a message, sent or received, to give up the memory that
    /// [`send_takeover`](Self::send_takeover) costs. `None` never does; the default is a minute. The
    /// next message is then compressed as if it were the first, which a sender is free to do.
    #[must_use]
    pub fn release_after(mut self, idle: Option<Duration>) -> Self {
        self.release_after = idle;
        self
    }
}
