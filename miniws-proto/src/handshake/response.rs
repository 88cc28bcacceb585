//! A server's response, as a client sees it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::request::parse_extensions;
use super::{HandshakeError, Headers};
use crate::negotiate::Extension;

/// A server's response: the one that switched to WebSocket, or the one that refused to.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    reason: Box<str>,
    headers: Headers,
    body: Vec<u8>,
}

impl Response {
    /// A response that another HTTP stack has read.
    #[must_use]
    pub fn new(status: u16, headers: Headers) -> Self {
        Self {
            status,
            reason: Box::default(),
            headers,
            body: Vec::new(),
        }
    }

    /// The body that another HTTP stack has read.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub(super) fn with_reason(mut self, reason: &str) -> Self {
        self.reason = reason.into();
        self
    }

    /// The status code: 101 where the handshake succeeded.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The words behind the status code; often empty, and not to be relied on.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body of a response that refuses, without its transfer coding. It is cut short where
    /// [`Config::max_body_size`](crate::Config::max_body_size), the handshake's deadline or the
    /// end of the connection did so.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.headers.get("Sec-WebSocket-Protocol")
    }

    /// The extensions that the server chose.
    #[must_use]
    pub fn extensions(&self) -> Vec<Extension> {
        self.parse_extensions().unwrap_or_default()
    }

    pub(super) fn parse_extensions(&self) -> Result<Vec<Extension>, HandshakeError> {
        parse_extensions(&self.headers)
    }

    pub(super) fn body_mut(&mut self) -> &mut Vec<u8> {
        &mut self.body
    }
}

impl fmt::Display for Response {
    /// The status and its reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match &*self.reason {
            "" => Ok(()),
            reason => write!(f, " {reason}"),
        }
    }
}

/// How many bytes of a body are printed.
const MOST_SHOWN: usize = 200;

impl fmt::Debug for Response {
    /// The body as text, which it mostly is, and only the beginning of a long one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.body[..self.body.len().min(MOST_SHOWN)];
        let shown = String::from_utf8_lossy(shown);
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("reason", &self.reason)
            .field("headers", &self.headers)
            .field(
                "body",
                &format_args!("{shown:?} of {} bytes", self.body.len()),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn what_is_printed() {
        let response = Response::new(404, Headers::new()).with_body(vec![b'x'; 70_000]);
        let shown = "x".repeat(MOST_SHOWN);
        let expected = format!("body: \"{shown}\" of 70000 bytes");
        assert!(format!("{response:?}").contains(&expected), "{response:?}");
    }
}
