//! A point in monotonic time, handed in by whoever drives the protocol.

use core::num::NonZeroU64;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// One more than the nanoseconds since the origin, so that an `Option` of it takes no more room.
    /// The largest stands for the end of time, which is 584 years off.
    count: NonZeroU64,
}

impl Time {
    /// The point at which `since_origin` has passed since the origin.
    #[must_use]
    pub fn from_duration(since_origin: Duration) -> Self {
        Self::default() + since_origin
    }

    /// How long after the origin this is.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        match self.count {
            NonZeroU64::MAX => Duration::MAX,
            count => Duration::from_nanos(count.get() - 1),
        }
    }

    /// How long after `earlier` this is; zero when it is before it.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.count.get().saturating_sub(earlier.count.get()))
    }
}

impl Default for Time {
    /// The origin.
    fn default() -> Self {
        Self {
            count: NonZeroU64::MIN,
        }
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates at the end of time, so that a timeout of [`Duration::MAX`] never comes.
    fn add(self, duration: Duration) -> Self {
        let seconds = duration.as_secs().saturating_mul(1_000_000_000);
        let nanos = seconds.saturating_add(duration.subsec_nanos().into());
        Self {
            count: self.count.saturating_add(nanos),
        }
    }
}
