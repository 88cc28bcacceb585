//! What the runner asks, answered by an asynchronous adapter, `crate::miniws`, on `crate::runtime`.

mod action;
mod drive;
mod far;
// What the core's test makes of the corpus's types.
#[path = "../../../../miniws-proto/tests/core_subject/given.rs"]
mod given;
mod pipe;
mod start;
mod tcp;
// And of the core's types.
#[path = "../../../../miniws-proto/tests/core_subject/view.rs"]
mod view;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use miniws_conformance::{
    Action, Happening, State, Status, Subject, Transport, Unsupported, kebab,
};

use crate::miniws::SendError;
use crate::runtime::{Near, Runtime, sleep};
use drive::{Application, Phase};
use far::Far;

pub(crate) use drive::Futures;
pub(crate) use pipe::PipeEnd;
pub(crate) use start::{over_pipe, over_tcp};

/// How long a look takes where something may come by itself.
const LOOK: Duration = Duration::from_millis(2);

pub(crate) struct AdapterSubject<N> {
    // Before the runtime, so that they are dropped within it.
    this: Side<N>,
    /// The same, to which all is done as well. They are for looks that change what is looked at: each
    /// of these uses one up.
    twins: Vec<Side<PipeEnd>>,
    runtime: Runtime,
    /// The transport or the clock is real, so that something may come by itself.
    is_real: bool,
    /// Whether an error was told to the runner before the application is.
    has_foretold: bool,
}

/// An application, and the peer's end of its transport.
pub(crate) struct Side<N> {
    application: Application<N>,
    far: Box<dyn Far>,
}

impl<N: Near> AdapterSubject<N> {
    fn new(runtime: Runtime, this: Side<N>, twins: Vec<Side<PipeEnd>>, is_real: bool) -> Self {
        let mut subject = Self {
            this,
            twins,
            runtime,
            is_real,
            has_foretold: false,
        };
        subject.drive();
        subject
    }

    /// Does all there is to do now.
    fn drive(&mut self) {
        let Self { this, twins, .. } = self;
        let settled = poll_fn(|cx| {
            settle(this, twins, cx);
            Poll::Ready(())
        });
        self.runtime.run(settled);
    }

    /// Goes on for so long.
    fn drive_for(&mut self, duration: Duration) {
        let Self { this, twins, .. } = self;
        self.runtime.run(async {
            let mut end = pin!(sleep(duration));
            poll_fn(|cx| {
                settle(this, twins, cx);
                end.as_mut().poll(cx)
            })
            .await;
        });
        self.drive();
    }

    /// The adapter tells its application of an error when the connection has ended, after the peer
    /// was given time to take note of it. The runner asks at once. So end a twin, and look what it
    /// tells.
    fn foretell(&mut self) {
        self.has_foretold = true;
        let failure = match self.used_up(|far| far.end()) {
            Some(twin) => std::iter::from_fn(|| twin.application.seen.pop())
                .find(|happening| matches!(happening, Happening::Failure(_))),
            // It may be a request that the application itself has rejected.
            None if matches!(self.this.application.phase, Phase::Handshake(_)) => None,
            None => Some(drive::failure("one that no step expects".into(), None)),
        };
        self.this.application.seen.foretell(failure);
    }

    /// A twin whose peer takes everything, and then does something else.
    fn used_up(&mut self, end: impl FnOnce(&mut dyn Far)) -> Option<Side<PipeEnd>> {
        let mut twin = self.twins.pop()?;
        let _ = twin.far.take();
        twin.far.stall(false);
        end(&mut *twin.far);
        let settled = poll_fn(|cx| {
            twin.application.settle(cx);
            Poll::Ready(())
        });
        self.runtime.run(settled);
        Some(twin)
    }

    /// Whether there is an error that the application will be told of later.
    fn is_failing(&mut self) -> bool {
        let Side { application, far } = &mut self.this;
        match &application.phase {
            Phase::Handshake(_) => !application.seen.is_client() && far.is_shut(),
            Phase::Open(socket) => socket.close_status().is_some_and(|status| !status.clean),
            Phase::Over(_) => false,
        }
    }
}

fn settle<N: Near>(this: &mut Side<N>, twins: &mut [Side<PipeEnd>], cx: &Context<'_>) {
    this.application.settle(cx);
    for twin in twins {
        twin.application.settle(cx);
    }
}

impl<N: Near> Side<N> {
    fn app(&mut self, action: &Action, runtime: &Runtime) -> Result<(), String> {
        let socket = match &mut self.application.phase {
            Phase::Handshake(_) => return Err("not-open".into()),
            Phase::Open(socket) => socket,
            Phase::Over(_) => return Err(kebab(&SendError::Closed)),
        };
        match action::perform(socket, action)? {
            Some(waiting) => {
                let application = &mut self.application;
                runtime.run(poll_fn(|cx| Poll::Ready(application.call(&waiting, cx))))
            }
            None => Ok(()),
        }
    }
}

impl<N: Near> Subject for AdapterSubject<N> {
    fn peer(&mut self, bytes: &[u8]) {
        for twin in &mut self.twins {
            twin.far.give(&mut bytes.to_vec());
        }
        let mut bytes = bytes.to_vec();
        loop {
            self.this.far.give(&mut bytes);
            self.drive();
            if bytes.is_empty() {
                return;
            }
            self.drive_for(LOOK);
        }
    }

    fn peer_eof(&mut self) {
        self.this.far.end();
        for twin in &mut self.twins {
            twin.far.end();
        }
        self.drive();
    }

    fn app(&mut self, action: &Action) -> Result<(), String> {
        for twin in &mut self.twins {
            let _ = twin.app(action, &self.runtime);
        }
        let result = self.this.app(action, &self.runtime);
        self.drive();
        result
    }

    fn happening(&mut self) -> Option<Happening> {
        self.this.application.seen.pop()
    }

    fn wire(&mut self) -> Vec<u8> {
        for twin in &mut self.twins {
            let _ = twin.far.take();
        }
        self.this.far.take()
    }

    fn transport(&mut self) -> Transport {
        match &self.this.application.phase {
            Phase::Over(_) => Transport::Closed,
            _ if self.this.far.is_shut() => Transport::Shutdown,
            _ => Transport::Open,
        }
    }

    fn state(&mut self) -> State {
        match &self.this.application.phase {
            Phase::Handshake(_) if self.this.far.is_shut() => State::Closing,
            Phase::Handshake(_) => State::Connecting,
            Phase::Open(socket) => view::state(socket.state()),
            Phase::Over(_) => State::Closed,
        }
    }

    fn status(&mut self) -> Option<Status> {
        match &self.this.application.phase {
            Phase::Handshake(_) => None,
            Phase::Open(socket) => socket.close_status().map(view::status),
            Phase::Over(status) => status.clone(),
        }
    }

    fn wait(&mut self) -> bool {
        if self.is_real {
            self.drive_for(LOOK);
        }
        if !self.has_foretold && self.is_failing() {
            self.foretell();
            return true;
        }
        self.is_real
    }

    fn advance(&mut self, by: Duration) -> Result<(), Unsupported> {
        self.drive_for(by);
        Ok(())
    }

    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        self.this.far.stall(stalled);
        for twin in &mut self.twins {
            twin.far.stall(stalled);
        }
        self.drive();
        Ok(())
    }

    /// The adapter doesn't tell, so look what would come out.
    fn held(&mut self) -> Result<usize, Unsupported> {
        let mut twin = self.used_up(|_| ()).ok_or(Unsupported)?;
        Ok(twin.far.take().len())
    }
}
