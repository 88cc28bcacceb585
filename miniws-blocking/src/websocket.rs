//! An open WebSocket.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use miniws_adapter::Opened;
#[cfg(feature = "deflate")]
use miniws_proto::negotiate;
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Compression, Connection, Event, Message, MessageKind,
    PreparedMessage, State,
};

use crate::driver::Driver;
use crate::split::{Receiver, Sender, split};
use crate::stop::Ticket;
use crate::{Error, SharedStream, Stream};

/// A WebSocket over a stream that blocks: TCP, a Unix socket, or whatever else is a [`Stream`].
///
/// # Keep receiving
///
/// Pings are answered, closes echoed, and deadlines kept while [`recv`](Self::recv) waits. A thread
/// that only sends should [`split`](Self::split) the connection and leave the other half to a thread
/// that receives.
///
/// # Waiting
///
/// Methods wait for the stream, but for no peer that is gone: one that takes no data is given up
/// after [`Config::write_timeout`](crate::Config::write_timeout), one that is silent after
/// [`Config::keep_alive`](crate::Config::keep_alive) and
/// [`Config::pong_timeout`](crate::Config::pong_timeout). To stop waiting from another thread, split
/// the connection and [`close`](Sender::close) it, or use the listener's
/// [`Stopper`](crate::Stopper).
///
/// ```
/// use std::thread;
/// use miniws_blocking::{Event, Message, Server, connect};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = Server::new().bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr());
/// thread::spawn(move || {
///     let mut server = listener.accept().unwrap().unwrap();
///     while let Ok(Some(event)) = server.recv() {
///         if let Event::Message(message) = event {
///             server.send(message).unwrap();
///         }
///     }
/// });
///
/// let mut client = connect(&url)?;
/// client.send("hello")?;
/// assert_eq!(client.recv()?, Some(Event::Message(Message::from("hello"))));
/// client.close()?;
/// # Ok(()) }
/// ```
pub struct WebSocket<S> {
    pub(crate) driver: Driver<S>,
    /// The connection may be locked away.
    agreed: Agreed,
    remote_addr: Option<SocketAddr>,
}

