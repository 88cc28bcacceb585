//! Cutting a stream as a transport might.

/// The pieces of `stream`, of lengths that follow from `seed`. Seed 0 leaves it whole, and seed 1
/// takes single bytes.
pub(crate) fn pieces(mut stream: &[u8], seed: u16) -> impl Iterator<Item = &[u8]> {
    let mut random = Random::new(seed.into());
    std::iter::from_fn(move || {
        if stream.is_empty() {
            return None;
        }
        let longest = match random.below(4) {
            0 => 1,
            1 => 8,
            2 => 64,
            _ => 1024,
        };
        let len = match seed {
            0 => stream.len(),
            1 => 1,
            _ => 1 + random.below(longest),
        };
        let (piece, rest) = stream.split_at(len.min(stream.len()));
        stream = rest;
        Some(piece)
    })
}

/// Numbers that look random (xorshift64), the same for the same seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % bound
    }
}
