//! A tunnel through a proxy, over which a client then does its handshake (RFC 6455 section 4.1).

mod connect;
mod error;
mod socks;

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::sync::Arc;
use core::fmt;

use bytes::BytesMut;

use super::Url;
use super::url::parse_uri;
use crate::config::Config;
use crate::queue::SendQueue;

use connect::Connect;
pub use error::ProxyError;
use socks::Socks;

/// A proxy that tunnels a client's connection, by the CONNECT of HTTP/1.1 (RFC 9110 section 9.3.6) or
/// by SOCKS5 (RFC 1928).
///
/// ```
/// use miniws_proto::Proxy;
///
/// let proxy = Proxy::parse("http://ada:secret@proxy.example:3128")?;
/// assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
/// # Ok::<(), miniws_proto::ProxyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    protocol: Protocol,
    /// Host, port, and credentials; secure where the proxy is.
    url: Url,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http,
    Socks,
}

/// RFC 1928 section 3.
const SOCKS_PORT: u16 = 1080;

impl Proxy {
    /// Parses the URL of a proxy: `http://`, `https://` (HTTP over TLS), or `socks5://` or `socks5h://`,
    /// which are the same here: the proxy resolves the name of the server. Without a scheme it is
    /// `http://`. The ports are 80, 443 and 1080 unless told otherwise.
    ///
    /// User and password, percent-encoded, are sent by Basic authentication (RFC 7617), or as RFC 1929
    /// says.
    ///
    /// # Errors
    ///
    /// [`ProxyError::UnsupportedScheme`], [`ProxyError::InvalidUrl`], [`ProxyError::UnexpectedPath`],
    /// and [`ProxyError::InvalidCredentials`].
    pub fn parse(url: &str) -> Result<Self, ProxyError> {
        let url = match url.contains("://") {
            true => url.to_owned(),
            false => format!("http://{url}"),
        };
        let uri = parse_uri(&url).map_err(ProxyError::InvalidUrl)?;
        let (protocol, is_secure, port) = match &*uri.scheme().as_str().to_ascii_lowercase() {
            "http" => (Protocol::Http, false, 80),
            "https" => (Protocol::Http, true, 443),
            "socks5" | "socks5h" => (Protocol::Socks, false, SOCKS_PORT),
            _ => return Err(ProxyError::UnsupportedScheme),
        };
        let url = Url::over_tcp(&uri, is_secure, port).map_err(ProxyError::InvalidUrl)?;
        if url.target() != "/" {
            return Err(ProxyError::UnexpectedPath);
        }
        let fits = |(user, password): (&str, &str)| user.len().max(password.len()) <= 255;
        match protocol {
            Protocol::Socks if !url.credentials().is_none_or(fits) => {
                Err(ProxyError::InvalidCredentials)
            }
            _ => Ok(Self { protocol, url }),
        }
    }

    /// Whether to speak to it over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.url.is_secure()
    }

    /// The host to connect to: a name or an address, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// The port to connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.url.port()
    }
}

impl fmt::Debug for Proxy {
    /// Leaves out the user and the password, so that they get into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.is_secure()) {
            (Protocol::Http, false) => "http",
            (Protocol::Http, true) => "https",
            (Protocol::Socks, _) => "socks5h",
        };
        write!(f, "{scheme}://{}", self.url.host_and_port())
    }
}

/// The client's side of asking a proxy for a tunnel to a server. Over the tunnel comes TLS, if the URL
/// says so, and then [`ClientHandshake`](crate::ClientHandshake).
///
/// It keeps no time: bound all of it, with connecting and TLS, by a deadline.
///
/// ```
/// use bytes::{Buf, BytesMut};
/// use miniws_proto::{Config, Proxy, ProxyHandshake, Url};
///
/// let proxy = Proxy::parse("http://ada:secret@proxy.example:3128")?;
/// let url = Url::parse("wss://example.com/chat")?;
/// // Connect to the proxy, over TLS if `proxy.is_secure()`.
/// let mut handshake = ProxyHandshake::new(&proxy, &url, Config::default())?;
/// let mut input = BytesMut::new();
/// # let mut sent = Vec::new();
/// loop {
///     // Send all of it.
///     let outgoing = handshake.outgoing();
///     let request = outgoing.copy_to_bytes(outgoing.len());
///     # sent.extend_from_slice(&request);
///     if handshake.receive(&mut input)? {
///         break; // There is a tunnel.
///     }
///     // Append what the transport has.
///     input.extend_from_slice(b"HTTP/1.1 200 Connection established\r\n\r\n");
/// }
/// # assert!(sent.starts_with(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProxyHandshake {
    stage: Stage,
    outgoing: SendQueue,
}

enum Stage {
    Http(Connect),
    Socks(Socks),
    Done,
    Failed(ProxyError),
}

impl ProxyHandshake {
    /// Asks `proxy` for a tunnel to the server of `url`.
    ///
    /// # Errors
    ///
    /// [`ProxyError::InvalidServer`] for a Unix socket, or a name that SOCKS5 has no room for.
    pub fn new(
        proxy: &Proxy,
        url: &Url,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, ProxyError> {
        if url.unix_path().is_some() {
            return Err(ProxyError::InvalidServer);
        }
        let mut outgoing = SendQueue::default();
        let credentials = proxy.url.credentials();
        let stage = match proxy.protocol {
            Protocol::Http => {
                outgoing.copy(&connect::request(&url.host_and_port(), credentials));
                Stage::Http(Connect::new(config.into()))
            }
            Protocol::Socks => Stage::Socks(Socks::new(url, credentials, &mut outgoing)?),
        };
        Ok(Self { stage, outgoing })
    }

    /// What is to be sent. There may be more each time that [`receive`](Self::receive) has returned.
    #[must_use]
    pub fn outgoing(&mut self) -> &mut SendQueue {
        &mut self.outgoing
    }

    /// Reads on in `input`, to which the caller only appends between calls. Whether there is a tunnel;
    /// then `input` is empty.
    ///
    /// # Errors
    ///
    /// [`ProxyError::Refused`] and [`ProxyError::Failed`] when the proxy gives no tunnel, and else
    /// whatever is wrong with its answer. Close the transport. Every later call returns the same error.
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<bool, ProxyError> {
        let is_through = match &mut self.stage {
            Stage::Http(connect) => connect.receive(input),
            Stage::Socks(socks) => socks.receive(input, &mut self.outgoing),
            Stage::Done => return Ok(true),
            Stage::Failed(error) => return Err(error.clone()),
        };
        match is_through {
            // A server waits for the request, or for the client to begin TLS.
            Ok(true) if !input.is_empty() => Err(self.fail(ProxyError::UnexpectedData)),
            Ok(true) => {
                self.stage = Stage::Done;
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// What the end of the transport means now.
    #[must_use]
    pub fn receive_eof(&mut self) -> ProxyError {
        match &self.stage {
            Stage::Failed(error) => error.clone(),
            _ => self.fail(ProxyError::ConnectionLost),
        }
    }

    fn fail(&mut self, error: ProxyError) -> ProxyError {
        self.outgoing.clear();
        self.stage = Stage::Failed(error.clone());
        error
    }
}

impl fmt::Debug for ProxyHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not what is to be sent: it may hold a password.
        let stage = match &self.stage {
            Stage::Http(_) => "Http",
            Stage::Socks(_) => "Socks",
            Stage::Done => "Done",
            Stage::Failed(_) => "Failed",
        };
        f.debug_struct("ProxyHandshake")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
