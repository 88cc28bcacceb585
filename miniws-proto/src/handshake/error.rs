//! Why a handshake fails. What a server answers to it is in `reply.rs`.

use alloc::boxed::Box;
use core::fmt;

use super::Response;
use crate::negotiate::HeaderError;

/// Why a handshake cannot go on.
///
/// [`reply`](Self::reply) is what a server answers to it. An error that
/// [`receive`](crate::ServerHandshake::receive) has returned is sticky: every later call returns it
/// again.
///
/// ```
/// use bytes::BytesMut;
/// use miniws_proto::{Config, HandshakeError, ServerHandshake};
///
/// let mut handshake = ServerHandshake::new(Config::default());
/// let mut input = BytesMut::from("GET / HTTP/1.1\r\n\r\n");
/// let error = handshake.receive(&mut input).unwrap_err();
/// assert_eq!(error, HandshakeError::MissingHost);
/// assert_eq!(error.reply().map(|reply| reply.status()), Some(400));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    // What can be wrong with the head of a request or a response.
    //
    /// The head has more bytes than [`Config::max_head_size`](crate::Config::max_head_size).
    HeadTooLarge,
    /// The head has more fields than [`Config::max_headers`](crate::Config::max_headers).
    TooManyHeaders,
    /// This control byte stands in the head: a NUL, a line feed or a carriage return alone, or
    /// another one. Often the peer does not speak HTTP at all (RFC 9112 section 2.2).
    ControlByte(u8),
    /// A field goes on in a second line (RFC 9112 section 5.2).
    FoldedHeader,
    /// The first line is not that of a request or a response (RFC 9112 sections 3 and 4).
    MalformedStartLine,
    /// A line is not a header field (RFC 9112 section 5).
    MalformedHeader,
    /// The peer speaks another version of HTTP than 1.1 (RFC 6455 section 4.2.1 item 1).
    UnsupportedHttpVersion,
    /// `Sec-WebSocket-Protocol` is malformed.
    MalformedSubprotocols(HeaderError),
    /// `Sec-WebSocket-Extensions` is malformed.
    MalformedExtensions(HeaderError),
    /// There is an `Upgrade: websocket`, but no `Connection: Upgrade` to go with it (RFC 6455
    /// sections 4.1 and 4.2.1).
    MissingConnectionUpgrade,

    // What can happen to the handshake as a whole.
    //
    /// The transport ended before the handshake did.
    ConnectionLost,
    /// The handshake did not end within
    /// [`Config::handshake_timeout`](crate::Config::handshake_timeout).
    Timeout,

    // What can be wrong with a request.
    //
    /// The request announces a body, which a request for a WebSocket cannot have.
    UnexpectedBody,
    /// The request has no `Host` (RFC 9112 section 3.2).
    MissingHost,
    /// The request has more than one `Host` (RFC 9112 section 3.2).
    DuplicateHost,
    /// `Host` is not a host with an optional port (RFC 9112 section 3.2).
    InvalidHost,
    /// The method is not GET (RFC 6455 section 4.2.1 item 1).
    MethodNotAllowed {
        /// Whether it is HEAD, the answer to which has no body (RFC 9110 section 9.3.2).
        is_head: bool,
    },
    /// The request's target is neither a path nor an absolute URL (RFC 9112 section 3.2).
    InvalidTarget,
    /// The request has no `Sec-WebSocket-Version` (RFC 6455 section 4.2.1 item 6).
    MissingVersion,
    /// The request has more than one `Sec-WebSocket-Version`.
    DuplicateVersion,
    /// `Sec-WebSocket-Version` is not 13 (RFC 6455 section 4.4).
    UnsupportedVersion,
    /// The request has no `Sec-WebSocket-Key` (RFC 6455 section 4.2.1 item 5).
    MissingKey,
    /// The request has more than one `Sec-WebSocket-Key`.
    DuplicateKey,
    /// `Sec-WebSocket-Key` is not 16 bytes in base64 (RFC 6455 section 4.2.1 item 5).
    InvalidKey,

    // What can be wrong with a response.
    //
    /// The server answered with another status than 101. The response is here, with as much of
    /// its body as [`Config::max_body_size`](crate::Config::max_body_size) lets through.
    Refused(Box<Response>),
    /// The server sends interim responses (status 100 to 199) without end.
    TooManyInterim,
    /// The server redirects, as all before it did, and no more redirects are to be followed than
    /// [`ClientRequest::max_redirects`](crate::ClientRequest::max_redirects).
    TooManyRedirects,
    /// The server redirects from `wss` to `ws`, where everybody could listen.
    InsecureRedirect,
    /// The server redirects to where no WebSocket can be, or to or from a Unix socket.
    InvalidLocation,
    /// The response has no `Upgrade`, or one that is not `websocket` alone (RFC 6455 section 4.1).
    MissingUpgrade,
    /// The response has no `Sec-WebSocket-Accept`.
    MissingAccept,
    /// The response has more than one `Sec-WebSocket-Accept`.
    DuplicateAccept,
    /// `Sec-WebSocket-Accept` does not belong to the key: something on the way answers that does
    /// not know WebSocket, or answers from a cache (RFC 6455 section 4.1).
    WrongAccept,
    /// The response names an extension, or a parameter of one, that was not offered (RFC 6455
    /// section 4.1, RFC 7692 section 5.1).
    UnofferedExtension,
    /// The response has more than one `Sec-WebSocket-Protocol` (RFC 6455 section 11.3.4).
    DuplicateSubprotocol,
    /// The response names a subprotocol that was not offered (RFC 6455 section 4.1).
    UnofferedSubprotocol,

    // What can be wrong with what this side's application asks for.
    //
    /// The URL is malformed.
    InvalidUrl {
        /// The first byte that is wrong, counted from 0.
        at: usize,
    },
    /// The URL begins with none of `ws://`, `wss://` and `ws+unix:`.
    UnsupportedScheme,
    /// The URL has characters that are not ASCII.
    NonAsciiUrl,
    /// The URL has a fragment (RFC 6455 section 3).
    FragmentInUrl,
    /// The URL has no host.
    EmptyHost,
    /// The host in the URL is neither a name nor an IPv4 or IPv6 address.
    UnsupportedHost,
    /// The port in the URL is above 65535.
    InvalidPort,
    /// The user or the password in the URL cannot be sent (RFC 7617 section 2).
    InvalidCredentials,
    /// A `ws+unix` URL has no path of a socket, or has no path behind it that begins with `/`.
    InvalidSocketPath,
    /// This is not a name that a header field can have.
    InvalidHeaderName(Box<str>),
    /// The value of the field with this name has control characters.
    InvalidHeaderValue(Box<str>),
    /// The field with this name is written by the handshake itself.
    ReservedHeader(Box<str>),
    /// The field with this name is there twice, and may be there once.
    DuplicateHeader(Box<str>),
    /// This is not a name that a subprotocol can have.
    InvalidSubprotocol(Box<str>),
    /// This subprotocol is offered twice (RFC 6455 section 4.1 item 10).
    RepeatedSubprotocol(Box<str>),
    /// This subprotocol was chosen, but the client had not asked for it (RFC 6455 section 4.2.2).
    UnrequestedSubprotocol(Box<str>),
    /// A reply cannot have this status: it must be 200 to 599.
    InvalidStatus(u16),
    /// A reply with this status cannot have a body (RFC 9110 section 15).
    BodyNotAllowed(u16),
}

