//! The limits and time limits that a case sets.

use std::time::Duration;

use serde::Deserialize;

/// What a case changes in the subject's configuration; durations are milliseconds in the file.
///
/// `None` is the subject's own default, with one exception: the corpus is about one thing at a
/// time, so without `keep-alive` a subject sends no keep-alive pings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The longest message in bytes, all its frames together.
    pub max_message_size: Option<usize>,
    /// The longest payload of one frame.
    pub max_frame_size: Option<usize>,
    /// How many frames one message may consist of.
    pub max_fragments: Option<u32>,
    /// How many bytes the send queue takes before it is full.
    pub max_queued: Option<usize>,
    /// The longest handshake head in bytes.
    pub max_head_size: Option<usize>,
    /// How many header lines a handshake head may have.
    pub max_headers: Option<usize>,
    /// How much of the body of a refusal a client keeps.
    pub max_body_size: Option<usize>,
    /// Outgoing messages longer than this are cut into fragments.
    pub fragment_size: Option<usize>,
    /// Whether messages are received in chunks.
    #[serde(default)]
    pub chunks: bool,
    /// Compression; there is none without it.
    pub deflate: Option<DeflateSettings>,
    /// Silence before a keep-alive ping; none are sent without it.
    #[serde(default, deserialize_with = "milliseconds")]
    pub keep_alive: Option<Duration>,
    /// Silence after a ping before the connection is given up.
    #[serde(default, deserialize_with = "milliseconds")]
    pub pong_timeout: Option<Duration>,
    /// From the first close frame to the end of the transport.
    #[serde(default, deserialize_with = "milliseconds")]
    pub close_timeout: Option<Duration>,
    /// Without a message for so long, the connection is closed.
    #[serde(default, deserialize_with = "milliseconds")]
    pub idle_timeout: Option<Duration>,
    /// How long the transport may take no output at all.
    #[serde(default, deserialize_with = "milliseconds")]
    pub write_timeout: Option<Duration>,
    /// How long the whole handshake may take.
    #[serde(default, deserialize_with = "milliseconds")]
    pub handshake_timeout: Option<Duration>,
}

/// What a case changes in how the subject compresses. *Sending* is the subject's direction.
///
/// Without `release-after`, a subject never forgets what it sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeflateSettings {
    /// How hard to compress, 1 to 9.
    pub level: Option<u8>,
    /// How much memory to compress with, 1 to 9.
    pub memory_level: Option<u8>,
    /// The subject's window, 9 to 15.
    pub send_window_bits: Option<u8>,
    /// The most that the peer's window may be, 8 to 15.
    pub receive_window_bits: Option<u8>,
    /// Whether the subject compresses with what it sent before in view.
    pub send_takeover: Option<bool>,
    /// Whether the peer may.
    pub receive_takeover: Option<bool>,
    /// From how many bytes on a message is compressed.
    pub threshold: Option<usize>,
    /// How many times larger a message may become.
    pub max_ratio: Option<u32>,
    /// After how long without a message the subject forgets what it sent.
    #[serde(default, deserialize_with = "milliseconds")]
    pub release_after: Option<Duration>,
}

fn milliseconds<'de, D>(deserializer: D) -> Result<Option<Duration>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    u64::deserialize(deserializer).map(|milliseconds| Some(Duration::from_millis(milliseconds)))
}
