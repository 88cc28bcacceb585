//! What a client offers, and the answer that it has to get, whoever carries the two.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ClientRequest, HandshakeError, Headers, Request, Response};
use crate::config::Config;
use crate::connection::{Connection, Negotiated};
use crate::deflate;
use crate::entropy::Entropy;
use crate::negotiate;
use crate::utf8::Utf8Bytes;

/// A client's handshake that another HTTP stack carries: a request to be sent, and what the response
/// to it has to be.
///
/// [`ClientHandshake`](crate::ClientHandshake) does the same over HTTP/1.1 all by itself.
///
/// ```
/// use miniws_proto::{ClientRequest, Config, Headers, Offer, Response};
///
/// // Over HTTP/2, RFC 8441. A real program fills from the system's generator.
/// let request = ClientRequest::new("wss://example.com/chat")?.subprotocol("chat");
/// let offer = Offer::connect(request, Config::default(), |keys: &mut [u8]| keys.fill(7))?;
/// assert_eq!((offer.request().method(), offer.request().target()), ("CONNECT", "/chat"));
///
/// // The HTTP stack sends it, with `:protocol` as `websocket`, and reads the response.
/// let mut headers = Headers::new();
/// headers.push("sec-websocket-protocol", "chat")?;
/// let connection = offer.accept(&Response::new(200, headers))?;
/// assert_eq!(connection.subprotocol(), Some("chat"));
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
pub struct Offer {
    request: Request,
    /// The `Sec-WebSocket-Accept` that the response must have, `None` for an extended CONNECT.
    accept_key: Option<String>,
    subprotocols: Vec<Box<str>>,
    config: Arc<Config>,
    /// On its way to the connection.
    entropy: Box<dyn Entropy>,
}

impl Offer {
    /// An upgrade of HTTP/1.1 (RFC 6455 section 4.1).
    ///
    /// The first 16 bytes of entropy become the `Sec-WebSocket-Key`; the rest is the connection's.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the request: a header field that cannot be or is reserved, or a
    /// subprotocol that is not a token or is offered twice.
    pub fn upgrade(
        request: ClientRequest,
        config: impl Into<Arc<Config>>,
        mut entropy: impl Entropy + 'static,
    ) -> Result<Self, HandshakeError> {
        let mut nonce = [0; 16];
        entropy.fill(&mut nonce);
        let key = STANDARD.encode(nonce);
        let mut headers = Headers::with_capacity(8, 128, 128);
        request.push_host(&mut headers)?;
        headers.push("Upgrade", "websocket")?;
        headers.push("Connection", "Upgrade")?;
        headers.push("Sec-WebSocket-Key", &key)?;
        let accept_key = Some(negotiate::accept_key(&key));
        Self::new("GET", headers, accept_key, request, config.into(), entropy)
    }

    /// An extended CONNECT of HTTP/2 or HTTP/3 (RFC 8441 section 5, RFC 9220). The HTTP stack adds
    /// the pseudo-header fields: `:protocol` is `websocket`, `:authority` is the `Host` of the
    /// request.
    ///
    /// # Errors
    ///
    /// As [`upgrade`](Self::upgrade).
    pub fn connect(
        request: ClientRequest,
        config: impl Into<Arc<Config>>,
        entropy: impl Entropy + 'static,
    ) -> Result<Self, HandshakeError> {
        let mut headers = Headers::new();
        request.push_host(&mut headers)?;
        Self::new("CONNECT", headers, None, request, config.into(), entropy)
    }

    fn new(
        method: &str,
        mut headers: Headers,
        accept_key: Option<String>,
        request: ClientRequest,
        config: Arc<Config>,
        entropy: impl Entropy + 'static,
    ) -> Result<Self, HandshakeError> {
        if let Some(error) = request.error() {
            return Err(error.clone());
        }
        headers.push("Sec-WebSocket-Version", "13")?;
        request.push_wishes(&mut headers, deflate::offer(&config).as_deref())?;
        Ok(Self {
            request: Request::new(method, request.url().target(), headers),
            accept_key,
            subprotocols: request.subprotocols().into(),
            config,
            entropy: Box::new(entropy),
        })
    }

    /// The request to send.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// How long the handshake may take, which is for the HTTP stack to keep:
    /// [`Config::handshake_timeout`].
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.config.handshake_timeout
    }

    /// Whether a response with this status accepts: 101, or 2xx to an extended CONNECT. Any other
    /// refuses, and its body may say why.
    #[must_use]
    pub const fn is_accepted_by(&self, status: u16) -> bool {
        match self.accept_key {
            Some(_) => status == 101,
            None => matches!(status, 200..300),
        }
    }

    /// How much to read of the body of a response that refuses: [`Config::max_body_size`].
    #[must_use]
    pub fn max_body_size(&self) -> usize {
        self.config.max_body_size
    }

    /// Holds the response against the offer.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Refused`] for another status than 101, or 2xx to an extended CONNECT, and
    /// else whatever is wrong with the response.
    pub fn accept(self, response: &Response) -> Result<Connection, HandshakeError> {
        if !self.is_accepted_by(response.status()) {
            return Err(HandshakeError::Refused(Box::new(response.clone())));
        }
        if let Some(accept_key) = &self.accept_key {
            check_upgrade(response.headers(), accept_key)?;
        }
        let compression = deflate::confirm(&self.config, &response.parse_extensions()?)
            .map_err(|_| HandshakeError::UnofferedExtension)?;
        let negotiated = self.check_subprotocol(response.headers())?;
        let negotiated = negotiated.with_compression(compression);
        Ok(Connection::client(self.config, negotiated, self.entropy))
    }

    fn check_subprotocol(&self, headers: &Headers) -> Result<Negotiated, HandshakeError> {
        let mut chosen = headers.values("Sec-WebSocket-Protocol");
        let Some(name) = chosen.next() else {
            return Ok(Negotiated::new());
        };
        if chosen.next().is_some() {
            return Err(HandshakeError::DuplicateSubprotocol);
        }
        let mut offered = self.subprotocols.iter();
        match offered.find(|offered| offered.as_bytes() == name) {
            Some(name) => Ok(Negotiated::new().with_subprotocol(Utf8Bytes::from(&**name))),
            None => Err(HandshakeError::UnofferedSubprotocol),
        }
    }
}

/// Checks a response of status 101, in the order of RFC 6455 section 4.1.
fn check_upgrade(headers: &Headers, accept_key: &str) -> Result<(), HandshakeError> {
    let is_other = |protocol: &[u8]| !protocol.eq_ignore_ascii_case(b"websocket");
    if !headers.has_element("Upgrade", "websocket") || headers.elements("Upgrade").any(is_other) {
        return Err(HandshakeError::MissingUpgrade);
    }
    if !headers.has_element("Connection", "upgrade") {
        return Err(HandshakeError::MissingConnectionUpgrade);
    }
    let answered = headers.exactly_one(
        "Sec-WebSocket-Accept",
        HandshakeError::MissingAccept,
        HandshakeError::DuplicateAccept,
    )?;
    match answered == accept_key.as_bytes() {
        true => Ok(()),
        false => Err(HandshakeError::WrongAccept),
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the fields: one of them may hold a password.
        f.debug_struct("Offer")
            .field("method", &self.request.method())
            .field("target", &self.request.target())
            .finish_non_exhaustive()
    }
}
