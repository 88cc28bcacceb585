//! TLS for servers, by [rustls](https://docs.rs/rustls). Clients have it built in: connect to a `wss://`
//! URL.
//!
#![cfg_attr(not(doctest), doc = include_str!("tls.md"))]
//!
//! # Another library for TLS
//!
//! native-tls, OpenSSL and others need no feature: [`Client::handshake`](crate::Client::handshake) and
//! [`Server::accept`](crate::Server::accept) take any stream of futures-io, and [`Listen`] can be implemented for a listener.
//! Closing such a stream should shut down the one beneath, see [the crate's page](crate#over-any-stream).
//! A client does it like this:
//!
//! ```
//! use futures_io::{AsyncRead, AsyncWrite};
//! use miniws_async_std::{Client, Error, Url, WebSocket};
//! use smol::net::TcpStream;
//! # trait Connector { async fn connect(&self, host: &str, stream: TcpStream) -> std::io::Result<TcpStream>; }
//!
//! async fn connect(url: &str, connector: &impl Connector) -> Result<WebSocket<impl AsyncRead + AsyncWrite>, Error> {
//!     let parsed = Url::parse(url)?;
//!     let tcp = TcpStream::connect((parsed.host(), parsed.port())).await?;
//!     tcp.set_nodelay(true)?;
//!     let tls = connector.connect(parsed.host(), tcp).await?;
//!     Client::new(url).handshake(tls).await
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::io;
use std::io::IoSlice;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::rustls::{ServerConfig, ServerConnection};
use futures_rustls::{Accept, TlsAcceptor, server};

use crate::Listen;
use crate::io::end;

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
        let state = State::Accepted(stream, self.acceptor.clone());
        Ok((TlsStream(state), remote_addr))
    }

    fn set_nodelay(stream: &Self::Stream, nodelay: bool) -> io::Result<()> {
        match &stream.0 {
            State::Accepted(stream, _) => L::set_nodelay(stream, nodelay),
            State::Open(stream) => L::set_nodelay(&stream.get_ref().0.0, nodelay),
            State::Handshake(_) | State::Failed => Ok(()),
        }
    }
}

/// A server's stream over TLS. It does its handshake when it is first used.
pub struct TlsStream<S>(State<S>);

enum State<S> {
    /// The stream can still be reached, which it can't during the handshake.
    Accepted(S, TlsAcceptor),
    Handshake(Box<Accept<Beneath<S>>>),
    Open(Box<server::TlsStream<Beneath<S>>>),
    /// The handshake has failed, and must not be polled again.
    Failed,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> TlsStream<S> {
    /// The stream and the TLS session, in which the client's certificate is; `None` before the
    /// handshake is done, which it is for any open WebSocket.
    pub fn get_ref(&self) -> Option<(&S, &ServerConnection)> {
        let State::Open(stream) = &self.0 else {
            return None;
        };
        let (beneath, session) = stream.get_ref();
        Some((&beneath.0, session))
    }

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut server::TlsStream<Beneath<S>>>>> {
        self.0 = match mem::replace(&mut self.0, State::Failed) {
            State::Accepted(stream, acceptor) => {
                State::Handshake(Box::new(acceptor.accept(Beneath(stream))))
            }
            state => state,
        };
        if let State::Handshake(accept) = &mut self.0 {
            let accepted = ready!(Pin::new(&mut **accept).poll(cx));
            self.0 = State::Failed;
            self.0 = State::Open(Box::new(accepted?));
        }
        match &mut self.0 {
            State::Open(stream) => Poll::Ready(Ok(Pin::new(stream))),
            State::Accepted(..) | State::Handshake(_) | State::Failed => {
                Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for TlsStream<S> {
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

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_close(cx)
    }
}

/// The stream beneath TLS, as futures-rustls needs it: closing it ends its writing side, and it never
/// writes nothing, upon which futures-rustls would try again for ever.
struct Beneath<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Beneath<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin + 'static> AsyncWrite for Beneath<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        something(ready!(Pin::new(&mut self.0).poll_write(cx, bytes)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        something(ready!(
            Pin::new(&mut self.0).poll_write_vectored(cx, slices)
        ))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        end(&mut self.0, cx)
    }
}

fn something(written: io::Result<usize>) -> Poll<io::Result<usize>> {
    Poll::Ready(match written {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        written => written,
    })
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
