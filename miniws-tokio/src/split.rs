//! The halves of a WebSocket.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_sink::Sink;
use miniws_adapter::{Driver, Shared, Waiter};
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Compression, Event, Message, MessageKind, PreparedMessage,
    State,
};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Error;
use crate::io::{Clock, Io};

/// The sending half of a [`WebSocket`](crate::WebSocket), see
/// [`WebSocket::split`](crate::WebSocket::split). Clones send over the same connection.
pub struct Sender<S> {
    pub(crate) shared: Arc<Shared<Io<S>, Clock>>,
    /// As a stream or sink.
    waiter: Waiter,
    remote_addr: Option<SocketAddr>,
}

/// The receiving half of a [`WebSocket`](crate::WebSocket), see
/// [`WebSocket::split`](crate::WebSocket::split). It answers pings and closes, and keeps the
/// deadlines, while [`recv`](Self::recv) is waited for.
pub struct Receiver<S> {
    pub(crate) shared: Arc<Shared<Io<S>, Clock>>,
    /// As a stream or sink.
    pub(crate) waiter: Waiter,
    remote_addr: Option<SocketAddr>,
}

pub(crate) fn split<S>(
    driver: Driver<Io<S>, Clock>,
    remote_addr: Option<SocketAddr>,
) -> (Sender<S>, Receiver<S>) {
    let shared = Arc::new(Shared::new(driver));
    let sender = Sender {
        waiter: shared.waiter(),
        shared: shared.clone(),
        remote_addr,
    };
    let receiver = Receiver {
        waiter: shared.waiter(),
        shared,
        remote_addr,
    };
    (sender, receiver)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<S> {
    /// Queues a message; see [`WebSocket::feed`](crate::WebSocket::feed). It goes out with the next
    /// [`flush`](Self::flush) or [`send`](Self::send), or when the receiving half is polled next:
    /// one that waits already is not woken for it.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn feed(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.shared.feed(|connection| connection.send(message))
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
            .feed(|connection| connection.send_chunk_with(kind, data, last, compression))
    }

    /// Writes all that is queued, by whichever half.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::flush`](crate::WebSocket::flush).
    ///
    /// # Cancel safety
    ///
    /// What was not written stays queued when the future is dropped.
    pub async fn flush(&self) -> Result<(), Error> {
        self.shared.flush().await
    }

    /// Waits until there is room in the queue, queues a message, and writes all that is queued.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the message has either been queued as a whole, or not at all.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.shared.send(message.into()).await
    }

    /// Like [`send`](Self::send), with a say in whether the message is compressed.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_with(
        &self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        let message = message.into();
        self.shared
            .queue(|connection| connection.send_with(message.clone(), compression))
            .await
    }

    /// Like [`send`](Self::send), for a message that was framed once for many connections.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.shared
            .queue(|connection| connection.send_prepared(message))
            .await
    }

    /// Like [`send`](Self::send), for a piece of a message; see [`feed_chunk`](Self::feed_chunk).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send_chunk`](crate::WebSocket::send_chunk).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_chunk(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        let data = data.into();
        self.shared
            .queue(|connection| connection.send_chunk(kind, data.clone(), last))
            .await
    }

    /// Like [`send_chunk`](Self::send_chunk), with a say in whether the message is compressed, see
    /// [`feed_chunk_with`](Self::feed_chunk_with).
    ///
    /// # Errors
    ///
    /// As [`send_chunk`](Self::send_chunk).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_chunk_with(
        &self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), Error> {
        let data = data.into();
        self.shared
            .queue(|connection| connection.send_chunk_with(kind, data.clone(), last, compression))
            .await
    }

    /// Sends a ping with a payload of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.shared
            .queue(|connection| connection.ping(payload))
            .await
    }

    /// Closes with code 1000: [`close_with`](Self::close_with).
    ///
    /// # Errors
    ///
    /// As [`close_with`](Self::close_with).
    ///
    /// # Cancel safety
    ///
    /// As [`close_with`](Self::close_with).
    pub async fn close(&self) -> Result<(), Error> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// Sends a close frame with a code and a reason of at most 123 bytes. The receiving half then
    /// sees the rest: messages that still come, the peer's close, the end.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] for a code or reason that can't be sent, or when the connection is closing
    /// already; else as [`flush`](Self::flush).
    ///
    /// # Cancel safety
    ///
    /// Once polled, the close frame is queued, even when the future is dropped.
    pub async fn close_with(&self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let frame = CloseFrame::new(code, reason)?;
        self.shared.queue_close(Some(frame))?;
        self.flush().await
    }

    /// Like [`close_with`](Self::close_with), without a code: the peer sees 1005.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] when the connection is closing already; else as [`flush`](Self::flush).
    ///
    /// # Cancel safety
    ///
    /// As [`close_with`](Self::close_with).
    ///
    /// ```
    /// use miniws_tokio::Event;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (ours, theirs) = tokio::io::duplex(1024);
    /// # let serving = tokio::spawn(miniws_tokio::accept(theirs));
    /// # let client = miniws_tokio::Client::new("ws://in.memory/").handshake(ours).await?;
    /// # let mut server = serving.await??;
    /// let (sender, _receiver) = client.split();
    /// sender.close_without_code().await?;
    /// assert_eq!(server.recv().await?, Some(Event::Close(None)));
    /// # Ok(()) }
    /// ```
    pub async fn close_without_code(&self) -> Result<(), Error> {
        self.shared.queue_close(None)?;
        self.flush().await
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.shared.lock().connection().state()
    }

    /// Whether [`feed`](Self::feed) would take a message: the connection is open, there is room in
    /// the queue, and no message that [`feed_chunk`](Self::feed_chunk) has begun is under way.
    pub fn can_send(&self) -> bool {
        self.shared.lock().connection().can_send()
    }

    /// What the handshake has handed on; see [`WebSocket::user_data`](crate::WebSocket::user_data).
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.shared.lock().connection().user_data()
    }

    /// The peer's address, if it is known.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Receiver<S> {
    /// The next event, `None` once the connection has ended; see
    /// [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<Event>, Error> {
        self.shared.recv().await
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.shared.lock().connection().state()
    }

    /// How the connection ended; see [`WebSocket::close_status`](crate::WebSocket::close_status).
    pub fn close_status(&self) -> Option<CloseStatus> {
        self.shared.lock().connection().close_status()
    }

    /// The round trip of the last keep-alive ping that was answered.
    pub fn latency(&self) -> Option<Duration> {
        self.shared.lock().connection().latency()
    }

    /// What the handshake has handed on; see [`WebSocket::user_data`](crate::WebSocket::user_data).
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.shared.lock().connection().user_data()
    }

    /// The peer's address, if it is known.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }
}

/// The events until the end. An error is the last item.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<S> {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.shared.poll(&mut this.waiter, cx, Driver::poll_next)
    }
}

/// Sends messages; closing sends a close with 1000.
///
/// Readiness is not reserved: another clone may take the room that `poll_ready` saw. `start_send`
/// then fails with [`SendError::Full`](crate::SendError::Full), which hands the message back;
/// `poll_ready` waits for room again. [`send`](Sender::send) needs no such care.
impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Sender<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = &mut *self;
        this.shared.poll(&mut this.waiter, cx, Driver::poll_ready)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.feed(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = &mut *self;
        this.shared.poll(&mut this.waiter, cx, Driver::poll_flush)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.state() == State::Open {
            let frame = CloseFrame::new(CloseCode::NORMAL, "")?;
            self.shared.queue_close(Some(frame))?;
        }
        self.poll_flush(cx)
    }
}

impl<S> Clone for Sender<S> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            waiter: self.shared.waiter(),
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
