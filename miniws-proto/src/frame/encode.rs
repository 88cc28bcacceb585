//! Frame header to bytes.

use super::{MaskKey, Opcode, RSV1};

/// A header as it goes onto the wire: at most 14 bytes.
pub(crate) struct HeaderBytes {
    bytes: [u8; 14],
    len: usize,
}

impl HeaderBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The header of the first frame of a compressed message (RFC 7692 section 6), or not.
    pub(crate) fn with_rsv1(mut self, rsv1: bool) -> Self {
        if rsv1 {
            self.bytes[0] |= RSV1;
        }
        self
    }
}

/// Encodes a header, its length in the shortest form (RFC 6455 section 5.2).
pub(crate) fn encode(
    opcode: Opcode,
    fin: bool,
    payload_len: usize,
    mask: Option<MaskKey>,
) -> HeaderBytes {
    let mut bytes = [0; 14];
    bytes[0] = opcode as u8 | u8::from(fin) << 7;
    let mut len = match payload_len {
        0..=125 => {
            bytes[1] = payload_len as u8;
            2
        }
        126..=0xffff => {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&(payload_len as u16).to_be_bytes());
            4
        }
        _ => {
            bytes[1] = 127;
            bytes[2..10].copy_from_slice(&(payload_len as u64).to_be_bytes());
            10
        }
    };
    if let Some(key) = mask {
        bytes[1] |= 0x80;
        bytes[len..len + 4].copy_from_slice(&key);
        len += 4;
    }
    HeaderBytes { bytes, len }
}
