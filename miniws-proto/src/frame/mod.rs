//! The wire format of frames (RFC 6455 section 5.2), nothing else.

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod mask;

use crate::message::MessageKind;

/// What a frame carries (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    /// The opcode of these four bits, `None` for a reserved one.
    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    pub(crate) const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl From<MessageKind> for Opcode {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

/// The bit of a header's first byte that marks a compressed message (RFC 7692 section 6).
pub(crate) const RSV1: u8 = 0x40;

/// The most payload bytes of a control frame (RFC 6455 section 5.5).
pub(crate) const MAX_CONTROL: usize = 125;

/// The masking key of RFC 6455 section 5.3.
pub(crate) type MaskKey = [u8; 4];
