//! A message framed once, to be sent many times.

use alloc::vec::Vec;

use bytes::Bytes;

#[cfg(feature = "deflate")]
use self::deflated::Deflated;
use crate::deflate::Recipe;
use crate::frame::Opcode;
use crate::frame::encode::Header;
use crate::message::{Compression, Message};

/// A message that has been framed, to be sent to any number of connections: a server's broadcast
/// neither frames nor copies it again. Cloning it is cheap.
///
/// It is compressed when the first connection needs that, once for each set of parameters, and the
/// result is shared by all connections that compress each message on its own. Those with context
/// takeover compress it themselves. A secret is not to be compressed: [`compression`](Self::compression).
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
    compression: Compression,
    frame: Bytes,
    #[cfg(feature = "deflate")]
    deflated: Deflated,
}

impl PreparedMessage {
    /// Frames a message.
    #[must_use]
    pub fn new(message: impl Into<Message>) -> Self {
        let message = message.into();
        Self {
            frame: frame(&message, message.as_bytes(), false),
            message,
            compression: Compression::Auto,
            #[cfg(feature = "deflate")]
            deflated: Deflated::default(),
        }
    }

    /// Whether to compress it, where that has been negotiated: [`Compression::Auto`] by default.
    ///
    /// ```
    /// use bytes::Buf;
    /// use miniws_proto::{Compression, Config, Connection, Negotiated, PreparedMessage};
    ///
    /// let secret = PreparedMessage::new("secret").compression(Compression::Never);
    /// let mut server = Connection::server(Config::default(), Negotiated::default());
    /// server.send_prepared(&secret)?;
    /// assert_eq!(server.outgoing().chunk(), b"\x81\x06secret");
    /// # Ok::<(), miniws_proto::SendError>(())
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The message.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    pub(crate) const fn choice(&self) -> Compression {
        self.compression
    }

    /// The unmasked frame.
    pub(crate) const fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The unmasked frame with the message compressed, if that makes sense.
    #[cfg(feature = "deflate")]
    pub(crate) fn deflated(&self, recipe: Recipe) -> Bytes {
        self.deflated
            .get(recipe, || match recipe.compress(self.message.as_bytes()) {
                Some(payload) => frame(&self.message, &payload, true),
                None => self.frame.clone(),
            })
    }

    #[cfg(not(feature = "deflate"))]
    pub(crate) fn deflated(&self, recipe: Recipe) -> Bytes {
        match recipe {}
    }
}

fn frame(message: &Message, payload: &[u8], rsv1: bool) -> Bytes {
    let opcode = Opcode::from(message.kind());
    let mut frame = Vec::with_capacity(Header::MAX + payload.len());
    Header::new(opcode, true, rsv1, payload.len()).write(None, &mut frame);
    frame.extend_from_slice(payload);
    frame.into()
}

#[cfg(feature = "deflate")]
mod deflated {
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use std::sync::{Mutex, PoisonError};

    use bytes::Bytes;

    use crate::deflate::Recipe;

    /// The frames with the message compressed, so far.
    #[derive(Clone, Debug, Default)]
    pub(super) struct Deflated(Arc<Mutex<Vec<(Recipe, Bytes)>>>);

    impl Deflated {
        /// The frame for this recipe. Others wait while it is made, so that it is made once.
        pub(super) fn get(&self, recipe: Recipe, make: impl FnOnce() -> Bytes) -> Bytes {
            // A frame is added when it is complete, so the list is in order after a panic, too.
            let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, frame)) = frames.iter().find(|(other, _)| *other == recipe) {
                return frame.clone();
            }
            let frame = make();
            frames.push((recipe, frame.clone()));
            frame
        }
    }
}
