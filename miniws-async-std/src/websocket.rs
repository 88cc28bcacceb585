//! An open WebSocket.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;
use miniws_adapter::{Driver, Opened, StopTicket};
#[cfg(feature = "deflate")]
use miniws_proto::negotiate;
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Compression, Connection, Event, Message, MessageKind,
    PreparedMessage, State,
};

use crate::Error;
use crate::io::{Clock, Io};
use crate::split::{Receiver, Sender, split};

/// A WebSocket over a stream of futures-io: TCP, a Unix socket, an in-memory pipe, or a TLS stream
/// that the caller has made.
///
/// # Cancel safety
///
/// All state is in the `WebSocket` and none in the futures, so any of them can be dropped at any
/// time, as the losing branch of `futures_lite::future::or` for example: no byte of the stream and
/// no received message is lost, and no frame is torn. What each method means for the message that it
/// was given is said there.
///
/// # Keep receiving
///
/// Pings are answered, closes echoed, and deadlines kept while [`recv`](Self::recv) is waited for.
/// A task that only sends should [`split`](Self::split) the connection and leave the other half to a
/// task that receives.
///
/// ```
/// use miniws_async_std::{Client, Event, Message, accept};
/// use smol::net::unix::UnixStream;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
/// let (ours, theirs) = UnixStream::pair()?;
/// let server = smol::spawn(async move {
///     let mut server = accept(theirs).await?;
///     while let Some(event) = server.recv().await? {
///         if let Event::Message(message) = event {
///             server.send(message).await?;
///         }
///     }
///     Ok::<_, miniws_async_std::Error>(())
/// });
///
/// let mut client = Client::new("ws://localhost/").handshake(ours).await?;
/// client.send("hello").await?;
/// assert_eq!(client.recv().await?, Some(Event::Message(Message::from("hello"))));
/// client.close().await?;
/// server.await?;
/// # Ok(()) }) }
/// ```
pub struct WebSocket<S> {
    pub(crate) driver: Driver<Io<S>, Clock>,
    remote_addr: Option<SocketAddr>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> WebSocket<S> {
    /// A WebSocket whose handshake was done elsewhere, for example over HTTP/2: over `stream`, with
    /// the `connection` that was negotiated, and the `input` that was read too far.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use miniws_async_std::{Config, Connection, Event, Message, Negotiated, WebSocket};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let connection = Connection::server(Config::default(), Negotiated::default());
    /// let input = BytesMut::from(&b"\x81\x82\0\0\0\0hi"[..]);
    /// let mut server = WebSocket::from_parts(stream, connection, input);
    /// assert_eq!(server.recv().await?, Some(Event::Message(Message::from("hi"))));
    /// # Ok(()) }) }
    /// ```
    pub fn from_parts(stream: S, connection: Connection, input: BytesMut) -> Self {
        Self::new(stream, Opened::elsewhere(connection, input), None)
    }

    pub(crate) fn new(stream: S, opened: Opened, remote_addr: Option<SocketAddr>) -> Self {
        Self {
            driver: Driver::new(Io::new(stream), opened),
            remote_addr,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    pub(crate) fn with_stop(mut self, ticket: StopTicket) -> Self {
        self.driver.set_stop(ticket);
        self
    }

    /// The next event, `None` once the connection has ended.
    ///
    /// Writes what is queued before it waits, so a loop of `recv` and [`feed`](Self::feed) answers a
    /// burst of messages with one write. Pings are answered and the peer's close is echoed without
    /// any further call: when [`Event::Close`] comes, the answer has been written, and dropping the
    /// WebSocket then is a clean end. A last `recv`, which gives `None`, waits for the end of TCP
    /// under the close timeout.
    ///
    /// ```
    /// use miniws_async_std::{CloseCode, Event, SendError, State};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.feed("bye")?;
    /// let closing = smol::spawn(async move { client.close_with(CloseCode::from(4000), "done").await });
    /// while let Some(event) = server.recv().await? {
    ///     match event {
    ///         Event::Message(message) => assert_eq!(message.as_text(), Some("bye")),
    ///         Event::Close(Some(frame)) => {
    ///             assert_eq!((frame.code(), frame.reason()), (CloseCode::from(4000), "done"));
    ///             assert_eq!(server.state(), State::Closing);
    ///             let error = server.feed("too late").unwrap_err();
    ///             assert!(matches!(error, miniws_async_std::Error::Send(SendError::Closed)));
    ///             break; // dropping the server now is fine
    ///         }
    ///         Event::Close(None) => println!("closed without a code: 1005"),
    ///         _ => {}
    ///     }
    /// }
    /// drop(server);
    /// assert!(closing.await?.clean);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Receive`] when the peer broke the protocol or a limit, was silent for too long, or
    /// went away without a close; [`Error::Io`] when the transport failed. Every later call fails
    /// too. The peer has been told why, and been given the close timeout to take note.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<Event>, Error> {
        self.driver.recv().await
    }

    /// Queues a message. It goes out with the next [`flush`](Self::flush), [`recv`](Self::recv) or
    /// [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// [`Error::Send`] with [`SendError::Full`](crate::SendError::Full), which hands the message
    /// back, when [`Config::max_queued`](crate::Config::max_queued) has been reached; with
    /// [`SendError::Closed`](crate::SendError::Closed) once a close frame was sent or received, or
    /// the transport broke; with
    /// [`SendError::FragmentInProgress`](crate::SendError::FragmentInProgress) within a message that
    /// [`feed_chunk`](Self::feed_chunk) has begun.
    ///
    /// ```
    /// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
    /// # use miniws_async_std::{Config, Connection, Negotiated, WebSocket};
    /// # let (stream, mut peer) = smol::net::unix::UnixStream::pair()?;
    /// # let connection = Connection::server(Config::default(), Negotiated::default());
    /// # let mut server = WebSocket::from_parts(stream, connection, Default::default());
    /// server.feed("one")?;
    /// server.feed("two")?;
    /// server.flush().await?; // both with one write
    /// # Ok(()) }) }
    /// ```
    pub fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.driver.feed(|connection| connection.send(message))
    }

    /// Like [`feed`](Self::feed), with a say in whether the message is compressed, see
    /// [`Compression`].
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed).
    ///
    /// ```
    /// # #[cfg(feature = "deflate")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::{Client, Compression, Config, DeflateConfig, Message, Server};
    ///
    /// let config = Config::default().deflate(Some(DeflateConfig::default()));
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// let server = Server::new().config(config.clone());
    /// let serving = smol::spawn(async move { server.accept(theirs).await });
    /// let mut client = Client::new("ws://a.socket/").config(config).handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// println!("agreed on {}", client.deflate().ok_or("no compression")?);
    /// client.feed("as long as it is dull ".repeat(100))?; // about 50 bytes on the wire
    /// client.feed_with("password=123456", Compression::Never)?;
    /// client.flush().await?;
    /// # use miniws_async_std::Event;
    /// # let Some(Event::Message(dull)) = server.recv().await? else { panic!() };
    /// # assert_eq!(dull, Message::from("as long as it is dull ".repeat(100)));
    /// # assert_eq!(server.recv().await?, Some(Event::Message(Message::from("password=123456"))));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "deflate"))] fn main() {}
    /// ```
    pub fn feed_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        self.driver
            .feed(|connection| connection.send_with(message, compression))
    }

    /// Queues a message that was framed once for many connections, see [`PreparedMessage`].
    ///
    /// ```
    /// use miniws_async_std::{Event, Message, PreparedMessage};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// # let clients = [&mut client];
    /// let news = PreparedMessage::new("news");
    /// for client in clients {
    ///     client.feed_prepared(&news)?;
    ///     client.flush().await?;
    /// }
    /// assert_eq!(server.recv().await?, Some(Event::Message(Message::from("news"))));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed), without handing the message back.
    pub fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.driver
            .feed(|connection| connection.send_prepared(message))
    }

    /// Queues a piece of a message that is sent as it comes into being, see
    /// [`Connection::send_chunk`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`] with [`SendError::Full`](crate::SendError::Full), without the piece, and
    /// [`SendError::Closed`](crate::SendError::Closed) as [`feed`](Self::feed); with
    /// [`SendError::FragmentInProgress`](crate::SendError::FragmentInProgress) when `kind` is not
    /// that of the message which has begun; with
    /// [`SendError::InvalidUtf8`](crate::SendError::InvalidUtf8) when the pieces of a text are not
    /// UTF-8. The message goes on as if the piece had not been handed in.
    ///
    /// ```
    /// use miniws_async_std::{Event, Message, MessageKind};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.feed_chunk(MessageKind::Text, "good ", false)?;
    /// client.feed_chunk(MessageKind::Text, "day", true)?;
    /// client.flush().await?;
    /// assert_eq!(server.recv().await?, Some(Event::Message(Message::from("good day"))));
    /// # Ok(()) }) }
    /// ```
    pub fn feed_chunk(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        self.driver
            .feed(|connection| connection.send_chunk(kind, data, last))
    }

    /// Like [`feed_chunk`](Self::feed_chunk), with a say in whether the message is compressed, see
    /// [`Connection::send_chunk_with`]: the choice for the first piece holds for the whole message.
    ///
    /// # Errors
    ///
    /// As [`feed_chunk`](Self::feed_chunk).
    ///
    /// ```
    /// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
    /// # use miniws_async_std::{Compression, Config, Connection, MessageKind, Negotiated, WebSocket};
    /// # let (stream, mut peer) = smol::net::unix::UnixStream::pair()?;
    /// # let connection = Connection::server(Config::default(), Negotiated::default());
    /// # let mut server = WebSocket::from_parts(stream, connection, Default::default());
    /// server.feed_chunk_with(MessageKind::Text, "password=", false, Compression::Never)?;
    /// server.feed_chunk_with(MessageKind::Text, "123456", true, Compression::Never)?;
    /// server.flush().await?;
    /// # Ok(()) }) }
    /// ```
    pub fn feed_chunk_with(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), Error> {
        self.driver
            .feed(|connection| connection.send_chunk_with(kind, data, last, compression))
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the transport failed, [`Error::Receive`] when it took nothing for
    /// [`Config::write_timeout`](crate::Config::write_timeout),
    /// [`SendError::Closed`](crate::SendError::Closed) when the peer has closed and then not taken the
    /// rest in time.
    ///
    /// # Cancel safety
    ///
    /// What was not written stays queued when the future is dropped.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.driver.flush().await
    }

    /// Waits until there is room in the queue, queues a message, and writes all that is queued.
    ///
    /// ```
    /// use miniws_async_std::{Event, Message};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.send("text").await?;
    /// client.send(vec![1, 2, 3]).await?; // binary
    /// assert_eq!(server.recv().await?, Some(Event::Message(Message::from("text"))));
    /// assert_eq!(server.recv().await?, Some(Event::Message(Message::from(vec![1, 2, 3]))));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed) and [`flush`](Self::flush), but never `Full`.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the message has either been queued as a whole, or, if there was
    /// no room, not at all. To know which, wait for [`flush`](Self::flush), then
    /// [`feed`](Self::feed).
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.driver.send(message.into()).await
    }

    /// Like [`send`](Self::send), with a say in whether the message is compressed, see
    /// [`Compression`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        let message = message.into();
        self.driver
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
    pub async fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.driver
            .queue(|connection| connection.send_prepared(message))
            .await
    }

    /// Like [`send`](Self::send), for a piece of a message, see [`Connection::send_chunk`].
    ///
    /// ```
    /// use miniws_async_std::{Event, Message, MessageKind};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.send_chunk(MessageKind::Text, "good ", false).await?;
    /// client.send_chunk(MessageKind::Text, "day", true).await?;
    /// assert_eq!(server.recv().await?, Some(Event::Message(Message::from("good day"))));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`feed_chunk`](Self::feed_chunk) and [`flush`](Self::flush), but never `Full`.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_chunk(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        let data = data.into();
        self.driver
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
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), Error> {
        let data = data.into();
        self.driver
            .queue(|connection| connection.send_chunk_with(kind, data.clone(), last, compression))
            .await
    }

    /// Sends a ping with a payload of at most 125 bytes. The answer comes as [`Event::Pong`].
    ///
    /// ```
    /// use miniws_async_std::{Error, Event, SendError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.ping(b"are you there?").await?;
    /// assert_eq!(server.recv().await?, Some(Event::Ping("are you there?".into())));
    /// # let answering = smol::spawn(async move { while let Ok(Some(_)) = server.recv().await {} });
    /// assert_eq!(client.recv().await?, Some(Event::Pong("are you there?".into())));
    ///
    /// let error = client.ping(&[0; 126]).await.unwrap_err();
    /// assert!(matches!(error, Error::Send(SendError::ControlTooLong { .. })));
    /// # drop(answering);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`](crate::SendError::ControlTooLong) for a longer payload, else as
    /// [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.driver
            .queue(|connection| connection.ping(payload))
            .await
    }

    /// Closes with code 1000, and waits for the end: [`close_with`](Self::close_with).
    ///
    /// # Errors
    ///
    /// As [`close_with`](Self::close_with).
    ///
    /// # Cancel safety
    ///
    /// As [`close_with`](Self::close_with).
    pub async fn close(&mut self) -> Result<CloseStatus, Error> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// Sends a close frame with a code and a reason of at most 123 bytes, and waits for the peer's
    /// and for the end of TCP, under [`Config::close_timeout`](crate::Config::close_timeout).
    /// Messages that still come are dropped. When the connection is closing already, it only waits.
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidCloseCode`](crate::SendError::InvalidCloseCode) and
    /// [`SendError::ControlTooLong`](crate::SendError::ControlTooLong), when nothing has happened
    /// yet; else as [`recv`](Self::recv), for an end that was not clean.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the close frame is queued, even when the future is dropped.
    ///
    /// ```
    /// use miniws_async_std::{Client, CloseCode};
    ///
    /// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
    /// # let (stream, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # smol::spawn(async move {
    /// #     let mut server = miniws_async_std::accept(theirs).await.unwrap();
    /// #     while let Ok(Some(_)) = server.recv().await {}
    /// # }).detach();
    /// let mut client = Client::new("ws://localhost/").handshake(stream).await?;
    /// let status = client.close_with(CloseCode::GOING_AWAY, "that's all").await?;
    /// assert!(status.clean);
    /// # Ok(()) }) }
    /// ```
    pub async fn close_with(
        &mut self,
        code: CloseCode,
        reason: &str,
    ) -> Result<CloseStatus, Error> {
        let frame = CloseFrame::new(code, reason)?;
        self.driver.close(Some(frame)).await
    }

    /// Like [`close_with`](Self::close_with), without a code: the peer sees 1005. For peers that
    /// want it so; most are better served with a code.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv), for an end that was not clean.
    ///
    /// # Cancel safety
    ///
    /// As [`close_with`](Self::close_with).
    ///
    /// ```
    /// use miniws_async_std::Event;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// let closing = smol::spawn(async move { client.close_without_code().await });
    /// assert_eq!(server.recv().await?, Some(Event::Close(None)));
    /// # drop(server);
    /// assert!(closing.await?.clean);
    /// # Ok(()) }) }
    /// ```
    pub async fn close_without_code(&mut self) -> Result<CloseStatus, Error> {
        self.driver.close(None).await
    }

    /// Ends the connection here and now, without a close handshake: the peer sees 1006.
    ///
    /// ```
    /// # use miniws_async_std::{CloseCode, State};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.terminate();
    /// let error = server.recv().await.unwrap_err();
    /// assert!(error.is_connection_lost());
    /// assert_eq!(server.state(), State::Closed);
    /// assert_eq!(server.close_status().map(|status| status.code), Some(CloseCode::ABNORMAL));
    /// # Ok(()) }) }
    /// ```
    pub fn terminate(self) {
        drop(self);
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.driver.connection().state()
    }

    /// Whether [`feed`](Self::feed) would take a message: the connection is open, the queue is below
    /// [`Config::max_queued`](crate::Config::max_queued), and no message that is sent in chunks is
    /// under way.
    pub fn can_send(&self) -> bool {
        self.driver.connection().can_send()
    }

    /// The subprotocol that was agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.driver.connection().subprotocol()
    }

    /// What the hook that verified the request has handed on
    /// ([`Accept::user_data`](crate::Accept::user_data)); `None` if that was nothing, or of another
    /// type.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use miniws_async_std::{Accept, Attempt, Client, Reply, Server};
    /// use smol::net::unix::UnixStream;
    ///
    /// struct Room(String);
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     match attempt.request().path().strip_prefix("/rooms/") {
    ///         Some(room) => Ok(Accept::new().user_data(Arc::new(Room(room.to_owned())))),
    ///         None => Err(Reply::new(404)),
    ///     }
    /// });
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let serving = smol::spawn(async move { server.accept(theirs).await });
    /// let client = Client::new("ws://a.socket/rooms/blue").handshake(ours).await?;
    /// let room = serving.await?.user_data::<Room>().ok_or("no room")?;
    /// assert_eq!(room.0, "blue");
    /// # drop(client);
    /// # Ok(()) }) }
    /// ```
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.driver.connection().user_data()
    }

    /// The parameters of the compression that was agreed on, `None` if there is none.
    #[cfg(feature = "deflate")]
    pub fn deflate(&self) -> Option<&negotiate::DeflateParams> {
        self.driver.connection().deflate()
    }

    /// How the connection ended, `None` while that is open: the peer's code and reason, 1005 when
    /// there was no code, 1006 when there was no close frame.
    ///
    /// ```
    /// # use miniws_async_std::CloseCode;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// drop(client); // without a close
    /// let cause = server.recv().await.unwrap_err();
    /// assert!(cause.is_connection_lost());
    /// let status = server.close_status().ok_or("it is over")?;
    /// assert_eq!((status.code, status.clean), (CloseCode::ABNORMAL, false)); // 1006
    /// println!("{cause}");
    /// # Ok(()) }) }
    /// ```
    pub fn close_status(&self) -> Option<CloseStatus> {
        self.driver.connection().close_status()
    }

    /// The round trip of the last keep-alive ping that was answered.
    pub fn latency(&self) -> Option<Duration> {
        self.driver.connection().latency()
    }

    /// The peer's address, `None` when the WebSocket was made over a stream that didn't tell.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.driver.transport().stream
    }

    /// Halves that can be used in different tasks: the sending one can be cloned, and pings and
    /// closes are still answered by the receiving one.
    ///
    /// ```
    /// use miniws_async_std::{Client, Event};
    ///
    /// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
    /// # let (stream, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # smol::spawn(async move {
    /// #     let mut server = miniws_async_std::accept(theirs).await.unwrap();
    /// #     while let Ok(Some(event)) = server.recv().await {
    /// #         if let Event::Message(message) = event { server.feed(message).unwrap(); }
    /// #     }
    /// # }).detach();
    /// let client = Client::new("ws://localhost/").handshake(stream).await?;
    /// let (sender, mut receiver) = client.split();
    /// for name in ["first", "second"] {
    ///     let sender = sender.clone();
    ///     smol::spawn(async move { sender.send(name).await }).detach();
    /// }
    /// for _ in 0..2 {
    ///     assert!(matches!(receiver.recv().await?, Some(Event::Message(_))));
    /// }
    /// # Ok(()) }) }
    /// ```
    pub fn split(self) -> (Sender<S>, Receiver<S>) {
        split(self.driver, self.remote_addr)
    }
}

/// The events until the end. An error is the last item.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.driver.poll_next(cx)
    }
}

/// Sends messages; closing closes with 1000 and waits for the end.
impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.driver.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.feed(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.driver.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let frame = CloseFrame::new(CloseCode::NORMAL, "")?;
        self.driver.poll_close(cx, Some(&frame)).map_ok(|_| ())
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("remote_addr", &self.remote_addr)
            .finish_non_exhaustive()
    }
}
