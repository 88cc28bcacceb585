//! permessage-deflate (RFC 7692).
//!
//! - `config`: the settings.
//! - `inflate`: what is received.
//! - `compress`: what is sent.
//! - `pool`: states of the compressor between messages.
//!
//! The parameters in the handshake are in `negotiate::deflate`. Without the feature `deflate`,
//! `deflate_off` stands in for this module.

mod compress;
mod config;
mod inflate;
mod pool;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::config::Config;
use crate::message::Compression;
pub(crate) use crate::negotiate::deflate::{DeflateParams, confirm, offer, select};
use compress::{Deflation, Purpose};
pub use config::DeflateConfig;
use inflate::Inflation;
pub(crate) use inflate::{Inflated, Then};

/// The compression of one connection.
pub(crate) struct Deflate {
    inflation: Inflation,
    /// `None` where the peer allows only a window that the compressor cannot do.
    deflation: Option<Deflation>,
    threshold: usize,
    release_after: Option<Duration>,
}

/// How a connection compresses a message that it shares with others.
pub(crate) enum Prepared {
    Uncompressed,
    /// As all others that have the same recipe do.
    Shared(Recipe),
    /// With what it has sent before in view, so it cannot share the result.
    Own,
}

/// What compressing a message on its own depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    purpose: Purpose,
    is_smaller_only: bool,
}

impl Deflate {
    pub(crate) fn new(config: &Config, params: DeflateParams, is_server: bool) -> Box<Self> {
        let default = DeflateConfig::default();
        let config = config.deflate.as_ref().unwrap_or(&default);
        let (ours, theirs) = match is_server {
            true => (params.server(), params.client()),
            false => (params.client(), params.server()),
        };
        let window_bits = ours.window_bits.min(config.send_window_bits);
        let purpose = Purpose {
            level: config.level,
            memory_level: config.memory_level,
            window_bits,
        };
        let takeover = ours.takeover && config.send_takeover;
        Box::new(Self {
            inflation: Inflation::new(
                theirs.takeover.then_some(theirs.window_bits),
                config.max_ratio,
            ),
            deflation: (window_bits > 8).then(|| Deflation::new(purpose, takeover)),
            threshold: config.threshold,
            release_after: config.release_after,
        })
    }

    /// Inflates some of a message's payload, see [`Inflated`]. `is_whole` says that the message ends
    /// with it. At most one byte more than `limit` comes out.
    pub(crate) fn inflate(&mut self, payload: &[u8], is_whole: bool, limit: usize) -> Inflated<'_> {
        self.inflation.step(payload, is_whole, limit)
    }

    /// The message that is being received has ended.
    pub(crate) fn end_inflate(&mut self) {
        self.inflation.end();
    }

    /// Compresses a message; `None` if it is to be sent as it is.
    pub(crate) fn message(&mut self, payload: &[u8], choice: Compression) -> Option<Vec<u8>> {
        let is_smaller_only = self.is_smaller_only(choice);
        let is_chosen = self.is_chosen(payload.len(), choice);
        let deflation = self.deflation.as_mut()?;
        let compressed = is_chosen.then(|| deflation.compress(payload, true))?;
        let is_sent = !is_smaller_only || compressed.len() < payload.len();
        is_sent.then_some(compressed)
    }

    /// How to compress a message of this length that many connections share.
    pub(crate) fn prepared(&self, len: usize, choice: Compression) -> Prepared {
        match &self.deflation {
            Some(_) if !self.is_chosen(len, choice) => Prepared::Uncompressed,
            Some(deflation) if deflation.takeover => Prepared::Own,
            Some(deflation) => Prepared::Shared(Recipe {
                purpose: deflation.purpose,
                is_smaller_only: self.is_smaller_only(choice),
            }),
            None => Prepared::Uncompressed,
        }
    }

    /// Whether a message of this length is to be compressed.
    fn is_chosen(&self, len: usize, choice: Compression) -> bool {
        match choice {
            Compression::Auto => len >= self.threshold,
            Compression::Always => true,
            Compression::Never => false,
        }
    }

    /// Whether what does not get smaller is sent as it is. With context takeover it has become a
    /// part of the window, so it has to be sent.
    fn is_smaller_only(&self, choice: Compression) -> bool {
        let takeover = self.deflation.as_ref().is_some_and(|one| one.takeover);
        choice == Compression::Auto && self.threshold > 0 && !takeover
    }

    /// Whether a message whose length is not known yet is compressed.
    pub(crate) fn is_streamed(&self, choice: Compression) -> bool {
        self.deflation.is_some() && choice != Compression::Never
    }

    /// Compresses a piece of a message that is sent in chunks; `None` where
    /// [`is_streamed`](Self::is_streamed) is false.
    pub(crate) fn chunk(&mut self, piece: &[u8], last: bool) -> Option<Vec<u8>> {
        Some(self.deflation.as_mut()?.compress(piece, last))
    }

    /// After how long without a message to call [`release`](Self::release), if there is anything to
    /// be released.
    pub(crate) fn release_after(&self) -> Option<Duration> {
        let deflation = self.deflation.as_ref()?;
        self.release_after.filter(|_| deflation.holds_memory())
    }

    /// Whether there may ever be something to be released.
    pub(crate) fn may_release(&self) -> bool {
        let deflation = self.deflation.as_ref();
        self.release_after.is_some() && deflation.is_some_and(|one| one.takeover)
    }

    /// Forgets what has been sent. Not to be called within a message that is sent in chunks.
    pub(crate) fn release(&mut self) {
        if let Some(deflation) = &mut self.deflation {
            deflation.release();
        }
    }
}

impl Recipe {
    /// Compresses a message on its own; `None` if it is to be sent as it is.
    pub(crate) fn compress(self, payload: &[u8]) -> Option<Vec<u8>> {
        let compressed = Deflation::new(self.purpose, false).compress(payload, true);
        let is_sent = !self.is_smaller_only || compressed.len() < payload.len();
        is_sent.then_some(compressed)
    }
}

impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate").finish_non_exhaustive()
    }
}
