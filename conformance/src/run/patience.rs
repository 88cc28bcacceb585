//! How long the runner waits for what it expects.

use std::time::{Duration, Instant};

use crate::subject::Subject;

/// Only a subject that hangs is ever waited for so long.
const MOST: Duration = Duration::from_secs(10);

/// The patience for one step.
#[derive(Default)]
pub(super) struct Patience {
    since: Option<Instant>,
}

impl Patience {
    /// Lets the subject work, and says whether it is worth another look.
    pub(super) fn wait(&mut self, subject: &mut dyn Subject) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        subject.wait() && since.elapsed() < MOST
    }
}
