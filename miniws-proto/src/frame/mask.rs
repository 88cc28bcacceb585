//! Masking (RFC 6455 section 5.3), which is its own inverse.

use alloc::vec::Vec;

use super::MaskKey;

/// Masks `data`, the first byte of which is byte `offset` of the frame's payload.
pub(crate) fn apply(key: MaskKey, offset: usize, data: &mut [u8]) {
    let key = rotated(key, offset);
    // A block of constant size is what the compiler turns into vector instructions.
    let mut block_key = [0; BLOCK];
    for quad in block_key.chunks_exact_mut(4) {
        quad.copy_from_slice(&key);
    }
    let mut blocks = data.chunks_exact_mut(BLOCK);
    for block in &mut blocks {
        for (byte, key) in block.iter_mut().zip(block_key) {
            *byte ^= key;
        }
    }
    for (byte, key) in blocks.into_remainder().iter_mut().zip(block_key) {
        *byte ^= key;
    }
}

/// Appends `payload` to `out`, masked.
pub(crate) fn extend_masked(out: &mut Vec<u8>, key: MaskKey, payload: &[u8]) {
    // Piece by piece, so that each is masked while it is still in the nearest cache. The length is
    // a multiple of four, so each piece starts at the first byte of the key.
    const PIECE: usize = 8 * 1024;
    out.reserve(payload.len());
    for piece in payload.chunks(PIECE) {
        let start = out.len();
        out.extend_from_slice(piece);
        apply(key, 0, &mut out[start..]);
    }
}

const BLOCK: usize = 32;

fn rotated(mut key: MaskKey, offset: usize) -> MaskKey {
    key.rotate_left(offset % 4);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the formula of the RFC, at every length around the block size and every offset.
    #[test]
    fn matches_the_formula() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        for len in 0..3 * BLOCK {
            for offset in 0..8 {
                let plain: Vec<u8> = (0..len).map(|at| at as u8).collect();
                let expected: Vec<u8> = plain
                    .iter()
                    .enumerate()
                    .map(|(at, byte)| byte ^ key[(at + offset) % 4])
                    .collect();
                let mut masked = plain.clone();
                apply(key, offset, &mut masked);
                assert_eq!(masked, expected);
                if offset == 0 {
                    let mut out = Vec::new();
                    extend_masked(&mut out, key, &plain);
                    assert_eq!(out, expected);
                }
            }
        }
    }

    #[test]
    fn masks_across_pieces() {
        let key = [1, 2, 3, 4];
        let mut plain: Vec<u8> = (0..20_001).map(|at| at as u8).collect();
        let mut out = Vec::new();
        extend_masked(&mut out, key, &plain);
        apply(key, 0, &mut plain);
        assert_eq!(out, plain);
    }
}
