//! Connecting, and listening over TCP and Unix sockets of async-std (feature `async-std`, on by default).
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
#[cfg(unix)]
use ::async_std::os::unix::net::{SocketAddr as UnixSocketAddr, UnixListener, UnixStream};

use crate::bind::bind;
use crate::generic;
use crate::listen::Listen;
use crate::runtime::{Runtime, Sealed};
pub use crate::{Client, accept, connect};

/// A server that listens by async-std's TCP and spawns on its executor.
pub type Server = generic::Server<AsyncStd>;

/// A server that is listening, by async-std's TCP unless it says otherwise.
pub type Listener<L = TcpListener> = generic::Listener<AsyncStd, L>;

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
        let listener = bind(found, self.backlog)?;
        self.listen(TcpListener::from(listener))
    }
}

/// The runtime [async-std](https://docs.rs/async-std).
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Sealed for AsyncStd {}

impl Runtime for AsyncStd {
    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        ::async_std::task::spawn(task);
    }
}

impl Listen for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    async fn accept(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let (stream, remote_addr) = self.accept().await?;
        Ok((stream, Some(remote_addr)))
    }

    fn set_nodelay(stream: &TcpStream, nodelay: bool) -> io::Result<()> {
        stream.set_nodelay(nodelay)
    }
}

#[cfg(unix)]
impl Listen for UnixListener {
    type Stream = UnixStream;
    type Address = UnixSocketAddr;

    fn local_addr(&self) -> io::Result<UnixSocketAddr> {
        self.local_addr()
    }

    async fn accept(&self) -> io::Result<(UnixStream, Option<SocketAddr>)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, None))
    }
}
