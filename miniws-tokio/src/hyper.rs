//! WebSockets within HTTP/1.1 and HTTP/2 as [hyper](https://docs.rs/hyper) speaks them, in both roles.
//!
//! Over HTTP/1.1 a WebSocket begins with an upgrade (RFC 6455) and has the connection for itself. Over
//! HTTP/2 it begins with an extended CONNECT (RFC 8441) and is one stream of a connection, beside
//! others. A handler that calls [`Server::upgrade`](crate::Server::upgrade) serves both:
//!
//! ```
//! use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
//! use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
//! use hyper_util::rt::{TokioExecutor, TokioIo};
//! use miniws_tokio::{Client, Event, Server};
//! use std::convert::Infallible;
//!
//! async fn handle(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     let server = Server::new().subprotocols(["echo"]);
//!     match server.upgrade(&mut request, None).await {
//!         Ok((response, upgrading)) => {
//!             tokio::spawn(async move {
//!                 let mut socket = upgrading.await?;
//!                 while let Some(event) = socket.recv().await? {
//!                     if let Event::Message(message) = event {
//!                         socket.send(message).await?;
//!                     }
//!                 }
//!                 Ok::<_, miniws_tokio::Error>(())
//!             });
//!             Ok(response.map(Full::new))
//!         }
//!         Err(refusal) => Ok(refusal.map(Full::new)),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (client, server) = tokio::io::duplex(4096);
//! let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
//! http2.enable_connect_protocol(); // what tells clients that they may
//! tokio::spawn(http2.serve_connection(TokioIo::new(server), service_fn(handle)));
//!
//! let (mut http2, connection) = hyper::client::conn::http2::handshake::<_, _, Empty<Bytes>>(
//!     TokioExecutor::new(),
//!     TokioIo::new(client),
//! )
//! .await?;
//! tokio::spawn(connection);
//! for greeting in ["one", "two"] {
//!     // Several WebSockets, and other requests, over one connection.
//!     let mut socket = Client::new("ws://localhost/").over_http2(&mut http2).await?;
//!     socket.send(greeting).await?;
//!     assert_eq!(socket.recv().await?, Some(Event::Message(greeting.into())));
//! }
//! # Ok(()) }
//! ```
//!
//! [`Stopper`](crate::Stopper) is for the listeners of this crate. A task that has to close when the server
//! stops is told so by the application.

mod client;
mod server;

use std::net::SocketAddr;

use bytes::BytesMut;
use hyper_util::rt::TokioIo;
use miniws_adapter::Opened;
use miniws_adapter::trace::Trace;
use miniws_proto::Connection;

use crate::{Error, WebSocket};

pub use server::Upgrading;
#[cfg(feature = "axum")]
pub(crate) use server::{read, response};

/// The stream under a WebSocket that hyper has handed over: a connection of HTTP/1.1, or a stream of
/// HTTP/2.
pub type Upgraded = TokioIo<::hyper::upgrade::Upgraded>;

/// What a handshake over hyper comes to.
fn socket(
    opened: Result<(Upgraded, Connection), Error>,
    remote_addr: Option<SocketAddr>,
    mut trace: Trace,
) -> Result<WebSocket<Upgraded>, Error> {
    let (stream, connection) = opened.inspect_err(|error| trace.failed(error))?;
    let opened = Opened::new(connection, BytesMut::new(), trace);
    Ok(WebSocket::new(stream, opened, remote_addr))
}
