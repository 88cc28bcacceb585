//! A point in monotonic time, handed in by whoever drives the protocol.

use core::ops::Add;
use core::time::Duration;

/// A point in monotonic time: how long ago an origin of the caller's choice was.
///
/// The core has no clock. Whoever drives it measures time, for example as the time since the
/// program started, and hands it in. All that matters is that it never goes back and that every
/// call for one connection uses the same origin.
///
/// ```
/// use core::time::Duration;
/// use miniws_proto::Time;
///
/// let start = std::time::Instant::now();
/// let now = Time::from_duration(start.elapsed());
/// let later = now + Duration::from_secs(5);
/// assert_eq!(later.saturating_since(now), Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Duration);

impl Time {
    /// The point at which `since_origin` has passed since the origin.
    #[must_use]
    pub const fn from_duration(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// How long after the origin this is.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; zero when it is before it.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates at the end of time, so that a timeout of [`Duration::MAX`] never comes.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}
