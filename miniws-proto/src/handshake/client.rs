//! The client's side of a handshake.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::{fmt, mem};

use bytes::BytesMut;

use super::body::BodyReader;
use super::deadline::Deadline;
use super::http1::{HeadScanner, Version};
use super::{ClientRequest, HandshakeError, Offer, Response};
use crate::config::Config;
use crate::connection::Connection;
use crate::entropy::Entropy;
use crate::queue::SendQueue;
use crate::time::Time;

/// The client's side of a handshake: sends the request and reads the response.
///
/// ```
/// use bytes::{Buf, BytesMut};
/// use miniws_proto::{ClientHandshake, ClientRequest, Config};
///
/// let request = ClientRequest::new("ws://example.com/chat")?.subprotocol("chat");
/// // A real program fills from the system's generator.
/// let entropy = |destination: &mut [u8]| destination.fill(7);
/// let mut handshake = ClientHandshake::new(request, Config::default(), entropy)?;
///
/// // Send all of it.
/// let outgoing = handshake.outgoing();
/// let request = outgoing.copy_to_bytes(outgoing.len());
/// assert!(request.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
///
/// let mut input = BytesMut::new();
/// let (connection, response) = loop {
///     // Append what the transport has.
///     input.extend_from_slice(
///         b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///           Sec-WebSocket-Accept: CdXSYUsvsaMthlEXWDNURGWA/1o=\r\n\
///           Sec-WebSocket-Protocol: chat\r\n\r\n",
///     );
///     if let Some(open) = handshake.receive(&mut input)? {
///         break open;
///     }
/// };
/// assert_eq!(response.status(), 101);
/// assert_eq!(connection.subprotocol(), Some("chat"));
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
pub struct ClientHandshake {
    stage: Stage,
    config: Arc<Config>,
    outgoing: SendQueue,
    deadline: Deadline,
}

enum Stage {
    Head(HeadStage),
    Body(BodyReader),
    Done,
    Failed(HandshakeError),
}

struct HeadStage {
    scanner: HeadScanner,
    /// Interim responses so far.
    interim: u8,
    /// What the response is held against.
    offer: Box<Offer>,
}

/// How many interim responses a server may send; there is no use for more than one or two.
pub(super) const MAX_INTERIM: u8 = 16;

impl ClientHandshake {
    /// Makes up the request and queues it.
    ///
    /// The first 16 bytes of entropy become the `Sec-WebSocket-Key`; the rest is the connection's.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the request: a header field that cannot be or is reserved, or a
    /// subprotocol that is not a token or is offered twice.
    pub fn new(
        request: ClientRequest,
        config: impl Into<Arc<Config>>,
        entropy: impl Entropy + 'static,
    ) -> Result<Self, HandshakeError> {
        let config = config.into();
        let offer = Offer::upgrade(request, Arc::clone(&config), entropy)?;
        let mut outgoing = SendQueue::default();
        outgoing.copy(&offer.request().encode());
        Ok(Self {
            stage: Stage::Head(HeadStage {
                scanner: HeadScanner::response(),
                interim: 0,
                offer: Box::new(offer),
            }),
            deadline: Deadline::new(config.handshake_timeout),
            config,
            outgoing,
        })
    }

    /// What is to be sent: the request.
    #[must_use]
    pub fn outgoing(&mut self) -> &mut SendQueue {
        &mut self.outgoing
    }

