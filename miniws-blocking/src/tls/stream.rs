//! A stream over TLS that two threads can use at once.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rustls::Connection;

use super::session::{Progress, decrypt, feed, progress, release, take};
use crate::stream::{is_interrupted, is_timeout};
use crate::{SharedStream, Stream};

/// A stream over TLS, in either role. It does its handshake when it is first used: then a read may
/// write as well, and the reverse.
///
/// One thread can read from it while another one writes, so a WebSocket over it can be
/// [`split`](crate::WebSocket::split).
///
/// ```no_run
/// use std::net::TcpStream;
/// use std::sync::Arc;
/// use miniws_blocking::rustls::{ClientConfig, ClientConnection};
/// use miniws_blocking::tls::TlsStream;
/// use miniws_blocking::Client;
///
/// # fn connect(config: Arc<ClientConfig>) -> Result<(), Box<dyn std::error::Error>> {
/// // As `connect` does it, over a stream of one's own.
/// let tcp = TcpStream::connect("example.org:443")?;
/// let session = ClientConnection::new(config, "example.org".try_into()?)?;
/// let socket = Client::new("wss://example.org/").handshake(TlsStream::new(tcp, session))?;
/// let (_tcp, session) = socket.get_ref().get_ref();
/// println!("{:?}", session.negotiated_cipher_suite());
/// # Ok(()) }
/// ```
pub struct TlsStream<S> {
    stream: S,
    /// Nobody waits for the stream while holding it.
    session: Mutex<Connection>,
    /// Who holds it has the turn to write, and may wait for the stream.
    outgoing: Mutex<Outgoing>,
    /// The handshake is done, and what the peer needs of it has been written.
    is_open: AtomicBool,
}

/// What the session has made, and the stream has not taken.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

/// How much is encrypted at a time, the most that goes into a record: so little waits in the session.
const RECORD: usize = 16 << 10;
/// How much one write takes at most.
const MOST: usize = 128 << 10;
/// What a handshake reads at once.
const FLIGHT: usize = 2 << 10;
/// What is kept of a buffer that has been written.
const KEPT: usize = 256;
/// How long the last thing that is written may wait.
const PARTING: Duration = Duration::from_millis(10);
/// How many signals may interrupt it.
const SIGNALS: usize = 8;

impl<S> TlsStream<S> {
    /// Puts TLS over a stream. `session` is rustls' `ClientConnection` or `ServerConnection`.
    pub fn new(stream: S, session: impl Into<Connection>) -> Self {
        let mut session = session.into();
        session.set_buffer_limit(Some(RECORD));
        Self {
            stream,
            session: Mutex::new(session),
            outgoing: Mutex::default(),
            is_open: AtomicBool::new(false),
        }
    }

    /// The stream, and the TLS session: the certificates of the peer, the version, the cipher. The
    /// connection stands still for as long as the session is held, and who asks for it again meanwhile
    /// waits.
    pub fn get_ref(&self) -> (&S, impl Deref<Target = Connection> + '_) {
        (&self.stream, self.session())
    }

    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }

    fn session(&self) -> MutexGuard<'_, Connection> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }
}

impl<S: SharedStream> TlsStream<S> {
    /// Goes on with the handshake, by one write or one read. An error of kind
    /// [`io::ErrorKind::Interrupted`] says that there is more to do.
    pub(crate) fn shake_hands(&self) -> io::Result<()> {
        if self.is_open() {
            return Ok(());
        }
        let mut outgoing = self.turn();
        let progress = progress(&mut self.session())?;
        if progress != Progress::Answered {
            if self.push_some(&mut outgoing)? {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.stream.flush_shared()?;
        }
        if progress != Progress::UnderWay {
            self.is_open.store(true, Ordering::Release);
            return Ok(());
        }
        let mut buffer = [0; FLIGHT];
        let count = self.stream.read_shared(&mut buffer)?;
        let mut encrypted = &buffer[..count];
        loop {
            let fed = feed(&mut self.session(), &mut encrypted);
            return Err(match fed {
                Ok(0) => io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the peer has ended the connection within the handshake of TLS",
                ),
                Ok(_) if encrypted.is_empty() => io::ErrorKind::Interrupted.into(),
                Ok(_) => continue,
                Err(error) => {
                    self.push_last(&mut outgoing);
                    error
                }
            });
        }
    }

