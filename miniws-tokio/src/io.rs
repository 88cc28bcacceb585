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
        let chunk = output.chunk();
        if chunk.len() < output.len() && stream.is_write_vectored() {
            return poll_write_pieces(stream, cx, output);
        }
        stream.poll_write(cx, chunk)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Out of line, so that the usual way needs no room for the slices.
#[inline(never)]
fn poll_write_pieces(
    stream: Pin<&mut impl AsyncWrite>,
    cx: &mut Context<'_>,
    output: &SendQueue,
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); 16];
    let count = output.chunks_vectored(&mut slices);
    stream.poll_write_vectored(cx, &slices[..count])
}

/// tokio's clock, so that time that is paused in a test is paused here too.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// When the timer goes off, if it has ever been needed.
    timer: Option<(Time, Pin<Box<Sleep>>)>,
}

impl Timer for Clock {
    fn now() -> Time {
        clock::at(Instant::now().into_std())
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        let instant = || clock::instant(deadline).map(Instant::from_std);
        let sleep = match &mut self.timer {
            // Setting a timer anew is dear. One that is early finds nothing to do, and is set then.
            Some((at, sleep)) if *at <= deadline && !sleep.is_elapsed() => sleep,
            Some((at, sleep)) => {
                let Some(instant) = instant() else {
                    return Poll::Pending;
                };
                *at = deadline;
                sleep.as_mut().reset(instant);
                sleep
            }
            None => {
                let Some(instant) = instant() else {
                    return Poll::Pending;
                };
                let sleep = Box::pin(tokio::time::sleep_until(instant));
                &mut self.timer.insert((deadline, sleep)).1
            }
        };
        sleep.as_mut().poll(cx)
    }
}
