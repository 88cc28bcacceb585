//! What a client's connection runs over.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(feature = "rustls")]
use std::ops::Deref;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

#[cfg(feature = "rustls")]
use crate::tls::TlsStream;
use crate::{SharedStream, Stream};

/// What a client's WebSocket runs over, as its URL says: TCP, TLS, or a Unix socket.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = miniws_blocking::Server::new().bind("127.0.0.1:0")?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # std::thread::spawn(move || listener.serve(drop));
/// let socket = miniws_blocking::connect(&url)?;
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
            Inner::Tls(stream) => stream.stream().tcp(),
        }
    }

    /// The TLS session: the server's certificates, the version, the cipher. The connection stands
    /// still for as long as it is held, and who asks for it again meanwhile waits.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let socket = miniws_blocking::connect("wss://example.org/")?;
    /// if let Some(session) = socket.get_ref().tls() {
    ///     println!("{:?}", session.protocol_version());
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<impl Deref<Target = rustls::Connection> + '_> {
        match &self.0 {
            Inner::Tls(stream) => Some(stream.get_ref().1),
            _ => None,
        }
    }

    /// Another handle of the socket.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(match &self.0 {
            Inner::Tcp(stream) => stream.try_clone()?.into(),
            #[cfg(unix)]
            Inner::Unix(stream) => stream.try_clone()?.into(),
            #[cfg(feature = "rustls")]
            Inner::Tls(stream) => stream.stream().try_clone()?,
        })
    }

    fn stream(&self) -> &dyn SharedStream {
        match &self.0 {
            Inner::Tcp(stream) => stream,
            #[cfg(unix)]
            Inner::Unix(stream) => stream,
            #[cfg(feature = "rustls")]
            Inner::Tls(stream) => &**stream,
        }
    }
}

impl SharedStream for NetStream {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream().read_shared(buffer)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream().write_shared(slices)
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.stream().flush_shared()
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.stream().shutdown_shared(how)
    }
}

impl Stream for NetStream {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream().set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream().set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.stream().peer_addr()
    }
}

impl Read for NetStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for NetStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_shared(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_shared()
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
