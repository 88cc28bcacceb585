//! What can go wrong on an open connection. The handshake has an error of its own,
//! [`HandshakeError`](crate::HandshakeError).

use core::fmt;

use crate::close::CloseCode;
use crate::message::Message;

/// Why nothing more can be received.
///
/// It is sticky: once [`Connection::receive`](crate::Connection::receive) has returned it, every
/// later call returns it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveError {
    kind: ReceiveErrorKind,
    offset: u64,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveErrorKind {
    /// A reserved bit is set that no negotiated extension gives a meaning (RFC 6455 section 5.2).
    ReservedBits,
    /// An opcode of 3 to 7 or 11 to 15 (RFC 6455 section 5.2).
    ReservedOpcode(u8),
    /// A client sent a frame without a mask (RFC 6455 section 5.1).
    UnmaskedFrame,
    /// A server sent a frame with a mask (RFC 6455 section 5.1).
    MaskedFrame,
    /// A close, ping or pong without the FIN bit (RFC 6455 section 5.5).
    FragmentedControl,
    /// A close, ping or pong with more than 125 bytes (RFC 6455 section 5.5).
    OversizedControl,
    /// A length that a shorter form could have held (RFC 6455 section 5.2).
    NonMinimalLength,
    /// A length with the top bit set (RFC 6455 section 5.2).
    LengthOverflow,
    /// A continuation frame, but no message to continue (RFC 6455 section 5.4).
    UnexpectedContinuation,
    /// A new message in the middle of a fragmented one (RFC 6455 section 5.4).
    ExpectedContinuation,
    /// A close frame of one byte: half a code (RFC 6455 section 5.5.1).
    TruncatedClose,
    /// A close frame with a code that must not be sent (RFC 6455 section 7.4).
    InvalidCloseCode(CloseCode),
    /// A text or the reason of a close is not UTF-8 (RFC 6455 section 8.1).
    InvalidUtf8,
    /// A compressed message is corrupt, or ends too early (RFC 7692 section 7.2.2).
    InvalidDeflate,
    /// A compressed message became larger than the peer has earned by
    /// `DeflateConfig::max_ratio`.
    RatioTooHigh,
    /// A frame announces more than [`Config::max_frame_size`](crate::Config::max_frame_size).
    FrameTooLarge,
    /// A message has more than [`Config::max_message_size`](crate::Config::max_message_size).
    MessageTooLarge,
    /// A message has more frames than [`Config::max_fragments`](crate::Config::max_fragments).
    TooManyFragments,
    /// The transport ended without a close frame.
    ConnectionLost,
    /// Nothing came for [`Config::pong_timeout`](crate::Config::pong_timeout) after a ping.
    PongTimeout,
    /// The peer did not finish the close within
    /// [`Config::close_timeout`](crate::Config::close_timeout).
    CloseTimeout,
    /// The transport took nothing for [`Config::write_timeout`](crate::Config::write_timeout).
    WriteTimeout,
    /// No message was received or sent for [`Config::idle_timeout`](crate::Config::idle_timeout).
    IdleTimeout,
}

impl ReceiveError {
    pub(crate) const fn new(kind: ReceiveErrorKind, offset: u64) -> Self {
        Self { kind, offset }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ReceiveErrorKind {
        self.kind
    }

    /// Where: how many bytes of complete frames the peer had sent before (the handshake is not
    /// counted).
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The code of the close frame that goes to the peer, `None` when none does. If our close was
    /// already on its way, no second one is sent.
    #[must_use]
    pub const fn close_code(&self) -> Option<CloseCode> {
        self.kind.close_code()
    }

    /// Whether the peer broke the protocol or a limit, rather than the network or its silence
    /// ending the connection.
    #[must_use]
    pub const fn is_peer_misbehaved(&self) -> bool {
        !matches!(
            self.kind,
            ReceiveErrorKind::ConnectionLost
                | ReceiveErrorKind::PongTimeout
                | ReceiveErrorKind::CloseTimeout
                | ReceiveErrorKind::WriteTimeout
                | ReceiveErrorKind::IdleTimeout
        )
    }
}

impl ReceiveErrorKind {
    const fn close_code(self) -> Option<CloseCode> {
        Some(match self {
            Self::ReservedBits
            | Self::ReservedOpcode(_)
            | Self::UnmaskedFrame
            | Self::MaskedFrame
            | Self::FragmentedControl
            | Self::OversizedControl
            | Self::NonMinimalLength
            | Self::LengthOverflow
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::TruncatedClose
            | Self::InvalidCloseCode(_) => CloseCode::PROTOCOL_ERROR,
            Self::InvalidUtf8 | Self::InvalidDeflate => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooLarge
            | Self::MessageTooLarge
            | Self::TooManyFragments
            | Self::RatioTooHigh => CloseCode::MESSAGE_TOO_BIG,
            Self::IdleTimeout => CloseCode::GOING_AWAY,
            Self::ConnectionLost | Self::PongTimeout | Self::CloseTimeout | Self::WriteTimeout => {
                return None;
            }
        })
    }
}

impl core::error::Error for ReceiveError {}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.is_peer_misbehaved() {
            write!(f, " (in the frame at byte {})", self.offset)?;
        }
        Ok(())
    }
}

