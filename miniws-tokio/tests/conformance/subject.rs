//! What the runner asks, answered by the adapter.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use miniws_conformance::{
    Action, Case, Happening, State, Status, Subject, Transport, Unsupported, kebab,
};
use miniws_tokio::SendError;
use tokio::runtime::Runtime;
use tokio::task::unconstrained;
use tokio::time::sleep;

use crate::action;
use crate::drive::{Application, Phase};
use crate::far::Far;
use crate::start::pipe_subject;
use crate::view;

/// How long a look at a real socket takes.
const LOOK: Duration = Duration::from_millis(2);
/// Longer than any timeout.
const LONG: Duration = Duration::from_secs(1 << 20);

pub(crate) struct TokioSubject {
    case: Case,
    // In this order, so that the application is dropped within its runtime.
    application: Application,
    far: Box<dyn Far>,
    runtime: Runtime,
    is_real: bool,
    /// All that the runner has done, to do it again.
    log: Vec<Deed>,
    /// Whether an error was told to the runner before the application is.
    has_foretold: bool,
}

#[derive(Clone)]
enum Deed {
    Peer(Vec<u8>),
    PeerEof,
    App(Action),
    Advance(Duration),
    Stall(bool),
}

impl TokioSubject {
    pub(crate) fn new(
        case: &Case,
        runtime: Runtime,
        application: Application,
        far: Box<dyn Far>,
        is_real: bool,
    ) -> Self {
        let mut subject = Self {
            case: case.clone(),
            application,
            far,
            runtime,
            is_real,
            log: Vec::new(),
            has_foretold: false,
        };
        subject.drive();
        subject
    }

    /// Does all there is to do now.
    fn drive(&mut self) {
        let application = &mut self.application;
        let settled = poll_fn(|cx| {
            application.settle(cx);
            Poll::Ready(())
        });
        self.runtime.block_on(unconstrained(settled));
    }

    /// Goes on for as long as `end` takes.
    fn drive_until(&mut self, duration: Duration) {
        let application = &mut self.application;
        self.runtime.block_on(unconstrained(async {
            let mut end = pin!(sleep(duration));
            poll_fn(|cx| {
                application.settle(cx);
                end.as_mut().poll(cx)
            })
            .await;
            poll_fn(|cx: &mut Context<'_>| {
                application.settle(cx);
                Poll::Ready(())
            })
            .await;
        }));
    }

    /// The adapter tells its application of an error when the connection has ended, after the peer
    /// was given time to take note of it. The runner asks at once. So do all of it again, end it, and
    /// look what will be told.
    fn foretell(&mut self) {
        let Some(mut twin) = self.twin() else {
            return;
        };
        twin.far.stall(false);
        twin.far.end();
        twin.drive();
        twin.drive_until(LONG);
        let failure = std::iter::from_fn(|| twin.application.seen.pop())
            .find(|happening| matches!(happening, Happening::Failure(_)));
        self.application.seen.foretell(failure);
        self.has_foretold = true;
    }

    /// Another subject to which the same was done.
    fn twin(&self) -> Option<Self> {
        let mut twin = pipe_subject(&self.case, self.application.futures).ok()?;
        twin.has_foretold = true;
        for deed in &self.log {
            twin.redo(deed);
        }
        Some(twin)
    }

    /// Whether there is an error that the application will be told of later.
    fn is_failing(&mut self) -> bool {
        match &self.application.phase {
            Phase::Handshake(_) => !self.application.seen.is_client() && self.far.is_shut(),
            Phase::Open(socket) => socket.close_status().is_some_and(|status| !status.clean),
            Phase::Over(_) => false,
        }
    }

    fn redo(&mut self, deed: &Deed) {
        match deed {
            Deed::Peer(bytes) => self.peer(bytes),
            Deed::PeerEof => self.peer_eof(),
            Deed::App(action) => drop(self.app(action)),
            Deed::Advance(by) => drop(self.advance(*by)),
            Deed::Stall(stalled) => drop(self.stall(*stalled)),
        }
    }
}

impl Subject for TokioSubject {
    fn peer(&mut self, bytes: &[u8]) {
        self.log.push(Deed::Peer(bytes.to_vec()));
        let mut bytes = bytes.to_vec();
        loop {
            self.far.give(&mut bytes);
            self.drive();
            if bytes.is_empty() {
                return;
            }
            self.drive_until(LOOK);
        }
    }

    fn peer_eof(&mut self) {
        self.log.push(Deed::PeerEof);
        self.far.end();
        self.drive();
    }

    fn app(&mut self, action: &Action) -> Result<(), String> {
        self.log.push(Deed::App(action.clone()));
        let socket = match &mut self.application.phase {
            Phase::Handshake(_) => return Err("not-open".into()),
            Phase::Open(socket) => socket,
            Phase::Over(_) => return Err(kebab(&SendError::Closed)),
        };
        let result = match action::perform(socket, action) {
            Ok(Some(waiting)) => {
                let application = &mut self.application;
                let called = poll_fn(|cx| Poll::Ready(application.call(&waiting, cx)));
                self.runtime.block_on(unconstrained(called))
            }
            other => other.map(drop),
        };
        self.drive();
        result
    }

    fn happening(&mut self) -> Option<Happening> {
        self.application.seen.pop()
    }

    fn wire(&mut self) -> Vec<u8> {
        self.far.take()
    }

    fn transport(&mut self) -> Transport {
        match &self.application.phase {
            Phase::Over(_) => Transport::Closed,
            _ if self.far.is_shut() => Transport::Shutdown,
            _ => Transport::Open,
        }
    }

    fn state(&mut self) -> State {
        match &self.application.phase {
            Phase::Handshake(_) if self.far.is_shut() => State::Closing,
            Phase::Handshake(_) => State::Connecting,
            Phase::Open(socket) => view::state(socket.state()),
            Phase::Over(_) => State::Closed,
        }
    }

    fn status(&mut self) -> Option<Status> {
        match &self.application.phase {
            Phase::Handshake(_) => None,
            Phase::Open(socket) => socket.close_status().map(view::status),
            Phase::Over(status) => status.clone(),
        }
    }

    fn wait(&mut self) -> bool {
        if self.is_real {
            self.drive_until(LOOK);
        }
        if !self.has_foretold && self.is_failing() {
            self.foretell();
            return true;
        }
        self.is_real
    }

    fn advance(&mut self, by: Duration) -> Result<(), Unsupported> {
        self.log.push(Deed::Advance(by));
        self.drive_until(by);
        Ok(())
    }

    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        self.log.push(Deed::Stall(stalled));
        self.far.stall(stalled);
        self.drive();
        Ok(())
    }

    /// The adapter doesn't tell, so look what would come out.
    fn held(&mut self) -> Result<usize, Unsupported> {
        let mut twin = self.twin().ok_or(Unsupported)?;
        let _ = twin.far.take();
        twin.far.stall(false);
        twin.drive();
        Ok(twin.far.take().len())
    }
}
