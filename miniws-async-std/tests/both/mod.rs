//! What async-std and smol have in common.

mod any_executor;
pub(crate) mod async_io_streams;

use std::io;
use std::net::TcpStream;
use std::time::Duration;

pub(crate) use futures_lite::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
pub(crate) use std::time::Instant;

use miniws_async_std::{NetStream, WebSocket};

/// How late a timer may be: it is real time, and the machine may be busy.
pub(crate) const LATE: Duration = Duration::MAX;

/// Whether `wss://` URLs can be connected to.
pub(crate) const HAS_TLS: bool = cfg!(feature = "rustls");

/// The TCP connection under a client's WebSocket.
pub(crate) fn tcp(socket: &WebSocket<NetStream>) -> &TcpStream {
    socket.get_ref().tcp().unwrap()
}

pub(crate) async fn sleep(time: Duration) {
    async_io::Timer::after(time).await;
}

/// Ends the writing side.
pub(crate) async fn end<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.close().await
}

/// The streams of the tests have the right traits.
pub(crate) type Stream<S> = S;

pub(crate) fn stream<S>(stream: S) -> Stream<S> {
    stream
}
