//! What the subject needs of futures-io and its timers.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_io::Timer;
use futures_io::{AsyncRead, AsyncWrite};

use crate::subject::PipeEnd;

pub(crate) trait Near: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Near for S {}

pub(crate) async fn sleep(duration: Duration) {
    Timer::after(duration).await;
}

/// Both runtimes are built on async-io, whose sockets and timers work on any executor.
pub(crate) struct Runtime;

impl Runtime {
    /// Nobody can move its clock.
    pub(crate) fn is_real(&self) -> bool {
        true
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        async_io::block_on(future)
    }
}

impl AsyncRead for PipeEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        PipeEnd::poll_read(&mut self, cx, buffer).map(Ok)
    }
}

impl AsyncWrite for PipeEnd {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        PipeEnd::poll_write(&mut self, cx, bytes).map(Ok)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        PipeEnd::poll_flush(&mut self, cx).map(Ok)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        PipeEnd::poll_shutdown(&mut self, cx).map(Ok)
    }
}
