//! What a connection tells its application.

use bytes::Bytes;

use crate::close::CloseFrame;
use crate::message::{Message, MessageKind};

/// What has come from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A whole message.
    Message(Message),
    /// A piece of a message, in chunk mode ([`Config::chunks`](crate::Config::chunks)).
    Chunk {
        /// Whether the message is text or binary; the same for all its chunks.
        kind: MessageKind,
        /// The bytes. Those of text have been checked, but a chunk may end within a character.
        data: Bytes,
        /// Whether the message ends here. The last chunk may be empty.
        last: bool,
    },
    /// A ping with its payload of at most 125 bytes. Its pong is already queued (RFC 6455
    /// section 5.5.2); nothing is left to do.
    Ping(Bytes),
    /// A pong with its payload of at most 125 bytes. Answers to keep-alive pings are not shown.
    Pong(Bytes),
    /// The peer's close frame, `None` when it carried neither code nor reason. The answer to it has
    /// been sent. No message comes after it.
    Close(Option<CloseFrame>),
}
