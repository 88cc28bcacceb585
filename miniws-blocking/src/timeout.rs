//! The timeouts that a stream has been given, and whether it needs others.

use std::time::Duration;

/// The timeout that a stream has for reading or for writing. Changing it is a system call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Timeout {
    /// The caller may have set one.
    #[default]
    Unknown,
    Known(Option<Duration>),
}

/// Shorter timeouts are rounded to nothing on some systems.
const SHORTEST: Duration = Duration::from_millis(1);
/// Longer ones are too large a number on some systems, or for a clock. Waking up once a day costs
/// nothing.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Timeout {
    /// Makes a stream wait for about as long as `wait`, with `set` if it has to be told. It may wake
    /// up early, when half of the time is over: the caller looks at its clock again.
    pub(crate) fn arm<E>(
        &mut self,
        wait: Option<Duration>,
        set: impl FnOnce(Option<Duration>) -> Result<(), E>,
    ) -> Result<(), E> {
        let wait = wait.map(|wait| wait.clamp(SHORTEST, LONGEST));
        let suits = match (*self, wait) {
            (Self::Unknown, _) => false,
            (Self::Known(Some(known)), Some(wait)) => wait / 2 <= known && known <= wait,
            (Self::Known(known), wait) => known == wait,
        };
        if !suits {
            set(wait)?;
            *self = Self::Known(wait);
        }
        Ok(())
    }

    pub(crate) fn is_known(self) -> bool {
        matches!(self, Self::Known(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_set_only_when_it_has_to_be() {
        let mut timeout = Timeout::default();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (wait, expected) in [
            (seconds(30), Some(seconds(30))),
            (seconds(30), None),
            (seconds(31), None),
            (seconds(29), Some(seconds(29))),
            (seconds(30), None),
            (seconds(59), Some(seconds(59))),
            (None, Some(None)),
            (None, None),
            (seconds(0), Some(Some(SHORTEST))),
            (Some(Duration::MAX), Some(Some(LONGEST))),
        ] {
            let mut set = None;
            let armed: Result<(), ()> = timeout.arm(wait, |wait| {
                set = Some(wait);
                Ok(())
            });
            assert_eq!((armed, set), (Ok(()), expected), "{wait:?}");
        }
    }
}
