//! What a case asks of its subject beyond the ordinary.

use crate::action::Action;
use crate::case::{Case, Start};
use crate::step::Step;

/// A capability that some subjects lack; the cases that need it are then ignored, visibly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A clock that the runner moves.
    Clock,
    /// A peer that can stop reading.
    Stall,
    /// A view of how much output is queued.
    Held,
    /// Receiving in chunks.
    ReceiveChunks,
    /// Sending in chunks.
    SendChunks,
    /// Prepared messages.
    Prepared,
    /// The opening handshake.
    Handshake,
    /// Compression.
    Deflate,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Clock,
        Self::Stall,
        Self::Held,
        Self::ReceiveChunks,
        Self::SendChunks,
        Self::Prepared,
        Self::Handshake,
        Self::Deflate,
    ];

    /// What an ignored case is shown with.
    #[must_use]
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Clock => "no clock of its own",
            Self::Stall => "cannot be stalled",
            Self::Held => "no view of the queue",
            Self::ReceiveChunks => "no receiving in chunks",
            Self::SendChunks => "no sending in chunks",
            Self::Prepared => "no prepared messages",
            Self::Handshake => "no handshake",
            Self::Deflate => "no compression",
        }
    }

    pub(crate) fn of(self, case: &Case) -> bool {
        let any = |wanted: fn(&Step) -> bool| case.steps.iter().any(wanted);
        match self {
            Self::Clock => any(|step| matches!(step, Step::Time(_))),
            Self::Stall => any(|step| matches!(step, Step::Stall(_))),
            Self::Held => any(|step| matches!(step, Step::Held(_))),
            Self::ReceiveChunks => case.config.chunks,
            Self::SendChunks => any(|step| matches!(step, Step::App(Action::Chunk { .. }, _))),
            Self::Prepared => any(|step| matches!(step, Step::App(Action::Prepared(..), _))),
            Self::Handshake => case.start == Start::Handshake,
            Self::Deflate => case.config.deflate.is_some(),
        }
    }
}
