//! The handshakes that all adapters share, on a stream that blocks.
//!
//! They are written as futures. Here those are never pending for long: it is the stream that waits,
//! with the deadline as its timeout, and then the future is polled again.

use std::cell::Cell;
#[cfg(feature = "rustls")]
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use miniws_adapter::{Timer, Transport, clock};
use miniws_proto::{SendQueue, Time};

#[cfg(feature = "rustls")]
use crate::SharedStream;
use crate::scratch;
use crate::stream::{Stream, is_interrupted, is_timeout, write_from};
#[cfg(feature = "rustls")]
use crate::tls::TlsStream;

/// Runs a handshake to its end.
pub(crate) fn run<F: Future>(handshake: F) -> F::Output {
    let mut handshake = pin!(handshake);
    loop {
        if let Poll::Ready(result) = handshake
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return result;
        }
    }
}

thread_local! {
    /// How long the stream may wait, from the timer to the stream: a handshake asks the stream,
    /// which has hardly waited, then the timer, then the stream again.
    static DEADLINE: Cell<Option<Time>> = const { Cell::new(None) };
}

/// A stream that hardly waits as long as no deadline is known.
pub(crate) struct Patient<S>(pub(crate) S);

/// The clock, and a timer that leaves the waiting to the stream.
#[derive(Default)]
pub(crate) struct Clock;

/// Before a deadline is known.
const HARDLY: Duration = Duration::from_millis(1);

/// The deadline that the clock has been told last.
pub(crate) fn take_deadline() -> Option<Time> {
    DEADLINE.take()
}

fn patience() -> Option<Duration> {
    Some(take_deadline().map_or(HARDLY, |deadline| {
        let left = deadline.saturating_since(clock::now());
        left.clamp(HARDLY, Duration::from_secs(60))
    }))
}

/// After an interruption, too, the clock is looked at: there may be one for each byte.
fn pending_unless_done<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if is_timeout(&error) || is_interrupted(&error) => Poll::Pending,
        result => Poll::Ready(result),
    }
}

/// Does the handshake of TLS.
#[cfg(feature = "rustls")]
pub(crate) async fn of_tls<S: SharedStream>(stream: &TlsStream<S>) -> io::Result<()> {
    poll_fn(|_| {
        stream.set_read_timeout(patience())?;
        pending_unless_done(stream.shake_hands())
    })
    .await
}

impl<S: Stream> Transport for Patient<S> {
    fn poll_read(
        &mut self,
        _: &mut Context<'_>,
        input: &mut BytesMut,
        _: usize,
    ) -> Poll<io::Result<usize>> {
        self.0.set_read_timeout(patience())?;
        pending_unless_done(scratch::read(input, |scratch| self.0.read(scratch)))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, output: &SendQueue) -> Poll<io::Result<usize>> {
        self.0.set_write_timeout(patience())?;
        pending_unless_done(write_from(&mut self.0, output))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        pending_unless_done(self.0.flush())
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        pending_unless_done(self.0.shutdown_write())
    }
}

impl Timer for Clock {
    fn now() -> Time {
        clock::now()
    }

    fn poll_until(&mut self, _: &mut Context<'_>, deadline: Time) -> Poll<()> {
        DEADLINE.set(Some(deadline));
        match clock::now() < deadline {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}
