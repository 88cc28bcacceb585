//! A server's answer in plain HTTP: to a request that it does not upgrade, or that is wrong.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use bytes::Bytes;

use super::headers::{encode_field, is_framing};
use super::{HandshakeError, Headers};
use crate::queue::SendQueue;

/// A server's answer in plain HTTP. The connection ends after it.
///
/// The default is status 403 without a body. What is wrong with a reply is reported when it is
/// encoded, or handed to [`Upgrade::reject`](crate::Upgrade::reject) or
/// [`PlainRequest::respond`](crate::PlainRequest::respond).
///
/// ```
/// use miniws_proto::Reply;
///
/// let reply = Reply::new(200).header("Content-Type", "text/plain").body("all is well\n");
/// let bytes = reply.encode()?;
/// assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
/// assert!(bytes.ends_with(b"Content-Length: 12\r\nConnection: close\r\n\r\nall is well\n"));
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply is only sent when it is handed on"]
pub struct Reply {
    status: u16,
    headers: Headers,
    body: Bytes,
    /// The first thing that was wrong while it was built.
    error: Option<Box<HandshakeError>>,
    /// It is the 101 that ends a handshake, which only the handshake itself makes.
    is_switching: bool,
}

impl Default for Reply {
    fn default() -> Self {
        Self::new(403)
    }
}

impl Reply {
    /// A reply with this status, 200 to 599, and no body.
    pub const fn new(status: u16) -> Self {
        Self {
            status,
            headers: Headers::new(),
            body: Bytes::new(),
            error: None,
            is_switching: false,
        }
    }

    /// Tells a client that it must ask for a WebSocket, of version 13: status 426 (RFC 9110
    /// section 15.5.22, RFC 6455 section 4.4).
    pub fn upgrade_required() -> Self {
        Self::new(426)
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .text("this is a WebSocket: ask for `Upgrade: websocket` in version 13\n")
    }

    /// Adds a header field.
    ///
    /// `Content-Length`, `Transfer-Encoding` and `Connection` are reserved: the reply has them by
    /// itself.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let pushed = match is_framing(name) {
            true => Err(HandshakeError::ReservedHeader(name.into())),
            false => self.headers.push(name, value),
        };
        self.error = self.error.or(pushed.err().map(Box::new));
        self
    }

    /// Sets the body. Its `Content-Type` is for the caller to add.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The header fields, less those that tell how the reply is delimited.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The bytes of the reply, with its `Content-Length` and `Connection: close`.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::InvalidStatus`], [`HandshakeError::BodyNotAllowed`] for a body with
    /// status 204, 205 or 304, and whatever was wrong with a header field.
    pub fn encode(&self) -> Result<Bytes, HandshakeError> {
        let mut bytes = self.encode_head()?;
        bytes.extend_from_slice(&self.body);
        Ok(bytes.into())
    }

    /// The 101 of a handshake that succeeded, with these fields.
    pub(super) fn switching_protocols(headers: Headers) -> Self {
        Self {
            headers,
            is_switching: true,
            ..Self::new(101)
        }
    }

    /// The 200 of a handshake over HTTP/2 that succeeded, with these fields.
    pub(super) fn opening(headers: Headers) -> Self {
        Self {
            headers,
            ..Self::new(200)
        }
    }

    /// Its body, taken out.
    #[cfg(feature = "http")]
    pub(super) fn take_body(&mut self) -> Bytes {
        core::mem::take(&mut self.body)
    }

    pub(super) fn into_queue(self) -> Result<SendQueue, HandshakeError> {
        let mut queue = SendQueue::default();
        queue.copy(&self.encode_head()?);
        queue.push(self.body);
        Ok(queue)
    }

    fn text(self, text: impl Into<Bytes>) -> Self {
        self.header("Content-Type", "text/plain; charset=utf-8")
            .body(text)
    }

    fn encode_head(&self) -> Result<Vec<u8>, HandshakeError> {
        self.check()?;
        let status_line = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let mut head = Vec::from(status_line);
        self.headers.encode(&mut head);
        if !self.is_switching {
            // RFC 9110 section 8.6: these two have no length.
            if !matches!(self.status, 204 | 304) {
                encode_field(&mut head, "Content-Length", format!("{}", self.body.len()));
            }
            // RFC 9110 section 7.8: `Upgrade` is only for the next hop, and this says so.
            let connection = match self.headers.contains("Upgrade") {
                true => "Upgrade, close",
                false => "close",
            };
            encode_field(&mut head, "Connection", connection);
        }
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }

    pub(super) fn check(&self) -> Result<(), HandshakeError> {
        match (&self.error, self.status) {
            (Some(error), _) => Err((**error).clone()),
            (None, 204 | 205 | 304) if !self.body.is_empty() => {
                Err(HandshakeError::BodyNotAllowed(self.status))
            }
            (None, 200..=599) => Ok(()),
            (None, 101) if self.is_switching => Ok(()),
            (None, status) => Err(HandshakeError::InvalidStatus(status)),
        }
    }
}

impl HandshakeError {
    /// What a server answers to this error; `None` where there is nobody to answer, and for what
    /// only a client meets.
    ///
    /// | error | status |
    /// |---|---|
    /// | [`MethodNotAllowed`](Self::MethodNotAllowed) | 405 with `Allow: GET` |
    /// | [`Timeout`](Self::Timeout) | 408 |
    /// | [`UnsupportedVersion`](Self::UnsupportedVersion) | 426 with `Sec-WebSocket-Version: 13` |
    /// | [`HeadTooLarge`](Self::HeadTooLarge), [`TooManyHeaders`](Self::TooManyHeaders) | 431 |
    /// | a mistake of the server's own application | 500 |
    /// | all else that can be wrong with a request | 400 |
    #[must_use]
    pub fn reply(&self) -> Option<Reply> {
        let status = match self {
            Self::ConnectionLost
            | Self::Refused(_)
            | Self::TooManyInterim
            | Self::MissingUpgrade
            | Self::MissingAccept
            | Self::DuplicateAccept
            | Self::WrongAccept
            | Self::UnofferedExtension
            | Self::DuplicateSubprotocol
            | Self::UnofferedSubprotocol => return None,
            Self::MethodNotAllowed { is_head } => {
                let reply = Reply::new(405).header("Allow", "GET");
                return Some(match is_head {
                    true => reply,
                    false => reply.text(format!("{self}\n")),
                });
            }
            Self::UnsupportedVersion => return Some(Reply::upgrade_required()),
            // What went wrong here is nothing that the client should know.
            _ if self.is_own_mistake() => {
                return Some(Reply::new(500).text("the server could not make up its answer\n"));
            }
            Self::Timeout => 408,
            Self::HeadTooLarge | Self::TooManyHeaders => 431,
            _ => 400,
        };
        Some(Reply::new(status).text(format!("{self}\n")))
    }
}

/// The words that RFC 9110 section 15 and RFC 6585 have for a status. They are optional, and those
/// that a handshake has no use for are left out.
const fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