impl fmt::Display for ReceiveErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBits => "the peer set a reserved bit without an extension that uses it",
            Self::ReservedOpcode(opcode) => {
                return write!(f, "the peer used the reserved opcode {opcode:#x}");
            }
            Self::UnmaskedFrame => "the client sent a frame without a mask",
            Self::MaskedFrame => "the server sent a masked frame",
            Self::FragmentedControl => "the peer fragmented a control frame",
            Self::OversizedControl => "the peer sent a control frame of more than 125 bytes",
            Self::NonMinimalLength => "the peer wrote a length in a longer form than it needs",
            Self::LengthOverflow => "the peer announced a length of 2^63 bytes or more",
            Self::UnexpectedContinuation => "the peer continued a message that it had not begun",
            Self::ExpectedContinuation => "the peer began a message within a fragmented one",
            Self::TruncatedClose => "the peer sent a close frame with half a code",
            Self::InvalidCloseCode(code) => {
                return write!(
                    f,
                    "the peer sent the close code {code}, which must not be sent"
                );
            }
            Self::InvalidUtf8 => "the peer sent text that is not UTF-8",
            Self::InvalidDeflate => "the peer sent a compressed message that cannot be inflated",
            Self::RatioTooHigh => "the peer's message inflates to more than `max_ratio` allows",
            Self::FrameTooLarge => "the peer's frame is larger than `max_frame_size`",
            Self::MessageTooLarge => "the peer's message is larger than `max_message_size`",
            Self::TooManyFragments => "the peer's message has more frames than `max_fragments`",
            Self::ConnectionLost => "the connection ended without a close frame",
            Self::PongTimeout => "the peer was silent for `pong_timeout` after a ping",
            Self::CloseTimeout => "the peer did not answer the close within `close_timeout`",
            Self::WriteTimeout => "the peer took no data for `write_timeout`",
            Self::IdleTimeout => "no message was received or sent for `idle_timeout`",
        })
    }
}

/// Why something could not be queued for sending. Nothing was queued, and the connection goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The queue has reached [`Config::max_queued`](crate::Config::max_queued), or a message that
    /// is sent in fragments is not yet through. Flush, then try again. The message is handed back,
    /// where one was handed in.
    Full(Option<Message>),
    /// A close frame has been sent or received, or the connection has failed.
    Closed,
    /// The payload of a ping has more than 125 bytes, or the reason of a close more than 123.
    ControlTooLong {
        /// The length that was asked for, in bytes.
        len: usize,
        /// The most there may be.
        max: usize,
    },
    /// The code must not stand in a close frame.
    InvalidCloseCode(CloseCode),
    /// A message is being sent in chunks: finish it with a last chunk of the same kind first.
    FragmentInProgress,
    /// The chunks of a text are not UTF-8, or the last one ends within a character.
    InvalidUtf8,
}

impl core::error::Error for SendError {}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the send queue is full: flush it, then send again"),
            Self::Closed => f.write_str("the connection is closing or closed: nothing can be sent"),
            Self::ControlTooLong { len, max } => write!(
                f,
                "{len} bytes do not fit into a control frame: {max} is the most"
            ),
            Self::InvalidCloseCode(code) => write!(
                f,
                "the close code {code} must not be sent: use 1000 to 1003, 1007 to 1014, or 3000 to 4999"
            ),
            Self::FragmentInProgress => f.write_str(
                "a message is being sent in chunks: finish it with a last chunk of its kind first",
            ),
            Self::InvalidUtf8 => f.write_str("the chunks of this text are not UTF-8"),
        }
    }
}
