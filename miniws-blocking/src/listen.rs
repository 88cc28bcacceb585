//! Where a server's connections come from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{self as unix, UnixListener, UnixStream};

use miniws_adapter::tcp::EXHAUSTED_DELAY;

use crate::SharedStream;

/// What a [`Listener`](crate::Listener) can accept from: TCP, Unix sockets, TLS over either (see
/// `tls::TlsListener`, feature `rustls`), and whatever else this is implemented for.
///
/// ```
/// # #[cfg(unix)] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::os::unix::net::UnixListener;
/// use miniws_blocking::{Client, Server};
///
/// # let path = std::env::temp_dir().join(format!("miniws-{}.sock", std::process::id()));
/// # let path = path.to_str().ok_or("the path is not UTF-8")?;
/// let listener = Server::new().listen(UnixListener::bind(path)?)?;
/// std::thread::spawn(move || listener.serve(|mut socket| {
///     let _ = socket.send("hello");
/// }));
/// let mut socket = Client::new(&format!("ws+unix:{path}:/chat")).connect()?;
/// assert!(socket.recv()?.is_some());
/// # std::fs::remove_file(path)?;
/// # Ok(()) }
/// # #[cfg(not(unix))] fn main() {}
/// ```
pub trait Listen: Send + Sync + 'static {
    /// A connection. If it needs a handshake of its own, such as that of TLS, it does it when it is
    /// first read from: this way one connection never holds up another, and the deadline of the
    /// WebSocket's handshake counts for both.
    type Stream: SharedStream + 'static;
    /// The address that is listened on.
    type Address: Clone + Send + Sync;

    /// The address that is listened on.
    ///
    /// # Errors
    ///
    /// When it can't be told.
    fn local_addr(&self) -> io::Result<Self::Address>;

    /// Waits for the next connection. Returns it, and where it comes from, if that has an address of
    /// IP.
    ///
    /// # Errors
    ///
    /// When there was none to be had this time. The listener tries again, after a while unless the
    /// error says that the connection has gone.
    fn accept(&self) -> io::Result<(Self::Stream, Option<SocketAddr>)>;

    /// Makes a thread that waits in [`accept`](Self::accept) return, in whatever way. It is called
    /// again as long as that has not happened, for five seconds, and must not wait for long.
    ///
    /// # Errors
    ///
    /// When it can't be woken.
    fn wake(&self) -> io::Result<()>;

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

impl Listen for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn accept(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        self.set_nonblocking(false)?;
        let (stream, remote_addr) = self.accept()?;
        stream.set_nonblocking(false)?; // Some systems pass on what the listener was.
        Ok((stream, Some(remote_addr)))
    }

    /// Gives it a connection. Closing the listener under it would neither wake it everywhere, nor be
    /// right when other processes share the socket; then one of them may get the connection.
    fn wake(&self) -> io::Result<()> {
        TcpStream::connect_timeout(&reachable(self.local_addr()?), EXHAUSTED_DELAY).map(drop)
    }

    fn set_nodelay(stream: &TcpStream, nodelay: bool) -> io::Result<()> {
        stream.set_nodelay(nodelay)
    }
}

#[cfg(unix)]
impl Listen for UnixListener {
    type Stream = UnixStream;
    type Address = unix::SocketAddr;

    fn local_addr(&self) -> io::Result<unix::SocketAddr> {
        self.local_addr()
    }

    fn accept(&self) -> io::Result<(UnixStream, Option<SocketAddr>)> {
        self.set_nonblocking(false)?;
        let (stream, _) = self.accept()?;
        stream.set_nonblocking(false)?;
        Ok((stream, None))
    }

    /// As that of TCP. If the path leads nowhere any more, other processes have no use for the socket.
    fn wake(&self) -> io::Result<()> {
        let socket = socket2::SockRef::from(self);
        match crate::unix::connect(&socket.local_addr()?, EXHAUSTED_DELAY) {
            Err(error) if !crate::stream::is_timeout(&error) => {
                socket.shutdown(std::net::Shutdown::Both)
            }
            reached => reached.map(drop),
        }
    }
}

/// Where to reach a listener from this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
