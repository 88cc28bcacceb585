//! A stream that makes everything take long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

/// A stream that gives and takes a few bytes at a time, and each time that it has done something is
/// not ready the next time that it is asked. It has no timer and no randomness: each run is the same.
pub(crate) struct Drip<S> {
    stream: S,
    /// How many bytes at a time.
    most: usize,
    /// Whether it needs a rest: reading, writing, flushing, closing.
    tired: [bool; 4],
}

impl<S> Drip<S> {
    pub(crate) fn by(stream: S, most: usize) -> Self {
        Self {
            stream,
            most,
            tired: [false; 4],
        }
    }

    /// Not ready, after it has done something. It asks to be polled again at once, so nobody waits
    /// for long.
    fn rest(&mut self, what: usize, cx: &Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.tired[what]) {
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
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.rest(0, cx));
        let count = buffer.len().min(self.most);
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer[..count]));
        self.tired[0] = true;
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Drip<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.rest(1, cx));
        let count = bytes.len().min(self.most);
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..count]));
        self.tired[1] = true;
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.rest(2, cx));
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.tired[2] = true;
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.rest(3, cx));
        ready!(Pin::new(&mut self.stream).poll_close(cx))?;
        self.tired[3] = true;
        Poll::Ready(Ok(()))
    }
}
