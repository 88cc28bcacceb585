//! Testing handlers without sockets (feature `testing`).
//!
//! ```toml
//! [dev-dependencies]
//! miniws-async-std = { version = "0.1", features = ["testing"] } # beside the features that you have
//! ```
//!
//! A handler that leaves the stream open is given a WebSocket in memory, and the test has the other end, a
//! [`Peer`]:
//!
//! ```
//! use futures_io::{AsyncRead, AsyncWrite};
//! use miniws_async_std::{Event, WebSocket, testing};
//!
//! async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) {
//!     while let Ok(Some(event)) = socket.recv().await {
//!         if let Event::Message(message) = event {
//!             let _ = socket.send(message).await;
//!         }
//!     }
//! }
//!
//! # fn main() { // in a test: #[test] fn echoes() {
//! smol::block_on(async { // or async_std::task::block_on, and its spawn
//!     let (socket, mut peer) = testing::server();
//!     smol::spawn(echo(socket)).detach();
//!     peer.send("hello").await;
//!     peer.expect("hello").await;
//!     peer.close().await;
//! })
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
//! Those that are generic like `echo` above, whatever they are served with. A handler that names its stream, such
//! as `WebSocket<TcpStream>`, can be tested in its own crate by way of an alias:
//!
//! ```
//! #[cfg(not(test))]
//! type Socket = miniws_async_std::WebSocket<smol::net::TcpStream>;
//! #[cfg(test)]
//! type Socket = miniws_async_std::WebSocket<miniws_async_std::testing::Pipe>;
//!
//! async fn greet(mut socket: Socket) {
//!     let _ = socket.send("hello").await;
//! }
//! ```
//!
//! What a client does is tested alike, by [`client`], when it is a function apart from connecting. A client that
//! stays connected ([`reconnect`](crate::reconnect)) is given connections like these by its closure.
//!
//! # With the settings of a server and a client
//!
//! [`connect`] does the handshake between the two in memory: limits, subprotocols, compression, headers, hooks
//! and what they hand on are all as they would be over a network. What comes of it is a pair of WebSockets,
//! either of which can be made a [`Peer`].
//!
//! ```
//! use std::sync::Arc;
//! use miniws_async_std::testing::{self, Peer};
//! use miniws_async_std::{Accept, Attempt, Client, Error, HandshakeError, Reply, Server};
//!
//! # fn main() -> Result<(), Error> { smol::block_on(async {
//! let server = Server::new().verify(|attempt: Attempt| async move {
//!     match attempt.request().path().strip_prefix("/rooms/") {
//!         Some(room) => Ok(Accept::new().user_data(Arc::new(room.to_owned()))),
//!         None => Err(Reply::new(404)),
//!     }
//! });
//!
//! let (mut socket, client) = testing::connect(&server, Client::new("ws://test/rooms/blue")).await?;
//! let room = socket.user_data::<String>().unwrap();
//! socket.send(format!("welcome to {room}")).await?;
//! Peer::from(client).expect("welcome to blue").await;
//!
//! let refused = testing::connect(&server, Client::new("ws://test/")).await.unwrap_err();
//! assert!(matches!(
//!     refused,
//!     Error::Handshake(HandshakeError::Refused(response)) if response.status() == 404
//! ));
//! # Ok(()) }) }
//! ```
//!
//! # When things go wrong
//!
//! A peer can break every rule: send what is no frame, leave pings unanswered, read nothing, vanish. There is no
//! clock for tests here, so deadlines that are to pass are made short in the `Config`.
//!
//! ```
//! use miniws_async_std::testing;
//!
//! # fn main() { smol::block_on(async {
//! let (mut socket, mut peer) = testing::server();
//! let receiving = smol::spawn(async move { socket.recv().await });
//! peer.write_frame(0x81, b"\xff").await; // a text that is not UTF-8
//! peer.expect_close(1007).await;
//! peer.expect_end().await;
//! let error = receiving.await.unwrap_err();
//! assert_eq!(error.close_code(), Some(1007.into()));
//!
//! let (mut socket, mut peer) = testing::server();
//! peer.write(b"\x81\x85\0\0").await; // the beginning of a frame,
//! peer.reset(); // and then a cable is pulled
//! assert!(socket.recv().await.unwrap_err().is_connection_lost());
//! # }) }
//! ```

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::future::zip;
use miniws_adapter::testing::{self, CAPACITY};

use crate::generic::Server;
use crate::io::Clock;
use crate::{Client, Connection, Error, WebSocket};

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
/// use miniws_async_std::testing;
///
/// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
/// let (mut socket, mut peer) = testing::client();
/// socket.send("subscribe").await?;
/// let closing = smol::spawn(async move { socket.close_with(4000.into(), "seen enough").await });
/// peer.expect("subscribe").await;
/// assert_eq!(peer.expect_close(4000).await, "seen enough");
/// assert!(closing.await?.clean);
/// # Ok(()) }) }
/// ```
#[must_use]
pub fn client() -> (WebSocket<Pipe>, Peer) {
    let (server, client) = pair();
    (client, server.into())
}

/// A server's WebSocket and a client's, over one [`pipe`]. Otherwise as [`server`].
///
/// ```
/// use miniws_async_std::{Event, testing};
///
/// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
/// let (mut server, mut client) = testing::pair();
/// client.send("hello").await?;
/// assert_eq!(server.recv().await?, Some(Event::Message("hello".into())));
/// # Ok(()) }) }
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
pub async fn connect<R>(
    server: &Server<R>,
    client: Client,
) -> Result<(WebSocket<Pipe>, WebSocket<Pipe>), Error> {
    let (ours, theirs) = pipe(CAPACITY);
    let (server, client) = zip(server.accept(ours), client.handshake(theirs)).await;
    let client = client?;
    Ok((server?, client))
}

/// Both ends of a pipe in memory that holds so many bytes in each direction, and at least one. Where a peer is
/// to be slow, a small one shows it soon.
///
/// ```
/// use futures_lite::future::zip;
/// use miniws_async_std::testing::{self, Peer};
/// use miniws_async_std::{Client, Config, Server};
///
/// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
/// let (ours, theirs) = testing::pipe(256);
/// let server = Server::new().config(Config::default().max_queued(1000));
/// let client = Client::new("ws://test/").handshake(theirs);
/// let (server, client) = zip(server.accept(ours), client).await;
/// let (mut server, mut peer) = (server?, Peer::from(client?));
///
/// // As long as the peer does not read, 256 bytes are under way, and 1000 wait. Then it is enough.
/// let sent = (0..).take_while(|_| server.feed("0123456789").is_ok()).count();
/// assert_eq!(sent, 84); // of 12 bytes each
/// let sending = smol::spawn(async move { server.send("more").await });
/// for _ in 0..sent {
///     peer.expect("0123456789").await;
/// }
/// peer.expect("more").await;
/// sending.await
/// # }) }
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
        let (io, connection, input) = socket.driver.into_parts();
        Self::new::<Clock>((io.stream.0, connection, input))
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer)
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

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.shutdown_write();
        Poll::Ready(Ok(()))
    }
}
