//! WebSocket (RFC 6455) for [tokio](https://tokio.rs): clients, servers, and WebSockets over any
//! stream of tokio's.
//!
//! The protocol is in [`miniws-proto`](miniws_proto), a pure state machine; this crate moves its bytes
//! and keeps its deadlines. The same names are in `miniws-async-std` and `miniws-blocking`.
//!
//! # A client
//!
//! ```no_run
//! use miniws_tokio::{Event, connect};
//!
//! # async fn example() -> Result<(), miniws_tokio::Error> {
//! let mut socket = connect("ws://127.0.0.1:9001/").await?;
//! socket.send("hello").await?;
//! while let Some(event) = socket.recv().await? {
//!     if let Event::Message(message) = event {
//!         println!("{message:?}");
//!         break;
//!     }
//! }
//! socket.close().await?;
//! # Ok(()) }
//! ```
//!
//! [`Client`] has the settings: subprotocols, headers, addresses, timeouts, a hook that sees the
//! response; proxies and redirects. The feature `rustls` is for `wss://` URLs, and `tls` for servers.
//! [`Client::handshake`] takes a stream that the caller has made, one of another TLS library for example.
//!
//! # A server
//!
//! ```
//! use miniws_tokio::{Event, Server, connect};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = Server::new().bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}/", listener.local_addr());
//! tokio::spawn(listener.serve(|mut socket| async move {
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
//! # Ok(()) }
//! ```
//!
//! [`Server`] has the settings: hooks that look at a request and accept or reject it, subprotocols,
//! limits. It listens ([`Server::bind`]), takes a listener ([`Server::listen`]), a stream
//! ([`Server::accept`]), or a request that another HTTP stack has parsed
//! ([`Server::accept_request`]). A [`Stopper`] ends it gracefully.
//!
//! Within hyper or axum, over HTTP/1.1 and HTTP/2, the features `hyper` and `axum` do the handshake.
//!
//! The [`cookbook`] has recipes: authentication, routes, JSON, broadcasts, back pressure, restarts, streaming, TLS,
//! tests, proxies;
//! [`coming_from`] is for those who know tungstenite, fastwebsockets, or Node's `ws`.
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
//! - **Time.** Under `tokio::time::pause`, deadlines follow the paused clock.

#[cfg(feature = "axum")]
pub mod axum;
mod client;
#[cfg(doc)]
pub mod coming_from {
    //! Pages for those who know other libraries: their calls beside ours.

    #[doc = include_str!("coming_from/fastwebsockets.md")]
    pub mod fastwebsockets {}
    #[doc = include_str!("coming_from/node_ws.md")]
    pub mod node_ws {}
    #[doc = include_str!("coming_from/tungstenite.md")]
    pub mod tungstenite {}
}
#[cfg(all(doc, not(doctest)))]
pub mod cookbook {
    //! Recipes for what most applications need. Each of them runs; the other runtimes have the same names.

    #[doc = include_str!("cookbook/clients.md")]
    pub mod clients {}
    #[doc = include_str!("cookbook/conversations.md")]
    pub mod conversations {}
    #[doc = include_str!("cookbook/core.md")]
    pub mod core {}
    #[doc = include_str!("cookbook/running.md")]
    pub mod running {}
}
mod dial;
#[cfg(feature = "hyper")]
pub mod hyper;
mod io;
mod listen;
mod listener;
pub mod reconnect;
mod server;
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

pub use bytes;
pub use client::{Client, Connecting, connect};
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
pub use server::{Server, accept};
pub use split::{Receiver, Sender};
pub use stream::NetStream;
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;
pub use websocket::WebSocket;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
