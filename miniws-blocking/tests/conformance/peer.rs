//! The other end of a subject's stream, as the runner uses it.

use std::io::Write;
use std::sync::Arc;

use miniws_blocking::SharedStream;

use crate::common::pipe::{self, Pipe};
use crate::watched::{Watch, Watched};

/// The other end of a subject's stream.
pub(crate) trait Peer {
    fn send(&mut self, bytes: &[u8]);
    fn end(&mut self);
    /// What there is to read, and whether it is the end.
    fn take(&mut self) -> (Vec<u8>, bool);
    /// Reads, or doesn't; whether it can do so.
    fn stall(&mut self, stalled: bool) -> bool;
}

/// Both ends of a stream.
pub(crate) struct Ends<S> {
    pub(crate) stream: Watched<S>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) peer: Box<dyn Peer>,
}

pub(crate) fn ends<S: SharedStream>(stream: S, peer: impl Peer + 'static) -> Ends<S> {
    let watch = Arc::new(Watch::default());
    Ends {
        stream: Watched {
            stream,
            watch: watch.clone(),
        },
        watch,
        peer: Box::new(peer),
    }
}

pub(crate) fn over_a_pipe() -> Ends<Pipe> {
    // Writes are partial.
    let (ours, theirs) = pipe::pair_of(CAPACITY, 1000);
    ends(ours, theirs)
}

const CAPACITY: usize = 1 << 30;

impl Peer for Pipe {
    fn send(&mut self, bytes: &[u8]) {
        // The subject may be gone.
        let _ = self.write_all(bytes);
    }

    fn end(&mut self) {
        Self::end(self);
    }

    fn take(&mut self) -> (Vec<u8>, bool) {
        self.take_all()
    }

    fn stall(&mut self, stalled: bool) -> bool {
        self.set_capacity(if stalled { 0 } else { CAPACITY });
        true
    }
}
