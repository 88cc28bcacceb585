//! tokio's streams and clock, for the shared driver.

use std::future::Future;
use std::io;
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use miniws_adapter::{Timer, Transport, clock};
use miniws_proto::{SendQueue, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, Sleep};

/// A stream of tokio's.
#[derive(Debug)]
pub(crate) struct Io<S>(pub(crate) S);

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Io<S> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        hint: usize,
    ) -> Poll<io::Result<usize>> {
        input.reserve(hint);
        // The future has no state of its own, so it may as well be a new one each time.
        pin!(self.0.read_buf(input)).poll(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, output: &SendQueue) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.0);
        if stream.is_write_vectored() {
            let mut slices = [IoSlice::new(&[]); 16];
            let count = output.chunks_vectored(&mut slices);
            if count > 1 {
                return stream.poll_write_vectored(cx, &slices[..count]);
            }
        }
        stream.poll_write(cx, output.chunk())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// tokio's clock, so that time that is paused in a test is paused here too.
#[derive(Debug, Default)]
pub(crate) struct Clock(Option<Pin<Box<Sleep>>>);

impl Timer for Clock {
    fn now() -> Time {
        clock::at(Instant::now().into_std())
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        let Some(deadline) = clock::instant(deadline).map(Instant::from_std) else {
            return Poll::Pending;
        };
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        // Setting a timer anew is dear. One that is early finds nothing to do, and is set then.
        if sleep.deadline() > deadline || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
