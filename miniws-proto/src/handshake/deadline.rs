//! The one deadline that a whole handshake has.

use core::time::Duration;

use crate::time::Time;

/// It is set by the first look at the clock, and nothing that the peer sends moves it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    timeout: Duration,
    at: Option<Time>,
}

impl Deadline {
    pub(super) const fn new(timeout: Duration) -> Self {
        Self { timeout, at: None }
    }

    pub(super) fn poll(&mut self, now: Time) -> Time {
        *self.at.get_or_insert(now + self.timeout)
    }

    pub(super) fn has_passed(&mut self, now: Time) -> bool {
        self.poll(now) <= now
    }
}
