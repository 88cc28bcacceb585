//! What a server does with a request: it checks it, and its application decides.

use alloc::string::{String, ToString as _};
use alloc::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::{Accept, HandshakeError, Headers, Reply, Request};
use crate::config::Config;
use crate::connection::{Connection, Negotiated};
use crate::deflate;
use crate::negotiate;
use crate::queue::SendQueue;
use crate::utf8::Utf8Bytes;

/// A request that is in order, for the application to decide on.
#[derive(Debug)]
pub enum Incoming {
    /// It asks for a WebSocket.
    Upgrade(Upgrade),
    /// It is HTTP and asks for something else, as a health check or a browser's address bar does.
    Plain(PlainRequest),
}

/// A request for a WebSocket, which the application accepts or rejects.
#[derive(Debug)]
#[must_use = "the client waits for an answer"]
pub struct Upgrade {
    request: Arc<Request>,
    config: Arc<Config>,
    answer: Answer,
}

/// What says that a request was accepted.
#[derive(Debug)]
enum Answer {
    /// Status 101, and what proves that the request was understood (RFC 6455 section 4.2.2).
    SwitchingProtocols { accept_key: String },
    /// Status 200 (RFC 8441 section 5).
    Ok,
}

/// A request for something else than a WebSocket.
#[derive(Debug)]
#[must_use = "the client waits for an answer"]
pub struct PlainRequest {
    request: Arc<Request>,
}