impl<S: Stream> WebSocket<S> {
    /// A WebSocket whose handshake was done elsewhere, for example over HTTP/2: over `stream`, with
    /// the `connection` that was negotiated, and the `input` that was read too far.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use miniws_blocking::{Config, Connection, Event, Message, Negotiated, WebSocket};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let connection = Connection::server(Config::default(), Negotiated::default());
    /// let input = BytesMut::from(&b"\x81\x82\0\0\0\0hi"[..]);
    /// let mut server = WebSocket::from_parts(stream, connection, input);
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from("hi"))));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn from_parts(stream: S, connection: Connection, input: BytesMut) -> Self {
        let remote_addr = stream.peer_addr();
        let opened = Opened::elsewhere(connection, input);
        opened.trace.peer(remote_addr);
        Self::new(stream, opened, remote_addr)
    }

    pub(crate) fn new(stream: S, opened: Opened, remote_addr: Option<SocketAddr>) -> Self {
        Self {
            agreed: Agreed::of(&opened.connection),
            driver: Driver::new(stream, opened),
            remote_addr,
        }
    }

    /// The next event, `None` once the connection has ended.
    ///
    /// Writes what is queued before it waits, so a loop of `recv` and [`feed`](Self::feed) answers a
    /// burst of messages with one write. Pings are answered and the peer's close is echoed without
    /// any further call: when [`Event::Close`] comes, the answer has been written, and dropping the
    /// WebSocket then is a clean end. A last `recv`, which gives `None`, waits for the end of TCP
    /// under the close timeout.
    ///
    /// # Errors
    ///
    /// [`Error::Receive`] when the peer broke the protocol or a limit, was silent for too long, or
    /// went away without a close; [`Error::Io`] when the stream failed. Every later call fails too.
    /// The peer has been told why, and been given the close timeout to take note.
    ///
    /// ```
    /// use std::thread;
    /// use miniws_blocking::{CloseCode, Event, SendError, State};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = miniws_blocking::Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # let client = thread::spawn(move || miniws_blocking::connect(&url).unwrap());
    /// # let mut server = listener.accept().unwrap()?;
    /// # let mut client = client.join().unwrap();
    /// client.feed("bye")?;
    /// let closing = thread::spawn(move || client.close_with(CloseCode::from(4000), "done"));
    /// while let Some(event) = server.recv()? {
    ///     match event {
    ///         Event::Message(message) => assert_eq!(message.as_text(), Some("bye")),
    ///         Event::Close(Some(frame)) => {
    ///             assert_eq!((frame.code(), frame.reason()), (CloseCode::from(4000), "done"));
    ///             assert_eq!(server.state(), State::Closing);
    ///             let error = server.feed("too late").unwrap_err();
    ///             assert!(matches!(error, miniws_blocking::Error::Send(SendError::Closed)));
    ///             break; // dropping the server now is fine
    ///         }
    ///         Event::Close(None) => println!("closed without a code: 1005"),
    ///         _ => {}
    ///     }
    /// }
    /// drop(server);
    /// assert!(closing.join().unwrap()?.clean);
    /// # Ok(()) }
    /// ```
    pub fn recv(&mut self) -> Result<Option<Event>, Error> {
        self.driver.recv()
    }

    /// Queues a message. It goes out with the next [`flush`](Self::flush), [`recv`](Self::recv) or
    /// [`send`](Self::send). Never waits.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] with [`SendError::Full`](crate::SendError::Full), which hands the message
    /// back, when [`Config::max_queued`](crate::Config::max_queued) has been reached; with
    /// [`SendError::Closed`](crate::SendError::Closed) once a close frame was sent or received.
    ///
    /// ```
    /// use miniws_blocking::{Event, Message};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// client.feed("one")?;
    /// client.feed("two")?;
    /// client.flush()?; // both with one write
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from("one"))));
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from("two"))));
    /// # }
    /// # Ok(()) }
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
    /// use miniws_blocking::{Compression, Event, Message};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// // How well it compresses could tell what is in it.
    /// client.feed_with("a secret, and what others have a say in", Compression::Never)?;
    /// client.flush()?;
    /// let Some(Event::Message(message)) = server.recv()? else { panic!() };
    /// assert_eq!(message, Message::from("a secret, and what others have a say in"));
    /// # }
    /// # Ok(()) }
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
    /// # Errors
    ///
    /// As [`feed`](Self::feed), without handing the message back.
    ///
    /// ```
    /// use miniws_blocking::{Event, Message, PreparedMessage};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// # let clients = [&mut client];
    /// let news = PreparedMessage::new("news");
    /// for client in clients {
    ///     client.feed_prepared(&news)?;
    ///     client.flush()?;
    /// }
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from("news"))));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.driver
            .feed(|connection| connection.send_prepared(message))
    }

    /// Queues a piece of a message that is sent as it comes into being, see
    /// [`Connection::send_chunk`].
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed), without handing the piece back;
    /// [`SendError::FragmentInProgress`](crate::SendError::FragmentInProgress) when `kind` is not
    /// that of the message which has begun; [`SendError::InvalidUtf8`](crate::SendError::InvalidUtf8)
    /// when the pieces of a text are not UTF-8. A piece may end within a character, a text may not.
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
    /// # use miniws_blocking::*;
    /// # fn example(socket: &mut WebSocket<std::net::TcpStream>) -> Result<(), Error> {
    /// socket.feed_chunk_with(MessageKind::Text, "password=", false, Compression::Never)?;
    /// socket.feed_chunk_with(MessageKind::Text, "123456", true, Compression::Never)?;
    /// socket.flush()?;
    /// # Ok(()) }
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
    /// [`Error::Io`] when the stream failed, [`Error::Receive`] when it took nothing for
    /// [`Config::write_timeout`](crate::Config::write_timeout),
    /// [`SendError::Closed`](crate::SendError::Closed) when the peer has closed and then not taken the
    /// rest in time.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.driver.flush()
    }

    /// Waits until there is room in the queue, queues a message, and writes all that is queued.
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed) and [`flush`](Self::flush), but never `Full`.
    ///
    /// ```
    /// use miniws_blocking::{Client, Error, Event, Message, SendError, accept};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || accept(theirs));
    /// # let mut client = Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// client.send("text")?;
    /// client.send(vec![1, 2, 3])?; // binary
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from("text"))));
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from(vec![1, 2, 3]))));
    /// # drop(client);
    /// // The client has gone.
    /// assert!(server.recv().is_err());
    /// assert!(matches!(server.send("anyone?"), Err(Error::Send(SendError::Closed))));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.driver.send(message.into(), Compression::Auto)
    }

    /// Like [`send`](Self::send), with a say in whether the message is compressed, see
    /// [`Compression`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        self.driver.send(message.into(), compression)
    }

    /// Like [`send`](Self::send), for a message that was framed once for many connections.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.driver
            .queue(|connection| connection.send_prepared(message))
    }

    /// Like [`send`](Self::send), for a piece of a message, see [`Connection::send_chunk`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send) and [`feed_chunk`](Self::feed_chunk).
    ///
    /// ```
    /// use miniws_blocking::{Event, Message, MessageKind};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// client.send_chunk(MessageKind::Text, "good ", false)?;
    /// client.send_chunk(MessageKind::Text, "day", true)?;
    /// assert_eq!(server.recv()?, Some(Event::Message(Message::from("good day"))));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn send_chunk(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), Error> {
        let data = data.into();
        self.driver
            .queue(|connection| connection.send_chunk(kind, data.clone(), last))
    }

    /// Like [`send_chunk`](Self::send_chunk), with a say in whether the message is compressed, see
    /// [`feed_chunk_with`](Self::feed_chunk_with).
    ///
    /// # Errors
    ///
    /// As [`send_chunk`](Self::send_chunk).
    pub fn send_chunk_with(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), Error> {
        let data = data.into();
        self.driver
            .queue(|connection| connection.send_chunk_with(kind, data.clone(), last, compression))
    }

    /// Sends a ping with a payload of at most 125 bytes. The answer comes as [`Event::Pong`].
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`](crate::SendError::ControlTooLong) for a longer payload, else as
    /// [`send`](Self::send).
    ///
    /// ```
    /// use miniws_blocking::{Error, Event, SendError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// client.ping(b"are you there?")?;
    /// # let answering = std::thread::spawn(move || {
    /// assert_eq!(server.recv().unwrap(), Some(Event::Ping("are you there?".into())));
    /// # // It has been answered by then, or when it receives again.
    /// # let _ = server.recv();
    /// # });
    /// assert_eq!(client.recv()?, Some(Event::Pong("are you there?".into())));
    ///
    /// let error = client.ping(&[0; 126]).unwrap_err();
    /// assert!(matches!(error, Error::Send(SendError::ControlTooLong { .. })));
    /// # drop(client);
    /// # answering.join().unwrap();
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.driver.queue(|connection| connection.ping(payload))
    }

    /// Closes with code 1000, and waits for the end: [`close_with`](Self::close_with).
    ///
    /// # Errors
    ///
    /// As [`close_with`](Self::close_with).
    pub fn close(&mut self) -> Result<CloseStatus, Error> {
        self.close_with(CloseCode::NORMAL, "")
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
    /// ```
    /// use std::thread;
    /// use miniws_blocking::{CloseCode, Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # thread::spawn(move || {
    /// #     let mut server = listener.accept().unwrap().unwrap();
    /// #     while let Ok(Some(_)) = server.recv() {}
    /// # });
    /// let mut client = connect(&url)?;
    /// let status = client.close_with(CloseCode::GOING_AWAY, "that's all")?;
    /// assert!(status.clean);
    /// # Ok(()) }
    /// ```
    pub fn close_with(&mut self, code: CloseCode, reason: &str) -> Result<CloseStatus, Error> {
        self.driver.close(Some(CloseFrame::new(code, reason)?))
    }

    /// Like [`close_with`](Self::close_with), without a code: the peer sees 1005. For peers that
    /// want it so; most are better served with a code.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv), for an end that was not clean.
    ///
    /// ```
    /// use std::thread;
    /// use miniws_blocking::{CloseCode, Event, Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// let server = thread::spawn(move || {
    ///     let mut server = listener.accept().unwrap().unwrap();
    ///     assert_eq!(server.recv().unwrap(), Some(Event::Close(None)));
    ///     assert_eq!(server.close_status().unwrap().code, CloseCode::NO_STATUS);
    /// });
    /// assert!(connect(&url)?.close_without_code()?.clean);
    /// # server.join().unwrap();
    /// # Ok(()) }
    /// ```
    pub fn close_without_code(&mut self) -> Result<CloseStatus, Error> {
        self.driver.close(None)
    }

    /// Ends the connection here and now, without a close handshake: the peer sees 1006.
    ///
    /// ```
    /// use miniws_blocking::{Client, CloseCode, State, accept};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || accept(theirs));
    /// # let client = Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// client.terminate();
    /// let error = server.recv().unwrap_err();
    /// assert!(error.is_connection_lost());
    /// assert_eq!(server.state(), State::Closed);
    /// assert_eq!(server.close_status().map(|status| status.code), Some(CloseCode::ABNORMAL)); // 1006
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn terminate(self) {
        drop(self);
    }

    /// Halves that can be used in different threads: the sending one can be cloned, and pings and
    /// closes are still answered by the receiving one.
    ///
    /// Neither waits for the other: a thread that waits to send to a slow peer doesn't keep the other
    /// from receiving, and the reverse.
    ///
    /// ```
    /// use std::thread;
    /// use miniws_blocking::{Event, Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # thread::spawn(move || {
    /// #     let mut server = listener.accept().unwrap().unwrap();
    /// #     while let Ok(Some(event)) = server.recv() {
    /// #         if let Event::Message(message) = event { server.feed(message).unwrap(); }
    /// #     }
    /// # });
    /// let (sender, mut receiver) = connect(&url)?.split();
    /// for name in ["first", "second"] {
    ///     let sender = sender.clone();
    ///     thread::spawn(move || sender.send(name));
    /// }
    /// for _ in 0..2 {
    ///     assert!(matches!(receiver.recv()?, Some(Event::Message(_))));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn split(self) -> (Sender<S>, Receiver<S>)
    where
        S: SharedStream,
    {
        split(self.driver, self.remote_addr)
    }
}

