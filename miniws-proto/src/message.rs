//! What an application sends and receives.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::utf8::Utf8Bytes;

/// A whole message.
///
/// ```
/// use miniws_proto::Message;
///
/// let text = Message::from("hello");
/// let binary = Message::from(vec![1, 2, 3]);
/// assert_eq!(text.as_text(), Some("hello"));
/// assert_eq!(binary.as_bytes(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, known to be UTF-8.
    Text(Utf8Bytes),
    /// Any bytes.
    Binary(Bytes),
}

/// Whether a message is text or binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

/// Whether to compress a message, for [`Connection::send_with`](crate::Connection::send_with),
/// [`Connection::send_chunk_with`](crate::Connection::send_chunk_with) and
/// [`PreparedMessage::compression`](crate::PreparedMessage::compression). It makes no difference where
/// compression has not been negotiated (RFC 7692).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// From a certain size on, if it gets smaller.
    #[default]
    Auto,
    /// However short, and even if it gets larger.
    Always,
    /// Not at all. It is for secrets: the length of a message that was compressed along with text of
    /// someone else's choice gives away what is in it. It also saves the time for what cannot be
    /// compressed, such as images.
    Never,
}

impl Message {
    /// Whether this is text or binary.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The payload.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text, when this is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The payload's length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The payload, without copying it.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Utf8Bytes> for Message {
    fn from(text: Utf8Bytes) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}
