//! Masking keys, drawn in blocks.

use alloc::boxed::Box;

use crate::entropy::Entropy;
use crate::frame::MaskKey;

/// A client's supply of masking keys, a new one for each frame (RFC 6455 section 5.3).
pub(super) struct Masker {
    entropy: Box<dyn Entropy>,
    /// Asking the source once for many keys: it is often a system call.
    block: [u8; 128],
    used: usize,
}

impl Masker {
    pub(super) fn new(entropy: Box<dyn Entropy>) -> Self {
        Self {
            entropy,
            block: [0; 128],
            used: 128,
        }
    }

    pub(super) fn key(&mut self) -> MaskKey {
        if self.used == self.block.len() {
            self.entropy.fill(&mut self.block);
            self.used = 0;
        }
        let mut key = [0; 4];
        key.copy_from_slice(&self.block[self.used..self.used + 4]);
        self.used += 4;
        key
    }
}
