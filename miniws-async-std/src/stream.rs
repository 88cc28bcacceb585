//! What a client's connection runs over.

use std::fmt;
use std::io;
use std::io::IoSlice;
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};

use crate::io::end;

/// What a client's WebSocket runs over, as its URL says: TCP, or a Unix socket. It is the same on
/// every runtime.
///
/// ```
/// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
/// # let listener = miniws_async_std::smol::Server::new().bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # smol::spawn(listener.serve(|_| async {})).detach();
/// let socket = miniws_async_std::smol::connect(&url).await?;
/// let tcp = socket.get_ref().tcp().ok_or("not over TCP")?;
/// tcp.set_ttl(3)?;
/// # Ok(()) }) }
/// # #[cfg(not(feature = "smol"))] fn main() {}
/// ```
pub struct NetStream(Inner);

enum Inner {
    Tcp(Async<TcpStream>),
    #[cfg(unix)]
    Unix(Async<UnixStream>),
}

impl NetStream {
    /// The TCP connection; `None` for a Unix socket.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Inner::Tcp(stream) => Some(stream.get_ref()),
            #[cfg(unix)]
            Inner::Unix(_) => None,
        }
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.tcp()?.peer_addr().ok()
    }

    fn duplex(&mut self) -> Pin<&mut dyn Duplex> {
        match &mut self.0 {
            Inner::Tcp(stream) => Pin::new(stream),
            #[cfg(unix)]
            Inner::Unix(stream) => Pin::new(stream),
        }
    }
}

/// Both directions at once.
trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Duplex for S {}

impl AsyncRead for NetStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.duplex().poll_read(cx, buffer)
    }
}

impl AsyncWrite for NetStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.duplex().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.duplex().poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.duplex().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Inner::Tcp(stream) => end(stream, cx),
            #[cfg(unix)]
            Inner::Unix(stream) => end(stream, cx),
        }
    }
}

impl From<Async<TcpStream>> for NetStream {
    fn from(stream: Async<TcpStream>) -> Self {
        Self(Inner::Tcp(stream))
    }
}

#[cfg(unix)]
impl From<Async<UnixStream>> for NetStream {
    fn from(stream: Async<UnixStream>) -> Self {
        Self(Inner::Unix(stream))
    }
}

impl fmt::Debug for NetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Inner::Tcp(_) => "Tcp",
            #[cfg(unix)]
            Inner::Unix(_) => "Unix",
        };
        f.debug_struct("NetStream")
            .field("kind", &kind)
            .field("peer", &self.peer_addr())
            .finish()
    }
}
