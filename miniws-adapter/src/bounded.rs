//! Reading and writing under a deadline, for handshakes.

use std::future::{Future, poll_fn};
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use miniws_proto::{HandshakeError, SendQueue, Time};

use crate::{Error, Timer, Transport, pool};

/// How much a handshake reads at once: most heads are smaller.
const READ: usize = 4 << 10;
/// How much of what a client still sends is read after it was refused, and for how long, so that
/// the answer is not lost to a reset of the connection.
const LINGER_BYTES: usize = 64 << 10;
const LINGER_TIME: Duration = Duration::from_secs(1);

/// A transport, and the time until which it may be waited for.
pub(crate) struct Bounded<'a, S, T> {
    transport: &'a mut S,
    timer: T,
    deadline: Time,
}

impl<'a, S: Transport, T: Timer> Bounded<'a, S, T> {
    pub(crate) fn new(transport: &'a mut S, deadline: Time) -> Self {
        Self {
            transport,
            timer: T::default(),
            deadline,
        }
    }

    /// Puts the deadline off by as long as `decision` takes: that time is not the peer's.
    pub(crate) async fn put_off<R>(&mut self, decision: impl Future<Output = R>) -> R {
        let left = self.deadline.saturating_since(T::now());
        let decided = decision.await;
        self.deadline = T::now() + left;
        decided
    }

    /// Reads something; 0 is the end, `None` the deadline.
    pub(crate) async fn read(&mut self, input: &mut BytesMut) -> io::Result<Option<usize>> {
        // Where there is always something to read, no read waits until the deadline.
        if T::now() >= self.deadline {
            return Ok(None);
        }
        let read = self.until_deadline(|transport, cx| {
            pool::fetch_input(input);
            let polled = transport.poll_read(cx, input, READ);
            if polled.is_pending() {
                pool::give_back_input(input);
            }
            polled
        });
        read.await.transpose()
    }

    /// Writes everything.
    pub(crate) async fn write(&mut self, output: &mut SendQueue) -> Result<(), Error> {
        while !output.is_empty() {
            let written = self
                .until_deadline(|transport, cx| transport.poll_write(cx, output))
                .await;
            match written.transpose()? {
                Some(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                // No stream of a caller's can make it more than there was.
                Some(count) => output.advance(count.min(output.len())),
                None => return Err(HandshakeError::Timeout.into()),
            }
        }
        let flushed = self
            .until_deadline(|transport, cx| transport.poll_flush(cx))
            .await;
        match flushed.transpose()? {
            Some(()) => Ok(()),
            None => Err(HandshakeError::Timeout.into()),
        }
    }

    /// Writes an answer after which nothing follows, and ends the connection so that the client
    /// gets to see it. An answer that comes at the deadline, or close to it, still has a second.
    pub(crate) async fn reply(&mut self, output: &mut SendQueue) {
        self.deadline = self.deadline.max(T::now() + LINGER_TIME);
        if self.write(output).await.is_err() {
            return;
        }
        self.deadline = T::now() + LINGER_TIME;
        let shut = self
            .until_deadline(|transport, cx| transport.poll_shutdown(cx))
            .await;
        if !matches!(shut, Some(Ok(()))) {
            return;
        }
        let mut input = BytesMut::new();
        let mut left = LINGER_BYTES;
        while let Ok(Some(count @ 1..)) = self.read(&mut input).await {
            input.clear();
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    }

    /// `None` when the deadline has come first.
    async fn until_deadline<R>(
        &mut self,
        mut poll: impl FnMut(&mut S, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Option<io::Result<R>> {
        poll_fn(|cx| {
            loop {
                match poll(self.transport, cx) {
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Poll::Ready(result) => return Poll::Ready(Some(result)),
                    Poll::Pending => break,
                }
            }
            while T::now() < self.deadline {
                if self.timer.poll_until(cx, self.deadline).is_pending() {
                    return Poll::Pending;
                }
            }
            Poll::Ready(None)
        })
        .await
    }
}
