//! What a client's connection runs over.

use std::fmt;
use std::io;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "rustls")]
use tokio_rustls::client::TlsStream;

/// What a client's WebSocket runs over, as its URL says: TCP, TLS, or a Unix socket.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = miniws_tokio::Server::new().bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # tokio::spawn(listener.serve(|_| async {}));
/// let socket = miniws_tokio::connect(&url).await?;
/// let tcp = socket.get_ref().tcp().ok_or("not over TCP")?;
/// tcp.set_ttl(3)?;
/// # Ok(()) }
/// ```
pub struct NetStream(Inner);

enum Inner {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "rustls")]
    Tls(Box<TlsStream<NetStream>>),
}

impl NetStream {
    /// The TCP connection, that under TLS too; `None` for a Unix socket.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Inner::Tcp(stream) => Some(stream),
            #[cfg(unix)]
            Inner::Unix(_) => None,
            #[cfg(feature = "rustls")]
            Inner::Tls(stream) => stream.get_ref().0.tcp(),
        }
    }

    /// The TLS session: the server's certificates, the version, the cipher.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let socket = miniws_tokio::connect("wss://example.org/").await?;
    /// if let Some(session) = socket.get_ref().tls() {
    ///     println!("{:?}", session.protocol_version());
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&tokio_rustls::rustls::ClientConnection> {
        match &self.0 {
            Inner::Tls(stream) => Some(stream.get_ref().1),
            _ => None,
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
            #[cfg(feature = "rustls")]
            Inner::Tls(stream) => Pin::new(&mut **stream),
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
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
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

    /// So is each of the streams.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.duplex().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.duplex().poll_shutdown(cx)
    }
}

impl From<TcpStream> for NetStream {
    fn from(stream: TcpStream) -> Self {
        Self(Inner::Tcp(stream))
    }
}

#[cfg(unix)]
impl From<UnixStream> for NetStream {
    fn from(stream: UnixStream) -> Self {
        Self(Inner::Unix(stream))
    }
}

#[cfg(feature = "rustls")]
impl From<TlsStream<Self>> for NetStream {
    fn from(stream: TlsStream<Self>) -> Self {
        Self(Inner::Tls(Box::new(stream)))
    }
}

impl fmt::Debug for NetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Inner::Tcp(_) => "Tcp",
            #[cfg(unix)]
            Inner::Unix(_) => "Unix",
            #[cfg(feature = "rustls")]
            Inner::Tls(_) => "Tls",
        };
        f.debug_struct("NetStream")
            .field("kind", &kind)
            .field("peer", &self.peer_addr())
            .finish()
    }
}
