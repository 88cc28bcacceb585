//! Connecting and listening over the TCP of async-std (feature `async-std`, on by default).
//!
//! ```
//! use miniws_async_std::async_std::{Server, connect};
//! use miniws_async_std::{Event, Message};
//! use async_std::task;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! task::block_on(async {
//!     let listener = Server::new().bind("127.0.0.1:0").await?;
//!     let url = format!("ws://{}/", listener.local_addr());
//!     task::spawn(listener.serve(|mut socket| async move {
//!         while let Ok(Some(event)) = socket.recv().await {
//!             if let Event::Message(message) = event {
//!                 let _ = socket.feed(message); // `recv` writes it before it waits
//!             }
//!         }
//!     }));
//!
//!     let mut socket = connect(&url).await?;
//!     socket.send("hello").await?;
//!     assert_eq!(socket.recv().await?, Some(Event::Message(Message::from("hello"))));
//!     socket.close().await?;
//!     Ok(())
//! })
//! # }
//! ```

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use ::async_std::net::{TcpListener, TcpStream, ToSocketAddrs};
use async_io::Async;

pub use crate::accept;
use crate::generic;
use crate::listen::listen;
use crate::runtime::{Runtime, Sealed};
use crate::{Error, WebSocket};

/// A client that connects by async-std's TCP.
pub type Client = generic::Client<AsyncStd>;

/// A server that listens by async-std's TCP.
pub type Server = generic::Server<AsyncStd>;

/// A server that is listening by async-std's TCP.
pub type Listener = generic::Listener<AsyncStd>;

/// Connects to a `ws://` URL with the settings that [`Client`] begins with.
///
/// # Errors
///
/// As [`Client::connect`](generic::Client::connect).
///
/// # Cancel safety
///
/// Dropping the future drops the connection.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { async_std::task::block_on(async {
/// # let mut listener = miniws_async_std::async_std::Server::new().bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # let server = async_std::task::spawn(async move { listener.accept().await.unwrap()?.recv().await });
/// let mut socket = miniws_async_std::async_std::connect(&url).await?; // "ws://127.0.0.1:9001/", say
/// socket.send("hello").await?;
/// # assert!(server.await?.is_some());
/// # Ok(()) }) }
/// ```
pub async fn connect(url: &str) -> Result<WebSocket<TcpStream>, Error> {
    Client::new(url).connect().await
}

impl Server {
    /// Listens on a host and port; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// When the host can't be resolved or the port can't be had.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> { async_std::task::block_on(async {
    /// use miniws_async_std::async_std::Server;
    ///
    /// let listener = Server::new().backlog(128).bind("localhost:0").await?;
    /// assert_ne!(listener.local_addr().port(), 0);
    /// # Ok(()) }) }
    /// ```
    pub async fn bind(self, address: impl ToSocketAddrs) -> io::Result<Listener> {
        let found = address.to_socket_addrs().await?;
        let listener = listen(found, self.backlog)?;
        self.listen(AsyncStd::listener(listener)?)
    }
}

/// The runtime [async-std](https://docs.rs/async-std).
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Sealed for AsyncStd {}

impl Runtime for AsyncStd {
    type TcpStream = TcpStream;
    type TcpListener = TcpListener;

    fn stream(connected: Async<std::net::TcpStream>) -> io::Result<TcpStream> {
        Ok(connected.into_inner()?.into())
    }

    fn peer_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
        stream.peer_addr()
    }

    fn set_nodelay(stream: &TcpStream, nodelay: bool) -> io::Result<()> {
        stream.set_nodelay(nodelay)
    }

    fn listener(listening: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(listening.into())
    }

    fn local_addr(listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        ::async_std::task::spawn(task);
    }
}
