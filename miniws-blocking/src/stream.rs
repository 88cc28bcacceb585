//! What a stream must be able to do, beyond reading and writing.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A byte stream that a WebSocket can go over.
///
/// TCP streams, Unix sockets and, with the feature `rustls`, `tls::TlsStream` are ones. For another
/// stream that the caller makes, three methods have to be written. With the TLS of `native-tls` or
/// `openssl` it takes a type of one's own around their stream, with [`Read`] and [`Write`] passed on,
/// and:
///
/// ```
/// use std::io::{self, Read, Write};
/// use std::net::{Shutdown, TcpStream};
/// use std::time::Duration;
/// use miniws_blocking::{Client, Error, Stream, Url, WebSocket};
///
/// # struct TlsStream<S>(S);
/// # impl<S> TlsStream<S> { fn get_ref(&self) -> &S { &self.0 } fn shutdown(&mut self) -> io::Result<()> { Ok(()) } }
/// # struct TlsConnector;
/// # impl TlsConnector { fn connect<S>(&self, _host: &str, stream: S) -> io::Result<TlsStream<S>> { Ok(TlsStream(stream)) } }
/// # impl Read for TlsStream<TcpStream> { fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) } }
/// # impl Write for TlsStream<TcpStream> {
/// #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.0.write(b) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
/// struct Tls(TlsStream<TcpStream>);
///
/// impl Stream for Tls {
///     fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
///         self.0.get_ref().set_read_timeout(timeout)
///     }
///     fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
///         self.0.get_ref().set_write_timeout(timeout)
///     }
///     fn shutdown_write(&mut self) -> io::Result<()> {
///         self.0.shutdown()?; // `close_notify`
///         self.0.get_ref().shutdown(Shutdown::Write)
///     }
/// }
/// # impl Read for Tls { fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) } }
/// # impl Write for Tls {
/// #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.0.write(b) }
/// #     fn flush(&mut self) -> io::Result<()> { self.0.flush() }
/// # }
///
/// fn connect(url: &str, connector: &TlsConnector) -> Result<WebSocket<Tls>, Error> {
///     let parsed = Url::parse(url)?;
///     let tcp = TcpStream::connect((parsed.host(), parsed.port()))?;
///     tcp.set_nodelay(true)?;
///     // For the handshake of TLS: a server that says nothing would be waited for without end.
///     tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
///     tcp.set_write_timeout(Some(Duration::from_secs(10)))?;
///     let tls = connector.connect(parsed.host(), tcp)?;
///     Client::new(url).handshake(Tls(tls))
/// }
/// ```
///
/// Reading and writing wait, but no longer than the timeouts say; then they fail with
/// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`], and nothing is lost. A stream whose
/// timeouts do nothing works too, but its deadlines are kept only when something arrives.
pub trait Stream: Read + Write {
    /// How long a read may wait, `None` for ever. Never zero.
    ///
    /// # Errors
    ///
    /// When the stream is broken.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// How long a write may wait, `None` for ever. Never zero.
    ///
    /// # Errors
    ///
    /// When the stream is broken.
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Ends the writing side: the peer reads the end of the stream, and can still write.
    ///
    /// # Errors
    ///
    /// When the stream is broken, or has ended already.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// The peer's address, if the stream has such a thing.
    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

/// A stream that several threads can use at the same time, one that reads and one that writes. What
/// [`WebSocket::split`](crate::WebSocket::split) needs.
///
/// TCP streams, Unix sockets and, with the feature `rustls`, `tls::TlsStream` are ones. Other streams of
/// TLS are none: what they read changes what they write.
pub trait SharedStream: Stream + Send + Sync {
    /// As [`Read::read`].
    ///
    /// # Errors
    ///
    /// As there.
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// As [`Write::write_vectored`]. It may write the first of the slices only.
    ///
    /// # Errors
    ///
    /// As there.
    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// As [`Write::flush`].
    ///
    /// # Errors
    ///
    /// As there.
    fn flush_shared(&self) -> io::Result<()> {
        Ok(())
    }

    /// Ends one side or both: the writing side so that the peer sees a proper end, both of them at
    /// once. A thread that waits to read or write on a side that is ended wakes up.
    ///
    /// # Errors
    ///
    /// When the stream is broken, or has ended already.
    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_write_timeout(self, timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        Self::peer_addr(self).ok()
    }
}

impl SharedStream for TcpStream {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&mut &*self).read(buffer)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&mut &*self).write_vectored(slices)
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

#[cfg(unix)]
impl Stream for UnixStream {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_write_timeout(self, timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

#[cfg(unix)]
impl SharedStream for UnixStream {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&mut &*self).read(buffer)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&mut &*self).write_vectored(slices)
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

/// A stream whose type is chosen at run time: `Box<dyn Stream + Send>`.
impl<S: Stream + ?Sized> Stream for Box<S> {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        (**self).set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        (**self).set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        (**self).shutdown_write()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        (**self).peer_addr()
    }
}

/// Whether a read or a write has only waited as long as it may.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Whether it may just be tried again.
pub(crate) fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// The first pieces of some output, for one write.
pub(crate) fn write_from(stream: &mut impl Write, output: &impl bytes::Buf) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); 16];
    match output.chunks_vectored(&mut slices) {
        0 | 1 => stream.write(output.chunk()),
        count => stream.write_vectored(&slices[..count]),
    }
}
