//! Testing handlers without sockets (feature `testing`).
//!
//! ```toml
//! [dev-dependencies]
//! miniws-tokio = { version = "0.1", features = ["testing"] }
//! ```
//!
//! A handler that leaves the stream open is given a WebSocket in memory, and the test has the other end, a
//! [`Peer`]:
//!
//! ```
//! use miniws_tokio::{Event, WebSocket, testing};
//! use tokio::io::{AsyncRead, AsyncWrite};
//!
//! async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) {
//!     while let Ok(Some(event)) = socket.recv().await {
//!         if let Event::Message(message) = event {
//!             let _ = socket.send(message).await;
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() { // in a test: #[tokio::test] async fn echoes() {
//! let (socket, mut peer) = testing::server();
//! tokio::spawn(echo(socket));
//! peer.send("hello").await;
//! peer.expect("hello").await;
//! peer.close().await;
//! # }
//! ```
//!
//! A test that fails says where, what it expected, what came, and what was said before:
//!
//! ```text
//! tests/echo.rs:12:10: expected text "hello", got text "olleh"
//! what the peer said and heard:
//! sent text "hello"
//! got text "olleh"
//! ```
//!
//! # Which handlers can be tested
//!
//! Those that are generic like `echo` above, whatever they are served with: TCP, TLS, hyper, axum. A handler
//! that names its stream, such as `WebSocket<TcpStream>`, can be tested in its own crate by way of an alias:
//!
//! ```
//! #[cfg(not(test))]
//! type Socket = miniws_tokio::WebSocket<tokio::net::TcpStream>;
//! #[cfg(test)]
//! type Socket = miniws_tokio::WebSocket<miniws_tokio::testing::Pipe>;
//!
//! async fn greet(mut socket: Socket) {
//!     let _ = socket.send("hello").await;
//! }
//! ```
//!
//! What a client does is tested alike, by [`client`], when it is a function apart from connecting. A client that
//! stays connected is given connections like these by its closure:
//!
//! ```
//! use miniws_tokio::reconnect::{Reconnecting, Update};
//! use miniws_tokio::testing;
//! use tokio::sync::mpsc;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() { // in a test: #[tokio::test(start_paused = true)]
//! # tokio::time::pause();
//! let (connecting, mut connected) = mpsc::unbounded_channel();
//! let mut client = Reconnecting::new(move || {
//!     let (socket, peer) = testing::client();
//!     let _ = connecting.send(peer);
//!     async { Ok(socket) }
//! });
//! tokio::spawn(async move {
//!     while let Ok(Some(update)) = client.recv().await {
//!         if let Update::Connected(sender) = update {
//!             let _ = sender.send("what is new?").await;
//!         }
//!     }
//! });
//!
//! for _ in 0..3 {
//!     let mut peer = connected.recv().await.unwrap();
//!     peer.expect("what is new?").await;
//!     peer.reset(); // it comes back, after a wait that takes no time here
//! }
//! # }
//! ```
//!
//! # With the settings of a server and a client
//!
//! [`connect`] does the handshake between the two in memory: limits, subprotocols, compression, headers, hooks
//! and what they hand on are all as they would be over a network. What comes of it is a pair of WebSockets,
//! either of which can be made a [`Peer`].
//!
//! ```
//! use std::sync::Arc;
//! use miniws_tokio::testing::{self, Peer};
//! use miniws_tokio::{Accept, Attempt, Client, Error, HandshakeError, Reply, Server, WebSocket};
//! use tokio::io::{AsyncRead, AsyncWrite};
//!
//! fn server() -> Server {
//!     Server::new().subprotocols(["chat"]).verify(|attempt: Attempt| async move {
//!         match attempt.request().path().strip_prefix("/rooms/") {
//!             Some(room) => Ok(Accept::new().user_data(Arc::new(room.to_owned()))),
//!             None => Err(Reply::new(404)),
//!         }
//!     })
//! }
//!
//! async fn welcome<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) -> Result<(), Error> {
//!     let room = socket.user_data::<String>().unwrap_or_default();
//!     socket.send(format!("welcome to {room}")).await
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let client = Client::new("ws://test/rooms/blue").subprotocol("chat").header("X-Trace", "7");
//! let (socket, client) = testing::connect(&server(), client).await?;
//! assert_eq!(client.subprotocol(), Some("chat"));
//! tokio::spawn(welcome(socket));
//! Peer::from(client).expect("welcome to blue").await;
//!
//! let refused = testing::connect(&server(), Client::new("ws://test/")).await.unwrap_err();
//! assert!(matches!(
//!     refused,
//!     Error::Handshake(HandshakeError::Refused(response)) if response.status() == 404
//! ));
//! # Ok(()) }
//! ```
//!
//! # When things go wrong
//!
//! A peer can break every rule: send what is no frame, leave pings unanswered, read nothing, vanish. A paused
//! clock (tokio's feature `test-util`) makes all deadlines pass at once, and exactly.
//!
//! ```
//! use std::time::Duration;
//! use miniws_tokio::{Error, ReceiveErrorKind, testing};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() { // in a test: #[tokio::test(start_paused = true)]
//! # tokio::time::pause();
//! let (mut socket, mut peer) = testing::server();
//! peer.write_frame(0x81, b"\xff").await; // a text that is not UTF-8
//! let error = socket.recv().await.unwrap_err();
//! assert_eq!(error.close_code(), Some(1007.into()));
//! peer.expect_close(1007).await;
//!
//! let (mut socket, mut peer) = testing::server();
//! peer.write(b"\x81\x85\0\0").await; // the beginning of a frame,
//! peer.reset(); // and then a cable is pulled
//! assert!(socket.recv().await.unwrap_err().is_connection_lost());
//!
//! // A peer that reads nothing.
//! let (mut socket, _peer) = testing::server();
//! let start = tokio::time::Instant::now();
//! let sent = socket.send(vec![0; 1_000_000]).await;
//! assert!(matches!(sent, Err(Error::Receive(error)) if error.kind() == ReceiveErrorKind::WriteTimeout));
//! assert_eq!(start.elapsed().as_secs(), 30);
//!
//! // A client whose server does not answer pings.
//! let (mut socket, mut peer) = testing::client();
//! peer.answers(false);
//! let receiving = tokio::spawn(async move { socket.recv().await });
//! peer.expect_silence(Duration::from_secs(40)).await; // but for a ping
//! peer.patience(Duration::from_secs(60));
//! peer.expect_end().await;
//! let failed = receiving.await.unwrap().unwrap_err();
//! assert!(matches!(failed, Error::Receive(error) if error.kind() == ReceiveErrorKind::PongTimeout));
//! # }
//! ```

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use miniws_adapter::testing::{self, CAPACITY, Parts};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::io::{Clock, Io};
use crate::{Client, Connection, Error, Server, WebSocket};

#[doc(inline)]
pub use miniws_adapter::testing::Peer;

/// A server's WebSocket, and its peer, which plays the client.
///
/// The handshake is done, with the settings that [`Server`] and [`Client`] begin with, and agreed on
/// nothing. Masking keys are zero, so each run of a test has the same bytes.
#[must_use]
pub fn server() -> (WebSocket<Pipe>, Peer) {
    let (server, client) = pair();
    (server, client.into())
}

/// A client's WebSocket, and its peer, which plays the server. Otherwise as [`server`].
///
/// ```
/// use miniws_tokio::{Error, WebSocket, testing};
/// use tokio::io::{AsyncRead, AsyncWrite};
///
/// async fn subscribe<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) -> Result<(), Error> {
///     socket.send("subscribe").await?;
///     socket.close_with(4000.into(), "seen enough").await?;
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (socket, mut peer) = testing::client();
/// let subscribing = tokio::spawn(subscribe(socket));
/// peer.expect("subscribe").await;
/// assert_eq!(peer.expect_close(4000).await, "seen enough");
/// assert!(subscribing.await.unwrap().is_ok());
/// # }
/// ```
#[must_use]
pub fn client() -> (WebSocket<Pipe>, Peer) {
    let (server, client) = pair();
    (client, server.into())
}

/// A server's WebSocket and a client's, over one [`pipe`]. Otherwise as [`server`].
///
/// ```
/// use miniws_tokio::{Event, testing};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), miniws_tokio::Error> {
/// let (mut server, mut client) = testing::pair();
/// client.send("hello").await?;
/// assert_eq!(server.recv().await?, Some(Event::Message("hello".into())));
/// # Ok(()) }
/// ```
#[must_use]
pub fn pair() -> (WebSocket<Pipe>, WebSocket<Pipe>) {
    let (server, client) = testing::connections();
    let (ours, theirs) = pipe(CAPACITY);
    let over =
        |pipe, connection: Connection| WebSocket::from_parts(pipe, connection, Default::default());
    (over(ours, server), over(theirs, client))
}

/// Does the handshake between a client and a server in memory: the server's WebSocket, and the client's. The
/// URL says what is asked for; its host leads nowhere. Masking keys are those that
/// [`Client::entropy`] gives.
///
/// # Errors
///
/// What the client gets to see: [`HandshakeError::Refused`](crate::HandshakeError::Refused) with the
/// response, when the server refuses.
///
/// # Cancel safety
///
/// Dropping the future drops both ends.
pub async fn connect(
    server: &Server,
    client: Client,
) -> Result<(WebSocket<Pipe>, WebSocket<Pipe>), Error> {
    let (ours, theirs) = pipe(CAPACITY);
    let (server, client) = tokio::join!(server.accept(ours), client.handshake(theirs));
    let client = client?;
    Ok((server?, client))
}

/// Both ends of a pipe in memory that holds so many bytes in each direction, and at least one. Where a peer is
/// to be slow, a small one shows it soon.
///
/// ```
/// use miniws_tokio::testing::{self, Peer};
/// use miniws_tokio::{Client, Config, Server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (ours, theirs) = testing::pipe(256);
/// let server = Server::new().config(Config::default().max_queued(1000));
/// let client = Client::new("ws://test/").handshake(theirs);
/// let (server, client) = tokio::join!(server.accept(ours), client);
/// let (mut server, mut peer) = (server?, Peer::from(client?));
///
/// // As long as the peer does not read, 256 bytes are under way, and 1000 wait. Then it is enough.
/// let sent = (0..).take_while(|_| server.feed("0123456789").is_ok()).count();
/// assert_eq!(sent, 84); // of 12 bytes each
/// let sending = tokio::spawn(async move { server.send("more").await });
/// for _ in 0..sent {
///     peer.expect("0123456789").await;
/// }
/// peer.expect("more").await;
/// sending.await??;
/// # Ok(()) }
/// ```
#[must_use]
pub fn pipe(capacity: usize) -> (Pipe, Pipe) {
    let (one, other) = testing::pipe(capacity);
    (Pipe(one), Pipe(other))
}

/// One end of a [`pipe`]. Dropping it ends it as dropping a socket does.
#[derive(Debug)]
pub struct Pipe(testing::Pipe);

/// Scripts the end of the conversation that this WebSocket has: the one that is tested is the other one.
impl From<WebSocket<Pipe>> for Peer {
    fn from(socket: WebSocket<Pipe>) -> Self {
        let (Io(Pipe(pipe)), connection, input): Parts<Io<Pipe>> = socket.driver.into_parts();
        Self::new::<Clock>((pipe, connection, input))
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = ready!(self.0.poll_read(cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.shutdown_write();
        Poll::Ready(Ok(()))
    }
}
