//! A connection, and what has become of the stream under it.

use std::io;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::time::Duration;

use bytes::Buf;
use miniws_adapter::trace::Trace;
use miniws_adapter::{Error, clock};
use miniws_proto::{Connection, Event, ReceiveError, ReceiveErrorKind, SendError, State, Time};

use crate::stream::{Stream, is_interrupted, is_timeout, write_from};
use crate::timeout::Timeout;

/// A connection, and what has become of the stream under it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) connection: Connection,
    /// The writing side of the stream is of no more use: shut down, or broken.
    pub(crate) write_ended: bool,
    /// Why the stream failed, until that is told.
    pub(crate) failure: Option<io::Error>,
    pub(crate) write_timeout: Timeout,
    /// Only one thread receives and sends.
    pub(crate) sole: bool,
    /// Some thread is in a write, without the lock.
    pub(crate) writing: bool,
    /// How many threads wait for that write to be over.
    pub(crate) waiting: usize,
    /// How many bytes the connection dropped when it ended, although a write that was under way has
    /// taken them.
    pub(crate) landed: usize,
    pub(crate) trace: Trace,
}

/// How long a write may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Hardly: there is something to read as well, and the peer may take nothing more before we read.
    Little,
    /// As long as the stream has last been told; the caller looks at its clock afterwards.
    Some,
    /// So long.
    Wait(Option<Duration>),
}

/// How long one tries to write, or to read, who also has to do the other.
pub(crate) const LITTLE: Duration = Duration::from_millis(10);

/// What came of writing all that is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    /// It is written.
    Done,
    /// The stream takes no more for now.
    Stalled,
    /// Another thread is at it, and won't stop before all is written.
    Elsewhere,
    /// The stream is broken. What was queued is dropped.
    Failed,
}

impl Line {
    pub(crate) fn new(connection: Connection, trace: Trace) -> Self {
        Self {
            connection,
            write_ended: false,
            failure: None,
            write_timeout: Timeout::default(),
            sole: true,
            writing: false,
            waiting: 0,
            landed: 0,
            trace,
        }
    }

    /// Looks whether the connection has ended, for what is told of it.
    #[inline]
    pub(crate) fn observe(&mut self) {
        self.trace.observe(&self.connection, self.failure.as_ref());
    }

    /// Queues what `queue` queues, unless the stream is broken.
    pub(crate) fn feed(
        &mut self,
        queue: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        if self.write_ended {
            return Err(SendError::Closed.into());
        }
        Ok(queue(&mut self.connection)?)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.connection.state() == State::Open
    }

    /// Whether anything waits to be written, here or in the stream.
    pub(crate) fn has_output(&mut self) -> bool {
        let output = self.connection.outgoing();
        output.is_unflushed() || !output.is_empty()
    }

    /// Whether the stream has failed, or the connection has ended, before all of its output was written.
    pub(crate) fn is_cut_off(&mut self) -> bool {
        self.connection.outgoing().dropped() > self.landed
    }

    /// Whether a thread that waits to read has to look at the deadlines again: another one that sends
    /// may keep a compressor, which has to be given up some time. The deadline for closing is
    /// watched over, and others only ever move away.
    pub(crate) fn may_get_a_deadline(&self) -> bool {
        #[cfg(feature = "deflate")]
        let may_release = self.connection.may_release();
        #[cfg(not(feature = "deflate"))]
        let may_release = false;
        may_release && !self.sole
    }

    /// Writes all that is queued, and shuts down when it is time.
    pub(crate) fn drain<S: Stream>(&mut self, stream: &mut S, patience: Patience) -> Drained {
        let written = self.write_all(stream, patience);
        let drained = self.judge(written);
        if drained == Drained::Done && self.takes_shutdown() {
            let _ = stream.shutdown_write(); // It may be down already.
        }
        drained
    }

