//! What the runner asks, answered by the core.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::BytesMut;
use miniws_conformance::{
    Action, Failure, Happening, Role, State, Status, Subject, Transport, Unsupported,
};
use miniws_proto::{ClientHandshake, Connection, ServerHandshake, Time};

use super::handshake::Decisions;
use super::{action, view};

/// One end of a connection, with all that belongs to it in an adapter.
pub(crate) struct CoreSubject {
    pub(crate) role: Role,
    pub(crate) phase: Phase,
    pub(crate) decisions: Decisions,
    pub(crate) input: BytesMut,
    /// What the transport has taken and the runner has not.
    pub(crate) output: Vec<u8>,
    pub(crate) happenings: VecDeque<Happening>,
    pub(crate) now: Time,
    pub(crate) stalled: bool,
    /// The first error; every later one must be the same.
    pub(crate) failure: Option<Failure>,
}

pub(crate) enum Phase {
    Server(ServerHandshake),
    Client(ClientHandshake),
    Open(Box<Connection>),
    /// The handshake has ended without a connection: the answer is out, the peer has to end.
    Answered,
    /// Nothing is left to do.
    Over,
}

impl Subject for CoreSubject {
    fn peer(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        self.drive();
    }

    fn peer_eof(&mut self) {
        match &mut self.phase {
            Phase::Server(handshake) => {
                let error = handshake.receive_eof();
                self.handshake_failed(&error);
            }
            Phase::Client(handshake) => {
                let error = handshake.receive_eof();
                self.handshake_failed(&error);
            }
            Phase::Open(connection) => connection.receive_eof(),
            Phase::Answered | Phase::Over => self.phase = Phase::Over,
        }
        self.drive();
    }

    fn app(&mut self, action: &Action) -> Result<(), String> {
        let Phase::Open(connection) = &mut self.phase else {
            return Err("not-open".into());
        };
        let result = action::perform(connection, action);
        self.drive();
        result
    }

    fn happening(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    fn wire(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn transport(&mut self) -> Transport {
        match &mut self.phase {
            Phase::Server(_) | Phase::Client(_) => Transport::Open,
            Phase::Open(connection) if !connection.wants_read() => Transport::Closed,
            Phase::Open(connection) if connection.wants_shutdown() => Transport::Shutdown,
            Phase::Open(_) => Transport::Open,
            Phase::Answered => Transport::Shutdown,
            Phase::Over => Transport::Closed,
        }
    }

    fn state(&mut self) -> State {
        match &self.phase {
            Phase::Server(_) | Phase::Client(_) => State::Connecting,
            Phase::Open(connection) => view::state(connection.state()),
            Phase::Answered => State::Closing,
            Phase::Over => State::Closed,
        }
    }

    fn status(&mut self) -> Option<Status> {
        match &self.phase {
            Phase::Open(connection) => connection.close_status().map(view::status),
            _ => None,
        }
    }

    fn advance(&mut self, by: Duration) -> Result<(), Unsupported> {
        let end = self.now + by;
        // As many timers as any case has; more of them would be a timer that never stops.
        for _ in 0..1000 {
            match self.deadline() {
                Some(deadline) if deadline <= end => {
                    self.now = self.now.max(deadline);
                    self.handle_timeout();
                    self.drive();
                }
                _ => {
                    self.now = end;
                    return Ok(());
                }
            }
        }
        self.fail("endless-timers");
        Ok(())
    }

    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        self.stalled = stalled;
        self.drive();
        Ok(())
    }

    fn held(&mut self) -> Result<usize, Unsupported> {
        Ok(match &mut self.phase {
            Phase::Server(_) | Phase::Answered | Phase::Over => 0,
            Phase::Client(handshake) => handshake.outgoing().len(),
            Phase::Open(connection) => connection.outgoing().len(),
        })
    }
}

impl CoreSubject {
    /// An error that no case expects: the core breaks one of its own promises.
    pub(crate) fn fail(&mut self, broken: &str) {
        self.happenings.push_back(Happening::Failure(Failure {
            kind: format!("broken promise: {broken}"),
            code: None,
            status: None,
            offset: None,
        }));
    }

    fn deadline(&mut self) -> Option<Time> {
        match &mut self.phase {
            Phase::Server(handshake) => Some(handshake.poll_timeout(self.now)),
            Phase::Client(handshake) => Some(handshake.poll_timeout(self.now)),
            Phase::Open(connection) => connection.poll_timeout(self.now),
            Phase::Answered | Phase::Over => None,
        }
    }

    fn handle_timeout(&mut self) {
        let result = match &mut self.phase {
            Phase::Server(handshake) => handshake.handle_timeout(self.now),
            Phase::Client(handshake) => handshake.handle_timeout(self.now),
            Phase::Open(connection) => {
                connection.handle_timeout(self.now);
                Ok(())
            }
            Phase::Answered | Phase::Over => Ok(()),
        };
        if let Err(error) = result {
            self.handshake_failed(&error);
        }
    }

    /// The first error is told, the later ones are compared with it.
    pub(crate) fn receive_failed(&mut self, error: miniws_proto::ReceiveError) {
        let failure = view::failure(&error);
        match &self.failure {
            None => {
                self.happenings
                    .push_back(Happening::Failure(failure.clone()));
                self.failure = Some(failure);
            }
            Some(first) if *first != failure => self.fail("the error did not stick"),
            Some(_) => {}
        }
    }
}
