//! What can go wrong on any runtime.

use std::fmt;
use std::io;

use miniws_proto::{
    CloseCode, HandshakeError, ProxyError, ReceiveError, ReceiveErrorKind, SendError,
};

/// What went wrong with a connection, or on the way to one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The handshake failed. For a client whom the server refused,
    /// [`HandshakeError::Refused`] carries the response.
    Handshake(HandshakeError),
    /// Nothing more can be received: the peer broke the protocol or a limit, was silent for too
    /// long, or went away without a close.
    Receive(ReceiveError),
    /// Something can't be sent.
    Send(SendError),
    /// The transport failed, or could not be set up.
    Io(io::Error),
    /// The client's proxy gave no tunnel to the server.
    Proxy(ProxyError),
    /// No address of the host, or of the proxy, could be reached within the connect timeout, or the
    /// proxy or TLS took longer.
    ConnectTimeout,
    /// The client's hook turned the server's response down.
    Aborted,
    /// The server's application answered a request with something else than a WebSocket: its hook
    /// rejected it, or it was a plain HTTP request.
    Declined {
        /// The status of the answer.
        status: u16,
    },
}

impl Error {
    /// Whether the transport failed or ended without a close frame. Deadlines that passed are
    /// another matter, though a browser calls them 1006 as well.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        match self {
            Self::Io(_) => true,
            Self::Receive(error) => error.kind() == ReceiveErrorKind::ConnectionLost,
            _ => false,
        }
    }

    /// The code that tells the peer of the failure, if there is one for it. It is sent unless our
    /// close was on its way before.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Receive(error) => error.close_code(),
            _ => None,
        }
    }
}

impl std::error::Error for Error {
    /// What is behind the cause: the cause itself is in the message.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Handshake(error) => error.source(),
            Self::Receive(error) => error.source(),
            Self::Send(error) => error.source(),
            Self::Io(error) => error.source(),
            Self::Proxy(error) => error.source(),
            Self::ConnectTimeout | Self::Aborted | Self::Declined { .. } => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handshake(error) => write!(f, "handshake failed: {error}"),
            Self::Receive(error) => write!(f, "receiving failed: {error}"),
            Self::Send(error) => write!(f, "sending failed: {error}"),
            Self::Io(error) => write!(f, "the transport failed: {error}"),
            Self::Proxy(error) => write!(f, "the proxy gave no way to the server: {error}"),
            Self::ConnectTimeout => {
                f.write_str("connecting failed: it took longer than the connect timeout")
            }
            Self::Aborted => f.write_str("handshake failed: the hook turned the response down"),
            Self::Declined { status } => {
                write!(f, "no WebSocket was opened: the answer was status {status}")
            }
        }
    }
}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<ReceiveError> for Error {
    fn from(error: ReceiveError) -> Self {
        Self::Receive(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<ProxyError> for Error {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
