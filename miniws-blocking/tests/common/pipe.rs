//! An in-memory stream: two bounded buffers.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use miniws_blocking::{SharedStream, Stream};

/// One end of a pipe. Dropping it, and its clones, ends it like a socket.
#[derive(Clone, Debug)]
pub struct Pipe(Arc<End>);

#[derive(Debug)]
struct End {
    incoming: Arc<Half>,
    outgoing: Arc<Half>,
}

#[derive(Debug)]
struct Half {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// How many bytes a read or a write moves at most.
    most: usize,
    writes: usize,
    /// The writing side has ended it.
    ended: bool,
    /// The reading side has gone.
    broken: bool,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// The ends of a pipe that holds plenty.
pub fn pair() -> (Pipe, Pipe) {
    pair_of(1 << 20, usize::MAX)
}

/// The ends of a pipe that holds so many bytes in either direction, and moves at most so many at
/// once.
pub fn pair_of(capacity: usize, most: usize) -> (Pipe, Pipe) {
    let half = || {
        Arc::new(Half {
            state: Mutex::new(State {
                bytes: VecDeque::new(),
                capacity,
                most,
                writes: 0,
                ended: false,
                broken: false,
                read_timeout: None,
                write_timeout: None,
            }),
            changed: Condvar::new(),
        })
    };
    let (one, other) = (half(), half());
    let end = |incoming: &Arc<Half>, outgoing: &Arc<Half>| {
        Pipe(Arc::new(End {
            incoming: incoming.clone(),
            outgoing: outgoing.clone(),
        }))
    };
    (end(&one, &other), end(&other, &one))
}

impl Pipe {
    /// How many writes this end has made.
    pub fn writes(&self) -> usize {
        self.0.outgoing.lock().writes
    }

    /// How much this end has written that the other one has not read.
    pub fn unread(&self) -> usize {
        self.0.outgoing.lock().bytes.len()
    }

    /// Waits until this end has written so much that the other one has not read.
    pub fn wait_until_unread(&self, count: usize) {
        let state = self.0.outgoing.lock();
        let (state, _) = self
            .0
            .outgoing
            .changed
            .wait_timeout_while(state, super::PATIENCE, |state| state.bytes.len() < count)
            .unwrap();
        assert!(state.bytes.len() >= count, "it was not written");
    }

    /// How long reads of this end wait.
    pub fn read_timeout(&self) -> Option<Duration> {
        self.0.incoming.lock().read_timeout
    }

    /// Takes what there is to read, without waiting, and tells whether it is the end.
    pub fn take_all(&self) -> (Vec<u8>, bool) {
        let mut state = self.0.incoming.lock();
        let bytes = state.bytes.drain(..).collect();
        let ended = state.ended;
        drop(state);
        self.0.incoming.changed.notify_all();
        (bytes, ended)
    }

    /// Changes how much the other end can write before this one reads.
    pub fn set_capacity(&self, capacity: usize) {
        self.0.incoming.lock().capacity = capacity;
        self.0.incoming.changed.notify_all();
    }

    pub fn end(&self) {
        let _ = self.shutdown_shared(Shutdown::Write);
    }
}

impl End {
    fn shutdown(&self, how: Shutdown) {
        if how != Shutdown::Read {
            self.outgoing.lock().ended = true;
            self.outgoing.changed.notify_all();
        }
        if how != Shutdown::Write {
            self.incoming.lock().broken = true;
            self.incoming.changed.notify_all();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.shutdown(Shutdown::Both);
    }
}

impl Half {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that has failed still ends in good order.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(
        &self,
        timeout: Option<Duration>,
        condition: impl Fn(&State) -> bool,
    ) -> io::Result<MutexGuard<'_, State>> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = self.lock();
        while condition(&state) {
            let left = deadline.map_or(super::PATIENCE, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let (next, waited) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            assert!(
                deadline.is_some() || !waited.timed_out(),
                "waits without a timeout, for ever"
            );
            state = next;
        }
        Ok(state)
    }
}

impl SharedStream for Pipe {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = self.0.incoming.lock().read_timeout;
        let mut state = self.0.incoming.wait_while(timeout, |state| {
            state.bytes.is_empty() && !state.ended && !state.broken
        })?;
        let count = buffer.len().min(state.bytes.len()).min(state.most);
        buffer[..count].copy_from_slice(&state.bytes.make_contiguous()[..count]);
        state.bytes.drain(..count);
        self.0.incoming.changed.notify_all();
        Ok(count)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let timeout = self.0.outgoing.lock().write_timeout;
        let mut state = self.0.outgoing.wait_while(timeout, |state| {
            state.bytes.len() >= state.capacity && !state.ended && !state.broken
        })?;
        if state.ended || state.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = state.capacity.saturating_sub(state.bytes.len());
        let most = room.min(state.most);
        let mut count = 0;
        for slice in slices {
            let taken = &slice[..slice.len().min(most - count)];
            state.bytes.extend(taken);
            count += taken.len();
        }
        state.writes += 1;
        self.0.outgoing.changed.notify_all();
        Ok(count)
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how);
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_shared(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Pipe {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.incoming.lock().read_timeout = timeout;
        Ok(())
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.outgoing.lock().write_timeout = timeout;
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }
}