impl<S: SharedStream + 'static> WebSocket<S> {
    /// Lets the listener close it.
    pub(crate) fn registered(self, ticket: Ticket) -> Self {
        let (_, driver) = self.driver.share(|shared| {
            ticket.admit(shared.clone());
            Some(ticket)
        });
        Self { driver, ..self }
    }
}

impl<S> WebSocket<S> {
    /// Where the connection stands.
    ///
    /// ```
    /// use miniws_blocking::{CloseCode, State};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// assert_eq!(server.state(), State::Open);
    /// client.terminate();
    /// assert!(server.recv().is_err());
    /// assert_eq!(server.state(), State::Closed);
    /// assert_eq!(server.close_status().unwrap().code, CloseCode::ABNORMAL);
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn state(&self) -> State {
        self.driver.look(Connection::state)
    }

    /// Whether [`feed`](Self::feed) would take a message: the connection is open, the queue is below
    /// [`Config::max_queued`](crate::Config::max_queued), and no message is under way in chunks.
    pub fn can_send(&self) -> bool {
        self.driver.look(Connection::can_send)
    }

    /// The subprotocol that was agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.agreed.subprotocol.as_deref()
    }

    /// What the hook that verified the request has handed on
    /// ([`Accept::user_data`](crate::Accept::user_data)); `None` if that was nothing, or of another
    /// type.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use miniws_blocking::{Accept, Event, Reply, Server, connect};
    ///
    /// struct Room(String);
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new().verify(|attempt| {
    ///     match attempt.request().path().strip_prefix("/rooms/") {
    ///         Some(room) => Ok(Accept::new().user_data(Arc::new(Room(room.to_owned())))),
    ///         None => Err(Reply::new(404)),
    ///     }
    /// });
    /// let listener = server.bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/rooms/blue", listener.local_addr());
    /// let serving = std::thread::spawn(move || listener.accept());
    /// let mut client = connect(&url)?;
    /// let room = serving.join().unwrap().unwrap()?.user_data::<Room>().ok_or("no room")?;
    /// assert_eq!(room.0, "blue");
    /// # client.terminate();
    /// # Ok(()) }
    /// ```
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.driver.look(Connection::user_data)
    }

    /// The parameters of the compression that was agreed on, `None` if there is none.
    #[cfg(feature = "deflate")]
    pub fn deflate(&self) -> Option<&negotiate::DeflateParams> {
        self.agreed.deflate.as_ref()
    }

    /// How the connection ended, `None` while that is open: the peer's code and reason, 1005 when
    /// there was no code, 1006 when there was no close frame.
    pub fn close_status(&self) -> Option<CloseStatus> {
        self.driver.look(Connection::close_status)
    }

    /// The round trip of the last keep-alive ping that was answered.
    pub fn latency(&self) -> Option<Duration> {
        self.driver.look(Connection::latency)
    }

    /// The peer's address, `None` when the WebSocket was made over a stream that has none.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }

    /// The stream. Reading from it, writing to it, or changing its timeouts breaks the connection.
    pub fn get_ref(&self) -> &S {
        self.driver.stream()
    }
}

/// What the handshake has settled.
struct Agreed {
    subprotocol: Option<Box<str>>,
    #[cfg(feature = "deflate")]
    deflate: Option<negotiate::DeflateParams>,
}

impl Agreed {
    fn of(connection: &Connection) -> Self {
        Self {
            subprotocol: connection.subprotocol().map(Box::from),
            #[cfg(feature = "deflate")]
            deflate: connection.deflate().copied(),
        }
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("state", &self.state())
            .field("remote_addr", &self.remote_addr)
            .finish_non_exhaustive()
    }
}
