//! The core as a subject of the conformance corpus: in memory, with a clock that the runner moves
//! and a peer that can stop reading. It does all that an adapter does, and checks on the way what
//! the corpus cannot see: that errors stick, that a full queue hands the message back, and that the
//! peer does not decide how much memory a read takes.

mod action;
mod drive;
mod given;
mod handshake;
mod setup;
mod subject;
mod view;

use miniws_conformance::{Case, Started};

/// The core, ready for `case`.
pub(crate) fn start(case: &Case) -> Started {
    setup::subject(case).map(|subject| Box::new(subject) as _)
}
