//! Testing handlers without sockets (feature `testing`).
//!
//! ```toml
//! [dev-dependencies]
//! miniws-blocking = { version = "0.1", features = ["testing"] }
//! ```
//!
//! A handler that leaves the stream open is given a WebSocket in memory, and the test has the other end, a
//! [`Peer`]:
//!
//! ```
//! use std::thread;
//! use miniws_blocking::{Event, Stream, WebSocket, testing};
//!
//! fn echo<S: Stream>(mut socket: WebSocket<S>) {
//!     while let Ok(Some(event)) = socket.recv() {
//!         if let Event::Message(message) = event {
//!             let _ = socket.send(message);
//!         }
//!     }
//! }
//!
//! # fn main() { // in a test: #[test] fn echoes() {
//! let (socket, mut peer) = testing::server();
//! thread::spawn(move || echo(socket));
//! peer.send("hello");
//! peer.expect("hello");
//! peer.close();
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
//! Those that are generic like `echo` above, whatever they are served with; [`SharedStream`](crate::SharedStream) is the bound for one
//! that splits its connection. A handler that names its stream, such as `WebSocket<TcpStream>`, can be tested in
//! its own crate by way of an alias:
//!
//! ```
//! #[cfg(not(test))]
//! type Socket = miniws_blocking::WebSocket<std::net::TcpStream>;
//! #[cfg(test)]
//! type Socket = miniws_blocking::WebSocket<miniws_blocking::testing::Pipe>;
//!
//! fn greet(mut socket: Socket) {
//!     let _ = socket.send("hello");
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
//! use miniws_blocking::testing::{self, Peer};
//! use miniws_blocking::{Accept, Attempt, Client, Error, HandshakeError, Reply, Server};
//!
//! # fn main() -> Result<(), Error> {
//! let server = Server::new().verify(|attempt: Attempt| {
//!     match attempt.request().path().strip_prefix("/rooms/") {
//!         Some(room) => Ok(Accept::new().user_data(Arc::new(room.to_owned()))),
//!         None => Err(Reply::new(404)),
//!     }
//! });
//!
//! let (mut socket, client) = testing::connect(&server, Client::new("ws://test/rooms/blue"))?;
//! let room = socket.user_data::<String>().unwrap();
//! socket.send(format!("welcome to {room}"))?;
//! Peer::from(client).expect("welcome to blue");
//!
//! let refused = testing::connect(&server, Client::new("ws://test/")).unwrap_err();
//! assert!(matches!(
//!     refused,
//!     Error::Handshake(HandshakeError::Refused(response)) if response.status() == 404
//! ));
//! # Ok(()) }
//! ```
//!
//! # When things go wrong
//!
//! A peer can break every rule: send what is no frame, leave pings unanswered, read nothing, vanish. Deadlines that
//! are to pass in a test are made short in the [`Config`](crate::Config).
//!
//! ```
//! use std::thread;
//! use miniws_blocking::testing;
//!
//! # fn main() {
//! let (mut socket, mut peer) = testing::server();
//! let receiving = thread::spawn(move || socket.recv());
//! peer.write_frame(0x81, b"\xff"); // a text that is not UTF-8
//! peer.expect_close(1007);
//! peer.expect_end();
//! let error = receiving.join().unwrap().unwrap_err();
//! assert_eq!(error.close_code(), Some(1007.into()));
//!
//! let (mut socket, mut peer) = testing::server();
//! peer.write(b"\x81\x85\0\0"); // the beginning of a frame,
//! peer.reset(); // and then a cable is pulled
//! assert!(socket.recv().unwrap_err().is_connection_lost());
//! # }
//! ```

mod peer;
mod pipe;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use miniws_adapter::testing::{CAPACITY, connections};
use miniws_adapter::{Timer, clock};

use crate::handshake::{Clock, take_deadline};
use crate::{Client, Connection, Error, Server, WebSocket};

pub use peer::Peer;
pub use pipe::{Pipe, pipe};

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
/// use miniws_blocking::testing;
///
/// # fn main() -> Result<(), miniws_blocking::Error> {
/// let (mut socket, mut peer) = testing::client();
/// socket.send("subscribe")?;
/// let closing = std::thread::spawn(move || socket.close_with(4000.into(), "seen enough"));
/// peer.expect("subscribe");
/// assert_eq!(peer.expect_close(4000), "seen enough");
/// assert!(closing.join().unwrap()?.clean);
/// # Ok(()) }
/// ```
#[must_use]
pub fn client() -> (WebSocket<Pipe>, Peer) {
    let (server, client) = pair();
    (client, server.into())
}

/// A server's WebSocket and a client's, over one [`pipe`]. Otherwise as [`server`].
///
/// ```
/// use miniws_blocking::{Event, testing};
///
/// # fn main() -> Result<(), miniws_blocking::Error> {
/// let (mut server, mut client) = testing::pair();
/// client.send("hello")?;
/// assert_eq!(server.recv()?, Some(Event::Message("hello".into())));
/// # Ok(()) }
/// ```
#[must_use]
pub fn pair() -> (WebSocket<Pipe>, WebSocket<Pipe>) {
    let (server, client) = connections();
    let (ours, theirs) = pipe(CAPACITY);
    let over =
        |pipe, connection: Connection| WebSocket::from_parts(pipe, connection, Default::default());
    (over(ours, server), over(theirs, client))
}

/// Does the handshake between a client and a server in memory: the server's WebSocket, and the client's. The
/// URL says what is asked for; its host leads nowhere. Masking keys are those that
/// [`Client::entropy`] gives. The client has a thread for as long as the handshake takes.
///
/// # Errors
///
/// What the client gets to see: [`HandshakeError::Refused`](crate::HandshakeError::Refused) with the
/// response, when the server refuses.
///
/// # Panics
///
/// When a hook of the client does.
pub fn connect(
    server: &Server,
    client: Client,
) -> Result<(WebSocket<Pipe>, WebSocket<Pipe>), Error> {
    let (ours, theirs) = pipe(CAPACITY);
    let (server, client) = thread::scope(|scope| {
        let client = scope.spawn(|| client.handshake(theirs));
        let server = server.accept(ours);
        let client = client.join();
        (
            server,
            client.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    });
    let client = client?;
    Ok((server?, client))
}

/// Waits for a future, no longer than until the deadline that [`Clock`] has been told, when it looks
/// again.
fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        match take_deadline() {
            Some(deadline) => thread::park_timeout(deadline.saturating_since(clock::now())),
            None => thread::park(),
        }
    }
}

/// As [`wait`], for something that has a timeout.
fn wait_for<T>(
    timeout: Option<Duration>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> io::Result<T> {
    let deadline = timeout.map(|timeout| clock::now() + timeout);
    wait(poll_fn(|cx| match (poll(cx), deadline) {
        (Poll::Pending, Some(deadline)) => Clock
            .poll_until(cx, deadline)
            .map(|()| Err(io::ErrorKind::WouldBlock.into())),
        (polled, _) => polled,
    }))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
