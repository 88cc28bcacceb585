//! A stream and its connection, shared by several threads.

use std::fmt;
use std::io::{self, IoSlice};
use std::mem;
use std::net::Shutdown;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread;
use std::time::Duration;

use bytes::Buf;
use miniws_adapter::clock;
use miniws_proto::{CloseCode, CloseFrame};

use crate::line::{Drained, LITTLE, Line, Patience};
use crate::scratch;
use crate::stop::{Stoppable, Ticket};
use crate::stream::{SharedStream, is_interrupted, is_timeout};

/// A stream and its connection, shared by several threads.
///
/// The lock is never held while reading. When the connection has been split, it isn't held while
/// writing either: a thread that writes copies what it writes, and marks the line as being written
/// to; the others leave the writing to it, or wait for their turn. So frames go out whole and in
/// order, one thread reads while another one writes, and all of them can queue.
///
/// Before that, the only other thread is the one that stops the server, which is careful not to wait
/// for the lock.
pub(crate) struct Shared<S> {
    pub(crate) stream: S,
    view: fn(&S) -> &dyn SharedStream,
    line: Mutex<Line>,
    /// A write is over.
    written: Condvar,
    /// What a server that stops has said. Who gets the lock next obeys: the one who stops the server
    /// may never get it, from a thread that always has something to do.
    word: AtomicU8,
    /// Dropping it calls off the thread that watches over the close.
    watch: Mutex<Option<mpsc::Sender<()>>>,
    /// Behind the stream, so that this is gone before it counts as gone.
    _ticket: Option<Ticket>,
}

const GO_ON: u8 = 0;
const CLOSE: u8 = 1;
const END: u8 = 2;

impl<S: SharedStream> Shared<S> {
    pub(crate) fn new(stream: S, line: Line, ticket: Option<Ticket>) -> Self {
        Self {
            stream,
            view: |stream| stream,
            line: Mutex::new(line),
            written: Condvar::new(),
            word: AtomicU8::new(GO_ON),
            watch: Mutex::new(None),
            _ticket: ticket,
        }
    }
}

impl<S> Shared<S> {
    pub(crate) fn stream(&self) -> &dyn SharedStream {
        (self.view)(&self.stream)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Line> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        self.obey(&mut line);
        line
    }

    fn obey(&self, line: &mut Line) {
        match self.word.load(Ordering::Relaxed) {
            CLOSE if line.is_open() => {
                let frame = CloseFrame::new(CloseCode::GOING_AWAY, "").ok();
                let _ = line.connection.close(frame);
            }
            END => line.stop(),
            _ => {}
        }
    }

    /// Writes all that is queued, and shuts down when it is time.
    pub(crate) fn drain(&self, patience: Patience) -> Drained {
        self.drain_held(self.lock(), patience).1
    }

