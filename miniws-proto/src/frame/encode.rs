//! Frame header to bytes.

use alloc::vec::Vec;

use super::{MaskKey, Opcode, RSV1};

/// A frame's header, but for the masking key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    first: u8,
    payload_len: usize,
}

impl Header {
    /// How many bytes a header takes at most.
    pub(crate) const MAX: usize = 14;

    /// RSV1 says that the message which begins here is compressed (RFC 7692 section 6).
    #[inline]
    pub(crate) const fn new(opcode: Opcode, fin: bool, rsv1: bool, payload_len: usize) -> Self {
        let rsv1 = if rsv1 { RSV1 } else { 0 };
        Self {
            first: opcode as u8 | (fin as u8) << 7 | rsv1,
            payload_len,
        }
    }

    /// Appends the header to `out`, its length in the shortest form (RFC 6455 section 5.2). A
    /// client has a masking key, a server none.
    #[inline(always)]
    pub(crate) fn write(self, mask: Option<MaskKey>, out: &mut Vec<u8>) {
        if self.payload_len > 0xffff {
            return self.write_long(mask, out);
        }
        // Any other fits into eight bytes, and is put together and copied as such; what is behind
        // its end is cut off again.
        let (bit, key, key_size) = match mask {
            Some(key) => (MASK, u32::from_le_bytes(key), 4),
            None => (0, 0, 0),
        };
        let key = u64::from(key);
        let (second, rest, size) = match self.payload_len {
            len @ 0..=125 => (len as u8, key, 2),
            len => (126, u64::from((len as u16).swap_bytes()) | key << 16, 4),
        };
        let word = u64::from(self.first) | u64::from(bit | second) << 8 | rest << 16;
        let end = out.len() + size + key_size;
        out.extend_from_slice(&word.to_le_bytes());
        out.truncate(end);
    }

    #[inline(never)]
    fn write_long(self, mask: Option<MaskKey>, out: &mut Vec<u8>) {
        let bit = if mask.is_some() { MASK } else { 0 };
        out.extend_from_slice(&[self.first, bit | 127]);
        out.extend_from_slice(&(self.payload_len as u64).to_be_bytes());
        if let Some(key) = mask {
            out.extend_from_slice(&key);
        }
    }
}

/// The bit beside a length which says that a masking key follows.
const MASK: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::decode;

    /// What is encoded is decoded to the same, and nothing is behind it.
    #[test]
    fn goes_there_and_back() {
        for payload_len in [
            0,
            1,
            125,
            126,
            127,
            0xff,
            0x100,
            0xffff,
            0x1_0000,
            0x1234_5678,
        ] {
            for mask in [None, Some([1, 2, 3, 0xff])] {
                for (fin, rsv1) in [(false, false), (true, false), (false, true), (true, true)] {
                    let mut out = Vec::from([7]);
                    Header::new(Opcode::Binary, fin, rsv1, payload_len).write(mask, &mut out);
                    let decoded = decode::decode(&out[1..], mask.is_some(), true);
                    let expected = decode::Header {
                        fin,
                        rsv1,
                        opcode: Opcode::Binary,
                        mask,
                        payload_len: payload_len as u64,
                        size: (out.len() - 1) as u8,
                    };
                    assert_eq!(decoded, Ok(Some(expected)));
                }
            }
        }
    }
}
