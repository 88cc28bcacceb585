//! The WebSocket protocol (RFC 6455), without I/O.
//!
//! This crate turns bytes into events and calls into bytes. It has no clock, no randomness, no
//! thread, no runtime, and reads no socket: time, entropy and bytes are handed in. Every decision of
//! the protocol is made in here, from the handshake to the end of TCP, so that a program which
//! embeds it only moves bytes and sleeps.
//!
//! Who uses tokio, async-std, smol or blocking sockets takes one of the adapters instead,
//! `miniws-tokio`, `miniws-async-std` or `miniws-blocking`. Who has an event loop of their own, a
//! transport that is no socket, or a target without `std`, is in the right place.
//!
//! # The parts
//!
//! ```text
//!                ServerHandshake ──> Incoming ──accept──┐
//!   bytes in ──>                                        ├──> Connection ──> events
//!                ClientHandshake ───────────────────────┘        │
//!                                                            SendQueue ──> bytes out
//! ```
//!
//! - A handshake is a type of its own for either role: [`ServerHandshake`] yields an [`Incoming`]
//!   request to accept or reject, [`ClientHandshake`] yields the connection.
//! - [`Connection`] is what follows. The role is settled when it is made.
//! - [`SendQueue`] holds the output of all three.
//! - [`Config`] has all limits and timeouts, safe unless changed.
//! - [`negotiate`] knows the values of the handshake's headers, for handshakes that don't go over
//!   HTTP/1.1.
//!
//! # Embedding it in an event loop
//!
//! A connection is driven by doing four things over and over:
//!
//! 1. Call [`receive`](Connection::receive) until it has no more events. An error is the last of
//!    them, but not the end of the loop: the close frame that tells the peer has yet to go out.
//! 2. Write [`outgoing`](Connection::outgoing), and begin again if there was something to write: the
//!    peer's close is shown once the answer to it is out. Shut down writing when
//!    [`wants_shutdown`](Connection::wants_shutdown) says so.
//! 3. Stop when [`wants_read`](Connection::wants_read) says that it is over.
//! 4. Wait for more bytes, but no longer than until [`poll_timeout`](Connection::poll_timeout).
//!
//! Here is an echo server that does so on a blocking socket. `examples/mio.rs` serves any number of
//! connections on one thread.
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::net::{Shutdown, TcpListener, TcpStream};
//! use std::time::{Duration, Instant};
//!
//! use bytes::{Buf, BytesMut};
//! use miniws_proto::*;
//!
//! fn serve(mut stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
//!     let start = Instant::now();
//!     let now = || Time::from_duration(start.elapsed());
//!     let mut input = BytesMut::new();
//!
//!     // The handshake: read the request, look at it, decide.
//!     let mut handshake = ServerHandshake::new(Config::default());
//!     let incoming = loop {
//!         let failure = match handshake.receive(&mut input) {
//!             Ok(Some(incoming)) => break incoming,
//!             Ok(None) => handshake.handle_timeout(now()).err(),
//!             Err(error) => Some(error),
//!         };
//!         if let Some(error) = failure {
//!             // The error knows the answer that the client should get.
//!             if let Some(reply) = error.reply() {
//!                 stream.write_all(&reply.encode()?)?;
//!             }
//!             return Err(error.into());
//!         }
//!         if !wait(&mut stream, &mut input, now(), Some(handshake.poll_timeout(now())))? {
//!             return Err(handshake.receive_eof().into());
//!         }
//!     };
//!     let Incoming::Upgrade(upgrade) = incoming else {
//!         stream.write_all(&Reply::upgrade_required().encode()?)?;
//!         return Ok(());
//!     };
//!     let mut connection = upgrade.accept(Accept::new())?;
//!
//!     // The connection. The answer to the handshake is in its queue already.
//!     let mut is_shut = false;
//!     loop {
//!         let mut failure = None;
//!         // A client that doesn't read its answers is not listened to either.
//!         while connection.can_send() || connection.state() != State::Open {
//!             match connection.receive(&mut input) {
//!                 Ok(Some(Event::Message(message))) => connection.send(message)?,
//!                 Ok(Some(_)) => {}
//!                 Ok(None) => break,
//!                 Err(error) => {
//!                     // The close frame that tells the client is in the queue: go on.
//!                     failure = Some(error);
//!                     break;
//!                 }
//!             }
//!         }
//!         if !connection.outgoing().is_empty() {
//!             let written = stream.write(connection.outgoing().chunk())?;
//!             connection.outgoing().advance(written);
//!             continue;
//!         }
//!         if connection.wants_shutdown() && !is_shut {
//!             stream.shutdown(Shutdown::Write)?;
//!             is_shut = true;
//!         }
//!         if !connection.wants_read() {
//!             return failure.map_or(Ok(()), |error| Err(error.into()));
//!         }
//!         let deadline = connection.poll_timeout(now());
//!         if !wait(&mut stream, &mut input, now(), deadline)? {
//!             connection.receive_eof();
//!         }
//!         connection.handle_timeout(now());
//!     }
//! }
//!
//! /// Reads something, or waits until the deadline. Returns whether the stream goes on.
//! fn wait(
//!     stream: &mut TcpStream,
//!     input: &mut BytesMut,
//!     now: Time,
//!     deadline: Option<Time>,
//! ) -> io::Result<bool> {
//!     let patience = deadline.map(|time| time.saturating_since(now).max(Duration::from_millis(1)));
//!     stream.set_read_timeout(patience)?;
//!     let mut bytes = [0; 4096];
//!     match stream.read(&mut bytes) {
//!         Ok(count) => {
//!             input.extend_from_slice(&bytes[..count]);
//!             Ok(count > 0)
//!         }
//!         Err(error) => match error.kind() {
//!             io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(true),
//!             _ => Err(error),
//!         },
//!     }
//! }
//!
//! // Try it with a client that is written by hand.
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let mut client = TcpStream::connect(listener.local_addr()?)?;
//! let server = std::thread::spawn(move || serve(listener.accept().unwrap().0).unwrap());
//! client.write_all(
//!     b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\
//!       \x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8",
//! )?;
//! let mut answer = Vec::new();
//! client.read_to_end(&mut answer)?; // the server ends TCP first
//! assert!(answer.ends_with(b"\r\n\r\n\x81\x02hi\x88\x02\x03\xe8"));
//! drop(client);
//! server.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # States
//!
//! ```text
//!   Connecting ── handshake ──> Open ── a close frame, or a failure ──> Closing ── end of TCP ──> Closed
//!                                 └──── the end of TCP without a close, or a peer given up on ─────┘
//! ```
//!
//! [`Connection::state`] tells the state and [`Connection::close_status`] how it ended. A failure
//! closes with the code that RFC 6455 section 7.4.1 gives it, and a peer that does not answer in time is
//! given up on without; it comes out of [`receive`](Connection::receive) as a [`ReceiveError`], and stays.
//!
//! # Memory
//!
//! Everything that a peer can make grow has a limit in [`Config`]. Nothing is reserved because a
//! header announces it, and a connection that waits holds no buffer: the input belongs to the caller,
//! who can use one for many connections, and the queue's can be
//! [taken out](SendQueue::take_buffer) when it is empty.
//!
//! # Features
//!
//! `std`, on by default, lets masking and the check for UTF-8 find out at run time which vector
//! instructions there are, and gives [`SendQueue`] vectored writes. Without it the crate needs only `alloc`.
//!
//! `deflate` is compression (RFC 7692), see `Config::deflate`. `http` converts to and from the types of
//! the crate `http`. Both need `std`. `stats` counts what goes over a connection: `Connection::stats`.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod close;
mod config;
mod connection;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "deflate_off.rs"]
mod deflate;
mod entropy;
mod error;
mod event;
mod frame;
mod handshake;
mod message;
pub mod negotiate;
mod prepared;
mod queue;
#[cfg(feature = "stats")]
mod stats;
mod time;
mod utf8;

pub use close::{CloseCode, CloseFrame, CloseStatus};
pub use config::Config;
pub use connection::{Connection, Negotiated, State};
#[cfg(feature = "deflate")]
pub use deflate::DeflateConfig;
pub use entropy::Entropy;
pub use error::{ReceiveError, ReceiveErrorKind, SendError};
pub use event::Event;
pub use handshake::{
    Accept, ClientHandshake, ClientRequest, HandshakeError, Headers, Incoming, Offer, PlainRequest,
    Proxy, ProxyError, ProxyHandshake, Reply, Request, Response, ServerHandshake, Upgrade, Url,
};
pub use message::{Compression, Message, MessageKind};
pub use prepared::PreparedMessage;
pub use queue::{SendBuffer, SendQueue};
#[cfg(feature = "stats")]
pub use stats::{Stats, Traffic};
pub use time::Time;
pub use utf8::Utf8Bytes;