    /// Reads on in `input`, to which the caller only appends between calls. `None`: more bytes are
    /// needed, or the connection has been handed over already.
    ///
    /// What comes behind the response stays in `input`, which is then the connection's.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Refused`] once a response with another status than 101 and its body are
    /// complete, and else whatever is wrong with the response. `input` has been emptied; close the
    /// transport. Every later call returns the same error.
    pub fn receive(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<(Connection, Response)>, HandshakeError> {
        let result = self.read(input);
        if let Err(error) = &result {
            input.clear();
            self.outgoing.clear();
            self.stage = Stage::Failed(error.clone());
        }
        result
    }

    /// What the end of the transport means now: [`HandshakeError::Refused`] if it ends the body of
    /// a response, and else [`HandshakeError::ConnectionLost`].
    #[must_use]
    pub fn receive_eof(&mut self) -> HandshakeError {
        self.fail(HandshakeError::ConnectionLost)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). The first call starts the clock.
    #[must_use]
    pub fn poll_timeout(&mut self, now: Time) -> Time {
        self.deadline.poll(now)
    }

    /// Looks at the clock.
    ///
    /// # Errors
    ///
    /// When the handshake is not over by the deadline: [`HandshakeError::Refused`] if only a part
    /// of the body is missing, and else [`HandshakeError::Timeout`]. Every later call, and
    /// [`receive`](Self::receive), return it again.
    pub fn handle_timeout(&mut self, now: Time) -> Result<(), HandshakeError> {
        match &self.stage {
            Stage::Head(_) | Stage::Body(_) if self.deadline.has_passed(now) => {
                Err(self.fail(HandshakeError::Timeout))
            }
            Stage::Failed(error) => Err(error.clone()),
            Stage::Head(_) | Stage::Body(_) | Stage::Done => Ok(()),
        }
    }

    fn read(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<(Connection, Response)>, HandshakeError> {
        // The stage is taken out, and put back where it goes on.
        match mem::replace(&mut self.stage, Stage::Done) {
            Stage::Head(stage) => self.read_head(stage, input),
            Stage::Body(stage) => self.read_body(stage, input),
            Stage::Done => Ok(None),
            Stage::Failed(error) => Err(error),
        }
    }

    fn read_head(
        &mut self,
        mut stage: HeadStage,
        input: &mut BytesMut,
    ) -> Result<Option<(Connection, Response)>, HandshakeError> {
        while let Some(head) = stage.scanner.take_head(input, &self.config)? {
            let (version, response) = head.parse_response()?;
            match response.status() {
                101 if version != Version::Http11 => {
                    return Err(HandshakeError::UnsupportedHttpVersion);
                }
                101 => {
                    let mut connection = stage.offer.accept(&response)?;
                    if !self.outgoing.is_empty() {
                        // The server did not wait for the end of the request. It still has to
                        // have it all before the first frame.
                        *connection.outgoing() = mem::take(&mut self.outgoing);
                    }
                    return Ok(Some((connection, response)));
                }
                // RFC 9110 section 15.2: they announce the response, and may be passed over.
                ..200 if stage.interim < MAX_INTERIM => {
                    stage.interim += 1;
                    stage.scanner = HeadScanner::response();
                }
                ..200 => return Err(HandshakeError::TooManyInterim),
                _ => {
                    let body = BodyReader::new(response, self.config.max_body_size);
                    return self.read_body(body, input);
                }
            }
        }
        self.stage = Stage::Head(stage);
        Ok(None)
    }

    fn read_body(
        &mut self,
        mut stage: BodyReader,
        input: &mut BytesMut,
    ) -> Result<Option<(Connection, Response)>, HandshakeError> {
        if stage.read(input) {
            return Err(HandshakeError::Refused(stage.into_response()));
        }
        self.stage = Stage::Body(stage);
        Ok(None)
    }

    /// Fails, unless it has failed before; why it did.
    fn fail(&mut self, error: HandshakeError) -> HandshakeError {
        let error = match mem::replace(&mut self.stage, Stage::Done) {
            // That the server refused says more than how the rest of its body got lost.
            Stage::Body(body) => HandshakeError::Refused(body.into_response()),
            Stage::Failed(earlier) => earlier,
            Stage::Head(_) | Stage::Done => error,
        };
        self.outgoing.clear();
        self.stage = Stage::Failed(error.clone());
        error
    }
}

impl fmt::Debug for ClientHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Head(_) => "Head",
            Stage::Body(_) => "Body",
            Stage::Done => "Done",
            Stage::Failed(_) => "Failed",
        };
        f.debug_struct("ClientHandshake")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
