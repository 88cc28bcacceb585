//! Why there is no connection, and whether to try again.

use std::fmt;
use std::io;
use std::time::Duration;

use miniws_proto::{CloseCode, CloseStatus, HandshakeError, ProxyError, Response, SendError};

use crate::Error;

/// Why a client has no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The peer has closed the connection, or has answered our close.
    Closed(CloseStatus),
    /// A connection that was open has failed.
    Broken(Error),
    /// An attempt to connect has failed.
    Connect(Error),
}

impl Cause {
    /// Whether trying again would be of no use. It is, unless the application says otherwise:
    ///
    /// - for a connection that was closed with 1000: it has served its purpose (RFC 6455
    ///   section 7.4.1); with 1008: we are not wanted; with 3000 and 3003: the same, by the names
    ///   unauthorized and forbidden. All other codes, and the applications' own, are tried again.
    /// - for a server that refuses with anything but 408, 421, 425, 429 and 5xx, and of these with
    ///   501 and 505; for one that does not speak WebSocket;
    /// - for what the application asked for and cannot be: a bad URL or header, `wss://` without TLS;
    /// - for a proxy that refuses with such a status, whose rules or SOCKS5 forbid it, or that wants
    ///   other credentials;
    /// - for a server, or a proxy, whose certificate fails, as rustls says it: another TLS session that can't
    ///   be set up may be a matter of a moment;
    /// - for a response that the client's hook turned down.
    ///
    /// An open connection that fails for whatever reason is tried again: this side has done nothing
    /// that would make the next one fail.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Closed(status) => is_final_code(status.code),
            Self::Broken(_) => false,
            Self::Connect(Error::Handshake(error)) => match error {
                HandshakeError::Refused(response) => !is_temporary(response.status()),
                HandshakeError::ConnectionLost | HandshakeError::Timeout => false,
                _ => true,
            },
            Self::Connect(Error::Proxy(error)) => match error {
                ProxyError::Refused(response) => !is_temporary(response.status()),
                // RFC 1928 section 6: not allowed by the rules; command, or type of address, not supported.
                ProxyError::Failed(reply) => matches!(reply, 2 | 7 | 8),
                ProxyError::ConnectionLost => false,
                _ => true,
            },
            Self::Connect(Error::Io(error)) => {
                // A bad address, and wss:// without TLS.
                let kinds = [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];
                kinds.contains(&error.kind()) || is_bad_certificate(error)
            }
            Self::Connect(error) => matches!(error, Error::Aborted | Error::Declined { .. }),
        }
    }

    /// Why an open connection has ended, from what `recv` and `close_status` tell.
    #[must_use]
    pub fn of_end(error: Option<Error>, status: Option<CloseStatus>) -> Self {
        match (status, error) {
            (Some(status), None) => Self::Closed(status),
            // TCP may fail behind a close that was finished; nothing is lost by that.
            (Some(status), Some(_)) if status.clean => Self::Closed(status),
            (_, Some(error)) => Self::Broken(error),
            (None, None) => Self::Broken(SendError::Closed.into()),
        }
    }

    /// What the end for this cause is to an application: an error, unless the peer has closed with
    /// 1000.
    ///
    /// # Errors
    ///
    /// The cause.
    pub fn into_end(self) -> Result<(), Self> {
        match self.is_served() {
            true => Ok(()),
            false => Err(self),
        }
    }

    /// Whether the connection has served its purpose: it was closed with 1000.
    pub(super) fn is_served(&self) -> bool {
        matches!(self, Self::Closed(status) if status.code == CloseCode::NORMAL)
    }

    /// How long the server asks to be left alone (RFC 9110 section 10.2.3), when it says so in
    /// seconds. A date is not looked at: the two clocks may differ by more than the wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.response()?.headers().get("Retry-After")?;
        Some(Duration::from_secs(seconds.trim().parse().ok()?))
    }

    /// The response of a server, or a proxy, that has refused.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::Connect(
                Error::Handshake(HandshakeError::Refused(response))
                | Error::Proxy(ProxyError::Refused(response)),
            ) => Some(response),
            _ => None,
        }
    }
}

/// What rustls says of a certificate is within an error of the transport.
#[cfg(feature = "rustls")]
fn is_bad_certificate(error: &io::Error) -> bool {
    let error = crate::tls::error_within(error);
    matches!(error, Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(not(feature = "rustls"))]
const fn is_bad_certificate(_: &io::Error) -> bool {
    false
}

fn is_final_code(code: CloseCode) -> bool {
    const UNAUTHORIZED: u16 = 3000; // RFC 6455 section 11.7 has the registry of these.
    const FORBIDDEN: u16 = 3003;
    code == CloseCode::NORMAL
        || code == CloseCode::POLICY_VIOLATION
        || matches!(u16::from(code), UNAUTHORIZED | FORBIDDEN)
}

/// Whether a server that refuses with this status may think better of it (RFC 9110 section 15).
fn is_temporary(status: u16) -> bool {
    match status {
        408 | 421 | 425 | 429 => true,
        501 | 505 => false,
        500..600 => true,
        _ => false,
    }
}

impl std::error::Error for Cause {
    /// What is behind the cause: the error itself is in the message.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Closed(_) => None,
            Self::Broken(error) | Self::Connect(error) => error.source(),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(status) => {
                write!(f, "the connection was closed with {}", status.code)?;
                match status.reason.as_str() {
                    "" => Ok(()),
                    reason => write!(f, ": {reason}"),
                }
            }
            Self::Broken(error) => write!(f, "the connection was lost: {error}"),
            Self::Connect(error) => write!(f, "there is no connection: {error}"),
        }
    }
}
