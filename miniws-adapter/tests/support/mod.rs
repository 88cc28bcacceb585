//! A transport and a clock that the tests move by hand.

// Not every test program needs all of it.
#![allow(dead_code)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use miniws_adapter::{Driver, Opened, Timer, Transport};
use miniws_proto::{Config, Connection, Negotiated, SendQueue, Time};

/// A transport that does what it was told to, in order.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    /// What reading gives; nothing is "not yet", an empty piece the end.
    pub(crate) reads: VecDeque<io::Result<Vec<u8>>>,
    /// How long each read takes.
    pub(crate) read_takes: Duration,
    /// How much writing takes, before it takes everything.
    pub(crate) writes: VecDeque<Poll<io::Result<usize>>>,
    /// What flushing says, before it always succeeds.
    pub(crate) flushes: VecDeque<Poll<io::Result<()>>>,
    pub(crate) written: Vec<u8>,
    pub(crate) flushed: usize,
    pub(crate) shut: bool,
}

impl Transport for Scripted {
    fn poll_read(
        &mut self,
        _: &mut Context<'_>,
        input: &mut BytesMut,
        hint: usize,
    ) -> Poll<io::Result<usize>> {
        pass(self.read_takes);
        input.reserve(hint);
        match self.reads.pop_front() {
            Some(read) => Poll::Ready(read.map(|bytes| {
                input.extend_from_slice(&bytes);
                bytes.len()
            })),
            None => Poll::Pending,
        }
    }

    fn poll_write(&mut self, _: &mut Context<'_>, output: &SendQueue) -> Poll<io::Result<usize>> {
        let most = match self.writes.pop_front() {
            Some(Poll::Ready(Ok(most))) => most,
            Some(other) => return other,
            None => usize::MAX,
        };
        let bytes = output.chunk();
        let bytes = &bytes[..bytes.len().min(most)];
        self.written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.flushes.pop_front() {
            Some(flush) => flush,
            None => {
                self.flushed = self.written.len();
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut = true;
        Poll::Ready(Ok(()))
    }
}

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::from_secs(1)) };
}

/// Lets time pass, on the thread of this test.
pub(crate) fn pass(time: Duration) {
    NOW.set(NOW.get() + time);
}

/// A timer that tells no lies but wakes nobody: the tests poll by hand.
#[derive(Debug, Default)]
pub(crate) struct Clock;

impl Timer for Clock {
    fn now() -> Time {
        Time::from_duration(NOW.get())
    }

    fn poll_until(&mut self, _: &mut Context<'_>, deadline: Time) -> Poll<()> {
        if Self::now() < deadline {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

/// A server's driver over what is to be read.
pub(crate) fn server(
    reads: impl IntoIterator<Item = io::Result<Vec<u8>>>,
) -> Driver<Scripted, Clock> {
    let transport = Scripted {
        reads: reads.into_iter().collect(),
        ..Scripted::default()
    };
    driver(transport)
}

/// A server's driver over a transport.
pub(crate) fn driver(transport: Scripted) -> Driver<Scripted, Clock> {
    driver_with(Config::default().keep_alive(None), transport)
}

/// The same with a configuration.
pub(crate) fn driver_with(config: Config, transport: Scripted) -> Driver<Scripted, Clock> {
    let connection = Connection::server(config, Negotiated::default());
    Driver::new(transport, Opened::elsewhere(connection, BytesMut::new()))
}

/// A waker that counts.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    pub(crate) fn waker() -> (Arc<Self>, Waker) {
        let count = Arc::new(Self::default());
        (count.clone(), Waker::from(count))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
