//! How a server stops: its listener first, then its connections.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use miniws_adapter::trace;

/// What stops a listener.
pub(crate) trait Stop: Send + Sync {
    fn stop(&self);
    fn close_all(&self, deadline: Instant);
}

/// The connections of a listener, from their handshakes on.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    open: Mutex<Open>,
    gone: Condvar,
}

#[derive(Debug, Default)]
struct Open {
    closing: bool,
    /// `None` for those whose handshake is not done.
    connections: HashMap<u64, Option<Weak<dyn Stoppable>>>,
    /// How many connections there have been.
    count: u64,
}

/// A connection that can be closed from another thread than its own.
pub(crate) trait Stoppable: Send + Sync {
    /// Closes with 1001, writes that as far as the peer takes it, and keeps the deadline, because the
    /// thread that would do so may be in a read that was to wait for longer. Returns when to do it
    /// again.
    fn close_for_stop(&self) -> Option<Duration>;

    /// Ends the connection here and now. Threads that wait for the stream wake up.
    fn end(&self);
}

/// A connection's entry; it is struck out when the ticket is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    registry: Arc<Registry>,
    number: u64,
}

impl Registry {
    /// A new connection, before its handshake: who closes all waits for handshakes as well.
    pub(crate) fn enter(self: &Arc<Self>) -> Ticket {
        let mut open = self.lock();
        open.count += 1;
        let number = open.count;
        open.connections.insert(number, None);
        Ticket {
            registry: self.clone(),
            number,
        }
    }

    /// Whether all connections are to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// Closes all connections with 1001 and returns when they are gone, handshakes too. Connections
    /// that are left at the deadline are ended. Tells whether nothing was left.
    pub(crate) fn close_all(&self, deadline: Instant) -> bool {
        let mut open = self.lock();
        let was_closing = mem::replace(&mut open.closing, true);
        let connections = open.connections.len();
        drop(open);
        if !was_closing {
            trace::closing_all(connections);
        }
        loop {
            let next = self.tend(deadline);
            let left = deadline.saturating_duration_since(Instant::now());
            if self.wait_until_gone(next.min(left)) {
                return true;
            }
            if left.is_zero() {
                break;
            }
        }
        trace::ending_all(self.lock().connections.len());
        self.each(|connection| connection.end());
        false
    }

    /// Sees to it that all connections close. Returns how long that may rest.
    fn tend(&self, deadline: Instant) -> Duration {
        let mut next = Duration::MAX;
        self.each(|connection| {
            // A peer that takes nothing costs time, which the others may need.
            if Instant::now() < deadline
                && let Some(again) = connection.close_for_stop()
            {
                next = next.min(again);
            }
        });
        next
    }

    /// Whether there are no connections any more, after waiting for that.
    fn wait_until_gone(&self, timeout: Duration) -> bool {
        let open = self.lock();
        let (open, _) = self
            .gone
            .wait_timeout_while(open, timeout, |open| !open.connections.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        open.connections.is_empty()
    }

    /// Does something with each connection, without holding the lock: a connection that is dropped
    /// meanwhile takes it to strike itself out.
    fn each(&self, mut work: impl FnMut(&dyn Stoppable)) {
        let connections: Vec<_> = self
            .lock()
            .connections
            .values()
            .flatten()
            .cloned()
            .collect();
        for connection in connections.iter().filter_map(Weak::upgrade) {
            work(&*connection);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The handshake is done. Who comes too late to be closed with the others is told by
    /// [`Registry::is_closing`].
    pub(crate) fn admit(&self, connection: Weak<dyn Stoppable>) {
        let mut open = self.registry.lock();
        open.connections.insert(self.number, Some(connection));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.registry.lock();
        open.connections.remove(&self.number);
        if open.connections.is_empty() {
            self.registry.gone.notify_all();
        }
    }
}