    fn drain_held<'a>(
        &'a self,
        mut line: MutexGuard<'a, Line>,
        patience: Patience,
    ) -> (MutexGuard<'a, Line>, Drained) {
        while line.has_output() {
            let written;
            if line.write_ended {
                written = Err(io::ErrorKind::BrokenPipe.into());
            } else if !line.writing {
                (line, written) = self.write(line, patience);
            } else if patience == Patience::Little {
                return (line, Drained::Elsewhere);
            } else {
                line = self.wait_for_turn(line);
                continue;
            }
            if let Err(error) = written {
                let drained = line.judge(Err(error));
                return (line, drained);
            }
        }
        if line.takes_shutdown() {
            let _ = self.stream().shutdown_shared(Shutdown::Write); // It may be down already.
            if !line.connection.wants_read() {
                // Who still waits to read or to write when it is over is woken.
                self.end_stream();
            }
        }
        (line, Drained::Done)
    }

    /// One write, without the lock if there are others who may want it meanwhile.
    fn write<'a>(
        &'a self,
        mut line: MutexGuard<'a, Line>,
        patience: Patience,
    ) -> (MutexGuard<'a, Line>, io::Result<()>) {
        let armed = line.arm_write(patience, |timeout| self.stream().set_write_timeout(timeout));
        if let Err(error) = armed {
            return (line, Err(error));
        }
        let written = if line.sole {
            let mut slices = [IoSlice::new(&[]); 16];
            let output = &*line.connection.outgoing();
            let count = output.chunks_vectored(&mut slices);
            write_and_flush(self.stream(), &slices[..count])
        } else {
            line.writing = true;
            let turn = Turn(self);
            let len = line.connection.outgoing().len();
            let written = scratch::lend(len, |scratch| {
                let count = scratch::copy(scratch, line.connection.outgoing());
                drop(line);
                write_and_flush(self.stream(), &[IoSlice::new(&scratch[..count])])
            });
            mem::forget(turn);
            line = self.end_turn();
            written
        };
        let result = written.map(|(count, flushed)| {
            // Nothing is left of it when the connection has ended meanwhile.
            let is_over = !line.connection.wants_read();
            let output = line.connection.outgoing();
            let waiting = count.min(output.len());
            output.advance(waiting);
            output.set_unflushed(!flushed && !is_over);
            if flushed {
                line.landed += count - waiting;
            }
            line.note_progress();
        });
        (line, result)
    }

    fn wait_for_turn<'a>(&self, mut line: MutexGuard<'a, Line>) -> MutexGuard<'a, Line> {
        line.waiting += 1;
        let mut line = self
            .written
            .wait(line)
            .unwrap_or_else(PoisonError::into_inner);
        line.waiting -= 1;
        line
    }

    fn end_turn(&self) -> MutexGuard<'_, Line> {
        let mut line = self.lock();
        line.writing = false;
        if line.waiting > 0 {
            self.written.notify_all();
        }
        line
    }

    /// Gives up on a peer that takes nothing, or doesn't end, in time. Returns the time that is left,
    /// `None` when there is nothing to watch over.
    fn check_deadline(&self) -> Option<Duration> {
        self.check_held(self.lock())
    }

    fn check_held(&self, mut line: MutexGuard<'_, Line>) -> Option<Duration> {
        let left = line.check_write_deadline(clock::now());
        let over = !line.connection.wants_read();
        drop(line);
        if over {
            self.end_stream();
            return None;
        }
        left
    }

    fn end_stream(&self) {
        let _ = self.stream().shutdown_shared(Shutdown::Both); // It may be down already.
    }
}

impl<S: Send + Sync> Stoppable for Shared<S> {
    fn close_for_stop(&self) -> Option<Duration> {
        self.word.fetch_max(CLOSE, Ordering::Relaxed);
        let mut line = match self.line.try_lock() {
            Ok(line) => line,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            // Its thread is writing, or about to be done with something short.
            Err(TryLockError::WouldBlock) => return Some(LITTLE),
        };
        self.obey(&mut line);
        let (line, drained) = self.drain_held(line, Patience::Little);
        let left = self.check_held(line)?;
        Some(match drained {
            Drained::Stalled | Drained::Elsewhere => LITTLE,
            Drained::Done | Drained::Failed => left.max(LITTLE),
        })
    }

    fn end(&self) {
        self.word.fetch_max(END, Ordering::Relaxed);
        self.end_stream();
    }
}

impl<S: Send + Sync + 'static> Shared<S> {
    /// Keeps the deadline for closing, although the thread that would keep it may be in a read that
    /// was to wait for longer.
    pub(crate) fn watch_close(self: &Arc<Self>) {
        let (call_off, called_off) = mpsc::channel();
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(call_off);
        let Some(left) = self.check_deadline() else {
            return;
        };
        let shared = Arc::downgrade(self);
        // Without a thread, the deadline is kept when the read is over.
        let _ = thread::Builder::new()
            .name("miniws-close".into())
            .spawn(move || watch(&shared, &called_off, left));
    }
}

fn watch<S>(shared: &Weak<Shared<S>>, called_off: &mpsc::Receiver<()>, mut left: Duration) {
    while called_off.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
        let Some(more) = shared.upgrade().and_then(|shared| shared.check_deadline()) else {
            return;
        };
        left = more.max(LITTLE);
    }
}

/// Writes some of `slices`, if there is anything in them, and has the stream hand it on. Returns how
/// much it has taken, and whether it has handed on all of that.
fn write_and_flush(stream: &dyn SharedStream, slices: &[IoSlice<'_>]) -> io::Result<(usize, bool)> {
    let mut count = 0;
    if slices.iter().any(|slice| !slice.is_empty()) {
        count = stream.write_shared(slices)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    match stream.flush_shared() {
        Ok(()) => Ok((count, true)),
        Err(error) if count > 0 && (is_timeout(&error) || is_interrupted(&error)) => {
            Ok((count, false))
        }
        Err(error) => Err(error),
    }
}

/// The turn to write. It is dropped when the stream panics: nobody knows then what it has taken.
struct Turn<'a, S>(&'a Shared<S>);

impl<S> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        self.0.end_turn().write_ended = true;
    }
}

impl<S: fmt::Debug> fmt::Debug for Shared<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
