//! A stream that tells how much has been read from it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) read: AtomicUsize,
    pub(crate) has_ended: AtomicBool,
}

pub(crate) struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
    /// Shutting down is more than closing for some streams, which the adapter knows by their type.
    shut_down: fn(&mut S),
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, watch: Arc<Watch>, shut_down: fn(&mut S)) -> Self {
        Self {
            stream,
            watch,
            shut_down,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match read {
            Poll::Ready(Ok(count @ 1..)) => {
                self.watch.read.fetch_add(count, Ordering::SeqCst);
            }
            Poll::Ready(_) => self.watch.has_ended.store(true, Ordering::SeqCst),
            Poll::Pending => {}
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            stream, shut_down, ..
        } = &mut *self;
        shut_down(stream);
        Pin::new(stream).poll_close(cx)
    }
}
