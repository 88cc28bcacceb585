//! The application: it waits for its handshake, and then for one event after the other.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use miniws_conformance::{Failure, Happening, Status, kebab};

use super::action::Waiting;
use super::start::Seen;
use super::view;
use crate::miniws::{Error, Event, HandshakeError, WebSocket};
use crate::runtime::Near;

/// What becomes of a future that is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Futures {
    /// It is polled again.
    Kept,
    /// It is dropped, and another one made.
    Dropped,
}

pub(crate) enum Phase<N> {
    Handshake(Pin<Box<dyn Future<Output = Result<WebSocket<N>, Error>>>>),
    Open(Box<WebSocket<N>>),
    Over(Option<Status>),
}

/// The application and all that it has.
pub(crate) struct Application<N> {
    pub(crate) phase: Phase<N>,
    pub(crate) futures: Futures,
    pub(crate) seen: Seen,
}

impl<N: Near> Application<N> {
    /// Polls until there is nothing to do but to wait.
    pub(crate) fn settle(&mut self, task: &Context<'_>) {
        let woken = Arc::new(Woken {
            task: task.waker().clone(),
            is_woken: AtomicBool::new(false),
            is_settled: AtomicBool::new(false),
        });
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        loop {
            let is_ready = match &mut self.phase {
                Phase::Handshake(future) => match future.as_mut().poll(&mut cx) {
                    Poll::Ready(result) => {
                        self.handshake_is_done(result);
                        true
                    }
                    Poll::Pending => false,
                },
                Phase::Open(socket) => match recv(socket, self.futures, &woken, &mut cx) {
                    Poll::Ready(result) => {
                        self.received(result, &mut cx);
                        true
                    }
                    Poll::Pending => false,
                },
                Phase::Over(_) => return,
            };
            if !is_ready && !woken.is_woken() {
                // From now on it is the task that has to be woken.
                woken.is_settled.store(true, Ordering::SeqCst);
                return;
            }
            woken.forget();
        }
    }

    /// Polls an asynchronous call until it waits for something, as it always does in the end.
    pub(crate) fn call(&mut self, waiting: &Waiting, task: &mut Context<'_>) -> Result<(), String> {
        let Phase::Open(socket) = &mut self.phase else {
            return Err("not-open".into());
        };
        match pin!(waiting.perform(socket)).poll(task) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    fn handshake_is_done(&mut self, result: Result<WebSocket<N>, Error>) {
        match result {
            Ok(socket) => self.phase = Phase::Open(Box::new(socket)),
            Err(error) => {
                // What the application itself has answered is no news to it.
                if let Error::Handshake(error) = &error {
                    self.handshake_failed(error);
                } else if !matches!(error, Error::Declined { .. }) {
                    self.seen.push(failure(error.to_string(), None));
                }
                self.phase = Phase::Over(None);
            }
        }
    }

    fn handshake_failed(&mut self, error: &HandshakeError) {
        let mut status = error.reply().map(|reply| reply.status());
        if let HandshakeError::Refused(response) = error {
            status = Some(response.status());
            self.seen
                .push(Happening::Response(view::response(response)));
        }
        if self.seen.is_client() && !matches!(error, HandshakeError::Refused(_)) {
            status = None;
        }
        self.seen.push(failure(kebab(error), status));
    }

    fn received(&mut self, result: Result<Option<Event>, Error>, cx: &mut Context<'_>) {
        let Phase::Open(socket) = &mut self.phase else {
            return;
        };
        match result {
            Ok(Some(event)) => match view::event(event) {
                Some(event) => self.seen.push(Happening::Event(event)),
                None => self.seen.push(failure("an unknown event".into(), None)),
            },
            Ok(None) => {
                let status = socket.close_status().map(view::status);
                self.phase = Phase::Over(status);
            }
            Err(error) => {
                let again = pin!(socket.recv()).poll(cx);
                let status = socket.close_status().map(view::status);
                self.phase = Phase::Over(status);
                self.seen.push(receive_failed(&error));
                if !matches!(again, Poll::Ready(Err(_))) {
                    self.seen
                        .push(failure("the error did not stick".into(), None));
                }
            }
        }
    }
}

/// Polls one future, which is dropped at the end: at the latest when there is nothing to do but to
/// wait.
fn recv<N: Near>(
    socket: &mut WebSocket<N>,
    futures: Futures,
    woken: &Woken,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Event>, Error>> {
    let mut future = pin!(socket.recv());
    loop {
        let polled = future.as_mut().poll(cx);
        if polled.is_ready() || futures == Futures::Dropped || !woken.is_woken() {
            return polled;
        }
        woken.forget();
    }
}

fn receive_failed(error: &Error) -> Happening {
    match error {
        Error::Receive(error) => Happening::Failure(view::failure(error)),
        // The transport knows more than that the connection is lost.
        Error::Io(_) => failure("connection-lost".into(), None),
        error => failure(error.to_string(), None),
    }
}

pub(crate) fn failure(kind: String, status: Option<u16>) -> Happening {
    Happening::Failure(Failure {
        kind,
        code: None,
        status,
        offset: None,
    })
}

/// Remembers whether something has happened since the last time; later it wakes the task.
struct Woken {
    task: Waker,
    is_woken: AtomicBool,
    is_settled: AtomicBool,
}

impl Woken {
    fn is_woken(&self) -> bool {
        self.is_woken.load(Ordering::SeqCst)
    }

    fn forget(&self) {
        self.is_woken.store(false, Ordering::SeqCst);
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        if self.is_settled.load(Ordering::SeqCst) {
            self.task.wake_by_ref();
        }
    }
}
