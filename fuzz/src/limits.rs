//! Small limits out of the input.

use arbitrary::Arbitrary;
use miniws_proto::Config;

/// A limit in the input: 0 is the default, and anything else one more than the limit.
#[derive(Arbitrary, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FromOne(pub u16);

impl FromOne {
    /// As it stands in the input, the nearest that can.
    #[must_use]
    pub fn new(limit: Option<usize>) -> Self {
        Self(limit.map_or(0, |limit| limit.min(0xfffe) as u16 + 1))
    }

    /// The limit, `None` for the default.
    pub(crate) fn get(self) -> Option<usize> {
        self.0.checked_sub(1).map(usize::from)
    }

    /// Sets the limit, unless it is the default.
    pub(crate) fn set<T: TryFrom<usize>>(
        self,
        config: Config,
        setter: fn(Config, T) -> Config,
    ) -> Config {
        match self.get().and_then(|limit| T::try_from(limit).ok()) {
            Some(limit) => setter(config, limit),
            None => config,
        }
    }
}
