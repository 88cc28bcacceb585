//! What a case expects of a compressed message. Its bytes are the compressor's choice, so they are
//! inflated and what comes out is compared.

use std::fmt;

use crate::bytes::shown;
use crate::event::Kind;

/// A compressed message (RFC 7692) as it stands on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct ExpectedCompressed {
    /// Text or binary.
    pub kind: Kind,
    /// What it inflates to.
    pub data: Vec<u8>,
    /// How many frames it is made of.
    pub frames: usize,
    /// Whether what was sent before may be needed to inflate it. Otherwise it must do without.
    pub takeover: bool,
    /// How far back it may refer: 2 to the power of this. With `takeover`, what was said before
    /// holds.
    pub window_bits: u8,
    /// How many bytes the compressed payload may have.
    pub at_most: usize,
}

impl fmt::Debug for ExpectedCompressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} in {} compressed frames of at most {} bytes that inflates to {}",
            self.kind,
            self.frames,
            self.at_most,
            shown(&self.data)
        )
    }
}
