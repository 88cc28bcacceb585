//! Masking (RFC 6455 section 5.3), which is its own inverse.

use alloc::vec::Vec;

use super::MaskKey;

/// Masks `data`, the first byte of which is byte `offset` of the frame's payload.
#[inline(always)]
pub(crate) fn apply(key: MaskKey, offset: usize, data: &mut [u8]) {
    let key = rotated(key, offset);
    match data.len() {
        0..16 => apply_to_few(key, data),
        16..64 => apply_to_blocks::<16>(key, data),
        _ => apply_to_many(key, data),
    }
}

/// Appends `payload` to `out`, masked: copied and masked in one go. It is faster if there is room.
#[inline(always)]
pub(crate) fn extend_masked(out: &mut Vec<u8>, key: MaskKey, payload: &[u8]) {
    let (blocks, rest) = payload.as_chunks();
    if !blocks.is_empty() {
        extend_with_many(out, key, blocks);
    }
    let start = out.len();
    out.extend_from_slice(rest);
    apply(key, 0, &mut out[start..]);
}

/// How many bytes are masked at once where there are many: what the compiler turns into a few vector
/// instructions.
const BLOCK: usize = 64;

/// The same where there are very many, so that the loop itself counts for less, and where they are
/// copied as well: to append to a `Vec` is not free.
const LARGE: usize = 256;

/// The key for what begins `offset` bytes further on.
#[inline(always)]
fn rotated(key: MaskKey, offset: usize) -> MaskKey {
    let bits = 8 * (offset % 4) as u32;
    u32::from_le_bytes(key).rotate_right(bits).to_le_bytes()
}

#[inline(always)]
fn masked<const N: usize>(key: MaskKey, mut block: [u8; N]) -> [u8; N] {
    let key = u32::from_ne_bytes(key);
    let (quads, _) = block.as_chunks_mut();
    for quad in quads {
        *quad = (u32::from_ne_bytes(*quad) ^ key).to_ne_bytes();
    }
    block
}

/// Masks `data` in blocks. What is left over is masked along with the end of the block before it: it
/// is looked at before that is masked, so nothing is masked twice. Shorter data stays as it is.
#[inline(always)]
fn apply_to_blocks<const N: usize>(key: MaskKey, data: &mut [u8]) {
    let end_key = rotated(key, data.len() - data.len().min(N));
    let Some(&end) = data.last_chunk::<N>() else {
        return;
    };
    let end = masked(end_key, end);
    for block in data.as_chunks_mut::<N>().0 {
        *block = masked(key, *block);
    }
    if let Some(last) = data.last_chunk_mut() {
        *last = end;
    }
}

#[inline(always)]
fn apply_to_many_blocks(key: MaskKey, data: &mut [u8]) {
    if data.len() < 4 * LARGE {
        apply_to_blocks::<BLOCK>(key, data);
    } else {
        apply_to_blocks::<LARGE>(key, data);
    }
}

#[inline(never)]
fn apply_to_few(key: MaskKey, data: &mut [u8]) {
    match data.len() {
        0..4 => apply_to_bytes(key, data),
        4..8 => apply_to_blocks::<4>(key, data),
        _ => apply_to_blocks::<8>(key, data),
    }
}

#[inline(always)]
fn apply_to_bytes(key: MaskKey, data: &mut [u8]) {
    for (byte, key) in data.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[inline(always)]
fn extend_with_blocks(out: &mut Vec<u8>, key: MaskKey, blocks: &[[u8; LARGE]]) {
    for block in blocks {
        out.extend_from_slice(&masked(key, *block));
    }
}

#[inline(never)]
fn apply_to_many(key: MaskKey, data: &mut [u8]) {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if avx2::apply(key, data) {
        return;
    }
    apply_to_many_blocks(key, data);
}

#[inline(never)]
fn extend_with_many(out: &mut Vec<u8>, key: MaskKey, blocks: &[[u8; LARGE]]) {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if avx2::extend(out, key, blocks) {
        return;
    }
    extend_with_blocks(out, key, blocks);
}

/// The same loops in registers twice as wide as those that every processor of this architecture has.
/// Both do nothing and return false where there are none.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[allow(unsafe_code)]
mod avx2 {
    use super::{LARGE, MaskKey, Vec, apply_to_many_blocks, extend_with_blocks};

    pub(super) fn apply(key: MaskKey, data: &mut [u8]) -> bool {
        #[target_feature(enable = "avx2")]
        fn apply(key: MaskKey, data: &mut [u8]) {
            apply_to_many_blocks(key, data);
        }
        let is_there = std::arch::is_x86_feature_detected!("avx2");
        if is_there {
            // SAFETY: the processor has what the function is compiled for, and that is all it asks.
            unsafe { apply(key, data) }
        }
        is_there
    }

    pub(super) fn extend(out: &mut Vec<u8>, key: MaskKey, blocks: &[[u8; LARGE]]) -> bool {
        #[target_feature(enable = "avx2")]
        fn extend(out: &mut Vec<u8>, key: MaskKey, blocks: &[[u8; LARGE]]) {
            extend_with_blocks(out, key, blocks);
        }
        let is_there = std::arch::is_x86_feature_detected!("avx2");
        if is_there {
            // SAFETY: as above.
            unsafe { extend(out, key, blocks) }
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Miri takes its time: it looks at some lengths only.
    const STEP: usize = if cfg!(miri) { 41 } else { 1 };

    /// Against the formula of the RFC, at every length around the block sizes and every offset.
    #[test]
    fn matches_the_formula() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let lens = (0..300).chain(1020..1300).chain([4099, 20_001]);
        for len in lens.step_by(STEP) {
            for offset in 0..8 {
                let plain: Vec<u8> = (0..len).map(|at| at as u8).collect();
                let expected: Vec<u8> = plain
                    .iter()
                    .enumerate()
                    .map(|(at, byte)| byte ^ key[(at + offset) % 4])
                    .collect();
                let mut masked = plain.clone();
                apply(key, offset, &mut masked);
                assert_eq!(masked, expected, "{len} bytes from {offset} on");
                if offset == 0 {
                    let mut out = Vec::from(*b"before");
                    extend_masked(&mut out, key, &plain);
                    assert_eq!(out, [b"before", &expected[..]].concat());
                }
            }
        }
    }

    /// Whatever the processor that the tests run on has.
    #[test]
    fn the_loops_for_any_processor_do_the_same() {
        let key = [1, 2, 3, 4];
        for len in (64..400).chain(1000..1300).step_by(STEP) {
            let plain: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let mut masked = plain.clone();
            apply_to_many(key, &mut masked);
            let mut same = plain.clone();
            apply_to_many_blocks(key, &mut same);
            assert_eq!(masked, same);
            let (blocks, _) = plain.as_chunks();
            let mut out = Vec::new();
            extend_with_blocks(&mut out, key, blocks);
            assert_eq!(out, masked[..out.len()]);
        }
    }
}
