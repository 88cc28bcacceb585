//! WebSocket (RFC 6455) for blocking I/O: threads and the sockets of `std`, no runtime.
//!
//! A server that echoes, and a client that talks to it:
//!
//! ```
//! use std::thread;
//! use std::time::Duration;
//!
//! use miniws_blocking::{CloseCode, Event, Message, Server, connect};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Port 0 is a free one.
//! let listener = Server::new().bind("127.0.0.1:0")?;
//! let url = format!("ws://{}/", listener.local_addr());
//! let stopper = listener.stopper();
//! let server = thread::spawn(move || {
//!     // One thread for each connection.
//!     listener.serve(|mut socket| {
//!         while let Ok(Some(event)) = socket.recv() {
//!             if let Event::Message(message) = event {
//!                 // Queued only: `recv` writes it before it waits, a burst with one write.
//!                 let _ = socket.feed(message);
//!             }
//!         }
//!     });
//! });
//!
//! let mut client = connect(&url)?;
//! client.send("hello")?; // text
//! client.send(vec![1, 2, 3])?; // binary
//! assert_eq!(client.recv()?, Some(Event::Message(Message::from("hello"))));
//! assert_eq!(client.recv()?, Some(Event::Message(Message::from(vec![1, 2, 3]))));
//! let status = client.close()?;
//! assert_eq!((status.code, status.clean), (CloseCode::NORMAL, true));
//!
//! // Everyone who is still there is told, and has three seconds to say goodbye.
//! stopper.close_all(Duration::from_secs(3));
//! server.join().unwrap();
//! # Ok(()) }
//! ```
//!
//! # Where to look
//!
//! | to | use |
//! |---|---|
//! | connect, with subprotocols, headers, timeouts | [`Client`], or [`connect`] |
//! | connect through a proxy, follow redirects | [`Client::proxy`], [`Client::max_redirects`] |
//! | see how far connecting has come, or give it up | [`Client::start`] |
//! | listen, look at requests, reject some, serve a page | [`Server`], [`Listener`] |
//! | stop, and close all connections | [`Stopper`] |
//! | connect again when a connection is lost | [`reconnect`] |
//! | receive and send | [`WebSocket`] |
//! | receive in one thread and send in others | [`WebSocket::split`] |
//! | connect to `wss://` URLs | the feature `rustls` |
//! | listen with TLS, on a Unix socket, or elsewhere | [`Listen`], the module `tls` of the feature `rustls` |
//! | go over another library's TLS, a pipe, a tunnel | [`Stream`], [`Client::handshake`], [`Server::accept`] |
//! | do the handshake elsewhere | [`Server::accept_request`], [`WebSocket::from_parts`] |
//! | change limits and timeouts | [`Config`] |
//! | send one message to many | [`PreparedMessage`] |
//! | compress, but no secrets | `Config::deflate`, of the feature `deflate`, which is on by default; [`feed_with`](WebSocket::feed_with) |
//! | test handlers without sockets | the module `testing`, of the feature of that name |
//! | embed the protocol without any I/O | [`proto`] |
//!
//! # What happens by itself
//!
//! Pings are answered, the peer's close is echoed, silent peers are pinged and given up, and TCP is
//! ended in the order that RFC 6455 section 7.1.1 asks for. All of it happens within
//! [`recv`](WebSocket::recv), so keep receiving, even if nothing is expected.
//!
//! # Deadlines
//!
//! No call waits without end for a peer that is silent, or that takes nothing, unless [`Config`] says
//! so. Deadlines are kept with the timeouts of the stream, which are only set anew when they have to
//! change: a busy connection costs no system calls but reads and writes.
//!
//! While output can't be written because the peer takes none, `recv` goes on receiving: two peers
//! that both send before they read don't block each other.
//!
//! # Memory
//!
//! A thread reads onto its stack, and a connection holds only what has been received but not handed
//! on: while it waits for a message to begin, nothing. With one thread for each connection, an idle
//! one costs less than 1 KiB of the heap, and the thread; with compression, the window of the peer's
//! context as well, 4 KiB at most unless told otherwise. A thread that moves more than 2 KiB at once
//! has a buffer of up to 128 KiB, and gives it up when nothing has come for a second. A session of TLS
//! takes 9 KiB more while it waits.
//!
//! What a peer may make a connection hold beyond that is bounded by [`Config`].
//!
//! # Looking inside
//!
//! With the feature `stats`, `stats()` tells what has gone over a connection and what waits;
//! `latency()`, always there, is the round trip of the last keep-alive ping. The feature `tracing` has a
//! span for each connection, and events for what happens to it: they are on the page of the module
//! `telemetry`.
//!
//! # Recipes
//!
//! `miniws-tokio` has a cookbook, and pages for those who come from other libraries: they hold here as
//! well, without `async` and `.await`, as the names are the same.

mod client;
mod connecting;
mod dial;
mod driver;
mod hall;
mod handshake;
mod line;
mod listen;
mod listener;
mod net_stream;
pub mod reconnect;
mod scratch;
mod server;
mod shared;
#[cfg(feature = "tracing")]
mod span;
mod split;
#[cfg(feature = "stats")]
mod stats;
mod stop;
mod stream;
mod tcp;
#[cfg(feature = "testing")]
pub mod testing;
mod timeout;
#[cfg(feature = "rustls")]
pub mod tls;
#[cfg(unix)]
mod unix;
mod websocket;

pub use bytes;
pub use client::{Client, connect};
pub use connecting::Connecting;
pub use listen::Listen;
pub use listener::{Listener, Stopper};
#[cfg(feature = "tracing")]
#[doc(inline)]
pub use miniws_adapter::telemetry;
pub use miniws_adapter::{Attempt, Error, IpFamily, OsEntropy};
pub use miniws_proto as proto;
#[cfg(feature = "deflate")]
pub use miniws_proto::DeflateConfig;
pub use miniws_proto::{
    Accept, CloseCode, CloseFrame, CloseStatus, Compression, Config, Connection, Entropy, Event,
    HandshakeError, Headers, Message, MessageKind, Negotiated, PreparedMessage, ProxyError,
    ReceiveError, ReceiveErrorKind, Reply, Request, Response, SendError, State, Url, Utf8Bytes,
    negotiate,
};
#[cfg(feature = "stats")]
pub use miniws_proto::{Stats, Traffic};
pub use net_stream::NetStream;
#[cfg(feature = "rustls")]
pub use rustls;
pub use server::{Server, accept};
pub use split::{Receiver, Sender};
pub use stream::{SharedStream, Stream};
pub use websocket::WebSocket;
