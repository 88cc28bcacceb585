//! What the application does in a case.

use crate::event::{CloseBody, Kind};

/// One call of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends a whole message.
    Send(Kind, Vec<u8>),
    /// Sends a piece of a message as one frame.
    Chunk {
        /// What the message is.
        kind: Kind,
        /// The piece.
        data: Vec<u8>,
        /// Whether it ends the message.
        last: bool,
    },
    /// Sends a message that was prepared to be sent to many connections.
    Prepared(Kind, Vec<u8>),
    /// Sends a ping.
    Ping(Vec<u8>),
    /// Starts the closing handshake, or answers the peer's.
    Close(Option<CloseBody>),
}
