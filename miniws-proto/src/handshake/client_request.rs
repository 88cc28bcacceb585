//! What a client asks a server for.

mod redirect;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::headers::{is_framing, is_handshake};
use super::url::is_authority;
use super::{HandshakeError, Headers, Url};
use crate::negotiate::is_token;

/// What a client asks a server for: where, which subprotocols, and what header fields it adds.
///
/// A user and a password in the URL are sent as `Authorization: Basic` (RFC 7617), unless the
/// caller adds an `Authorization`. What is wrong with a request, other than its URL, is reported by
/// [`ClientHandshake::new`](crate::ClientHandshake::new).
///
/// ```
/// use miniws_proto::ClientRequest;
///
/// let request = ClientRequest::new("wss://example.com/chat")?
///     .subprotocol("chat.v2")
///     .subprotocol("chat.v1")
///     .origin("https://example.com")
///     .header("X-Client", "demo");
/// assert_eq!((request.url().host(), request.url().port()), ("example.com", 443));
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request is only sent when it is handed on"]
pub struct ClientRequest {
    url: Url,
    subprotocols: Vec<Box<str>>,
    /// Written by the handshake where the caller has them.
    host: Headers,
    origin: Headers,
    headers: Headers,
    max_redirects: usize,
    /// How many have led here.
    redirects: usize,
    /// The first thing that was wrong while it was built.
    error: Option<HandshakeError>,
}

impl ClientRequest {
    /// A request for the WebSocket that is at this `ws`, `wss` or `ws+unix` URL.
    ///
    /// # Errors
    ///
    /// Those of [`Url::parse`].
    pub fn new(url: &str) -> Result<Self, HandshakeError> {
        Url::parse(url).map(Self::from)
    }

    /// Offers a subprotocol. Offer several in the order of preference.
    pub fn subprotocol(mut self, name: &str) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Says on which origin's behalf the request is made, as browsers do (RFC 6455 section 10.2).
    pub fn origin(self, origin: impl AsRef<[u8]>) -> Self {
        self.header("Origin", origin)
    }

    /// Adds a header field; its name keeps its case. A `Host` takes the place of the one that the
    /// URL gives.
    ///
    /// `Upgrade`, `Connection`, `Content-Length`, `Transfer-Encoding` and all that begin with
    /// `Sec-WebSocket-` are reserved. `Host`, `Origin` and `Authorization` may come once.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let result = self.push(name, value.as_ref());
        self.error = self.error.or(result.err());
        self
    }

    /// Where it goes.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The subprotocols on offer.
    pub(super) fn subprotocols(&self) -> &[Box<str>] {
        &self.subprotocols
    }

    /// The first thing that was wrong while it was built.
    pub(super) const fn error(&self) -> Option<&HandshakeError> {
        self.error.as_ref()
    }

    /// Appends the `Host`.
    pub(super) fn push_host(&self, headers: &mut Headers) -> Result<(), HandshakeError> {
        match self.host.is_empty() {
            true => headers.push("Host", self.url.authority()),
            false => {
                headers.append(&self.host);
                Ok(())
            }
        }
    }

    /// Appends what is asked for in addition: subprotocols, these extensions, and what the caller
    /// has added.
    pub(super) fn push_wishes(
        &self,
        headers: &mut Headers,
        extensions: Option<&str>,
    ) -> Result<(), HandshakeError> {
        if let Some(offer) = self.offer()? {
            headers.push("Sec-WebSocket-Protocol", offer)?;
        }
        if let Some(extensions) = extensions {
            headers.push("Sec-WebSocket-Extensions", extensions)?;
        }
        if let Some(basic) = self.basic_authorization() {
            headers.push("Authorization", basic)?;
        }
        headers.append(&self.origin);
        headers.append(&self.headers);
        Ok(())
    }

    fn push(&mut self, name: &str, value: &[u8]) -> Result<(), HandshakeError> {
        if is_framing(name) || is_handshake(name) {
            return Err(HandshakeError::ReservedHeader(name.into()));
        }
        let is_named = |other: &str| name.eq_ignore_ascii_case(other);
        let headers = match () {
            () if is_named("Host") => &mut self.host,
            () if is_named("Origin") => &mut self.origin,
            () => &mut self.headers,
        };
        let may_repeat = !["Host", "Origin", "Authorization"]
            .into_iter()
            .any(is_named);
        if !may_repeat && headers.contains(name) {
            return Err(HandshakeError::DuplicateHeader(name.into()));
        }
        if is_named("Host") && !core::str::from_utf8(value).is_ok_and(is_authority) {
            return Err(HandshakeError::InvalidHeaderValue(name.into()));
        }
        headers.push(name, value)
    }

    /// RFC 6455 section 4.1 item 10: tokens, each once.
    fn offer(&self) -> Result<Option<String>, HandshakeError> {
        let mut seen = BTreeSet::new();
        for name in &self.subprotocols {
            if !is_token(name) {
                return Err(HandshakeError::InvalidSubprotocol(name.clone()));
            }
            if !seen.insert(name) {
                return Err(HandshakeError::RepeatedSubprotocol(name.clone()));
            }
        }
        Ok((!self.subprotocols.is_empty()).then(|| self.subprotocols.join(", ")))
    }

    fn basic_authorization(&self) -> Option<String> {
        if self.headers.contains("Authorization") {
            return None;
        }
        self.url.credentials().map(basic)
    }
}

