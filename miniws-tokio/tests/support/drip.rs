//! A stream that makes everything take long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that gives and takes one byte at a time, and is not ready each second time that it is
/// asked. It has no timer and no randomness: each run is the same.
pub(crate) struct Drip<S> {
    stream: S,
    /// Whether the last thing it said was "not ready": reading, writing, flushing, shutting down.
    paused: [bool; 4],
}

impl<S> Drip<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            paused: [false; 4],
        }
    }

    /// Not ready, each second time. It asks to be polled again at once, so nobody waits for long.
    fn pause(&mut self, what: usize, cx: &Context<'_>) -> Poll<()> {
        self.paused[what] = !self.paused[what];
        if self.paused[what] {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Drip<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.pause(0, cx));
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Drip<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.pause(1, cx));
        let one = &bytes[..bytes.len().min(1)];
        Pin::new(&mut self.stream).poll_write(cx, one)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.pause(2, cx));
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.pause(3, cx));
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
