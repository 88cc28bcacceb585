//! Subjects that are wrong on purpose.

pub(crate) mod defects;
#[cfg(feature = "deflate")]
pub(crate) mod deflate;

use std::time::Duration;

use miniws_conformance::{Action, Happening, State, Status, Subject, Transport, Unsupported};

/// A subject with a defect between it and the runner.
pub(crate) struct Broken {
    pub(crate) inner: Box<dyn Subject>,
    pub(crate) defect: Box<dyn Defect>,
}

/// What passes between the runner and a subject. A defect changes something of it; all that it
/// leaves alone passes as it is.
pub(crate) trait Defect {
    fn peer(&mut self, inner: &mut dyn Subject, bytes: &[u8]) {
        inner.peer(bytes);
    }

    fn app(&mut self, result: Result<(), String>) -> Result<(), String> {
        result
    }

    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        inner.happening()
    }

    fn wire(&mut self, output: Vec<u8>) -> Vec<u8> {
        output
    }

    fn transport(&mut self, transport: Transport) -> Transport {
        transport
    }

    fn state(&mut self, state: State) -> State {
        state
    }

    fn status(&mut self, status: Option<Status>) -> Option<Status> {
        status
    }

    fn advance(&mut self, inner: &mut dyn Subject, by: Duration) -> Result<(), Unsupported> {
        inner.advance(by)
    }

    fn held(&mut self, held: usize) -> usize {
        held
    }
}

impl Subject for Broken {
    fn peer(&mut self, bytes: &[u8]) {
        self.defect.peer(&mut *self.inner, bytes);
    }

    fn peer_eof(&mut self) {
        self.inner.peer_eof();
    }

    fn app(&mut self, action: &Action) -> Result<(), String> {
        self.defect.app(self.inner.app(action))
    }

    fn happening(&mut self) -> Option<Happening> {
        self.defect.happening(&mut *self.inner)
    }

    fn wire(&mut self) -> Vec<u8> {
        self.defect.wire(self.inner.wire())
    }

    fn transport(&mut self) -> Transport {
        self.defect.transport(self.inner.transport())
    }

    fn state(&mut self) -> State {
        self.defect.state(self.inner.state())
    }

    fn status(&mut self) -> Option<Status> {
        self.defect.status(self.inner.status())
    }

    fn advance(&mut self, by: Duration) -> Result<(), Unsupported> {
        self.defect.advance(&mut *self.inner, by)
    }

    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        self.inner.stall(stalled)
    }

    fn held(&mut self) -> Result<usize, Unsupported> {
        self.inner.held().map(|held| self.defect.held(held))
    }
}