    fn write_all<S: Stream>(&mut self, stream: &mut S, patience: Patience) -> io::Result<()> {
        while self.has_output() {
            if self.write_ended {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.arm_write(patience, |timeout| stream.set_write_timeout(timeout))?;
            let output = self.connection.outgoing();
            if output.is_empty() {
                stream.flush()?;
                output.set_unflushed(false);
                continue;
            }
            let count = write_from(stream, output)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            // No stream of a caller's can make it more than there was.
            output.advance(count.min(output.len()));
            output.set_unflushed(true);
            self.note_progress();
        }
        Ok(())
    }

    pub(crate) fn arm_write(
        &mut self,
        patience: Patience,
        set: impl FnOnce(Option<Duration>) -> io::Result<()>,
    ) -> io::Result<()> {
        let wait = match patience {
            Patience::Some if self.write_timeout.is_known() => return Ok(()),
            Patience::Some | Patience::Little => Some(LITTLE),
            Patience::Wait(wait) => wait,
        };
        self.write_timeout.arm(wait, set)
    }

    /// The peer has taken something just now, and not only when somebody looks at the deadline after
    /// the next write has waited.
    pub(crate) fn note_progress(&mut self) {
        if self.has_output() {
            self.connection.poll_write_timeout(clock::now());
        }
    }

    /// Takes note of how a write went.
    pub(crate) fn judge(&mut self, written: io::Result<()>) -> Drained {
        // Who has ended the connection meanwhile has ended the stream, too, and knows why.
        let ended = !self.connection.wants_read();
        match written {
            Ok(()) => return Drained::Done,
            // An interruption, too, is a time to look at the clock: there may be one after the other.
            Err(error) if (is_timeout(&error) || is_interrupted(&error)) && !ended => {
                return Drained::Stalled;
            }
            Err(_) if ended => {}
            Err(error) => {
                // What the peer sent before it went may still be there to be read: its close, say.
                self.write_ended = true;
                self.trace.broken(&self.connection, &error);
                self.failure.get_or_insert(error);
            }
        }
        while self.has_output() {
            self.connection.outgoing().clear();
        }
        Drained::Failed
    }

    /// Whether to shut down the writing side now. It is true once.
    pub(crate) fn takes_shutdown(&mut self) -> bool {
        let now = self.connection.wants_shutdown() && !self.write_ended;
        self.write_ended |= now;
        now
    }

    /// The server that stops ends the connection.
    pub(crate) fn stop(&mut self) {
        self.read_ended(None);
        self.write_ended = true;
        self.trace.stopped(&self.connection);
    }

    /// The stream has ended, or failed.
    pub(crate) fn read_ended(&mut self, error: Option<io::Error>) {
        if let Some(error) = error {
            self.failure.get_or_insert(error);
        }
        self.connection.receive_eof();
    }

    /// Gives up on a peer that takes nothing, or doesn't end, in time. Returns the time that is left.
    pub(crate) fn check_write_deadline(&mut self, now: Time) -> Option<Duration> {
        let deadline = self.connection.poll_write_timeout(now)?;
        if deadline <= now {
            self.connection.handle_write_timeout(now);
            self.observe();
        }
        Some(deadline.saturating_since(now))
    }

    /// Why writing failed, for the one whose output is lost. It is told to the one who receives, too.
    pub(crate) fn tell_failure(&mut self) -> Error {
        match (&mut self.failure, self.connection.error()) {
            (Some(failure), _) => {
                let copy = failure.kind().into();
                Error::Io(mem::replace(failure, copy))
            }
            (None, Some(error)) => error.into(),
            (None, None) => SendError::Closed.into(),
        }
    }

    /// How it has ended. An error of the stream is told once, in place of the loss that it caused.
    pub(crate) fn ending(
        &mut self,
        received: Result<Option<Event>, ReceiveError>,
    ) -> Result<Option<Event>, Error> {
        match (self.failure.take(), received) {
            (Some(error), Err(lost)) if lost.kind() == ReceiveErrorKind::ConnectionLost => {
                Err(Error::Io(error))
            }
            (_, received) => received.map_err(Error::from),
        }
    }
}

/// Access to a line, one's own or one that is shared.
pub(crate) enum Hold<'a> {
    Own(&'a mut Line),
    Shared(MutexGuard<'a, Line>),
}

impl Deref for Hold<'_> {
    type Target = Line;

    fn deref(&self) -> &Line {
        match self {
            Self::Own(line) => line,
            Self::Shared(line) => line,
        }
    }
}

impl DerefMut for Hold<'_> {
    fn deref_mut(&mut self) -> &mut Line {
        match self {
            Self::Own(line) => line,
            Self::Shared(line) => line,
        }
    }
}
