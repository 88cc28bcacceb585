//! An asynchronous stream that has its fault where it is told to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::fault::{Fault, Operation, Plan};

/// A stream with a fault.
pub(crate) struct Faulty<S> {
    stream: S,
    plan: Arc<Mutex<Plan>>,
}

impl<S> Faulty<S> {
    pub(crate) fn new(stream: S, plan: Arc<Mutex<Plan>>) -> Self {
        Self { stream, plan }
    }

    /// Ready when the operation may go on, with how many of `len` bytes it may move.
    fn poll_fault(
        &mut self,
        cx: &Context<'_>,
        operation: Operation,
        len: usize,
    ) -> Poll<io::Result<usize>> {
        match self.plan.lock().unwrap().next(operation) {
            None => Poll::Ready(Ok(len)),
            Some(Fault::Short) => Poll::Ready(Ok(len.min(1))),
            Some(Fault::NotReady) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Fault::Interrupted) => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            Some(Fault::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Some(Fault::End) => Poll::Ready(Ok(0)),
            Some(Fault::Stall) => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Faulty<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let most = ready!(self.poll_fault(cx, Operation::Read, buffer.len()))?;
        if most == 0 {
            return Poll::Ready(Ok(0));
        }
        let count = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer[..most]))?;
        self.plan.lock().unwrap().received += count;
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Faulty<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = ready!(self.poll_fault(cx, Operation::Write, bytes.len()))?;
        if most == 0 {
            return Poll::Ready(Ok(0));
        }
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most]))?;
        self.plan.lock().unwrap().sent.extend(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = slices
            .iter()
            .flat_map(|slice| slice.iter().copied())
            .collect();
        self.poll_write(cx, &bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_fault(cx, Operation::Flush, 0))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_fault(cx, Operation::Shutdown, 0))?;
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
