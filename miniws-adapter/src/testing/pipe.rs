//! A pipe in memory.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// One end of a pipe in memory, which several tasks can use: one reads, one writes. Dropping it ends it,
/// as dropping a socket does.
#[derive(Debug)]
pub struct Pipe {
    incoming: Arc<Mutex<Channel>>,
    outgoing: Arc<Mutex<Channel>>,
}

/// One direction.
#[derive(Debug)]
struct Channel {
    bytes: VecDeque<u8>,
    capacity: usize,
    state: State,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Nothing more comes, and what has come can still be read.
    Ended,
    /// Nobody reads it any more.
    Unread,
    /// It fails for both sides.
    Reset,
}

/// Both ends of a pipe that holds so many bytes in each direction, and at least one.
#[must_use]
pub fn pipe(capacity: usize) -> (Pipe, Pipe) {
    let channel = || {
        Arc::new(Mutex::new(Channel {
            bytes: VecDeque::new(),
            capacity: capacity.max(1),
            state: State::Open,
            reader: None,
            writer: None,
        }))
    };
    let (there, back) = (channel(), channel());
    let one = Pipe {
        incoming: there.clone(),
        outgoing: back.clone(),
    };
    let other = Pipe {
        incoming: back,
        outgoing: there,
    };
    (one, other)
}

impl Pipe {
    /// Reads what has come; 0 is the end.
    ///
    /// # Errors
    ///
    /// When the connection has been reset.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut channel = lock(&self.incoming);
        match channel.state {
            State::Reset => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            State::Open if channel.bytes.is_empty() && !buffer.is_empty() => {
                channel.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            State::Open | State::Ended | State::Unread => {}
        }
        let read = channel.bytes.read(buffer);
        wake(channel.writer.take());
        Poll::Ready(read)
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    ///
    /// When either side has ended this direction, or the connection has been reset.
    pub fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut channel = lock(&self.outgoing);
        match channel.state {
            State::Open => {}
            State::Ended | State::Unread => {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            State::Reset => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        let mut room = channel.capacity - channel.bytes.len();
        if room == 0 {
            channel.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut written = 0;
        for slice in slices {
            let count = slice.len().min(room);
            channel.bytes.extend(&slice[..count]);
            room -= count;
            written += count;
        }
        wake(channel.reader.take());
        Poll::Ready(Ok(written))
    }

    /// Ends the writing side: the other end reads what is there, then the end.
    pub fn shutdown_write(&self) {
        lock(&self.outgoing).turn(State::Ended);
    }

    /// Ends the reading side: what the other end writes fails from now on.
    pub fn shutdown_read(&self) {
        lock(&self.incoming).turn(State::Unread);
    }

    /// Breaks the connection: from now on reads and writes of both ends fail, and what has not been
    /// read is lost.
    pub fn reset(&self) {
        lock(&self.incoming).turn(State::Reset);
        lock(&self.outgoing).turn(State::Reset);
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.shutdown_read();
        self.shutdown_write();
    }
}

impl Channel {
    /// The first end of a direction counts, except that a reset comes over everything.
    fn turn(&mut self, state: State) {
        if self.state == State::Open || state == State::Reset {
            self.state = state;
        }
        wake(self.reader.take());
        wake(self.writer.take());
    }
}

fn lock(channel: &Mutex<Channel>) -> MutexGuard<'_, Channel> {
    // A test that has failed still ends in good order.
    channel.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
