//! What is sent: bytes to compressed payload.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::pool::{Pool, Reusable};

/// The sending direction of a connection.
pub(super) struct Deflation {
    pub(super) purpose: Purpose,
    pub(super) takeover: bool,
    /// The state, from the first message on with context takeover, and else within a message that
    /// is sent in chunks.
    deflater: Option<Box<Deflater>>,
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

    /// Compresses a piece of a message, the `last` one or not.
    pub(super) fn compress(&mut self, piece: &[u8], last: bool) -> Vec<u8> {
        if piece.is_empty() {
            // There is nothing to flush. What ends a message then is the beginning of an empty
            // block (RFC 7692 section 7.2.3.6).
            self.keep(!last);
            return if last { alloc::vec![0x00] } else { Vec::new() };
        }
        let mut deflater = self
            .deflater
            .take()
            .unwrap_or_else(|| POOL.take(self.purpose));
        let mut out = match deflater.compress(piece) {
            Some(out) => {
                self.deflater = Some(deflater);
                out
            }
            // It is not known to ever fail. Another one takes its place, which has seen nothing.
            None => stored(piece),
        };
        self.keep(!last);
        if last {
            out.truncate(out.len() - TAIL.len());
        }
        out
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
    /// Compresses all of `piece`, which is not empty, and flushes. What comes out takes no more memory
    /// than it is long: it may have to wait in a queue, which counts lengths. `None` if it fails.
    fn compress(&mut self, piece: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for part in piece.chunks(PART) {
            let start = out.len();
            out.resize(start + most(part.len()), 0);
            let before = (self.state.total_in(), self.state.total_out());
            self.state
                .compress(part, &mut out[start..], DeflateFlush::SyncFlush)
                .ok()?;
            let used = (self.state.total_in() - before.0) as usize;
            let end = start + (self.state.total_out() - before.1) as usize;
            // With room to spare the flush is through.
            if used < part.len() || end == out.len() {
                return None;
            }
            out.truncate(end);
        }
        out.shrink_to_fit();
        Some(out)
    }
}

/// The same without a compressor: stored blocks (RFC 1951 section 3.2.4), the last of them empty.
fn stored(piece: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in piece.chunks(u16::MAX.into()).chain([&[][..]]) {
        let len = part.len() as u16;
        out.push(0x00);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// How much is compressed at once. Each part is flushed, which costs a few bytes.
const PART: usize = 1 << 20;

/// More than so many bytes become, flushed. That is one part in 7 and a few bytes at most: a literal
/// takes 9 bits at most where there is no better way. A buffer that gets full would do too, but if
/// that is with the flush, the next call flushes once more.
fn most(len: usize) -> usize {
    len + len / 4 + 64
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

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(level: u8, memory_level: u8, window_bits: u8, message: &[u8]) -> Vec<u8> {
        let purpose = Purpose {
            level,
            memory_level,
            window_bits,
        };
        Deflation::new(purpose, false).compress(message, true)
    }

    /// Pseudo-random bytes from `least` on.
    fn noise(least: u8, len: usize) -> Vec<u8> {
        let mut random = 1_u32;
        let mut byte = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            least + (random >> 16) as u8 % (255 - least)
        };
        (0..len).map(|_| byte()).collect()
    }

    /// What cannot be compressed, and what takes 9 bits in a block with fixed codes, fits as well.
    #[test]
    fn whatever_does_not_get_smaller_fits() {
        let purposes = (1..=9).flat_map(|level| [(level, 1, 9), (level, 1, 15), (level, 9, 15)]);
        for (level, memory_level, window_bits) in purposes {
            for least in [0, 144] {
                for len in [1, 7, 130, 9000] {
                    let noise = noise(least, len);
                    let compressed = compressed(level, memory_level, window_bits, &noise);
                    let most = len + len / 7 + 10;
                    assert!(compressed.len() < most, "{} of {len}", compressed.len());
                }
            }
        }
    }

    /// What has been stored is what was flushed.
    #[test]
    fn what_is_stored_comes_out() {
        for len in [1, 1000, 65_535, 65_536, 200_000] {
            let noise = noise(0, len);
            let stored = stored(&noise);
            assert!(stored.ends_with(&TAIL));
            let mut out = alloc::vec![0; len + 1];
            let mut inflate = zlib_rs::Inflate::new(false, 15);
            let result = inflate.decompress(&stored, &mut out, zlib_rs::InflateFlush::NoFlush);
            assert!(result.is_ok());
            assert_eq!(inflate.total_in(), stored.len() as u64);
            assert_eq!(inflate.total_out(), len as u64);
            assert!(out[..len] == noise);
        }
    }

    #[test]
    fn a_flush_is_written_once() {
        let letters = noise(0, 600).into_iter().map(|byte| b'a' + byte % 4);
        let letters: Vec<u8> = letters.collect();
        for len in 1..letters.len() {
            let compressed = compressed(9, 9, 15, &letters[..len]);
            assert!(
                !compressed.ends_with(&[0x00, 0x00, 0xff, 0xff, 0x00]),
                "{len}"
            );
        }
    }
}
