//! The halves of a WebSocket.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Compression, Connection, Event, Message, MessageKind,
    PreparedMessage, State,
};

use crate::driver::{Driver, Link};
use crate::shared::Shared;
use crate::{Error, SharedStream};

/// The sending half of a [`WebSocket`](crate::WebSocket), see
/// [`WebSocket::split`](crate::WebSocket::split). Clones send over the same connection, and frames
/// that they send at the same time go out one after the other.
pub struct Sender<S> {
    pub(crate) shared: Arc<Shared<S>>,
    remote_addr: Option<SocketAddr>,
}

/// The receiving half of a [`WebSocket`](crate::WebSocket), see
/// [`WebSocket::split`](crate::WebSocket::split). It answers pings and closes, and keeps the
/// deadlines, while [`recv`](Self::recv) waits.
pub struct Receiver<S> {
    pub(crate) driver: Driver<S>,
    remote_addr: Option<SocketAddr>,
}

pub(crate) fn split<S: SharedStream>(
    driver: Driver<S>,
    remote_addr: Option<SocketAddr>,
) -> (Sender<S>, Receiver<S>) {
    let (shared, driver) = driver.share(|_| None);
    shared.lock().sole = false;
    let sender = Sender {
        shared,
        remote_addr,
    };
    let receiver = Receiver {
        driver,
        remote_addr,
    };
    (sender, receiver)
}

impl<S: SharedStream> Sender<S> {
    /// Queues a message; see [`WebSocket::feed`](crate::WebSocket::feed). It goes out with the next
    /// [`flush`](Self::flush) or [`send`](Self::send) of any clone. A receiving half that waits
    /// already is not woken: it writes what is queued when it is about to wait the next time.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.shared
            .lock()
            .feed(|connection| connection.send(message))
    }

    /// Like [`feed`](Self::feed), with a say in whether the message is compressed; see
    /// [`WebSocket::feed_with`](crate::WebSocket::feed_with).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed_with(
        &self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        self.shared
            .lock()
            .feed(|connection| connection.send_with(message, compression))
    }

    /// Queues a message that was framed once for many connections; see
    /// [`WebSocket::feed_prepared`](crate::WebSocket::feed_prepared).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.shared
            .lock()
            .feed(|connection| connection.send_prepared(message))
    }

    /// Queues a piece of a message; see [`WebSocket::feed_chunk`](crate::WebSocket::feed_chunk).
    /// Clones must not send pieces of different messages at the same time.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed_chunk(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        self.shared
            .lock()
            .feed(|connection| connection.send_chunk(kind, data, last))
    }

    /// Like [`feed_chunk`](Self::feed_chunk), with a say in whether the message is compressed; see
    /// [`WebSocket::feed_chunk_with`](crate::WebSocket::feed_chunk_with).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed_chunk_with(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), Error> {
        self.shared
            .lock()
            .feed(|connection| connection.send_chunk_with(kind, data, last, compression))
    }

    /// Writes all that is queued, by whichever half.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::flush`](crate::WebSocket::flush).
    pub fn flush(&self) -> Result<(), Error> {
        self.link().flush()
    }

    /// Waits until there is room in the queue, queues a message, and writes all that is queued.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// ```
    /// use miniws_blocking::{Event};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// let (sender, _receiver) = client.split();
    /// let other = sender.clone();
    /// std::thread::spawn(move || other.send("from over there"));
    /// sender.send("from here")?;
    /// for _ in 0..2 {
    ///     assert!(matches!(server.recv()?, Some(Event::Message(_))));
    /// }
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.link().send(message.into(), Compression::Auto)
    }

    /// Like [`send`](Self::send), with a say in whether the message is compressed.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_with(
        &self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        self.link().send(message.into(), compression)
    }

    /// Like [`send`](Self::send), for a message that was framed once for many connections.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.link()
            .queue(|connection| connection.send_prepared(message))
    }

    /// Like [`send`](Self::send), for a piece of a message; see [`feed_chunk`](Self::feed_chunk).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send_chunk`](crate::WebSocket::send_chunk).
    pub fn send_chunk(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        let data = data.into();
        self.link()
            .queue(|connection| connection.send_chunk(kind, data.clone(), last))
    }

    /// Like [`send_chunk`](Self::send_chunk), with a say in whether the message is compressed, see
    /// [`feed_chunk_with`](Self::feed_chunk_with).
    ///
    /// # Errors
    ///
    /// As [`send_chunk`](Self::send_chunk).
    pub fn send_chunk_with(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), Error> {
        let data = data.into();
        self.link()
            .queue(|connection| connection.send_chunk_with(kind, data.clone(), last, compression))
    }

    /// Sends a ping with a payload of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.link().queue(|connection| connection.ping(payload))
    }

    /// Closes with code 1000: [`close_with`](Self::close_with).
    ///
    /// # Errors
    ///
    /// As [`close_with`](Self::close_with).
    pub fn close(&self) -> Result<(), Error>
    where
        S: 'static,
    {
        self.close_with(CloseCode::NORMAL, "")
    }

    /// Sends a close frame with a code and a reason of at most 123 bytes. The receiving half then
    /// sees the rest: messages that still come, the peer's close, the end. It need not wait longer
    /// for that than [`Config::close_timeout`](crate::Config::close_timeout), even when it is
    /// waiting already.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] for a code or reason that can't be sent, or when the connection is closing
    /// already; else as [`flush`](Self::flush).
    ///
    /// ```
    /// use miniws_blocking::{CloseCode};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// # std::thread::spawn(move || while let Ok(Some(_)) = server.recv() {});
    /// let (sender, mut receiver) = client.split();
    /// sender.close_with(CloseCode::GOING_AWAY, "for today")?;
    /// while receiver.recv()?.is_some() {}
    /// assert!(receiver.close_status().unwrap().clean);
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn close_with(&self, code: CloseCode, reason: &str) -> Result<(), Error>
    where
        S: 'static,
    {
        self.start_close(Some(CloseFrame::new(code, reason)?))
    }

    /// Like [`close_with`](Self::close_with), without a code: the peer sees 1005.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] when the connection is closing already; else as [`flush`](Self::flush).
    ///
    /// ```
    /// use std::thread;
    /// use miniws_blocking::{Event, Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # let server = thread::spawn(move || listener.accept().unwrap().unwrap());
    /// let (sender, _receiver) = connect(&url)?.split();
    /// # let mut server = server.join().unwrap();
    /// sender.close_without_code()?;
    /// assert_eq!(server.recv()?, Some(Event::Close(None)));
    /// # Ok(()) }
    /// ```
    pub fn close_without_code(&self) -> Result<(), Error>
    where
        S: 'static,
    {
        self.start_close(None)
    }

    fn start_close(&self, frame: Option<CloseFrame>) -> Result<(), Error>
    where
        S: 'static,
    {
        self.shared
            .lock()
            .feed(|connection| connection.close(frame))?;
        self.shared.watch_close();
        self.flush()
    }

    fn link(&self) -> Link<S> {
        Link::Shared(self.shared.clone())
    }
}

