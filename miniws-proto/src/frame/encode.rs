//! Frame header to bytes.

use alloc::vec::Vec;

use super::{MaskKey, Opcode, RSV1};

/// A frame's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) opcode: Opcode,
    pub(crate) fin: bool,
    /// RSV1: the message that begins here is compressed (RFC 7692 section 6).
    pub(crate) rsv1: bool,
    pub(crate) payload_len: usize,
    /// `Some` at a client.
    pub(crate) mask: Option<MaskKey>,
}

impl Header {
    /// How many bytes a header takes at most.
    pub(crate) const MAX: usize = 14;

    /// Appends the header to `out`, its length in the shortest form (RFC 6455 section 5.2).
    #[inline(always)]
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        // Most headers fit into eight bytes, and are put together and copied as such; what is
        // behind their end is cut off again.
        let (mask, key, key_size) = match self.mask {
            Some(key) => (MASK, u32::from_le_bytes(key), 4),
            None => (0, 0, 0),
        };
        let key = u64::from(key);
        let (second, rest, size) = match self.payload_len {
            len @ 0..=125 => (len as u8, key, 2),
            len @ 126..=0xffff => (126, u64::from((len as u16).swap_bytes()) | key << 16, 4),
            _ => return self.write_long(out),
        };
        let word = u64::from(self.first()) | u64::from(mask | second) << 8 | rest << 16;
        let end = out.len() + size + key_size;
        out.extend_from_slice(&word.to_le_bytes());
        out.truncate(end);
    }

    #[inline(never)]
    fn write_long(self, out: &mut Vec<u8>) {
        let mask = if self.mask.is_some() { MASK } else { 0 };
        out.extend_from_slice(&[self.first(), mask | 127]);
        out.extend_from_slice(&(self.payload_len as u64).to_be_bytes());
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }

    #[inline]
    const fn first(self) -> u8 {
        let rsv1 = if self.rsv1 { RSV1 } else { 0 };
        self.opcode as u8 | (self.fin as u8) << 7 | rsv1
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
                    let header = Header {
                        opcode: Opcode::Binary,
                        fin,
                        rsv1,
                        payload_len,
                        mask,
                    };
                    let mut out = Vec::from([7]);
                    header.write(&mut out);
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
