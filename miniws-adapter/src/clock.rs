//! The clock that the core doesn't have.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use miniws_proto::Time;

/// The time now, as the core counts it: since a moment before anything here has looked at a clock.
#[must_use]
pub fn now() -> Time {
    at(Instant::now())
}

/// That moment, as the core counts it.
#[must_use]
pub fn at(instant: Instant) -> Time {
    Time::from_duration(instant.saturating_duration_since(origin()))
}

/// The moment that is meant by `time`, `None` when it is too far off to ever come.
#[must_use]
pub fn instant(time: Time) -> Option<Instant> {
    origin().checked_add(time.as_duration())
}

/// An hour before the first look, for a clock that a test has stopped may be older than that.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(Duration::from_secs(3600)).unwrap_or(now)
    })
}
