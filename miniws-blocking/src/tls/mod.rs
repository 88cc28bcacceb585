//! TLS for servers, by [rustls](https://docs.rs/rustls). Clients have it built in: connect to a `wss://`
//! URL.
//!
#![cfg_attr(not(doctest), doc = include_str!("../tls.md"))]
//!
//! # Another library for TLS
//!
//! native-tls, OpenSSL and others need no feature: [`Client::handshake`](crate::Client::handshake) and
//! [`Server::accept`](crate::Server::accept) take any [`Stream`](crate::Stream), whose page has an
//! example. What two threads can use at once is a [`SharedStream`](crate::SharedStream): a WebSocket
//! over it can be split, and a listener can close it, for which [`Listen`] has to be implemented.

mod session;
mod stream;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use crate::Listen;
pub use stream::TlsStream;

/// A listener that puts TLS over the streams of another.
pub struct TlsListener<L> {
    listener: L,
    config: Arc<ServerConfig>,
}

impl<L> TlsListener<L> {
    /// Puts TLS over the streams of `listener`. ALPN must not agree to `h2` here: the handshake is
    /// one of HTTP/1.1.
    pub fn new(listener: L, config: impl Into<Arc<ServerConfig>>) -> Self {
        Self {
            listener,
            config: config.into(),
        }
    }
}

impl<L: Listen> Listen for TlsListener<L> {
    type Stream = TlsStream<L::Stream>;
    type Address = L::Address;

    fn local_addr(&self) -> io::Result<L::Address> {
        self.listener.local_addr()
    }

    fn accept(&self) -> io::Result<(Self::Stream, Option<SocketAddr>)> {
        let (stream, remote_addr) = self.listener.accept()?;
        let session = ServerConnection::new(self.config.clone()).map_err(io::Error::other)?;
        Ok((TlsStream::new(stream, session), remote_addr))
    }

    fn wake(&self) -> io::Result<()> {
        self.listener.wake()
    }

    fn set_nodelay(stream: &Self::Stream, nodelay: bool) -> io::Result<()> {
        L::set_nodelay(stream.stream(), nodelay)
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
