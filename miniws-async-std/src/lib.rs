//! WebSocket (RFC 6455) for [smol](https://docs.rs/smol), [async-std](https://docs.rs/async-std), and
//! any stream of [futures-io](https://docs.rs/futures-io).
//!
//! The protocol is in [`miniws-proto`](miniws_proto), a pure state machine; this crate moves its bytes
//! and keeps its deadlines. The same names are in `miniws-tokio` and `miniws-blocking`.
//!
//! # Which runtime
//!
//! | for | in `Cargo.toml` | connect and listen with |
//! |---|---|---|
//! | async-std | `miniws-async-std = "0.1"` | [`miniws_async_std::async_std`](async_std) |
//! | smol | `miniws-async-std = { version = "0.1", default-features = false, features = ["smol", "deflate"] }` | [`miniws_async_std::smol`](smol) |
//! | another one with futures-io | `miniws-async-std = { version = "0.1", default-features = false, features = ["deflate"] }` | [`connect`], [`accept`], a [`Listen`] of your own |
//!
//! The feature `deflate` is compression, and on by default. Of the runtimes async-std alone is: who adds a crate of this name has async-std and expects it to
//! work, whereas who has smol has chosen it for being small and would not want async-std along with
//! it. With both features, both can be used in one program.
//!
//! async-std is no longer developed
//! ([RUSTSEC-2025-0052](https://rustsec.org/advisories/RUSTSEC-2025-0052)); smol is what its authors
//! recommend instead. New programs should take smol, and for those that move from one to the other, all
//! that changes here is the module's name.
//!
//! A [`WebSocket`] is the same on all of them, and so is a [`Client`]. It connects by the sockets of
//! [async-io](async_io), which both runtimes are built on and which work on any executor; its timers
//! keep the deadlines.
//!
//! # A client
//!
//! ```
//! # #[cfg(feature = "smol")] fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
//! # let server = miniws_async_std::smol::Server::new().bind("127.0.0.1:0").await?;
//! # let url = &format!("ws://{}/", server.local_addr());
//! # smol::spawn(server.serve(|mut socket| async move {
//! #     let _ = socket.send("hello yourself").await;
//! #     while let Ok(Some(_)) = socket.recv().await {}
//! # })).detach();
//! use miniws_async_std::Event;
//! use miniws_async_std::smol::connect; // or `miniws_async_std::async_std::connect`
//!
//! let mut socket = connect(url).await?;
//! socket.send("hello").await?;
//! while let Some(event) = socket.recv().await? {
//!     if let Event::Message(message) = event {
//!         println!("{message:?}");
//!         break;
//!     }
//! }
//! socket.close().await?;
//! # Ok(()) }) }
//! # #[cfg(not(feature = "smol"))] fn main() {}
//! ```
//!
//! [`Client`] has the settings: subprotocols, headers, addresses, timeouts, a proxy, redirects, a hook
//! that sees the response. The feature `rustls` is for `wss://` URLs, and `tls` for servers.
//! [`Client::handshake`] takes a stream that the caller has made, one of another TLS library for example.
//!
//! # A server
//!
//! ```
//! # #[cfg(feature = "async-std")] fn main() -> Result<(), Box<dyn std::error::Error>> { async_std::task::block_on(async {
//! use async_std::task;
//! use miniws_async_std::Event;
//! use miniws_async_std::async_std::{Server, connect}; // or `miniws_async_std::smol::{…}`
//!
//! let listener = Server::new().bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}/", listener.local_addr());
//! task::spawn(listener.serve(|mut socket| async move {
//!     while let Ok(Some(event)) = socket.recv().await {
//!         if let Event::Message(message) = event {
//!             let _ = socket.send(message).await;
//!         }
//!     }
//! }));
//!
//! let mut socket = connect(&url).await?;
//! socket.send("hello").await?;
//! assert_eq!(socket.recv().await?, Some(Event::Message("hello".into())));
//! # Ok(()) }) }
//! # #[cfg(not(feature = "async-std"))] fn main() {}
//! ```
//!
//! [`Server`](generic::Server) has the settings: hooks that look at a request and accept or reject it,
//! subprotocols, limits. It listens (`bind`), takes a listener
//! ([`listen`](generic::Server::listen)), a stream ([`Server::accept`]), or a request that another HTTP
//! stack has parsed ([`Server::accept_request`]). A [`Stopper`] ends it gracefully.
//!
//! # Over any stream
//!
//! ```
//! use miniws_async_std::{Client, accept};
//! use smol::net::unix::UnixStream;
//!
//! # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
//! let (ours, theirs) = UnixStream::pair()?;
//! let server = smol::spawn(accept(theirs));
//! let mut client = Client::new("ws://localhost/").handshake(ours).await?;
//! let mut server = server.await?;
//! client.send("through a Unix socket").await?;
//! assert!(server.recv().await?.is_some());
//! # Ok(()) }) }
//! ```
//!
//! A server ends TCP first, which it does by the stream's `poll_close`. The sockets of async-std and
//! the [`Async`](async_io::Async) ones of async-io only flush then; this crate knows them, and shuts
//! them down. A stream of your own that wraps one should shut it down when it is closed.
//!
//! # What to know
//!
//! - **Receive.** Pings are answered, closes echoed and deadlines kept while `recv` is waited for. A
//!   task that only sends should [`split`](WebSocket::split) the connection, and have another one
//!   receive.
//! - **Cancel.** All state is in the [`WebSocket`]: any future can be dropped at any time, and nothing that
//!   was received is lost. Each method says what that means for it.
//! - **Batch.** [`feed`](WebSocket::feed) queues, and `recv` writes what is queued before it waits, so
//!   a loop of the two answers a burst of messages with one write.
//! - **Limits.** [`Config`] has them all; the defaults are safe on the open internet. The send queue is
//!   bounded too: `send` waits, `feed` gives the message back.
//! - **Compression.** `Config::deflate` turns it on, [`feed_with`](WebSocket::feed_with) keeps it
//!   away from secrets. It is in the feature `deflate`, which is on by default.
//! - **Staying connected.** [`reconnect`] connects again when a connection is lost.
//! - **Looking inside.** With the feature `stats`, `stats()` tells what has gone over a connection and what
//!   waits; `latency()`, always there, is the round trip of the last keep-alive ping. The feature `tracing` has a
//!   span for each connection, and events for what happens to it: they are on the page of the module `telemetry`.
//! - **Tests.** The feature `testing` has WebSockets in memory, and a scripted peer for handlers.
//! - **The end.** When [`Event::Close`] comes, its answer has been written. `recv` then waits for the
//!   end of TCP and gives `None`; dropping the WebSocket instead is fine. An error is final.
//! - **Accept again soon.** A listener's handshakes go on while
//!   [`accept`](generic::Listener::accept) is waited for. Do the rest in tasks.
//! - **Recipes.** `miniws-tokio` has a cookbook, and pages for those who come from other libraries: they
//!   hold here as well, as the names are the same.

// Without a feature there is no module for its links to lead to.
#![cfg_attr(
    not(all(feature = "async-std", feature = "smol")),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(feature = "async-std")]
pub mod async_std;
#[cfg(any(test, feature = "async-std", feature = "smol"))]
mod bind;
mod client;
mod dial;
mod io;
mod listen;
mod listener;
pub mod reconnect;
mod runtime;
mod server;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(feature = "tracing")]
mod span;
mod split;
#[cfg(feature = "stats")]
mod stats;
mod stream;
mod tcp;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "rustls")]
pub mod tls;
mod websocket;

/// The types behind those of the runtimes' modules, for code that leaves the runtime open.
pub mod generic {
    pub use crate::listener::Listener;
    pub use crate::runtime::{AnyRuntime, Runtime};
    pub use crate::server::Server;
}

pub use bytes;
pub use client::{Client, Connecting, connect};
#[cfg(feature = "rustls")]
pub use futures_rustls::rustls;
pub use listen::Listen;
pub use listener::Stopper;
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
pub use server::accept;
pub use split::{Receiver, Sender};
pub use stream::NetStream;
pub use websocket::WebSocket;

/// A server over streams and listeners that the caller has made.
pub type Server = generic::Server<generic::AnyRuntime>;
