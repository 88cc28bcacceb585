//! A stream that lets the runner see what the thread which reads it is doing.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use miniws_blocking::{SharedStream, Stream};

/// What is known about a stream and its reader.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The pieces that the peer has sent and the reader has not read, each for a read of its own.
    pieces: VecDeque<usize>,
    /// The peer has ended, and the reader doesn't know yet.
    end_pending: bool,
    /// The reader waits, for the peer to send or to take something.
    waits: bool,
    /// The reader is gone.
    gone: bool,
}

impl Watch {
    pub(crate) fn sent(&self, count: usize) {
        self.lock().pieces.push_back(count);
    }

    pub(crate) fn ended(&self) {
        self.lock().end_pending = true;
    }

    pub(crate) fn gone(&self) {
        self.lock().gone = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.lock().gone
    }

    /// Waits until the reader has read all there is and waits for more. Only a thread that hangs is
    /// waited for in vain.
    pub(crate) fn settle(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut state = self.lock();
        while !(state.gone || state.waits && state.pieces.is_empty() && !state.end_pending) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn waits(&self) {
        self.lock().waits = true;
        self.changed.notify_all();
    }
}

#[derive(Debug)]
pub(crate) struct Watched<S> {
    pub(crate) stream: S,
    pub(crate) watch: Arc<Watch>,
}

impl<S: SharedStream> SharedStream for Watched<S> {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.watch.lock().pieces.front().copied();
        self.watch.waits();
        let most = buffer.len().min(piece.unwrap_or(1));
        let read = self.stream.read_shared(&mut buffer[..most]);
        let mut state = self.watch.lock();
        state.waits = false;
        match read {
            Ok(0) => state.end_pending = false,
            Ok(count) => match state.pieces.front_mut() {
                Some(piece) if *piece > count => *piece -= count,
                _ => drop(state.pieces.pop_front()),
            },
            Err(_) => {}
        }
        read
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_shared(slices)
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown_shared(how)
    }
}

impl<S: SharedStream> Read for Watched<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl<S: SharedStream> Write for Watched<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: SharedStream> Stream for Watched<S> {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown_write()
    }
}
