//! How the peer's bytes are cut before they reach the subject.

use std::fmt;

/// A way of cutting. Where the peer's bytes are cut must never matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each step's bytes at once.
    Whole,
    /// One byte at a time.
    Bytewise,
    /// In pieces of random lengths; the seed decides.
    Random(u64),
}

impl Way {
    /// The ways that a case is run by default: whole, byte by byte, and cut by some fixed seeds.
    /// The environment variable `CONFORMANCE_SEED` adds one more.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut ways = vec![Self::Whole, Self::Bytewise];
        ways.extend((1..=4).map(Self::Random));
        let seed = std::env::var("CONFORMANCE_SEED").ok();
        ways.extend(seed.and_then(|seed| seed.parse().ok()).map(Self::Random));
        ways
    }

    pub(crate) fn cutter(self) -> Cutter {
        match self {
            Self::Whole => Cutter::Whole,
            Self::Bytewise => Cutter::Bytewise,
            Self::Random(seed) => Cutter::Random(fastrand::Rng::with_seed(seed)),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Bytewise => f.write_str("byte by byte"),
            Self::Random(seed) => write!(f, "randomly, CONFORMANCE_SEED={seed}"),
        }
    }
}

/// Says how long the pieces are, from the first step of a case to its last.
pub(crate) enum Cutter {
    Whole,
    Bytewise,
    Random(fastrand::Rng),
}

impl Cutter {
    /// The length of the next piece of what is left, which is not nothing.
    pub(crate) fn next(&mut self, left: usize) -> usize {
        match self {
            Self::Whole => left,
            Self::Bytewise => 1,
            // Headers need short pieces, long payloads need some of any length.
            Self::Random(random) => match random.u8(..4) {
                0 => random.usize(1..=left),
                _ => random.usize(1..=left.min(5)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn the_pieces_make_the_whole() {
        for way in Way::all() {
            let mut cutter = way.cutter();
            for len in [1, 2, 7, 1000] {
                let mut left = len;
                while left > 0 {
                    let piece = cutter.next(left);
                    assert!((1..=left).contains(&piece), "{way}");
                    left -= piece;
                }
            }
        }
    }
}
