//! A message framed once, to be sent many times.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::frame::{Opcode, encode};
use crate::message::Message;

/// A message that has been framed, to be sent to any number of connections: a server's broadcast
/// neither frames nor copies it again. Cloning it is cheap.
///
/// A client must mask each of its frames with a key of its own (RFC 6455 section 5.3), so it gains
/// nothing, but may send one as well.
///
/// ```
/// use bytes::Buf;
/// use miniws_proto::{Config, Connection, Negotiated, PreparedMessage};
///
/// let news = PreparedMessage::new("news");
/// for _ in 0..3 {
///     let mut server = Connection::server(Config::default(), Negotiated::default());
///     server.send_prepared(&news)?;
///     assert_eq!(server.outgoing().chunk(), b"\x81\x04news");
/// }
/// # Ok::<(), miniws_proto::SendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparedMessage {
    message: Message,
    frame: Bytes,
}

impl PreparedMessage {
    /// Frames a message.
    #[must_use]
    pub fn new(message: impl Into<Message>) -> Self {
        let message = message.into();
        let opcode = Opcode::from(message.kind());
        let header = encode::encode(opcode, true, message.len(), None);
        let mut frame = Vec::with_capacity(header.as_slice().len() + message.len());
        frame.extend_from_slice(header.as_slice());
        frame.extend_from_slice(message.as_bytes());
        Self {
            message,
            frame: frame.into(),
        }
    }

    /// The message.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// The unmasked frame.
    pub(crate) const fn frame(&self) -> &Bytes {
        &self.frame
    }
}
