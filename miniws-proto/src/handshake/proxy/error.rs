//! Why there is no tunnel through a proxy.

use alloc::boxed::Box;
use core::fmt;

use crate::handshake::{HandshakeError, Response};

/// Why there is no tunnel through a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    // What can be wrong with what this side's application asks for.
    //
    /// The proxy's URL begins with none of `http://`, `https://`, `socks5://` and `socks5h://`.
    UnsupportedScheme,
    /// The proxy's URL is malformed.
    InvalidUrl(HandshakeError),
    /// The proxy's URL has a path or a query.
    UnexpectedPath,
    /// The user or the password has more than 255 bytes (RFC 1929 section 2).
    InvalidCredentials,
    /// The server has a name of more than 255 bytes (RFC 1928 section 5), or is a Unix socket.
    InvalidServer,

    // What the proxy can say.
    //
    /// The HTTP proxy answered with another status than 2xx: 407 asks for credentials, or for others.
    /// The response is here, without its body.
    Refused(Box<Response>),
    /// The SOCKS5 proxy takes no way to authenticate that there is here. Without credentials, it
    /// probably wants some (RFC 1928 section 3).
    NoAcceptableMethod,
    /// The SOCKS5 proxy takes the credentials for wrong (RFC 1929 section 2).
    AuthenticationFailed,
    /// The SOCKS5 proxy failed, or does not want to, with this reply (RFC 1928 section 6).
    Failed(u8),

    // What can happen otherwise.
    //
    /// The answer of the HTTP proxy is malformed, or larger than [`Config`](crate::Config) allows.
    InvalidAnswer(HandshakeError),
    /// What answers does not speak SOCKS5.
    NotSocks,
    /// Something came behind the proxy's answer, before the server was asked for anything.
    UnexpectedData,
    /// The proxy ended the connection before there was a tunnel.
    ConnectionLost,
}

impl core::error::Error for ProxyError {}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnsupportedScheme => {
                "its URL begins with none of http://, https://, socks5:// and socks5h://"
            }
            Self::InvalidUrl(error) => return write!(f, "its URL is wrong: {error}"),
            Self::UnexpectedPath => "its URL has a path or a query: leave them out",
            Self::InvalidCredentials => "SOCKS5 has room for 255 bytes of user and of password",
            Self::InvalidServer => {
                "the server is a Unix socket, or its name has more than 255 bytes"
            }
            Self::Refused(response) if response.status() == 407 => {
                return write!(
                    f,
                    "it answered with status {response}: its URL needs a user and a password, or others"
                );
            }
            Self::Refused(response) => return write!(f, "it answered with status {response}"),
            Self::NoAcceptableMethod => {
                "it takes no way to authenticate that there is: its URL may need a user and a password"
            }
            Self::AuthenticationFailed => "it takes the user or the password for wrong",
            Self::Failed(reply) => {
                let meaning = match reply {
                    1 => "general failure",
                    2 => "not allowed by its rules",
                    3 => "network unreachable",
                    4 => "host unreachable",
                    5 => "connection refused",
                    6 => "TTL expired",
                    7 => "command not supported",
                    8 => "address type not supported",
                    _ => "unassigned",
                };
                return write!(f, "it answered with reply {reply}, {meaning}");
            }
            Self::InvalidAnswer(error) => return write!(f, "its answer is wrong: {error}"),
            Self::NotSocks => "its answer is not SOCKS5",
            Self::UnexpectedData => "something came behind its answer that nobody had asked for",
            Self::ConnectionLost => "it ended the connection before there was a tunnel",
        })
    }
}
