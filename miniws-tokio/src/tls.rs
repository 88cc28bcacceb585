//! TLS for servers, by [rustls](https://docs.rs/rustls). Clients have it built in: connect to a `wss://`
//! URL.
//!
#![cfg_attr(not(doctest), doc = include_str!("tls.md"))]
//!
//! # Another library for TLS
//!
//! native-tls, OpenSSL and others need no feature: [`Client::handshake`](crate::Client::handshake) and
//! [`Server::accept`](crate::Server::accept) take any stream of tokio's, and [`Listen`] can be implemented for a listener.
//! A client does it like this:
//!
//! ```
//! use miniws_tokio::{Client, Error, NetStream, Url, WebSocket};
//! use tokio::io::{AsyncRead, AsyncWrite};
//! # trait Connector { async fn connect(&self, host: &str, stream: tokio::net::TcpStream) -> std::io::Result<tokio::io::DuplexStream>; }
//!
//! async fn connect(url: &str, connector: &impl Connector) -> Result<WebSocket<impl AsyncRead + AsyncWrite>, Error> {
//!     let parsed = Url::parse(url)?;
//!     let tcp = tokio::net::TcpStream::connect((parsed.host(), parsed.port())).await?;
//!     tcp.set_nodelay(true)?;
//!     let tls = connector.connect(parsed.host(), tcp).await?;
//!     Client::new(url).handshake(tls).await
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::io;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::rustls::{ServerConfig, ServerConnection};
use tokio_rustls::{Accept, TlsAcceptor, server};

use crate::listen::Listen;

/// A listener that puts TLS over the streams of another.
pub struct TlsListener<L> {
    listener: L,
    acceptor: TlsAcceptor,
}

impl<L> TlsListener<L> {
    /// Puts TLS over the streams of `listener`. ALPN must not agree to `h2` here: the handshake is
    /// one of HTTP/1.1.
    pub fn new(listener: L, config: impl Into<Arc<ServerConfig>>) -> Self {
        Self {
            listener,
            acceptor: TlsAcceptor::from(config.into()),
        }
    }
}

impl<L: Listen> Listen for TlsListener<L> {
    type Stream = TlsStream<L::Stream>;
    type Address = L::Address;

    fn local_addr(&self) -> io::Result<L::Address> {
        self.listener.local_addr()
    }

    async fn accept(&self) -> io::Result<(Self::Stream, Option<SocketAddr>)> {
        let (stream, remote_addr) = self.listener.accept().await?;
        let accept = self.acceptor.accept(stream);
        Ok((TlsStream(State::Handshake(Box::new(accept))), remote_addr))
    }

    fn set_nodelay(stream: &Self::Stream, nodelay: bool) -> io::Result<()> {
        match &stream.0 {
            State::Handshake(accept) => match accept.get_ref() {
                Some(stream) => L::set_nodelay(stream, nodelay),
                None => Ok(()),
            },
            State::Open(stream) => L::set_nodelay(stream.get_ref().0, nodelay),
            State::Failed => Ok(()),
        }
    }
}

/// A server's stream over TLS. It does its handshake when it is first used.
pub struct TlsStream<S>(State<S>);

enum State<S> {
    Handshake(Box<Accept<S>>),
    Open(Box<server::TlsStream<S>>),
    /// The handshake has failed, and must not be polled again.
    Failed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// The stream and the TLS session, in which the client's certificate is; `None` before the
    /// handshake is done, which it is for any open WebSocket.
    pub fn get_ref(&self) -> Option<(&S, &ServerConnection)> {
        match &self.0 {
            State::Handshake(_) | State::Failed => None,
            State::Open(stream) => Some(stream.get_ref()),
        }
    }

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut server::TlsStream<S>>>> {
        if let State::Handshake(accept) = &mut self.0 {
            let accepted = ready!(Pin::new(&mut **accept).poll(cx));
            self.0 = State::Failed;
            self.0 = State::Open(Box::new(accepted?));
        }
        match &mut self.0 {
            State::Open(stream) => Poll::Ready(Ok(Pin::new(stream))),
            State::Handshake(_) | State::Failed => {
                Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_shutdown(cx)
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").finish_non_exhaustive()
    }
}
