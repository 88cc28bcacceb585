//! What differs between the runtimes.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};

/// A runtime whose TCP this crate connects and listens with. It is sealed:
/// [`AsyncStd`](crate::async_std::AsyncStd) and [`Smol`](crate::smol::Smol) are all there are.
pub trait Runtime: Sealed + Copy + fmt::Debug + Send + Sync + 'static {
    /// A TCP connection.
    type TcpStream: AsyncRead + AsyncWrite + Unpin + fmt::Debug + Send + Sync + 'static;
    /// What listens for TCP connections.
    type TcpListener: fmt::Debug + Send + Sync + 'static;

    #[doc(hidden)]
    fn stream(connected: Async<std::net::TcpStream>) -> io::Result<Self::TcpStream>;

    #[doc(hidden)]
    fn peer_addr(stream: &Self::TcpStream) -> io::Result<SocketAddr>;

    #[doc(hidden)]
    fn set_nodelay(stream: &Self::TcpStream, nodelay: bool) -> io::Result<()>;

    #[doc(hidden)]
    fn listener(listening: std::net::TcpListener) -> io::Result<Self::TcpListener>;

    #[doc(hidden)]
    fn local_addr(listener: &Self::TcpListener) -> io::Result<SocketAddr>;

    #[doc(hidden)]
    fn accept(
        listener: &Self::TcpListener,
    ) -> impl Future<Output = io::Result<(Self::TcpStream, SocketAddr)>> + Send;

    #[doc(hidden)]
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
}

pub trait Sealed {}

/// No runtime in particular: the [`Client`](crate::Client) and [`Server`](crate::Server) of the
/// crate's root do handshakes over any stream, and have no TCP of their own.
#[derive(Clone, Copy, Debug)]
pub struct AnyRuntime;
