//! What is sent: bytes to compressed payload.

use alloc::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::pool::{Pool, Reusable};

/// The sending direction of a connection.
pub(super) struct Deflation {
    pub(super) purpose: Purpose,
    pub(super) takeover: bool,
    /// The state, from the first message on with context takeover, and else within a message that
    /// is sent in chunks.
    deflater: Option<Deflater>,
}

/// What a compressor is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    pub(super) level: u8,
    pub(super) memory_level: u8,
    /// From 9 to 15.
    pub(super) window_bits: u8,
}

/// What a flush ends with, and a message leaves out (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

impl Deflation {
    pub(super) fn new(purpose: Purpose, takeover: bool) -> Self {
        Self {
            purpose,
            takeover,
            deflater: None,
        }
    }

    /// Compresses a piece of a message, the `last` one or not. `None` if the compressor fails; the
    /// next piece, or this one once more, is then compressed as if it were the first.
    pub(super) fn compress(&mut self, piece: &[u8], last: bool) -> Option<Vec<u8>> {
        if piece.is_empty() {
            // There is nothing to flush. What ends a message then is the beginning of an empty
            // block (RFC 7692 section 7.2.3.6).
            self.keep(!last);
            return Some(if last { alloc::vec![0x00] } else { Vec::new() });
        }
        let mut deflater = self
            .deflater
            .take()
            .unwrap_or_else(|| POOL.take(self.purpose));
        let mut out = deflater.compress(piece)?;
        self.deflater = Some(deflater);
        self.keep(!last);
        if last {
            out.truncate(out.len().checked_sub(TAIL.len())?);
        }
        Some(out)
    }

    /// Whether memory is held between messages.
    pub(super) fn holds_memory(&self) -> bool {
        self.deflater.is_some()
    }

    /// Forgets what has been sent.
    pub(super) fn release(&mut self) {
        if let Some(deflater) = self.deflater.take() {
            POOL.give(deflater);
        }
    }

    /// Gives the state back when nothing needs it, neither the message nor the takeover.
    fn keep(&mut self, within_message: bool) {
        if !within_message && !self.takeover {
            self.release();
        }
    }
}

/// The state of the compressor.
struct Deflater {
    state: Deflate,
    purpose: Purpose,
}

static POOL: Pool<Deflater> = Pool::new();

impl Deflater {
    /// Compresses all of `piece`, which is not empty, and flushes.
    fn compress(&mut self, mut piece: &[u8]) -> Option<Vec<u8>> {
        let mut out = alloc::vec![0; piece.len() / 4 + 64];
        let mut len = 0;
        loop {
            let before = (self.state.total_in(), self.state.total_out());
            self.state
                .compress(piece, &mut out[len..], DeflateFlush::SyncFlush)
                .ok()?;
            piece = &piece[(self.state.total_in() - before.0) as usize..];
            len += (self.state.total_out() - before.1) as usize;
            if len == out.len() {
                out.resize(2 * len, 0);
            } else {
                // There was room to spare, so the flush is through.
                out.truncate(len);
                return piece.is_empty().then_some(out);
            }
        }
    }
}

impl Reusable for Deflater {
    type Purpose = Purpose;

    fn new(purpose: Purpose) -> Self {
        let config = DeflateConfig {
            level: purpose.level.into(),
            mem_level: purpose.memory_level.into(),
            // Negative: without a header.
            window_bits: -i32::from(purpose.window_bits),
            ..DeflateConfig::default()
        };
        Self {
            state: Deflate::new_with_config(config),
            purpose,
        }
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn reset(&mut self) {
        self.state.reset();
    }
}
