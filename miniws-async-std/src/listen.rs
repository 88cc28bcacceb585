//! Where a server's connections come from.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use futures_io::{AsyncRead, AsyncWrite};

/// What a [`Listener`](crate::generic::Listener) can accept from: TCP and Unix sockets of async-std
/// and smol, TLS over either (see `tls::TlsListener`, feature `rustls`), and whatever else this is
/// implemented for.
///
/// ```
/// # #[cfg(all(unix, feature = "smol"))] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
/// use miniws_async_std::smol::{Client, Server};
/// use smol::net::unix::UnixListener;
///
/// # let path = std::env::temp_dir().join(format!("miniws-{}.sock", std::process::id()));
/// # let path = path.to_str().ok_or("the path is not UTF-8")?;
/// let listener = Server::new().listen(UnixListener::bind(path)?)?;
/// smol::spawn(listener.serve(|mut socket| async move {
///     let _ = socket.send("hello").await;
/// }))
/// .detach();
/// let mut socket = Client::new(&format!("ws+unix:{path}:/chat")).connect().await?;
/// assert!(socket.recv().await?.is_some());
/// # std::fs::remove_file(path)?;
/// # Ok(()) }) }
/// # #[cfg(not(all(unix, feature = "smol")))] fn main() {}
/// ```
pub trait Listen: Send + Sync + 'static {
    /// A connection. If it needs a handshake of its own, such as that of TLS, it does it when it is
    /// first read from: this way one connection never holds up another, and the deadline of the
    /// WebSocket's handshake counts for both.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The address that is listened on.
    type Address: Clone + Send + Sync;

    /// The address that is listened on.
    ///
    /// # Errors
    ///
    /// When it can't be told.
    fn local_addr(&self) -> io::Result<Self::Address>;

    /// The next connection, and where it comes from, if that has an address of IP.
    ///
    /// # Errors
    ///
    /// When there was none to be had this time. The listener tries again, after a while unless the
    /// error says that the connection has gone.
    ///
    /// # Cancel safety
    ///
    /// No connection must be lost when the future is dropped.
    fn accept(&self)
    -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;

    /// Sets whether small messages are sent at once, which means something to TCP only.
    ///
    /// # Errors
    ///
    /// When the connection has gone.
    fn set_nodelay(stream: &Self::Stream, nodelay: bool) -> io::Result<()> {
        let _ = (stream, nodelay);
        Ok(())
    }
}
