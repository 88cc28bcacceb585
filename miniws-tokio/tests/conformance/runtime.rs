//! What the subject needs of tokio.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Builder;
use tokio::task::unconstrained;

use crate::subject::PipeEnd;

pub(crate) use tokio::time::sleep;

pub(crate) trait Near: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Near for S {}

pub(crate) struct Runtime {
    runtime: tokio::runtime::Runtime,
    is_real: bool,
}

impl Runtime {
    /// Whether time passes by itself.
    pub(crate) fn new(is_real: bool) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(!is_real)
            .build()
            .unwrap();
        Self { runtime, is_real }
    }

    pub(crate) fn is_real(&self) -> bool {
        self.is_real
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(unconstrained(future))
    }
}

impl AsyncRead for PipeEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = ready!(PipeEnd::poll_read(
            &mut self,
            cx,
            buffer.initialize_unfilled()
        ));
        buffer.advance(count);
        Poll::Ready(Ok(()))
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

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        PipeEnd::poll_shutdown(&mut self, cx).map(Ok)
    }
}
