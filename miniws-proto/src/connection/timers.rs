//! Every deadline of an open connection.
//!
//! Nothing here is updated for each message: traffic leaves a mark, and the marks are read when the
//! caller is about to wait.

use core::time::Duration;

use super::Connection;
use crate::error::ReceiveErrorKind;
use crate::time::Time;

#[derive(Debug, Default)]
pub(super) struct Timers {
    /// Marks, set by traffic and read by `observe`.
    pub(super) received: bool,
    pub(super) messages: bool,
    /// The latest keep-alive ping has been answered.
    ponged: bool,
    /// Another pong has come.
    other_pong: bool,

    last_received: Option<Time>,
    last_message: Option<Time>,
    /// The last time that the transport took output while there was some, and how much it had taken
    /// by then.
    last_taken: Option<(Time, u64)>,
    /// The keep-alive ping whose own answer has not come.
    ping: Option<Ping>,
    /// How many keep-alive pings have been sent. Each has its number as payload.
    pings: u64,
    /// How many of the latest of these have not been answered, nor a later one.
    unanswered: u32,
    latency: Option<Duration>,
    closing_since: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Ping {
    /// When it was seen to have left, or else now: the peer can't answer what is still queued.
    since: Time,
    /// It has left when the transport has taken so many bytes.
    end: u64,
    has_left: bool,
    /// Another pong has come since. A peer may answer only the latest of several pings (RFC 6455
    /// section 5.5.3), so this is no longer waited for.
    is_overtaken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    KeepAlive,
    Pong,
    Idle,
    Release,
    Write,
    Close,
}

impl Timers {
    pub(super) fn latency(&self) -> Option<Duration> {
        self.latency
    }

    /// Takes note of a pong. Whether it answers a keep-alive ping, and so is not for the application.
    pub(super) fn take_answer(&mut self, payload: &[u8]) -> bool {
        let number = payload.try_into().map(u64::from_be_bytes).ok();
        let since = number.and_then(|number| self.pings.checked_sub(number));
        let Some(since) = since.filter(|since| *since < self.unanswered.into()) else {
            self.other_pong = true;
            return false;
        };
        self.unanswered = since as u32;
        self.ponged |= since == 0;
        true
    }
}

impl Connection {
    /// Takes note of what has happened since the last time.
    pub(super) fn observe(&mut self, now: Time) {
        let timers = &mut self.timers;
        if core::mem::take(&mut timers.ponged)
            && let Some(ping) = timers.ping.take()
        {
            timers.latency = Some(now.saturating_since(ping.since));
        }
        if core::mem::take(&mut timers.other_pong)
            && let Some(ping) = &mut timers.ping
        {
            ping.is_overtaken = true;
        }
        if core::mem::take(&mut timers.received) || timers.last_received.is_none() {
            timers.last_received = Some(now);
        }
        if core::mem::take(&mut timers.messages) || timers.last_message.is_none() {
            timers.last_message = Some(now);
        }

        let taken = self.sender.queue.taken();
        if let Some(ping) = &mut timers.ping
            && !ping.has_left
        {
            ping.since = now;
            ping.has_left = taken >= ping.end;
        }
        let stalled = timers.last_taken.filter(|(_, before)| *before == taken);
        timers.last_taken = match self.sender.queue.is_settled() {
            true => None,
            false => stalled.or(Some((now, taken))),
        };

        if !self.lifecycle.is_open() {
            timers.closing_since.get_or_insert(now);
        }
    }

    /// What is due next, for a caller who waits to read and write.
    pub(super) fn next_deadline(&self) -> Option<(Time, Due)> {
        if !self.lifecycle.is_open() {
            return self.next_write_deadline();
        }
        let timers = &self.timers;
        let config = &*self.config;
        let mut next: Option<(Time, Due)> = None;
        let mut consider = |time: Time, due| {
            if next.is_none_or(|(next, _)| time < next) {
                next = Some((time, due));
            }
        };
        if let Some(ping) = timers.ping.as_ref().filter(|ping| !ping.is_overtaken) {
            // Bytes of a large message are a sign of life as well: no pong can get past them.
            let since = timers
                .last_received
                .map_or(ping.since, |at| at.max(ping.since));
            consider(since + config.pong_timeout, Due::Pong);
        } else if let (Some(at), Some(interval)) = (timers.last_received, config.keep_alive) {
            consider(at + interval, Due::KeepAlive);
        }
        if let Some(at) = timers.last_message {
            if let Some(timeout) = config.idle_timeout {
                consider(at + timeout, Due::Idle);
            }
            // Within a message that is sent in chunks, the compressor is needed.
            if let Some(deflate) = &self.deflate
                && !self.sender.is_streaming()
                && let Some(idle) = deflate.release_after()
            {
                consider(at + idle, Due::Release);
            }
        }
        if let Some((at, due)) = self.next_write_deadline() {
            consider(at, due);
        }
        next
    }

    /// What is due next, for a caller who only waits to write.
    pub(super) fn next_write_deadline(&self) -> Option<(Time, Due)> {
        if self.lifecycle.is_ended() {
            None
        } else if self.lifecycle.is_open() {
            let (since, _) = self.timers.last_taken?;
            Some((since + self.config.write_timeout?, Due::Write))
        } else {
            let since = self.timers.closing_since?;
            Some((since + self.config.close_timeout, Due::Close))
        }
    }

    pub(super) fn fire_due(&mut self, now: Time) {
        while let Some((time, due)) = self.next_deadline()
            && time <= now
        {
            self.fire(due, now);
        }
    }

    pub(super) fn fire_write_due(&mut self, now: Time) {
        while let Some((time, due)) = self.next_write_deadline()
            && time <= now
        {
            self.fire(due, now);
        }
    }

    fn fire(&mut self, due: Due, now: Time) {
        match due {
            // A queue that is full has a deadline of its own. When that has been met, there may be
            // room for a ping.
            Due::KeepAlive if self.is_above_mark() => self.timers.last_received = Some(now),
            Due::KeepAlive => {
                self.timers.pings += 1;
                self.timers.unanswered = self.timers.unanswered.saturating_add(1);
                self.queue_ping(&self.timers.pings.to_be_bytes());
                let queue = &self.sender.queue;
                self.timers.ping = Some(Ping {
                    since: now,
                    end: queue.taken() + queue.len() as u64,
                    has_left: false,
                    is_overtaken: false,
                });
            }
            Due::Pong => {
                self.on_failure(ReceiveErrorKind::PongTimeout);
            }
            Due::Idle => {
                self.on_failure(ReceiveErrorKind::IdleTimeout);
            }
            Due::Release => {
                if let Some(deflate) = &mut self.deflate {
                    deflate.release();
                }
            }
            Due::Write => {
                self.on_failure(ReceiveErrorKind::WriteTimeout);
            }
            Due::Close => self.on_close_deadline(),
        }
    }
}
