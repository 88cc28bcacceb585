//! The loop of an adapter: receive, write, until neither gets any further.

use bytes::Buf;
use miniws_conformance::Happening;
use miniws_proto::{Connection, SendQueue};

use super::subject::{CoreSubject, Phase};
use super::view;

/// How much the transport takes at once: less than a frame, so that writes are partial.
const WRITE: usize = 1000;

/// The most room that the core may ask for on the strength of what a peer announces.
const READ_HINT: usize = 16 << 10;

impl CoreSubject {
    /// Does all there is to do.
    pub(crate) fn drive(&mut self) {
        loop {
            let received = match &mut self.phase {
                Phase::Server(_) => self.receive_request(),
                Phase::Client(_) => self.receive_response(),
                Phase::Open(_) => self.receive(),
                Phase::Answered | Phase::Over => {
                    self.input.clear();
                    false
                }
            };
            // A close is told once its echo is out, so what was written may bring something.
            let written = self.write();
            if !received && !written {
                break;
            }
        }
        // An adapter asks before it waits; it is also how the core learns what time it is.
        if let Phase::Open(connection) = &mut self.phase {
            connection.poll_timeout(self.now);
        }
    }

    /// Takes one event. False when there is none.
    fn receive(&mut self) -> bool {
        let Phase::Open(connection) = &mut self.phase else {
            return false;
        };
        let result = connection.receive(&mut self.input);
        if connection.read_hint() > READ_HINT.max(2 * self.input.len()) {
            self.fail("room is made for what is only announced");
        }
        match result {
            Ok(Some(event)) => {
                match view::event(event) {
                    Some(event) => self.happenings.push_back(Happening::Event(event)),
                    None => self.fail("an event that the corpus does not know"),
                }
                true
            }
            Ok(None) => {
                if self.failure.is_some() {
                    self.fail("the error was forgotten");
                }
                false
            }
            Err(error) => {
                self.receive_failed(error);
                false
            }
        }
    }

    /// Writes what there is. True when anything was written.
    fn write(&mut self) -> bool {
        if self.stalled {
            return false;
        }
        let before = self.output.len();
        match &mut self.phase {
            Phase::Client(handshake) => drain(handshake.outgoing(), &mut self.output),
            Phase::Open(connection) => drain_all(connection, &mut self.output),
            Phase::Server(_) | Phase::Answered | Phase::Over => {}
        }
        self.output.len() > before
    }
}

fn drain_all(connection: &mut Connection, output: &mut Vec<u8>) {
    while !connection.outgoing().is_empty() {
        drain(connection.outgoing(), output);
    }
}

pub(crate) fn drain(queue: &mut SendQueue, output: &mut Vec<u8>) {
    while queue.has_remaining() {
        let piece = queue.chunk();
        let piece = &piece[..piece.len().min(WRITE)];
        output.extend_from_slice(piece);
        queue.advance(piece.len());
    }
}