impl HandshakeError {
    /// Whether the peer broke the protocol or a limit, rather than refusing in good order, the
    /// network ending the handshake, or this side's application asking for what cannot be.
    #[must_use]
    pub const fn is_peer_misbehaved(&self) -> bool {
        !self.is_own_mistake()
            && !matches!(
                self,
                Self::ConnectionLost | Self::Timeout | Self::Refused(_)
            )
    }

    /// Whether this side's application asked for what cannot be.
    pub(super) const fn is_own_mistake(&self) -> bool {
        matches!(
            self,
            Self::InvalidUrl { .. }
                | Self::UnsupportedScheme
                | Self::NonAsciiUrl
                | Self::FragmentInUrl
                | Self::EmptyHost
                | Self::UnsupportedHost
                | Self::InvalidPort
                | Self::InvalidCredentials
                | Self::InvalidSocketPath
                | Self::InvalidHeaderName(_)
                | Self::InvalidHeaderValue(_)
                | Self::ReservedHeader(_)
                | Self::DuplicateHeader(_)
                | Self::InvalidSubprotocol(_)
                | Self::RepeatedSubprotocol(_)
                | Self::UnrequestedSubprotocol(_)
                | Self::InvalidStatus(_)
                | Self::BodyNotAllowed(_)
        )
    }
}

