//! Frames by hand (RFC 6455 section 5.2).

/// Which side of a connection is being measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;
/// Beside an opcode: the message is compressed.
pub const RSV1: u8 = 0x40;

/// Writes a frame's header in front of nothing yet; returns it and its length.
pub fn header(opcode: u8, fin: bool, len: usize, key: Option<[u8; 4]>) -> ([u8; 14], usize) {
    let mut header = [0; 14];
    header[0] = opcode | if fin { 0x80 } else { 0 };
    let mut end = match len {
        0..126 => {
            header[1] = len as u8;
            2
        }
        126..0x1_0000 => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    };
    if let Some(key) = key {
        header[1] |= 0x80;
        header[end..end + 4].copy_from_slice(&key);
        end += 4;
    }
    (header, end)
}

/// Masks into other memory of the same length, in one pass.
#[inline]
pub fn copy_masked(key: [u8; 4], from: &[u8], to: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if from.len() >= 256 && is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the floor must not lose to others' AVX2")]
        // SAFETY: the processor has it.
        return unsafe { copy_masked_avx2(key, from, to) };
    }
    copy_masked_blocks(key, from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn copy_masked_avx2(key: [u8; 4], from: &[u8], to: &mut [u8]) {
    copy_masked_blocks(key, from, to);
}

#[inline(always)]
fn copy_masked_blocks(key: [u8; 4], from: &[u8], to: &mut [u8]) {
    let wide = u32::from_ne_bytes(key);
    let (from, from_rest) = from.as_chunks::<4>();
    let (to, to_rest) = to.as_chunks_mut::<4>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = (u32::from_ne_bytes(*from) ^ wide).to_ne_bytes();
    }
    for ((to, from), key) in to_rest.iter_mut().zip(from_rest).zip(key) {
        *to = from ^ key;
    }
}

/// Masks or unmasks, with the widest vectors that the processor has where that pays.
#[inline]
pub fn mask(key: [u8; 4], bytes: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if bytes.len() >= 256 && is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the floor must not lose to others' AVX2")]
        // SAFETY: the processor has it.
        return unsafe { mask_avx2(key, bytes) };
    }
    mask_blocks(key, bytes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn mask_avx2(key: [u8; 4], bytes: &mut [u8]) {
    mask_blocks(key, bytes);
}

/// The compiler vectorises this for whatever its caller is compiled for.
#[inline(always)]
fn mask_blocks(key: [u8; 4], bytes: &mut [u8]) {
    let wide = u32::from_ne_bytes(key);
    let (blocks, rest) = bytes.as_chunks_mut::<128>();
    for block in blocks {
        mask_quads(wide, block.as_chunks_mut().0);
    }
    let (quads, rest) = rest.as_chunks_mut();
    mask_quads(wide, quads);
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[inline(always)]
fn mask_quads(key: u32, quads: &mut [[u8; 4]]) {
    for quad in quads {
        *quad = (u32::from_ne_bytes(*quad) ^ key).to_ne_bytes();
    }
}

/// Appends a whole frame.
pub fn push_frame(out: &mut Vec<u8>, opcode: u8, fin: bool, key: Option<[u8; 4]>, payload: &[u8]) {
    let (header, len) = header(opcode, fin, payload.len(), key);
    out.extend_from_slice(&header[..len]);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = key {
        mask(key, &mut out[start..]);
    }
}

/// What the first bytes of a frame say.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub opcode: u8,
    pub fin: bool,
    /// The message is compressed (RFC 7692 section 6).
    pub rsv1: bool,
    pub key: Option<[u8; 4]>,
    /// The header's own length.
    pub size: usize,
    pub payload: usize,
}

/// Reads a header, `None` if there is not all of it.
#[inline]
pub fn parse(bytes: &[u8]) -> Option<Header> {
    let &[first, second, ..] = bytes else {
        return None;
    };
    let (payload, mut size) = match second & 0x7f {
        126 => (
            usize::from(u16::from_be_bytes(*bytes[2..].first_chunk()?)),
            4,
        ),
        127 => (u64::from_be_bytes(*bytes[2..].first_chunk()?) as usize, 10),
        len => (usize::from(len), 2),
    };
    let mut key = None;
    if second & 0x80 != 0 {
        key = Some(*bytes.get(size..)?.first_chunk()?);
        size += 4;
    }
    Some(Header {
        opcode: first & 0xf,
        fin: first & 0x80 != 0,
        rsv1: first & RSV1 != 0,
        key,
        size,
        payload,
    })
}