impl<S> Sender<S> {
    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.shared.lock().connection.state()
    }

    /// Whether [`feed`](Self::feed) would take a message; see
    /// [`WebSocket::can_send`](crate::WebSocket::can_send).
    pub fn can_send(&self) -> bool {
        self.shared.lock().connection.can_send()
    }

    /// What the handshake has handed on; see [`WebSocket::user_data`](crate::WebSocket::user_data).
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.shared.lock().connection.user_data()
    }

    /// The peer's address, if it is known.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }
}

impl<S: SharedStream> Receiver<S> {
    /// The next event, `None` once the connection has ended; see
    /// [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn recv(&mut self) -> Result<Option<Event>, Error> {
        self.driver.recv()
    }
}

impl<S> Receiver<S> {
    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.driver.look(Connection::state)
    }

    /// How the connection ended; see [`WebSocket::close_status`](crate::WebSocket::close_status).
    pub fn close_status(&self) -> Option<CloseStatus> {
        self.driver.look(Connection::close_status)
    }

    /// The round trip of the last keep-alive ping that was answered.
    pub fn latency(&self) -> Option<Duration> {
        self.driver.look(Connection::latency)
    }

    /// What the handshake has handed on; see [`WebSocket::user_data`](crate::WebSocket::user_data).
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.driver.look(Connection::user_data)
    }

    /// The peer's address, if it is known.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }
}

impl<S> Clone for Sender<S> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            remote_addr: self.remote_addr,
        }
    }
}

impl<S> fmt::Debug for Sender<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("remote_addr", &self.remote_addr)
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Receiver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("remote_addr", &self.remote_addr)
            .finish_non_exhaustive()
    }
}