/// A user and a password as header fields have them (RFC 7617 section 2).
pub(super) fn basic((user, password): (&str, &str)) -> String {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {encoded}")
}

impl From<Url> for ClientRequest {
    fn from(url: Url) -> Self {
        Self {
            url,
            subprotocols: Vec::new(),
            host: Headers::new(),
            origin: Headers::new(),
            headers: Headers::new(),
            max_redirects: 0,
            redirects: 0,
            error: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::handshake::Offer;
    use alloc::borrow::ToOwned as _;

    const FIXED: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";

    fn request(url: &str) -> ClientRequest {
        ClientRequest::new(url).unwrap()
    }

    fn encoded(request: &ClientRequest) -> Result<String, HandshakeError> {
        let offer = Offer::upgrade(request.clone(), Config::default(), |key: &mut [u8]| {
            key.fill(0)
        })?;
        let bytes = offer.request().encode();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn the_order_of_the_fields() {
        let everything = request("ws://u:p@h:81/a?b")
            .header("x-lower", "1")
            .origin("http://o")
            .header("X-Upper", "2")
            .subprotocol("b")
            .header("x-lower", "3")
            .subprotocol("a");
        assert_eq!(
            encoded(&everything),
            Ok([
                "GET /a?b HTTP/1.1\r\nHost: h:81\r\n",
                FIXED,
                "Sec-WebSocket-Protocol: b, a\r\n\
                Authorization: Basic dTpw\r\nOrigin: http://o\r\nx-lower: 1\r\nX-Upper: 2\r\n\
                x-lower: 3\r\n\r\n"
            ]
            .concat())
        );
    }

    #[test]
    fn the_caller_replaces_what_the_url_gives() {
        let replaced = request("ws://u:p@h")
            .header("host", "other")
            .header("authorization", "x");
        let expected = [
            "GET / HTTP/1.1\r\nhost: other\r\n",
            FIXED,
            "authorization: x\r\n\r\n",
        ];
        assert_eq!(encoded(&replaced), Ok(expected.concat()));
    }

    #[test]
    fn what_cannot_be_asked_for() {
        let reserved = |name: &str| HandshakeError::ReservedHeader(name.into());
        let duplicate = |name: &str| HandshakeError::DuplicateHeader(name.into());
        let value = |name: &str| HandshakeError::InvalidHeaderValue(name.into());
        let subprotocol = |name: &str| HandshakeError::InvalidSubprotocol(name.into());
        let ask = || request("ws://h");
        for (request, expected) in [
            (ask().header("connection", "x"), reserved("connection")),
            (ask().header("Upgrade", "x"), reserved("Upgrade")),
            (
                ask().header("sec-webSocket-Key", "x"),
                reserved("sec-webSocket-Key"),
            ),
            (
                ask().header("Content-Length", "0"),
                reserved("Content-Length"),
            ),
            (
                ask().header("Transfer-Encoding", "x"),
                reserved("Transfer-Encoding"),
            ),
            (
                ask().header("Host", "a").header("HOST", "a"),
                duplicate("HOST"),
            ),
            (ask().origin("a").header("origin", "a"), duplicate("origin")),
            (
                ask()
                    .header("Authorization", "a")
                    .header("authorization", "a"),
                duplicate("authorization"),
            ),
            (ask().header("Host", "a/b"), value("Host")),
            (ask().header("Host", "a\r\nb: c"), value("Host")),
            (ask().header("a", "b\r\nc: d"), value("a")),
            (ask().origin("a\nb"), value("Origin")),
            (
                ask().header("a\r\nb", ""),
                HandshakeError::InvalidHeaderName("a\r\nb".into()),
            ),
            (ask().subprotocol(""), subprotocol("")),
            (ask().subprotocol("a, b"), subprotocol("a, b")),
            (ask().subprotocol("a\r\nb: c"), subprotocol("a\r\nb: c")),
            (ask().subprotocol("é"), subprotocol("é")),
            (
                ask().subprotocol("a").subprotocol("b").subprotocol("a"),
                HandshakeError::RepeatedSubprotocol("a".into()),
            ),
        ] {
            assert_eq!(encoded(&request), Err(expected.to_owned()));
        }
    }
}
