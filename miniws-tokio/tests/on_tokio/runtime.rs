//! What is different on the other runtimes.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use miniws_tokio::{NetStream, WebSocket};
pub(crate) use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, split};
pub(crate) use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
pub(crate) use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Builder;
pub(crate) use tokio::time::{Instant, sleep};

/// The TCP connection under a client's WebSocket.
pub(crate) fn tcp(socket: &WebSocket<NetStream>) -> &TcpStream {
    socket.get_ref().tcp().unwrap()
}

pub(crate) fn block_on<T>(test: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(test)
}

pub(crate) fn block_on_threads<T>(test: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    builder.build().unwrap().block_on(test)
}

pub(crate) fn block_on_test_clock<T>(test: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(true);
    builder.build().unwrap().block_on(test)
}

/// How late timers may be on the clock for tests: they are rounded to milliseconds.
pub(crate) const LATE: Duration = Duration::from_millis(2);

/// Whether `wss://` URLs can be connected to.
pub(crate) const HAS_TLS: bool = cfg!(feature = "rustls");

#[cfg(unix)]
pub(crate) async fn bind_unix(path: &str) -> UnixListener {
    UnixListener::bind(path).unwrap()
}

pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// Ends the writing side.
pub(crate) async fn end<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.shutdown().await
}

/// A stream of the tests, which have the traits of `futures-io`, as one of tokio's.
pub(crate) struct Stream<S>(S);

pub(crate) fn stream<S>(stream: S) -> Stream<S> {
    Stream(stream)
}

impl<S: futures_io::AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unfilled = buffer.initialize_unfilled();
        let count = ready!(Pin::new(&mut self.0).poll_read(cx, unfilled))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: futures_io::AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
