//! Connecting, and listening over TCP and Unix sockets of smol (feature `smol`).
//!
//! ```
//! use miniws_async_std::smol::{Server, connect};
//! use miniws_async_std::{Event, Message};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! smol::block_on(async {
//!     let listener = Server::new().bind("127.0.0.1:0").await?;
//!     let url = format!("ws://{}/", listener.local_addr());
//!     smol::spawn(listener.serve(|mut socket| async move {
//!         while let Ok(Some(event)) = socket.recv().await {
//!             if let Event::Message(message) = event {
//!                 let _ = socket.feed(message); // `recv` writes it before it waits
//!             }
//!         }
//!     }))
//!     .detach();
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

#[cfg(unix)]
use ::smol::net::unix::{SocketAddr as UnixSocketAddr, UnixListener, UnixStream};
use ::smol::net::{AsyncToSocketAddrs, TcpListener, TcpStream};

use crate::bind::bind;
use crate::generic;
use crate::listen::Listen;
use crate::runtime::{Runtime, Sealed};
pub use crate::{Client, accept, connect};

/// A server that listens by smol's TCP and spawns on its executor.
pub type Server = generic::Server<Smol>;

/// A server that is listening, by smol's TCP unless it says otherwise. Its [`serve`](generic::Listener::serve) spawns on
/// smol's global executor; who runs another one calls [`accept`](generic::Listener::accept).
pub type Listener<L = TcpListener> = generic::Listener<Smol, L>;

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
    /// # fn main() -> std::io::Result<()> { smol::block_on(async {
    /// use miniws_async_std::smol::Server;
    ///
    /// let listener = Server::new().backlog(128).bind("localhost:0").await?;
    /// assert_ne!(listener.local_addr().port(), 0);
    /// # Ok(()) }) }
    /// ```
    pub async fn bind(self, address: impl AsyncToSocketAddrs) -> io::Result<Listener> {
        let found = ::smol::net::resolve(address).await?;
        let listener = bind(found, self.backlog)?;
        self.listen(TcpListener::try_from(listener)?)
    }
}

/// The runtime [smol](https://docs.rs/smol).
#[derive(Clone, Copy, Debug)]
pub struct Smol;

impl Sealed for Smol {}

impl Runtime for Smol {
    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        ::smol::spawn(task).detach();
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
