//! Those who wait for the same transport.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// Those who wait for a transport which the halves of a split connection share.
///
/// A transport remembers one task for each direction. Here it is given a waker that wakes all of
/// those that wait, and each then sees for itself whether there is anything for it.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    wakers: BTreeMap<u64, Waker>,
    last: u64,
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = std::mem::take(&mut self.lock().wakers);
        for waker in wakers.into_values() {
            waker.wake();
        }
    }
}

/// One of those who wait: a future, or a half that is polled as a stream or sink. A task may have
/// several. Dropping it forgets it.
pub struct Waiter {
    waiters: Arc<Waiters>,
    /// Under which its waker is kept, once there was one.
    id: Option<u64>,
}

impl Waiter {
    pub(crate) fn new(waiters: Arc<Waiters>) -> Self {
        Self { waiters, id: None }
    }

    pub(crate) fn wait(&mut self, waker: &Waker) {
        let mut waiting = self.waiters.lock();
        let id = *self.id.get_or_insert_with(|| {
            waiting.last += 1;
            waiting.last
        });
        waiting.wakers.insert(id, waker.clone());
    }

    pub(crate) fn leave(&mut self) {
        if let Some(id) = self.id {
            self.waiters.lock().wakers.remove(&id);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").field("id", &self.id).finish()
    }
}
