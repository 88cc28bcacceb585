//! How a server answers a request for a WebSocket that it accepts.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;

use super::headers::{is_framing, is_handshake};
use super::{HandshakeError, Headers, Request};

/// How a server accepts a request: which subprotocol it chose, and what header fields it adds.
///
/// What is wrong with it is reported by [`Upgrade::accept`](crate::Upgrade::accept).
///
/// ```
/// use miniws_proto::Accept;
///
/// let accept = Accept::new().subprotocol("chat").header("X-Served-By", "eu-1");
/// assert_eq!(accept.chosen_subprotocol(), Some("chat"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a request is only accepted when this is handed on"]
pub struct Accept {
    subprotocol: Option<Box<str>>,
    headers: Headers,
    is_uncompressed: bool,
    user_data: Option<Arc<dyn Any + Send + Sync>>,
    /// The first thing that was wrong while it was built.
    error: Option<HandshakeError>,
}

impl Accept {
    /// No subprotocol and no additional fields.
    pub const fn new() -> Self {
        Self {
            subprotocol: None,
            headers: Headers::new(),
            is_uncompressed: false,
            user_data: None,
            error: None,
        }
    }

    /// Chooses a subprotocol, one of [`Request::subprotocols`](crate::Request::subprotocols).
    pub fn subprotocol(mut self, name: &str) -> Self {
        self.subprotocol = Some(name.into());
        self
    }

    /// Adds a header field.
    ///
    /// `Upgrade`, `Connection`, `Content-Length`, `Transfer-Encoding` and all that begin with
    /// `Sec-WebSocket-` are reserved.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let pushed = match is_framing(name) || is_handshake(name) {
            true => Err(HandshakeError::ReservedHeader(name.into())),
            false => self.headers.push(name, value),
        };
        self.error = self.error.or(pushed.err());
        self
    }

    /// Agrees to no compression, whatever [`Config`](crate::Config) says: for requests whose
    /// messages hold secrets, or do not get smaller.
    ///
    /// ```
    /// use miniws_proto::{Accept, Request};
    ///
    /// fn decide(request: &Request) -> Accept {
    ///     match request.path() {
    ///         "/images" => Accept::new().without_compression(),
    ///         _ => Accept::new(),
    ///     }
    /// }
    /// # let _ = decide;
    /// ```
    pub fn without_compression(mut self) -> Self {
        self.is_uncompressed = true;
        self
    }

    /// Hands something on to whoever gets the connection: who the user is, the room that was asked
    /// for, or all of the request. [`Connection::user_data`](crate::Connection::user_data) has it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use miniws_proto::{Accept, Connection, HandshakeError, Request, Upgrade};
    ///
    /// fn open(upgrade: Upgrade) -> Result<Connection, HandshakeError> {
    ///     let request = Arc::clone(upgrade.request());
    ///     upgrade.accept(Accept::new().user_data(request))
    /// }
    ///
    /// fn room(connection: &Connection) -> Option<String> {
    ///     let request = connection.user_data::<Request>()?;
    ///     Some(request.path().to_owned())
    /// }
    /// # let _ = (open, room);
    /// ```
    pub fn user_data<T: Any + Send + Sync>(mut self, data: Arc<T>) -> Self {
        self.user_data = Some(data);
        self
    }

    /// The subprotocol that has been chosen.
    #[must_use]
    pub fn chosen_subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether to agree to compression.
    pub(super) const fn is_compressed(&self) -> bool {
        !self.is_uncompressed
    }

    /// What is handed on, taken out.
    pub(super) fn take_user_data(&mut self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.user_data.take()
    }

    /// The subprotocol and the additional fields, if they are in order for this request.
    pub(super) fn check(
        self,
        request: &Request,
    ) -> Result<(Option<Box<str>>, Headers), HandshakeError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if let Some(chosen) = &self.subprotocol {
            // RFC 6455 section 4.2.2 item 5.5: exactly as the client wrote it.
            if !request.subprotocols().any(|name| name == &**chosen) {
                return Err(HandshakeError::UnrequestedSubprotocol(chosen.clone()));
            }
        }
        Ok((self.subprotocol, self.headers))
    }
}
