//! Why a connection ends: close codes, close frames, close status.

use core::fmt;

use crate::error::SendError;
use crate::utf8::Utf8Bytes;

/// A close code (RFC 6455 section 7.4).
///
/// Which codes may stand in a close frame is asked by [`is_sendable`](Self::is_sendable);
/// [`NO_STATUS`](Self::NO_STATUS), [`ABNORMAL`](Self::ABNORMAL) and
/// [`TLS_HANDSHAKE`](Self::TLS_HANDSHAKE) only ever appear in a [`CloseStatus`].
///
/// ```
/// use miniws_proto::CloseCode;
///
/// assert_eq!(CloseCode::from(1001), CloseCode::GOING_AWAY);
/// assert!(CloseCode::from(4000).is_sendable());
/// assert!(!CloseCode::ABNORMAL.is_sendable());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

/// Codes with the meaning that RFC 6455 section 7.4.1 and the registry of section 11.7 give them.
#[allow(missing_docs)] // The names are the documentation that the registry has.
impl CloseCode {
    pub const NORMAL: Self = Self(1000);
    pub const GOING_AWAY: Self = Self(1001);
    pub const PROTOCOL_ERROR: Self = Self(1002);
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    pub const NO_STATUS: Self = Self(1005);
    pub const ABNORMAL: Self = Self(1006);
    pub const INVALID_PAYLOAD: Self = Self(1007);
    pub const POLICY_VIOLATION: Self = Self(1008);
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    pub const INTERNAL_ERROR: Self = Self(1011);
    pub const SERVICE_RESTART: Self = Self(1012);
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    pub const BAD_GATEWAY: Self = Self(1014);
    pub const TLS_HANDSHAKE: Self = Self(1015);
}

impl CloseCode {
    /// Whether the code may stand in a close frame: one that is registered for that, or one of
    /// 3000 to 4999, which libraries and applications choose (RFC 6455 section 7.4.2).
    #[must_use]
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The code and reason of a close frame: always a code that may be sent, and a reason that fits.
///
/// ```
/// use miniws_proto::{CloseCode, CloseFrame};
///
/// let frame = CloseFrame::new(CloseCode::GOING_AWAY, "back in a minute")?;
/// assert_eq!((frame.code(), frame.reason()), (CloseCode::GOING_AWAY, "back in a minute"));
/// assert!(CloseFrame::new(CloseCode::NO_STATUS, "").is_err());
/// # Ok::<(), miniws_proto::SendError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    code: CloseCode,
    reason: Utf8Bytes,
}

impl CloseFrame {
    /// The longest reason, in bytes: what a control frame holds, less the code (RFC 6455
    /// section 5.5).
    pub const MAX_REASON: usize = 123;

    /// A close frame with this code and reason.
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidCloseCode`] for a code that must not be sent, and
    /// [`SendError::ControlTooLong`] for a reason of more than 123 bytes.
    pub fn new(code: CloseCode, reason: impl Into<Utf8Bytes>) -> Result<Self, SendError> {
        let reason = reason.into();
        if !code.is_sendable() {
            return Err(SendError::InvalidCloseCode(code));
        }
        if reason.len() > Self::MAX_REASON {
            return Err(SendError::ControlTooLong {
                len: reason.len(),
                max: Self::MAX_REASON,
            });
        }
        Ok(Self { code, reason })
    }

    /// A close frame with this code, known to be sendable, and no reason.
    pub(crate) const fn bare(code: CloseCode) -> Self {
        Self {
            code,
            reason: Utf8Bytes::from_static(""),
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The reason, often empty. It is meant for logs, not for people (RFC 6455 section 7.1.6).
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn reason_bytes(&self) -> &Utf8Bytes {
        &self.reason
    }
}

/// How a connection ended, as the application sees it (RFC 6455 sections 7.1.5 and 7.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseStatus {
    /// The code of the peer's close frame; 1005 when it had none; 1006 when there was no close
    /// frame.
    pub code: CloseCode,
    /// The reason in the peer's close frame.
    pub reason: Utf8Bytes,
    /// Whether the peer sent a close frame. That it got ours cannot be known: TCP may fail while the
    /// answer to the peer's close is under way, and nothing is lost by that (RFC 6455
    /// section 7.1.4).
    pub clean: bool,
}
