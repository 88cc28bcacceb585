//! Masking keys, drawn in blocks.

use alloc::boxed::Box;

use crate::entropy::Entropy;
use crate::frame::MaskKey;

/// A client's supply of masking keys, a new one for each frame (RFC 6455 section 5.3).
pub(super) struct Masker {
    entropy: Box<dyn Entropy>,
    /// Asking the source once for many keys: it is often a system call.
    block: [MaskKey; KEYS],
    used: usize,
}

impl Masker {
    pub(super) fn new(entropy: Box<dyn Entropy>) -> Self {
        Self {
            entropy,
            block: [[0; 4]; KEYS],
            used: KEYS,
        }
    }

    #[inline]
    pub(super) fn key(&mut self) -> MaskKey {
        if let Some(key) = self.block.get(self.used) {
            self.used += 1;
            return *key;
        }
        self.refill();
        self.used = 1;
        self.block[0]
    }

    #[cold]
    fn refill(&mut self) {
        self.entropy.fill(self.block.as_flattened_mut());
    }
}

const KEYS: usize = 32;
