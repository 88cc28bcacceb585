//! What the application does in a case.

use serde::Deserialize;

use crate::event::{CloseBody, Kind};

/// One call of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends a whole message.
    Send(Kind, Vec<u8>, Option<Compression>),
    /// Sends a piece of a message as one frame.
    Chunk {
        /// What the message is.
        kind: Kind,
        /// The piece.
        data: Vec<u8>,
        /// Whether it ends the message.
        last: bool,
        /// What is said about compressing the message.
        compression: Option<Compression>,
    },
    /// Sends a message that was prepared to be sent to many connections.
    Prepared(Kind, Vec<u8>, Option<Compression>),
    /// Sends a ping.
    Ping(Vec<u8>),
    /// Starts the closing handshake, or answers the peer's.
    Close(Option<CloseBody>),
}

/// What the application says about compressing a message, if it says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// As the settings have it.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}
