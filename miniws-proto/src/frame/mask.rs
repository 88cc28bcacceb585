//! Masking (RFC 6455 section 5.3), which is its own inverse.

use alloc::vec::Vec;

use super::MaskKey;

/// Masks `data`, the first byte of which is byte `offset` of the frame's payload.
pub(crate) fn apply(mut key: MaskKey, offset: usize, data: &mut [u8]) {
    key.rotate_left(offset % 4);
    // Blocks of a constant size are what the compiler turns into vector instructions; most messages
    // are shorter than a block.
    let (blocks, rest) = data.as_chunks_mut::<64>();
    for block in blocks {
        let (quads, _) = block.as_chunks_mut();
        apply_to_quads(key, quads);
    }
    let (quads, rest) = rest.as_chunks_mut();
    apply_to_quads(key, quads);
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[inline(always)]
fn apply_to_quads(key: MaskKey, quads: &mut [[u8; 4]]) {
    let key = u32::from_ne_bytes(key);
    for quad in quads {
        *quad = (u32::from_ne_bytes(*quad) ^ key).to_ne_bytes();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the formula of the RFC, at every length around the block size and every offset.
    #[test]
    fn matches_the_formula() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        for len in 0..200 {
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