    /// One write of what the session has made, if there is anything.
    fn push_some(&self, outgoing: &mut Outgoing) -> io::Result<bool> {
        if outgoing.is_empty() {
            let mut session = self.session();
            while session.wants_write() {
                session.write_tls(&mut outgoing.bytes)?;
            }
        }
        if outgoing.is_empty() {
            return Ok(false);
        }
        match self.stream.write_shared(&[IoSlice::new(outgoing.rest())]) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                outgoing.advance(count);
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes all that the session has made.
    fn push(&self, outgoing: &mut Outgoing) -> io::Result<()> {
        while self.push_some(outgoing)? {}
        self.stream.flush_shared()
    }

    /// Writes what comes last, unless that keeps anyone waiting.
    fn push_last(&self, outgoing: &mut Outgoing) {
        if self.stream.set_write_timeout(Some(PARTING)).is_err() {
            return;
        }
        for _ in 0..SIGNALS {
            match self.push(outgoing) {
                Err(error) if is_interrupted(&error) => {}
                _ => return,
            }
        }
    }
}

impl<S: SharedStream> SharedStream for TlsStream<S> {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.shake_hands()?;
        let taken = take(&mut self.session(), buffer);
        if !taken.as_ref().is_err_and(is_timeout) {
            return taken;
        }
        let read = self.stream.read_shared(buffer);
        if read.as_ref().is_err_and(is_timeout) {
            release(&mut self.session());
        }
        let count = read?;
        let mut filled = 0;
        let result = decrypt(&mut self.session(), buffer, count, &mut filled);
        let taken = take(&mut self.session(), &mut buffer[filled..]);
        match taken {
            Ok(count) => Ok(filled + count),
            Err(_) if filled > 0 => Ok(filled),
            // It was something of TLS' own, or not enough.
            Err(error) if is_timeout(&error) => result.and(Err(io::ErrorKind::Interrupted.into())),
            Err(error) => Err(error),
        }
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.shake_hands()?;
        let mut some = [IoSlice::new(&[]); 16];
        let count = slices.len().min(some.len());
        some[..count].copy_from_slice(&slices[..count]);
        let mut rest = &mut some[..count];

        let mut outgoing = self.turn();
        self.push(&mut outgoing)?;
        let mut taken = 0;
        while taken < MOST {
            let mut session = self.session();
            let count = session.writer().write_vectored(rest)?;
            if count == 0 {
                break;
            }
            drop(session);
            taken += count;
            IoSlice::advance_slices(&mut rest, count);
            match self.push(&mut outgoing) {
                // The rest is for a flush.
                Err(error) if is_timeout(&error) || is_interrupted(&error) => break,
                pushed => pushed?,
            }
        }
        Ok(taken)
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.push(&mut self.turn())
    }

    /// If only the writing side is ended, the peer is told so by TLS first, or what was wrong with what
    /// it sent; unless another thread is in a write.
    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        let turn = match self.outgoing.try_lock() {
            Ok(outgoing) => Some(outgoing),
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut outgoing) = turn
            && how == Shutdown::Write
        {
            self.session().send_close_notify();
            self.push_last(&mut outgoing);
        }
        self.stream.shutdown_shared(how)
    }
}

impl<S: SharedStream> Stream for TlsStream<S> {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        if !self.is_open() {
            self.stream.set_write_timeout(timeout)?;
        }
        self.stream.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        if !self.is_open() {
            self.stream.set_read_timeout(timeout)?;
        }
        self.stream.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl<S: SharedStream> Read for TlsStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl<S: SharedStream> Write for TlsStream<S> {
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

impl Outgoing {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// No stream of a caller's can make `count` more than there was.
    fn advance(&mut self, count: usize) {
        self.written = self.bytes.len().min(self.written + count);
        if self.written == self.bytes.len() {
            self.written = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