impl core::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::MalformedSubprotocols(error) | Self::MalformedExtensions(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HeadTooLarge => "the head of the peer's message is larger than `max_head_size`",
            Self::TooManyHeaders => "the peer sent more header fields than `max_headers`",
            Self::ControlByte(byte) => {
                return write!(
                    f,
                    "the peer sent the control byte {byte:#04x} where HTTP has none"
                );
            }
            Self::FoldedHeader => "the peer folded a header field into a second line",
            Self::MalformedStartLine => "the first line from the peer is not HTTP/1.1",
            Self::MalformedHeader => "the peer sent a malformed header field",
            Self::UnsupportedHttpVersion => "the peer speaks another version of HTTP than 1.1",
            Self::MalformedSubprotocols(error) => {
                return write!(f, "the peer's Sec-WebSocket-Protocol is malformed: {error}");
            }
            Self::MalformedExtensions(error) => {
                return write!(
                    f,
                    "the peer's Sec-WebSocket-Extensions is malformed: {error}"
                );
            }
            Self::MissingConnectionUpgrade => "the peer's Connection header does not say Upgrade",
            Self::ConnectionLost => "the connection ended before the handshake did",
            Self::Timeout => "the handshake did not end within `handshake_timeout`",
            Self::UnexpectedBody => "the request announces a body",
            Self::MissingHost => "the request has no Host",
            Self::DuplicateHost => "the request has more than one Host",
            Self::InvalidHost => "the request's Host is not a host with an optional port",
            Self::MethodNotAllowed { .. } => "the request's method is not GET",
            Self::InvalidTarget => "the request's target is neither a path nor an absolute URL",
            Self::MissingVersion => "the request has no Sec-WebSocket-Version",
            Self::DuplicateVersion => "the request has more than one Sec-WebSocket-Version",
            Self::UnsupportedVersion => "the request's Sec-WebSocket-Version is not 13",
            Self::MissingKey => "the request has no Sec-WebSocket-Key",
            Self::DuplicateKey => "the request has more than one Sec-WebSocket-Key",
            Self::InvalidKey => "the request's Sec-WebSocket-Key is not 16 bytes in base64",
            Self::Refused(response) => {
                return write!(f, "the server refused with status {response}");
            }
            Self::TooManyInterim => "the server sends interim responses without end",
            Self::TooManyRedirects => "there are more redirects than `max_redirects`",
            Self::InsecureRedirect => "the server redirects from wss to ws, without TLS",
            Self::InvalidLocation => {
                "the server redirects with a Location that leads to no WebSocket"
            }
            Self::MissingUpgrade => "the response has no `Upgrade: websocket`",
            Self::MissingAccept => "the response has no Sec-WebSocket-Accept",
            Self::DuplicateAccept => "the response has more than one Sec-WebSocket-Accept",
            Self::WrongAccept => "the response's Sec-WebSocket-Accept does not belong to the key",
            Self::UnofferedExtension => {
                "the response names an extension, or a parameter of one, that was not offered"
            }
            Self::DuplicateSubprotocol => "the response has more than one Sec-WebSocket-Protocol",
            Self::UnofferedSubprotocol => "the response names a subprotocol that was not offered",
            Self::InvalidUrl { at } => return write!(f, "the URL is malformed at byte {at}"),
            Self::UnsupportedScheme => "the URL begins with none of ws://, wss:// and ws+unix:",
            Self::NonAsciiUrl => {
                "the URL is not ASCII: write its host in Punycode and percent-encode the rest"
            }
            Self::FragmentInUrl => "the URL has a fragment: write a `#` that is meant as %23",
            Self::EmptyHost => "the URL has no host",
            Self::UnsupportedHost => "the host in the URL is neither a name nor an IP address",
            Self::InvalidPort => "the port in the URL is above 65535",
            Self::InvalidCredentials => {
                "the user or the password in the URL is not UTF-8, or has control characters, or \
                 the user has a colon"
            }
            Self::InvalidSocketPath => {
                "the URL of a Unix socket is not like ws+unix:/path/to/socket:/resource"
            }
            Self::InvalidHeaderName(name) => {
                return write!(f, "a header field cannot have the name {name:?}");
            }
            Self::InvalidHeaderValue(name) => {
                return write!(
                    f,
                    "the value of the header field {name} has control characters"
                );
            }
            Self::ReservedHeader(name) => {
                return write!(
                    f,
                    "the header field {name} is written by the handshake: leave it out"
                );
            }
            Self::DuplicateHeader(name) => {
                return write!(f, "the header field {name} is given twice: give it once");
            }
            Self::InvalidSubprotocol(name) => {
                return write!(f, "a subprotocol cannot have the name {name:?}");
            }
            Self::RepeatedSubprotocol(name) => {
                return write!(f, "the subprotocol {name} is offered twice: offer it once");
            }
            Self::UnrequestedSubprotocol(name) => {
                return write!(f, "the client did not ask for the subprotocol {name:?}");
            }
            Self::InvalidStatus(status) => {
                return write!(f, "a reply cannot have the status {status}: use 200 to 599");
            }
            Self::BodyNotAllowed(status) => {
                return write!(f, "a reply with the status {status} cannot have a body");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every result that carries it is moved about.
    #[test]
    fn it_is_small_and_goes_anywhere() {
        const fn goes_anywhere<T: core::error::Error + Send + Sync + 'static>() {}
        goes_anywhere::<HandshakeError>();
        assert!(size_of::<HandshakeError>() <= 24);
    }
}
