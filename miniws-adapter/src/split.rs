//! A driver that several halves share.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::driver::Driver;
use crate::waiters::{Waiter, Waiters};

/// A driver that the halves of a split connection share.
pub struct Shared<S, T> {
    driver: Mutex<Driver<S, T>>,
    waiters: Arc<Waiters>,
    /// Wakes all of the waiters.
    waker: Waker,
}

impl<S, T> Shared<S, T> {
    /// Shares a driver.
    pub fn new(driver: Driver<S, T>) -> Self {
        let waiters = Arc::new(Waiters::default());
        Self {
            driver: Mutex::new(driver),
            waker: Waker::from(waiters.clone()),
            waiters,
        }
    }

    /// Someone who is going to poll the driver.
    pub fn waiter(&self) -> Waiter {
        Waiter::new(self.waiters.clone())
    }

    /// Polls the driver on behalf of `waiter`.
    pub fn poll<R>(
        &self,
        waiter: &mut Waiter,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Driver<S, T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        // Before polling, so that no wake-up is missed.
        waiter.wait(cx.waker());
        let mut driver = self.lock();
        let was_over = driver.is_over();
        let polled = poll(&mut driver, &mut Context::from_waker(&self.waker));
        let ends = driver.is_over() && !was_over;
        drop(driver);
        if polled.is_ready() {
            waiter.leave();
        }
        if ends {
            // The transport may never wake those who wait for it to take something.
            self.waker.wake_by_ref();
        }
        polled
    }

    /// Does something with the driver that the other half, which may be waiting, has to take into
    /// account: there may be a new deadline.
    pub fn change<R>(&self, change: impl FnOnce(&mut Driver<S, T>) -> R) -> R {
        let changed = change(&mut self.lock());
        self.waker.wake_by_ref();
        changed
    }

    /// The driver, to look at it. Don't hold on to it.
    pub fn lock(&self) -> MutexGuard<'_, Driver<S, T>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, T> fmt::Debug for Shared<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
