//! Stands in for `tally` where the feature `stats` is off: nothing is counted.

#[derive(Debug, Default)]
pub(super) struct Tally;

#[allow(clippy::unused_self)]
impl Tally {
    #[inline(always)]
    pub(super) fn data(&mut self, _: usize, _: bool) {}

    #[inline(always)]
    pub(super) fn control(&mut self) {}

    #[inline(always)]
    pub(super) fn deflated(&mut self, _: usize, _: usize) {}

    #[inline(always)]
    pub(super) fn framed(&mut self, _: usize, _: usize) {}

    #[inline(always)]
    pub(super) fn handshake(&mut self, _: usize) {}
}
