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

/// Masks or unmasks.
#[inline]
pub fn mask(key: [u8; 4], bytes: &mut [u8]) {
    let wide = u32::from_ne_bytes(key);
    let (blocks, rest) = bytes.as_chunks_mut::<64>();
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
        key,
        size,
        payload,
    })
}
