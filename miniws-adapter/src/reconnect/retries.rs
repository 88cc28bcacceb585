//! What to do after a loss: no I/O and no clock.

use std::fmt;
use std::time::Duration;

use miniws_proto::{Entropy, Time};

use super::{Backoff, Cause};
use crate::{OsEntropy, trace};

/// Decides, each time that there is no connection, when to try again.
pub struct Retries<'a> {
    backoff: Backoff,
    entropy: Box<dyn Entropy + 'a>,
    give_up_if: Box<dyn FnMut(&Cause) -> bool + Send + 'a>,
    /// How many waits there have been since a connection has last lasted.
    waits: u32,
    /// Since when there has been no connection that lasted.
    since: Option<Time>,
    /// When the connection was opened, while there is one.
    opened: Option<Time>,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Which attempt it is, since a connection has last lasted.
    pub number: u32,
    /// How long from now.
    pub delay: Duration,
}

impl Default for Retries<'_> {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            entropy: Box::new(OsEntropy),
            give_up_if: Box::new(Cause::is_final),
            waits: 0,
            since: None,
            opened: None,
        }
    }
}

impl<'a> Retries<'a> {
    /// How long to wait.
    pub fn set_backoff(&mut self, backoff: Backoff) {
        self.backoff = backoff;
    }

    /// Where chance comes from.
    pub fn set_entropy(&mut self, entropy: impl Entropy + 'a) {
        self.entropy = Box::new(entropy);
    }

    /// The hook that decides what is final.
    pub fn set_give_up_if(&mut self, hook: impl FnMut(&Cause) -> bool + Send + 'a) {
        self.give_up_if = Box::new(hook);
    }

    /// A connection is open.
    pub fn opened(&mut self, now: Time) {
        if let Some(since) = self.since {
            trace::reconnected(now.saturating_since(since));
        }
        self.opened = Some(now);
    }

    /// There is no connection. Returns when to try again, `None` to give up.
    pub fn lost(&mut self, cause: &Cause, now: Time) -> Option<Retry> {
        let retry = self.next(cause, now);
        match retry {
            Some(Retry { number, delay }) => trace::lost(cause, number, delay),
            None if cause.is_served() => {}
            None => trace::gave_up(cause),
        }
        retry
    }

    fn next(&mut self, cause: &Cause, now: Time) -> Option<Retry> {
        let opened = self.opened.take();
        if opened.is_some_and(|opened| now.saturating_since(opened) >= self.backoff.lasting) {
            self.waits = 0;
            self.since = None;
        }
        let since = *self.since.get_or_insert(now);
        if (self.give_up_if)(cause) || self.backoff.retries.is_some_and(|most| self.waits >= most) {
            return None;
        }
        self.waits = self.waits.saturating_add(1);
        let asked = cause.retry_after().unwrap_or_default();
        let asked = asked.min(self.backoff.max_retry_after);
        // Added to the wait, for others may have been asked for the same.
        let delay = asked.saturating_add(self.backoff.delay(self.waits, &mut *self.entropy));
        let waited = (now + delay).saturating_since(since);
        if self.backoff.give_up_after.is_some_and(|most| waited > most) {
            return None;
        }
        Some(Retry {
            number: self.waits,
            delay,
        })
    }
}

impl fmt::Debug for Retries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retries")
            .field("backoff", &self.backoff)
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}
