//! The halves of a WebSocket.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Connection, Event, Message, MessageKind, PreparedMessage,
    State,
};

use crate::driver::{Driver, Link};
use crate::shared::Shared;
use crate::{Error, SharedStream};

/// The sending half of a [`WebSocket`](crate::WebSocket), see
/// [`WebSocket::split`](crate::WebSocket::split). Clones send over the same connection, and frames
/// that they send at the same time go out one after the other.
pub struct Sender<S> {
    shared: Arc<Shared<S>>,
    remote_addr: Option<SocketAddr>,
}

/// The receiving half of a [`WebSocket`](crate::WebSocket), see
/// [`WebSocket::split`](crate::WebSocket::split). It answers pings and closes, and keeps the
/// deadlines, while [`recv`](Self::recv) waits.
pub struct Receiver<S> {
    driver: Driver<S>,
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
    /// flush of any clone: the receiving half writes it only when it is about to wait, which it may
    /// be doing already.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.shared
            .lock()
            .feed(|connection| connection.send(message))
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
    /// # use miniws_blocking::*;
    /// # fn example(sender: Sender<std::net::TcpStream>) -> Result<(), Error> {
    /// let other = sender.clone();
    /// std::thread::spawn(move || other.send("from over there"));
    /// sender.send("from here")?;
    /// # Ok(()) }
    /// ```
    pub fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.link().send(message.into())
    }

    /// Like [`send`](Self::send), for a message that was framed once for many connections.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`SendError::Full`](crate::SendError::Full) when another clone
    /// has used up the room that was waited for.
    pub fn send_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.link().ready()?;
        self.feed_prepared(message)?;
        self.flush()
    }

    /// Like [`send`](Self::send), for a piece of a message; see [`feed_chunk`](Self::feed_chunk).
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Self::send_prepared).
    pub fn send_chunk(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        self.link().ready()?;
        self.feed_chunk(kind, data, last)?;
        self.flush()
    }

    /// Sends a ping with a payload of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.link().ready()?;
        self.shared
            .lock()
            .feed(|connection| connection.ping(payload))?;
        self.flush()
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
    /// # use miniws_blocking::*;
    /// # fn example(sender: Sender<std::net::TcpStream>, mut receiver: Receiver<std::net::TcpStream>) -> Result<(), Error> {
    /// sender.close_with(CloseCode::GOING_AWAY, "for today")?;
    /// while receiver.recv()?.is_some() {}
    /// # Ok(()) }
    /// ```
    pub fn close_with(&self, code: CloseCode, reason: &str) -> Result<(), Error>
    where
        S: 'static,
    {
        let frame = CloseFrame::new(code, reason)?;
        self.shared
            .lock()
            .feed(|connection| connection.close(Some(frame)))?;
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

    /// Whether [`feed`](Self::feed) would take a message.
    pub fn can_send(&self) -> bool {
        self.shared.lock().connection.can_send()
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
