//! What reaches the application over an open connection.

use std::fmt;

use serde::Deserialize;

use crate::bytes::shown;

/// Text or binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Text, which is UTF-8.
    Text,
    /// Binary data.
    Binary,
}

/// What a close frame says, if it says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseBody {
    /// The close code.
    pub code: u16,
    /// The reason, often empty.
    pub reason: String,
}

/// One event of an open connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole message.
    Message(Kind, Vec<u8>),
    /// A piece of a message, from a subject that receives in chunks. How many pieces there are
    /// depends on how the bytes arrive, so the runner compares the joined pieces.
    Chunk {
        /// What the message is.
        kind: Kind,
        /// The piece.
        data: Vec<u8>,
        /// Whether it ends the message.
        last: bool,
    },
    /// A ping from the peer.
    Ping(Vec<u8>),
    /// A pong from the peer that the application is to see.
    Pong(Vec<u8>),
    /// The peer's close frame.
    Close(Option<CloseBody>),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(kind, data) => write!(f, "message {kind:?} {}", shown(data)),
            Self::Chunk { kind, data, last } => {
                write!(f, "chunk {kind:?} last={last} {}", shown(data))
            }
            Self::Ping(data) => write!(f, "ping {}", shown(data)),
            Self::Pong(data) => write!(f, "pong {}", shown(data)),
            Self::Close(None) => write!(f, "close without a code"),
            Self::Close(Some(body)) => write!(f, "close {} {:?}", body.code, body.reason),
        }
    }
}
