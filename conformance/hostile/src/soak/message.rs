//! Messages that are made up, and how they are cut into frames.

use fastrand::Rng;

use crate::deflated::compress;
use crate::wire::{BINARY, CONTINUATION, FIN, RSV1, TEXT, masked_with};

/// The largest that may be compressed for a peer that keeps a window of 4 KiB.
const WINDOW: usize = 4 << 10;

#[derive(PartialEq, Eq)]
pub(super) struct Message {
    pub(super) opcode: u8,
    pub(super) payload: Vec<u8>,
}

impl Message {
    /// Most are small, some are large; half of them are easy to compress.
    pub(super) fn make_up(rng: &mut Rng) -> Self {
        let len = match rng.u8(..100) {
            0..60 => rng.usize(..126),
            60..85 => rng.usize(..4096),
            85..98 => rng.usize(..64 << 10),
            _ => rng.usize(..1 << 20),
        };
        if rng.bool() {
            let text = match rng.bool() {
                true => std::iter::repeat_with(|| rng.char(..))
                    .take(len / 3)
                    .collect(),
                false => "all work and no play – ".repeat(len / 25),
            };
            Self {
                opcode: TEXT,
                payload: text.into_bytes(),
            }
        } else {
            let payload = match rng.bool() {
                true => std::iter::repeat_with(|| rng.u8(..)).take(len).collect(),
                false => (0..=rng.u8(..)).cycle().take(len).collect(),
            };
            Self {
                opcode: BINARY,
                payload,
            }
        }
    }

    /// Its frames, as a client's: one, or some.
    pub(super) fn frames(&self, rng: &mut Rng, may_compress: bool) -> Vec<u8> {
        let compressed;
        let (mut rest, mut first) = if may_compress && self.payload.len() <= WINDOW && rng.bool() {
            compressed = compress(&self.payload);
            (&*compressed, self.opcode | RSV1)
        } else {
            (&*self.payload, self.opcode)
        };
        let mut frames = Vec::new();
        while rng.u8(..4) == 0 {
            let piece;
            (piece, rest) = rest.split_at(rng.usize(..=rest.len()));
            frames.extend(frame(rng, first, piece));
            first = CONTINUATION;
        }
        frames.extend(frame(rng, FIN | first, rest));
        frames
    }
}

pub(super) fn frame(rng: &mut Rng, first: u8, payload: &[u8]) -> Vec<u8> {
    masked_with(rng.u32(..).to_be_bytes(), first, payload)
}
