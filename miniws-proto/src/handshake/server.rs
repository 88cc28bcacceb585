//! The server's side of a handshake.

use alloc::sync::Arc;

use bytes::BytesMut;

use super::deadline::Deadline;
use super::http1::{HeadScanner, Version};
use super::{HandshakeError, Incoming};
use crate::config::Config;
use crate::time::Time;

/// The server's side of a handshake: reads the request.
///
/// ```
/// use bytes::{Buf, BytesMut};
/// use miniws_proto::{Accept, Config, Incoming, ServerHandshake};
///
/// let mut handshake = ServerHandshake::new(Config::default());
/// let mut input = BytesMut::new();
/// let incoming = loop {
///     // Append what the transport has.
///     input.extend_from_slice(
///         b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
///           Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///           Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
///     );
///     if let Some(incoming) = handshake.receive(&mut input)? {
///         break incoming;
///     }
/// };
/// let Incoming::Upgrade(upgrade) = incoming else {
///     panic!("it asks for a WebSocket");
/// };
/// assert_eq!(upgrade.request().path(), "/chat");
///
/// let mut connection = upgrade.accept(Accept::new().subprotocol("chat"))?;
/// assert!(connection.outgoing().chunk().starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
/// assert_eq!(connection.subprotocol(), Some("chat"));
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
#[derive(Debug)]
pub struct ServerHandshake {
    stage: Stage,
    config: Arc<Config>,
    deadline: Deadline,
}

#[derive(Debug)]
enum Stage {
    Head(HeadScanner),
    Done,
    Failed(HandshakeError),
}

impl ServerHandshake {
    /// Waits for a request. The configuration goes on to the connection.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        Self {
            stage: Stage::Head(HeadScanner::request()),
            deadline: Deadline::new(config.handshake_timeout),
            config,
        }
    }

    /// Reads on in `input`, to which the caller only appends between calls. `None`: more bytes are
    /// needed, or the request has been handed over already.
    ///
    /// What comes behind the request stays in `input` and belongs to the connection, if there is
    /// going to be one. Without one, drop it.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the request: send [`HandshakeError::reply`], then close the
    /// transport. `input` has been emptied. Every later call returns the same error.
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Incoming>, HandshakeError> {
        let result = match &mut self.stage {
            Stage::Head(scanner) => read(scanner, input, &self.config),
            Stage::Done => return Ok(None),
            Stage::Failed(error) => Err(error.clone()),
        };
        match &result {
            Ok(None) => {}
            Ok(Some(_)) => self.stage = Stage::Done,
            Err(error) => {
                // What comes behind a request that has failed must never be taken for frames.
                input.clear();
                self.stage = Stage::Failed(error.clone());
            }
        }
        result
    }

    /// What the end of the transport means now.
    #[must_use]
    pub fn receive_eof(&mut self) -> HandshakeError {
        self.fail(HandshakeError::ConnectionLost)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). The first call starts the clock, so
    /// make it when the transport has been accepted.
    #[must_use]
    pub fn poll_timeout(&mut self, now: Time) -> Time {
        self.deadline.poll(now)
    }

    /// Looks at the clock.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Timeout`] when the request is not complete by the deadline. Every later
    /// call, and [`receive`](Self::receive), return it again.
    pub fn handle_timeout(&mut self, now: Time) -> Result<(), HandshakeError> {
        match &self.stage {
            Stage::Head(_) if self.deadline.has_passed(now) => {
                Err(self.fail(HandshakeError::Timeout))
            }
            Stage::Failed(error) => Err(error.clone()),
            Stage::Head(_) | Stage::Done => Ok(()),
        }
    }

    /// Fails, unless it has failed before; why it did.
    fn fail(&mut self, error: HandshakeError) -> HandshakeError {
        if let Stage::Failed(earlier) = &self.stage {
            return earlier.clone();
        }
        self.stage = Stage::Failed(error.clone());
        error
    }
}

fn read(
    scanner: &mut HeadScanner,
    input: &mut BytesMut,
    config: &Arc<Config>,
) -> Result<Option<Incoming>, HandshakeError> {
    let Some(head) = scanner.take_head(input, config)? else {
        return Ok(None);
    };
    match head.parse_request()? {
        (Version::Http10, _) => Err(HandshakeError::UnsupportedHttpVersion),
        (Version::Http11, request) => Incoming::from_request(request, Arc::clone(config)).map(Some),
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
