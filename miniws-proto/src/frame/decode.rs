//! Bytes to frame header.

use core::ops::Range;

use super::{MAX_CONTROL, MaskKey, Opcode, RSV1};
use crate::error::ReceiveErrorKind;

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    /// RSV1: the message that begins here is compressed (RFC 7692 section 6).
    pub(crate) rsv1: bool,
    pub(crate) opcode: Opcode,
    /// `Some` at a server, `None` at a client: anything else is refused here.
    pub(crate) mask: Option<MaskKey>,
    /// How many payload bytes follow.
    pub(crate) payload_len: u64,
    /// How many bytes the header itself takes.
    pub(crate) size: u8,
}

/// Decodes the header at the start of `bytes`; `None` when more bytes are needed.
///
/// What the first two bytes show to be wrong is refused as soon as they are there. `compression`
/// says whether RSV1 may be set on the first frame of a message.
pub(crate) fn decode(
    bytes: &[u8],
    masked: bool,
    compression: bool,
) -> Result<Option<Header>, ReceiveErrorKind> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    let opcode =
        Opcode::from_bits(first & 0x0f).ok_or(ReceiveErrorKind::ReservedOpcode(first & 0x0f))?;
    let fin = first & 0x80 != 0;
    let rsv1 = first & RSV1 != 0;
    let rsv1_allowed = compression && matches!(opcode, Opcode::Text | Opcode::Binary);
    if first & 0x30 != 0 || (rsv1 && !rsv1_allowed) {
        return Err(ReceiveErrorKind::ReservedBits);
    }
    if (second & 0x80 != 0) != masked {
        return Err(match masked {
            true => ReceiveErrorKind::UnmaskedFrame,
            false => ReceiveErrorKind::MaskedFrame,
        });
    }
    let short_len = second & 0x7f;
    if opcode.is_control() {
        if !fin {
            return Err(ReceiveErrorKind::FragmentedControl);
        }
        if usize::from(short_len) > MAX_CONTROL {
            return Err(ReceiveErrorKind::OversizedControl);
        }
    }

    let (payload_len, rest) = match short_len {
        126 => match rest.split_first_chunk() {
            Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((len, rest)) => (u64::from_be_bytes(*len), rest),
            None => return Ok(None),
        },
        len => (u64::from(len), rest),
    };
    match short_len {
        126 if payload_len <= 125 => return Err(ReceiveErrorKind::NonMinimalLength),
        127 if payload_len <= 0xffff => return Err(ReceiveErrorKind::NonMinimalLength),
        127 if payload_len >> 63 != 0 => return Err(ReceiveErrorKind::LengthOverflow),
        _ => {}
    }

    let (mask, rest) = if masked {
        match rest.split_first_chunk() {
            Some((key, rest)) => (Some(*key), rest),
            None => return Ok(None),
        }
    } else {
        (None, rest)
    };
    Ok(Some(Header {
        fin,
        rsv1,
        opcode,
        mask,
        payload_len,
        size: (bytes.len() - rest.len()) as u8,
    }))
}

/// A frame of less than 64 KiB.
pub(crate) struct Short {
    /// The first byte of the header.
    pub(crate) first: u8,
    /// `None` at a client.
    pub(crate) mask: Option<MaskKey>,
    /// Where the payload is in the bytes, if it is there.
    pub(crate) payload: Range<usize>,
}

/// Decodes the header of such a frame, but for its first byte. `None` for everything else, such as
/// what [`decode`] refuses for its other bytes.
#[inline(always)]
pub(crate) fn decode_short(bytes: &[u8], masked: bool) -> Option<Short> {
    let &[first, second, ref rest @ ..] = bytes else {
        return None;
    };
    let (len, size, rest) = match second ^ u8::from(masked) << 7 {
        len @ 0..=125 => (usize::from(len), 2, rest),
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            let len = u16::from_be_bytes(*len);
            if len <= 125 {
                return None;
            }
            (usize::from(len), 4, rest)
        }
        _ => return None,
    };
    let (mask, size) = match masked {
        true => (Some(*rest.first_chunk()?), size + 4),
        false => (None, size),
    };
    Some(Short {
        first,
        mask,
        payload: size..size + len,
    })
}