impl Incoming {
    /// Checks a request that another HTTP stack has parsed, of HTTP/1.1.
    ///
    /// ```
    /// use miniws_proto::{Accept, Config, Headers, Incoming, Request};
    ///
    /// let mut headers = Headers::new();
    /// for (name, value) in [
    ///     ("Host", "example.com"),
    ///     ("Upgrade", "websocket"),
    ///     ("Connection", "Upgrade"),
    ///     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ///     ("Sec-WebSocket-Version", "13"),
    /// ] {
    ///     headers.push(name, value)?;
    /// }
    /// let request = Request::new("GET", "/", headers);
    /// let Incoming::Upgrade(upgrade) = Incoming::from_request(request, Config::default())? else {
    ///     panic!("it asks for a WebSocket");
    /// };
    /// let (reply, _connection) = upgrade.accept_detached(Accept::new())?;
    /// assert_eq!(reply.status(), 101);
    /// assert_eq!(
    ///     reply.headers().get("Sec-WebSocket-Accept"),
    ///     Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    /// );
    /// # Ok::<(), miniws_proto::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the request. [`HandshakeError::reply`] is the answer to send.
    pub fn from_request(
        request: Request,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, HandshakeError> {
        check_message(&request)?;
        if !request.headers().has_element("Upgrade", "websocket") {
            let request = Arc::new(request);
            return Ok(Self::Plain(PlainRequest { request }));
        }
        let accept_key = check_upgrade(&request)?;
        Ok(Self::Upgrade(Upgrade {
            request: Arc::new(request),
            config: config.into(),
            answer: Answer::SwitchingProtocols { accept_key },
        }))
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Arc<Request> {
        match self {
            Self::Upgrade(upgrade) => upgrade.request(),
            Self::Plain(plain) => plain.request(),
        }
    }
}

impl Upgrade {
    /// An extended CONNECT that another HTTP stack has parsed and whose `:protocol` is `websocket`
    /// (RFC 8441 section 4, RFC 9220). Its `:path` is the request's target, and its `:authority` is
    /// the `Host`.
    ///
    /// Answer with [`accept_detached`](Self::accept_detached); the stream of the request then
    /// carries the frames.
    ///
    /// ```
    /// use miniws_proto::{Accept, Config, Headers, Request, Upgrade};
    ///
    /// let mut headers = Headers::new();
    /// headers.push("host", "example.com")?;
    /// headers.push("sec-websocket-version", "13")?;
    /// let request = Request::new("CONNECT", "/chat", headers);
    /// let upgrade = Upgrade::from_connect(request, Config::default())?;
    /// let (reply, connection) = upgrade.accept_detached(Accept::new())?;
    /// assert_eq!(reply.status(), 200);
    /// # let _ = connection;
    /// # Ok::<(), miniws_proto::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the request: [`HandshakeError::reply`] is what to answer.
    pub fn from_connect(
        request: Request,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, HandshakeError> {
        if request.method() != "CONNECT" {
            return Err(HandshakeError::MethodNotAllowed { is_head: false });
        }
        check_target(&request)?;
        check_host(&request)?;
        check_version(&request)?;
        check_wishes(&request)?;
        Ok(Self {
            request: Arc::new(request),
            config: config.into(),
            answer: Answer::Ok,
        })
    }

    /// Uses this configuration instead of the one that the request was received with.
    pub fn with_config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Arc<Request> {
        &self.request
    }

    /// Accepts: the connection is open, and the response waits in its queue.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::UnrequestedSubprotocol`], or whatever is wrong with a header field.
    /// [`HandshakeError::reply`] is then a response of status 500.
    pub fn accept(self, accept: Accept) -> Result<Connection, HandshakeError> {
        let (reply, mut connection) = self.accept_detached(accept)?;
        connection.queue_response(&reply.encode()?);
        Ok(connection)
    }

    /// Accepts, and leaves it to another HTTP stack to send the response: it is handed back as
    /// status 101 with its header fields, `Upgrade` and `Connection` among them. The connection is
    /// open; its output must come behind the response.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept).
    pub fn accept_detached(
        self,
        mut accept: Accept,
    ) -> Result<(Reply, Connection), HandshakeError> {
        let is_compressed = accept.is_compressed();
        let mut negotiated = Negotiated::new().with_user_data(accept.take_user_data());
        let (subprotocol, additional) = accept.check(&self.request)?;
        let mut headers = Headers::with_capacity(4, 64, 64);
        if let Answer::SwitchingProtocols { accept_key } = &self.answer {
            headers.push("Upgrade", "websocket")?;
            headers.push("Connection", "Upgrade")?;
            headers.push("Sec-WebSocket-Accept", accept_key)?;
        }
        if let Some(name) = subprotocol {
            headers.push("Sec-WebSocket-Protocol", &*name)?;
            negotiated = negotiated.with_subprotocol(Utf8Bytes::from(&*name));
        }
        let compression = match is_compressed {
            true => deflate::select(&self.config, &self.request.parse_extensions()?),
            false => None,
        };
        if let Some(params) = &compression {
            headers.push("Sec-WebSocket-Extensions", params.to_string())?;
        }
        negotiated = negotiated.with_compression(compression);
        headers.append(&additional);
        let connection = Connection::server(self.config, negotiated);
        let reply = match self.answer {
            Answer::SwitchingProtocols { .. } => Reply::switching_protocols(headers),
            Answer::Ok => Reply::opening(headers),
        };
        Ok((reply, connection))
    }

    /// Rejects: what is returned is to be sent, and then the transport to be closed.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the reply. [`HandshakeError::reply`] is then a response of
    /// status 500.
    pub fn reject(self, reply: Reply) -> Result<SendQueue, HandshakeError> {
        reply.into_queue()
    }
}

impl PlainRequest {
    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Arc<Request> {
        &self.request
    }

    /// Answers, usually by [`Reply::upgrade_required`]: what is returned is to be sent, and then
    /// the transport to be closed.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the reply. [`HandshakeError::reply`] is then a response of
    /// status 500.
    pub fn respond(self, reply: Reply) -> Result<SendQueue, HandshakeError> {
        reply.into_queue()
    }
}

/// Checks what must hold for every request, whatever it asks for.
fn check_message(request: &Request) -> Result<(), HandshakeError> {
    let headers = request.headers();
    if !request.is_target_clean() {
        return Err(HandshakeError::InvalidTarget);
    }
    // A body would stand where the frames begin, and whoever sees it as the one could be made to
    // see it as the other.
    let announces_body =
        |length: &[u8]| length.is_empty() || length.iter().any(|&byte| byte != b'0');
    if headers.contains("Transfer-Encoding") || headers.values("Content-Length").any(announces_body)
    {
        return Err(HandshakeError::UnexpectedBody);
    }
    check_host(request)?;
    if request.method() != "GET" {
        let is_head = request.method() == "HEAD";
        return Err(HandshakeError::MethodNotAllowed { is_head });
    }
    check_target(request)
}

fn check_target(request: &Request) -> Result<(), HandshakeError> {
    match request.is_target_clean() && request.is_target_resource() {
        true => Ok(()),
        false => Err(HandshakeError::InvalidTarget),
    }
}

fn check_host(request: &Request) -> Result<(), HandshakeError> {
    let host = request.headers().exactly_one(
        "Host",
        HandshakeError::MissingHost,
        HandshakeError::DuplicateHost,
    )?;
    match core::str::from_utf8(host).is_ok_and(super::url::is_authority) {
        true => Ok(()),
        false => Err(HandshakeError::InvalidHost),
    }
}

/// Checks what RFC 6455 section 4.2.1 asks of a request that has an `Upgrade: websocket`, and
/// returns what answers its key.
fn check_upgrade(request: &Request) -> Result<String, HandshakeError> {
    let headers = request.headers();
    if !headers.has_element("Connection", "upgrade") {
        return Err(HandshakeError::MissingConnectionUpgrade);
    }
    check_version(request)?;
    let key = headers.exactly_one(
        "Sec-WebSocket-Key",
        HandshakeError::MissingKey,
        HandshakeError::DuplicateKey,
    )?;
    let accept_key = answer_key(key).ok_or(HandshakeError::InvalidKey)?;
    check_wishes(request)?;
    Ok(accept_key)
}

fn check_version(request: &Request) -> Result<(), HandshakeError> {
    let version = request.headers().exactly_one(
        "Sec-WebSocket-Version",
        HandshakeError::MissingVersion,
        HandshakeError::DuplicateVersion,
    )?;
    match version == b"13" {
        true => Ok(()),
        false => Err(HandshakeError::UnsupportedVersion),
    }
}

fn check_wishes(request: &Request) -> Result<(), HandshakeError> {
    request.parse_subprotocols()?;
    request.parse_extensions()?;
    Ok(())
}

/// What answers a key, if it is 16 bytes in base64. Bits that the last character has too many may be
/// set: they are in the RFC's own example (section 4.1, at the end of item 7).
fn answer_key(key: &[u8]) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let mut decoded = [0; 18];
    match LENIENT.decode_slice(key, &mut decoded) {
        Ok(16) => core::str::from_utf8(key).ok().map(negotiate::accept_key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for (key, is_good) in [
            ("dGhlIHNhbXBsZSBub25jZQ==", true),
            ("AAAAAAAAAAAAAAAAAAAAAA==", true),
            ("", false),
            ("dGhlIHNhbXBsZSBub25jZQ", false),
            // 15, 17 and 18 bytes.
            ("AAAAAAAAAAAAAAAAAAAA", false),
            ("AAAAAAAAAAAAAAAAAAAAAAA=", false),
            ("AAAAAAAAAAAAAAAAAAAAAAAA", false),
            // Bits behind the last byte that are not 0.
            ("AQIDBAUGBwgJCgsMDQ4PEC==", true),
            ("AAAAAAAAAAAAAAAAAAAAA===", false),
            ("AAAAAAAAAAAA AAAAAAAAA==", false),
            ("AAAAAAAAAAAAAAAAAAAA-_==", false),
            ("AAAAAAAAAAAAAAAAAAAAAA==AAAA", false),
        ] {
            assert_eq!(answer_key(key.as_bytes()).is_some(), is_good, "{key}");
        }
    }
}
