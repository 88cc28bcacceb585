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
    #[inline]
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let rsv1 = if self.rsv1 { RSV1 } else { 0 };
        let first = self.opcode as u8 | u8::from(self.fin) << 7 | rsv1;
        let mask = u8::from(self.mask.is_some()) << 7;
        match self.payload_len {
            len @ 0..=125 => out.extend_from_slice(&[first, mask | len as u8]),
            len @ 126..=0xffff => {
                let [high, low] = (len as u16).to_be_bytes();
                out.extend_from_slice(&[first, mask | 126, high, low]);
            }
            len => {
                out.extend_from_slice(&[first, mask | 127]);
                out.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }
}
