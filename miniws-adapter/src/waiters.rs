//! Tasks that wait for the same transport.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// The tasks that wait for a transport which the halves of a split connection share.
///
/// A transport remembers one task for each direction. Here it is given a waker that wakes all of
/// those that wait, and each then sees for itself whether there is anything for it.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Mutex<Vec<Waker>>);

impl Waiters {
    /// Says whether the task was not waiting already, with another future.
    pub(crate) fn register(&self, waker: &Waker) -> bool {
        let mut waiting = self.lock();
        let is_new = !waiting.iter().any(|other| other.will_wake(waker));
        if is_new {
            waiting.push(waker.clone());
        }
        is_new
    }

    pub(crate) fn unregister(&self, waker: &Waker) {
        self.lock().retain(|other| !other.will_wake(waker));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiting = std::mem::take(&mut *self.lock());
        for waker in waiting {
            waker.wake();
        }
    }
}
